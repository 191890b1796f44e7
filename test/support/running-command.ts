// The built command while it runs: what it has said so far, and signals.

import type { ChildProcess } from 'node:child_process';
import { hippo, type Ran, type RunOptions } from './cli.ts';

export interface RunningCommand {
  /** Waits until it has written this to stderr, `times` times; fails if it ends before. */
  sees: (text: string | RegExp, times?: number) => Promise<void>;
  /** What it has written to stderr so far. */
  said: () => string;
  kill: (signal: NodeJS.Signals) => void;
  /** The code is -1 for a command that a signal has ended. */
  ended: Promise<Ran>;
}

export function startHippo(args: string[], options: Omit<RunOptions, 'onStart'> = {}): RunningCommand {
  let child: ChildProcess | undefined;
  let said = '';
  let over = false;
  const looks = new Set<() => void>();
  const lookAll = (): void => looks.forEach((look) => look());
  const ended = hippo(args, {
    ...options,
    onStart: (started) => {
      child = started;
      started.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        lookAll();
      });
    },
  }).finally(() => {
    over = true;
    lookAll();
  });
  return {
    sees: (text, times = 1) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = countOf(said, text) >= times;
          if (!found && !over) return;
          looks.delete(look);
          if (found) resolve();
          else
            reject(new Error(`It has ended, and ${String(text)} was not seen ${times} times in:\n${said}`));
        };
        looks.add(look);
        look();
      }),
    said: () => said,
    kill: (signal) => void child?.kill(signal),
    ended,
  };
}

function countOf(said: string, text: string | RegExp): number {
  if (typeof text === 'string') return said.split(text).length - 1;
  return [...said.matchAll(new RegExp(text.source, `g${text.flags.replace('g', '')}`))].length;
}
