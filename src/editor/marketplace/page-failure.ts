// What a page says of a failure beside its sentence, and when a notification has the buttons that help.

import type { Failure, Remedy } from '../failure.ts';

/** The page itself is where to try again, and the log is a button of every notification. */
const OF_EVERY_PAGE: ReadonlySet<Remedy> = new Set(['retry', 'viewOutput']);

export function needsButtons({ help = [], remedies }: Failure): boolean {
  return help.length > 0 || remedies.some((remedy) => !OF_EVERY_PAGE.has(remedy));
}

/** The next step. Many hints are for terminals, where one would type the command that they name. */
export function hintOf(error: unknown): string | null {
  const { hint } = error as { hint?: unknown };
  return typeof hint !== 'string' || /`|--|\bNO_PROXY\b|\bHIPPO_TOKEN\b/.test(hint) ? null : hint;
}
