// The problems of a HIPPOFACTS in SARIF 2.1.0 (OASIS), which code scanning and other tools of pull requests read.

import { pathToFileURL } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import type { Range } from '../hippofacts/position.ts';
import { codeUrl, PROBLEM_CODES } from '../hippofacts/problem-codes.ts';
import type { Problem, ProblemCode, Severity } from '../hippofacts/problem.ts';
import { inWorkspace, sentence } from './problems.ts';
import type { Screen } from './screen.ts';

/** SARIF §3.27.10. */
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'note',
};

/** A log with one run. @param file absolute */
export function sarifLog(screen: Screen, file: string, problems: readonly Problem[]): object {
  const codes = [...new Set(problems.map(({ code }) => code))].sort();
  const artifactLocation = locationOf(screen, file);
  const place = (range: Range): object => ({
    physicalLocation: { artifactLocation, region: regionOf(range) },
  });
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Hippo Tools',
            version: packageJson.version,
            rules: codes.map(ruleOf),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: problems.map(({ code, severity, message, range, related = [], replacement }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: LEVELS[severity],
          message: { text: sentence(message) },
          locations: [place(range)],
          ...(related.length > 0 && {
            relatedLocations: related.map((other, id) => ({
              id,
              message: { text: sentence(other.message) },
              ...place(other.range),
            })),
          }),
          ...(replacement !== undefined && {
            fixes: [
              {
                description: { text: `Write ${replacement}` },
                artifactChanges: [
                  {
                    artifactLocation,
                    replacements: [
                      { deletedRegion: regionOf(range), insertedContent: { text: replacement } },
                    ],
                  },
                ],
              },
            ],
          }),
        })),
      },
    ],
  };
}

function ruleOf(code: ProblemCode): object {
  const { meaning, remedy, severity } = PROBLEM_CODES[code];
  return {
    id: code,
    shortDescription: { text: meaning },
    help: { text: `${meaning} ${remedy}`, markdown: `${meaning} ${remedy} (${codeUrl(code)})` },
    defaultConfiguration: { level: LEVELS[severity] },
  };
}

/** Relative to the repository or to the folder that the command was called in, with `/` and escapes. */
function locationOf(screen: Screen, file: string): object {
  const path = inWorkspace(screen, file);
  return {
    uri: path === file ? pathToFileURL(file).href : path.split('/').map(encodeURIComponent).join('/'),
  };
}

/** Lines and columns from 1; the end is the column after the last character (§3.30). */
function regionOf({ start, end }: Range): object {
  return {
    startLine: start.line + 1,
    startColumn: start.column + 1,
    endLine: end.line + 1,
    endColumn: end.column + 1,
  };
}
