// Questions to a person at the terminal. Where nobody can answer, what should have been given is said instead.

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Cancelled } from './cancel.ts';
import { CommandError, EXIT } from './failure.ts';
import { say, type Screen } from './screen.ts';

/** True if a person can be asked: both ends are a terminal, and this is not CI. */
export function canAsk(screen: Screen): boolean {
  return screen.interactive && screen.stdin.isTTY === true;
}

/**
 * A question with yes or no; no is the default.
 * @param instead what to say where nobody can answer, such as "Give --yes."
 * @throws CommandError where nobody can answer, Cancelled
 */
export async function confirm(screen: Screen, question: string, instead: string): Promise<boolean> {
  const answer = await ask(screen, `${question} [y/N] `, { instead });
  return /^y(es)?$/i.test(answer.trim());
}

/**
 * A line of text, not shown while it is typed if it is `secret`.
 * @param options.instead what to say where nobody can answer
 * @throws CommandError where nobody can answer, Cancelled
 */
export async function ask(
  screen: Screen,
  question: string,
  options: { secret?: boolean; instead: string },
): Promise<string> {
  if (!canAsk(screen))
    throw new CommandError(`Nobody is here to answer: ${question.replace(' [y/N]', '').trim()}`, {
      hint: options.instead,
      exitCode: EXIT.usage,
    });
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // From here on the terminal itself shows nothing of what is typed; so the question comes after it.
  const lines = createInterface({
    input: screen.stdin,
    output: options.secret ? silent : screen.stderr,
    terminal: true,
    historySize: 0,
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      const cancel = (): void => reject(new Cancelled());
      lines.once('SIGINT', cancel).once('close', cancel);
      if (options.secret) screen.stderr.write(question);
      lines.question(options.secret ? '' : question, resolve);
    });
  } finally {
    lines.close();
    if (options.secret) say(screen, '');
  }
}

/** All of standard input, without the line's end: how scripts hand over a secret. */
export async function readInput(screen: Screen): Promise<string> {
  return (await text(screen.stdin)).replace(/\r?\n$/, '');
}
