// The files that one pattern of a manifest means, and what is wrong with it.

import path from 'node:path';
import { glob, type GlobFaultKind, type GlobOptions } from './glob.ts';
import { parsePattern, PatternError, type Pattern } from './glob-pattern.ts';
import { mayRise, nearMiss } from './near-miss.ts';
import { shortList, type Finding, type ProblemCode, type Severity } from './problem.ts';
import { labelName, type LocalFile, type Project } from './project.ts';
import { quote } from './quote.ts';

export interface PatternFiles {
  /** It has no special characters, so it names one file. */
  readonly literal: boolean;
  /** Folder by folder, ordered by the bytes of their names. */
  readonly files: readonly LocalFile[];
  readonly findings: readonly Finding[];
}

export interface PatternOptions {
  /** A backslash separates folders, too. */
  readonly windows: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What is wrong for each kind of fault; the names follow. */
const FAULTS: Record<GlobFaultKind, readonly [ProblemCode, Severity, string]> = {
  outside: ['outside-project', 'error', 'reaches out of the project, to'],
  loop: ['link-loop', 'warning', 'does not follow a link to a folder that it stands in:'],
  repeated: ['link-repeated', 'warning', 'does not follow a link to a folder that is included already:'],
  dangling: ['unreadable', 'error', 'matches a link to what does not exist:'],
  unreadable: ['unreadable', 'error', 'needs a folder that cannot be read:'],
  special: ['unreadable', 'error', 'matches what is not a file:'],
};

/** @throws the signal's reason */
export async function filesOfPattern(
  project: Project,
  text: string,
  options: PatternOptions,
): Promise<PatternFiles> {
  const relative = relativePattern(project, text, options.windows);
  const wrong = (
    literal: boolean,
    code: ProblemCode,
    message: string,
    better: string | undefined,
  ): PatternFiles => ({
    literal,
    files: [],
    findings: [
      { code, severity: 'error', message, ...(better !== undefined && { replacement: quote(better) }) },
    ],
  });
  let pattern: Pattern;
  try {
    pattern = parsePattern(relative ?? text, options.windows);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    // `dir/**.js` is a wish for `dir/**/*.js`.
    const better = (relative ?? text).replace(/(^|\/)\*{2,}(?=[^/*])/g, '$1**/*');
    const works = better !== text && (await count(project, better, options)) > 0;
    const message = `The pattern ${text} is not valid: ${error.message}`;
    return wrong(false, 'invalid-pattern', message, works ? better : undefined);
  }
  const { literal } = pattern;
  if (relative === undefined) {
    const message = `The pattern ${text} is outside of the project: write it relative to the HIPPOFACTS`;
    const better = text.replace(/^[/\\]+/, '');
    const works = (await count(project, better, options)) > 0;
    return wrong(literal, 'outside-project', message, works ? better : undefined);
  }

  const { matches, faults } = await glob(project, pattern, { signal: options.signal });
  const findings: Finding[] = [];
  for (const kind of Object.keys(FAULTS) as GlobFaultKind[]) {
    const found = faults.filter((fault) => fault.kind === kind);
    if (found.length > 0) findings.push(explain(text, kind, found));
  }
  const files: LocalFile[] = [];
  for (const { segments, path: file, linked } of matches) {
    const name = labelName(segments);
    if (name !== undefined) files.push({ path: file, name, ...(linked !== undefined && { linked }) });
    else findings.push({ ...badName(text, segments), files: [segments.join('/')] });
  }
  if (matches.length === 0 && !findings.some(({ severity }) => severity === 'error'))
    findings.push(await nothing(project, { text, relative, pattern }, options));
  return { literal, files, findings };
}

/** Guesses are made at every letter that is typed: they do not look at all that there may be. */
const GUESSING: Pick<GlobOptions, 'names' | 'leaveOut'> = {
  names: 5000,
  leaveOut: new Set(['.git', 'node_modules', 'target']),
};

/** How many files a guess matches; 0 for one that is not valid, or looks outside of the project. */
async function count(project: Project, text: string, { windows, signal }: PatternOptions): Promise<number> {
  if (mayRise(text)) return 0;
  try {
    const { matches } = await glob(project, parsePattern(text, windows), { signal, ...GUESSING });
    return matches.length;
  } catch (error) {
    if (error instanceof PatternError) return 0;
    throw error;
  }
}

/** An absolute pattern as one relative to the project; undefined if it is not in there. */
function relativePattern(project: Project, text: string, windows: boolean): string | undefined {
  if (!path.isAbsolute(text)) return text;
  const separators = windows ? /[/\\]+/ : /\/+/;
  const parts = text.split(separators);
  for (const root of [project.root.path, project.root.real]) {
    const folders = root.split(separators).filter((part) => part !== '');
    const own = parts[0] === '' ? parts.slice(1) : parts;
    const isSame = (folder: string, index: number): boolean =>
      windows ? folder.toLowerCase() === own[index]?.toLowerCase() : folder === own[index];
    if (folders.every(isSame)) return own.slice(folders.length).join('/');
  }
  return undefined;
}

async function nothing(
  project: Project,
  { text, relative, pattern }: { text: string; relative: string; pattern: Pattern },
  options: PatternOptions,
): Promise<Finding> {
  const { windows, signal } = options;
  if (text === '') {
    const message = 'An empty pattern matches no files: write which ones, such as static/*';
    return { code: 'no-match', severity: 'warning', message };
  }
  const miss = await nearMiss(relative, pattern, {
    project,
    windows,
    count: (other) => count(project, other, options),
    find: async (other) =>
      (await glob(project, other, { signal, ...GUESSING })).matches.map(({ segments }) => segments),
  });
  const message = `No files matched pattern ${text}`;
  return {
    code: 'no-match',
    severity: 'warning',
    message: miss ? `${message}: ${miss.reason}` : message,
    ...(miss && miss.better.length > 0 && { replacement: miss.better.map(quote).join(', ') }),
  };
}

function explain(
  pattern: string,
  kind: GlobFaultKind,
  faults: readonly { name: string; cause?: unknown }[],
): Finding {
  const [code, severity, reason] = FAULTS[kind];
  const files = faults.map(({ name }) => name || '.');
  const cause = faults[0]?.cause instanceof Error ? ` (${faults[0].cause.message})` : '';
  return { code, severity, message: `The pattern ${pattern} ${reason} ${shortList(files)}${cause}`, files };
}

function badName(pattern: string, segments: readonly string[]): Finding {
  const message = `The pattern ${pattern} matches ${segments.join('/')}, whose name cannot be used: it would lead out of the bindle`;
  return { code: 'bad-file-name', severity: 'error', message };
}
