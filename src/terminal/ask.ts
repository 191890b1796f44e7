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
  let answered = false;
  let cancel = (): void => undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      cancel = () => reject(new Cancelled());
      lines.once('SIGINT', cancel).once('close', cancel);
      // Whoever listens for these lets work that has begun end; here nothing has.
      process.on('SIGINT', cancel).on('SIGTERM', cancel);
      if (options.secret) screen.stderr.write(question);
      lines.question(options.secret ? '' : question, (answer) => {
        answered = true;
        resolve(answer);
      });
    });
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel);
    lines.close();
    // What comes next stands on a line of its own.
    if (options.secret || !answered) say(screen, '');
  }
}

/** All of standard input, without the line's end: how scripts hand over a secret. */
export async function readInput(screen: Screen): Promise<string> {
  return (await text(screen.stdin)).replace(/\r?\n$/, '');
}
