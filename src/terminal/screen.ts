// What a command sees of the terminal: streams, variables and the folder it was called in.

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
  if (!screen.interactive || screen.env['NO_COLOR']) return text;
  const [on, off] = CODES[colour];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

export function warn(screen: Screen, text: string): void {
  say(screen, `${paint(screen, 'yellow', 'warning:')} ${text}`);
}

/**
 * Words that are not ours (a server's, a file's name) for a terminal: on one line, and with no control
 * characters that would move the cursor or change what stands there.
 */
export function visible(text: string): string {
  return text.replace(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === '\n' || character === '\t' ? ' ' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** 1,234,567 bytes as "1.2 MB". */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 file`, `3 files`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
