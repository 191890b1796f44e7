// Follows the log of a channel on any Hippo: as a stream where the server has one, else its last lines are asked for
// again and again.

import { setTimeout as delay } from 'node:timers/promises';
import { HippoError, type HippoClient } from './client.ts';

const PAUSE_MS = 1000;
/** At least as many as a server keeps: what was shown has to be found among its last lines. */
const REMEMBERED = 5000;

/**
 * The last lines, then those that come, until the signal.
 * @param options.pause between two questions, in ms
 * @throws HippoError; the signal's reason
 */
export async function* followLog(
  client: HippoClient,
  channelId: string,
  options: { signal?: AbortSignal; pause?: number } = {},
): AsyncGenerator<string> {
  const { signal, pause = PAUSE_MS } = options;
  let shown: string[] = [];
  const { product } = await client.identify({ signal });
  if (product !== undefined)
    try {
      for await (const line of client.followChannelLogs(channelId, { signal })) {
        shown.push(line);
        if (shown.length > 2 * REMEMBERED) shown = shown.slice(-REMEMBERED);
        yield line;
      }
    } catch (error) {
      signal?.throwIfAborted();
      // A stream that broke off goes on as questions; whatever else is wrong, they will be told.
      if (!(error instanceof HippoError)) throw error;
    }
  for (;;) {
    const lines = await client.channelLogs(channelId, { signal });
    yield* newLines(shown, lines);
    shown = lines;
    await delay(pause, undefined, signal ? { signal } : {});
  }
}

/** The lines after those that were shown: the longest end of `shown` that `lines` begins with is left out. */
export function newLines(shown: readonly string[], lines: readonly string[]): readonly string[] {
  for (let start = Math.max(0, shown.length - lines.length); start < shown.length; start++) {
    const length = shown.length - start;
    if (lines.slice(0, length).every((line, index) => line === shown[start + index]))
      return lines.slice(length);
  }
  return lines;
}
