// What a publish asks the person who started it, and what it takes for the answer where nobody is asked.

import { BUMPS, type Bump } from '../hippofacts/bump.ts';
import type { Step, Taker } from './plan.ts';

export type Question =
  /** Channels that others look at change, too. False: nothing is published. */
  | { type: 'change-channels'; version: string; takers: readonly Taker[] }
  /** Something is missing. False: it is left out; without an app nothing is published. */
  | { type: 'take-step'; step: Step }
  /** The version is on the server with other content. Undefined: nothing is published. */
  | { type: 'bump'; version: string; proposals: readonly { bump: Bump; version: string }[] };

export type Answer<Q extends Question> = Q extends { type: 'bump' } ? Bump | undefined : boolean;

/** Answers a question; a person who turns away from it rejects with an error of code `CANCELLED`. */
export type Decide = <Q extends Question>(question: Q) => Promise<Answer<Q>>;

/** The answers of CI: what was set up by rules goes on, nothing is made unasked. */
export const unattended: Decide = <Q extends Question>(question: Q) =>
  Promise.resolve((question.type === 'bump' ? undefined : question.type === 'change-channels') as Answer<Q>);

export function isBump(text: string): text is Bump {
  return (BUMPS as readonly string[]).includes(text);
}
