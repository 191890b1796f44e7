// Runs the built command in a terminal of its own, types into it and looks at its screen. The terminal is made by
// `script` of util-linux, which every Debian and Ubuntu has.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TerminalScreen } from './terminal-screen.ts';

const program = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/** Why there are no pseudo-terminals here; undefined if there are. */
export const noPseudoTerminal: string | undefined = findReason();

function findReason(): string | undefined {
  if (process.platform !== 'linux') return `script on ${process.platform} is another program`;
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return stdout?.includes('util-linux') ? undefined : 'there is no script of util-linux';
}

export interface PseudoTerminal {
  /** Waits until a text can be seen; fails if the command ends before. */
  sees: (text: string | RegExp) => Promise<void>;
  /** What can be seen now. */
  screen: () => string;
  /** All that was written to the terminal, with its control characters. */
  written: () => string;
  type: (text: string) => void;
  enter: (text?: string) => void;
  pressCtrlC: () => void;
  /** Sends a signal to the command itself. */
  signal: (name: NodeJS.Signals) => Promise<void>;
  /** The exit code; 128 and the signal's number for a command that a signal has ended. */
  ended: Promise<number>;
  /** Ends what may still run. */
  kill: () => void;
}

/** Milliseconds until something that is waited for must be on the screen. */
const PATIENCE = 20_000;

export interface TerminalOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  columns?: number;
  /** What kind of terminal it is (`TERM`). */
  kind?: string;
}

/** @param args of `hippo` */
export function openTerminal(args: readonly string[], options: TerminalOptions): PseudoTerminal {
  const { cwd, env, columns = 80, kind = 'xterm-256color' } = options;
  // `script` keeps neither the size of a terminal nor its settings when its own input is none.
  const words = [process.execPath, program, ...args].map(quote).join(' ');
  const line = `stty sane cols ${columns} rows 24; echo $$ >&3; exec ${words} 3>&-`;
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd,
    env: { ...env, TERM: kind, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  const [stdin, stdout, , shell] = child.stdio as unknown as [Writable, Readable, null, Readable];
  const pid = (once(createInterface(shell), 'line') as Promise<[string]>).then(([line]) => Number(line));
  const screen = new TerminalScreen(columns);
  const waiting = new Set<() => void>();
  let written = '';
  let code: number | undefined;
  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk;
    screen.write(chunk);
    for (const look of [...waiting]) look();
  });
  // Keys that are pressed when nobody is there any more.
  stdin.on('error', () => undefined);
  const ended = (once(child, 'close') as Promise<[number | null]>).then(([exitCode]) => {
    code = exitCode ?? -1;
    for (const look of [...waiting]) look();
    return code;
  });
  const type = (keys: string): void => void stdin.write(keys);
  return {
    sees: (wanted) =>
      new Promise((resolve, reject) => {
        const fail = (why: string): void =>
          reject(new Error(`${String(wanted)} was not seen, and ${why}:\n${screen.text}`));
        const late = setTimeout(() => fail('the command still runs'), PATIENCE);
        const look = (): void => {
          const found = typeof wanted === 'string' ? screen.text.includes(wanted) : wanted.test(screen.text);
          if (!found && code === undefined) return;
          waiting.delete(look);
          clearTimeout(late);
          if (found) resolve();
          else fail(`the command has ended with ${code}`);
        };
        waiting.add(look);
        look();
      }),
    screen: () => screen.text,
    written: () => written,
    type,
    enter: (text = '') => type(`${text}\r`),
    pressCtrlC: () => type('\u0003'),
    signal: async (name) => void process.kill(await pid, name),
    ended,
    kill: () => void child.kill('SIGKILL'),
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
