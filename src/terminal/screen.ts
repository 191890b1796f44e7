// What a command sees of the terminal: streams, variables and the folder it was called in.

import type { Line } from '../publish/words.ts';

export { bytesText, count, visible } from '../hippofacts/text.ts';

export interface Screen {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** True if stderr is a terminal that a person looks at. */
  readonly interactive: boolean;
}

export function processScreen(): Screen {
  return {
    // A getter: looking at it opens it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    interactive: process.stderr.isTTY === true && process.env['CI'] === undefined,
  };
}

/** A line of the result. */
export function print(screen: Screen, line: string): void {
  screen.stdout.write(`${line}\n`);
}

/** A line about the result. */
export function say(screen: Screen, line: string): void {
  screen.stderr.write(`${line}\n`);
}

/** Of the terminal that stderr is; some do not say, or say 0. */
export function columnsOf({ stderr }: Screen): number {
  return ('columns' in stderr && Number(stderr.columns)) || 80;
}

type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';
const CODES: Record<Colour, [number, number]> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Text for stderr, coloured on a terminal unless NO_COLOR is set (no-color.org). */
export function paint(screen: Screen, colour: Colour, text: string): string {
  if (!screen.interactive || screen.env['NO_COLOR'] || screen.env['TERM'] === 'dumb') return text;
  const [on, off] = CODES[colour];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

export function warn(screen: Screen, text: string): void {
  say(screen, `${paint(screen, 'yellow', 'warning:')} ${text}`);
}

/** A line of the pipeline's own words. */
export function sayLine(screen: Screen, { text, tone }: Line): void {
  if (tone === 'warning') return warn(screen, text);
  say(screen, tone === undefined ? text : paint(screen, tone === 'strong' ? 'bold' : 'yellow', text));
}
