// The problems of a HIPPOFACTS as lines: for people, as compilers write them, and for GitHub, which marks their places.

import { isAbsolute, relative, sep } from 'node:path';
import { formatProblem, type Problem, type Severity } from '../hippofacts/problem.ts';
import { visible, type Screen } from './screen.ts';

/** On a terminal. */
export const COLOURS = { error: 'red', warning: 'yellow', information: 'dim', hint: 'dim' } as const;

/** `HIPPOFACTS:5:1: error: …`. @param file absolute */
export function problemLine({ cwd }: Screen, file: string, problem: Problem): string {
  return visible(sentence(formatProblem(relative(cwd, file) || file, problem)));
}

const LEVELS: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  information: 'notice',
  hint: 'notice',
};

/** A workflow command of GitHub Actions, which shows the problem at its line. @param file absolute */
export function annotation(
  screen: Screen,
  file: string,
  { code, severity, range, message }: Problem,
): string {
  const data = (text: string): string =>
    text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  const property = (text: string): string => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
  const { start, end } = range;
  // GitHub takes columns for one line alone.
  const until = start.line === end.line ? `,endColumn=${end.column + 1}` : '';
  const place = `file=${property(inWorkspace(screen, file))},line=${start.line + 1},col=${start.column + 1},endLine=${end.line + 1}${until}`;
  return `::${LEVELS[severity]} ${place},title=${property(code)}::${data(message)}`;
}

/** GitHub knows files by where they are in the repository, wherever in there a step works. */
export function inWorkspace({ env, cwd }: Screen, file: string): string {
  const path = relative(env['GITHUB_WORKSPACE'] || cwd, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/');
}

export function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}
