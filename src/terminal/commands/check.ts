// `hippo check`: what is wrong with a HIPPOFACTS and its files, for people and for pull requests; builds and sends
// nothing.

import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { manifestOfModule } from '../../hippofacts/collect-module.ts';
import { diagnoseAll } from '../../hippofacts/diagnose-project.ts';
import { findManifest, readManifest } from '../../hippofacts/find.ts';
import { parseManifest } from '../../hippofacts/parse.ts';
import { LineIndex, type Range } from '../../hippofacts/position.ts';
import { PROBLEM_CODES } from '../../hippofacts/problem-codes.ts';
import type { Problem } from '../../hippofacts/problem.ts';
import { DiskFacts } from '../../hippofacts/project-facts.ts';
import { SEVERITY_WISHES, type Severities, type SeverityWish } from '../../hippofacts/severities.ts';
import { parseVersioning } from '../../publish/version.ts';
import { listenForCancel } from '../cancel.ts';
import { AlreadySaid, CommandError, EXIT } from '../failure.ts';
import { addVersionOption, allowOption, collectValues } from '../project.ts';
import { annotation, COLOURS, problemLine, sentence } from '../problems.ts';
import { sarifLog } from '../sarif.ts';
import { count, paint, print, say, visible, warn, type Screen } from '../screen.ts';
import { addServerOptions } from '../server.ts';
import { lookAtServers, type LookOptions } from '../server-look.ts';

type Form = 'text' | 'json' | 'sarif' | 'github';

interface Options extends LookOptions {
  invoiceVersion: string;
  allow: string[];
  format: Form;
  severity: string[];
  strict?: boolean;
  offline?: boolean;
}

export function configure(command: Command, screen: Screen): void {
  addVersionOption(command)
    .argument('[path]', 'a project (folder or HIPPOFACTS) or a .wasm file', '.')
    .addOption(
      new Option('--format <form>', 'how to print what is found')
        .choices(['text', 'json', 'sarif', 'github'])
        .default('text'),
    )
    .option('--strict', 'fail for warnings, too')
    .addOption(
      new Option(
        '--severity <code=level>',
        `tell a problem as ${SEVERITY_WISHES.join(', ')}: --severity missing-module=off (repeatable)`,
      )
        .argParser(collectValues)
        .default([], 'none'),
    )
    .addOption(allowOption())
    .option('--offline', 'ask no server')
    .option('--connection <name>', 'ask the servers of this connection')
    .option('--url <url>', 'ask the Hippo at this address [HIPPO_URL]');
  command.addHelpText(
    'after',
    `\nExit codes: ${EXIT.ok} no errors (with --strict: nor warnings), ${EXIT.project} otherwise, ${EXIT.usage} wrong usage.`,
  );
  addServerOptions(command).action(async (path: string, options: Options) => {
    const cancel = listenForCancel();
    try {
      const severities = readSeverities(options.severity);
      const { file, problems } = await check(screen, resolve(screen.cwd, path), options, {
        severities,
        signal: cancel.signal,
      });
      printProblems(screen, options.format, file, problems);
      const worst = (severity: Problem['severity']): boolean =>
        problems.some((problem) => problem.severity === severity);
      if (worst('error') || (options.strict && worst('warning'))) throw new AlreadySaid(EXIT.project);
    } finally {
      cancel.release();
    }
  });
}

async function check(
  screen: Screen,
  path: string,
  options: Options,
  { severities, signal }: { severities: Severities; signal: AbortSignal },
): Promise<{ file: string; problems: readonly Problem[] }> {
  const { kind, file, directory } = await findManifest(path);
  const text = kind === 'module' ? manifestOfModule(file).text : await readManifest(file);
  const look = options.offline ? undefined : await lookAtServers(screen, options);
  try {
    const facts = new DiskFacts(directory, look ? { server: look.facts } : {});
    const problems = await diagnoseAll(parseManifest(text), facts, {
      versioning: parseVersioning(options.invoiceVersion) ?? 'dev',
      allow: options.allow,
      severities,
      signal,
    });
    const failure = look?.facts.failure;
    if (failure !== undefined)
      warn(screen, `What is on the server was not checked: ${visible(sentence(messageOf(failure)))}`);
    return { file, problems: kind === 'module' ? problems.map(ofModule) : problems };
  } finally {
    await look?.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A module that stands for itself has no lines: what is wrong is wrong with all of it. */
function ofModule({ related: _, replacement: __, ...problem }: Problem): Problem {
  return { ...problem, range: new LineIndex('').range(0, 0) };
}

/** @throws CommandError */
function readSeverities(wishes: readonly string[]): Severities {
  return Object.fromEntries(
    wishes.map((wish) => {
      const [code = '', level = ''] = wish.split('=');
      if (!Object.hasOwn(PROBLEM_CODES, code))
        throw new CommandError(`There is no problem "${code}".`, {
          hint: 'The README lists the codes of all problems; each line of the output ends with its own.',
          exitCode: EXIT.usage,
        });
      if (!SEVERITY_WISHES.includes(level as SeverityWish))
        throw new CommandError(`"${wish}" says no level that there is.`, {
          hint: `Write ${code}= and one of ${SEVERITY_WISHES.join(', ')}.`,
          exitCode: EXIT.usage,
        });
      return [code, level as SeverityWish];
    }),
  );
}

function printProblems(screen: Screen, form: Form, file: string, problems: readonly Problem[]): void {
  const inActions = screen.env['GITHUB_ACTIONS'] === 'true';
  if (form === 'json') print(screen, JSON.stringify(problemsJson(file, problems)));
  else if (form === 'sarif') print(screen, JSON.stringify(sarifLog(screen, file, problems), undefined, 2));
  else
    for (const problem of problems) {
      if (form === 'text') {
        const line = `${problemLine(screen, file, problem)} [${problem.code}]`;
        print(screen, isTerminal(screen.stdout) ? paint(screen, COLOURS[problem.severity], line) : line);
      }
      if (form === 'github') print(screen, annotation(screen, file, problem));
      else if (inActions) say(screen, annotation(screen, file, problem));
    }
  say(screen, summary(problems));
}

/** What is written to a file, or read by a program, has no colours. */
function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

function summary(problems: readonly Problem[]): string {
  const counted = (
    [
      ['error', 'error'],
      ['warning', 'warning'],
      ['information', 'remark'],
      ['hint', 'hint'],
    ] as const
  ).flatMap(([severity, noun]) => {
    const number = problems.filter((problem) => problem.severity === severity).length;
    return number > 0 ? count(number, noun) : [];
  });
  return counted.length > 0 ? `${counted.join(', ')}.` : 'Nothing is wrong.';
}

/** Lines and columns from 1, columns and offsets in UTF-16 units; `end` is the first place behind. */
function problemsJson(file: string, problems: readonly Problem[]): object {
  const place = ({ line, column, offset }: Range['start']): object => ({
    line: line + 1,
    column: column + 1,
    offset,
  });
  const range = ({ start, end }: Range): object => ({ start: place(start), end: place(end) });
  return {
    file,
    problems: problems.map(({ code, severity, message, range: where, replacement, files, related }) => ({
      code,
      severity,
      message,
      ...range(where),
      ...(replacement !== undefined && { replacement }),
      ...(files && { files }),
      ...(related && {
        related: related.map((other) => ({ message: other.message, ...range(other.range) })),
      }),
    })),
  };
}
