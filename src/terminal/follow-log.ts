// Follows the log of a channel on any Hippo: its last lines are asked for again and again, and what is new printed.

import { setTimeout as delay } from 'node:timers/promises';
import type { HippoClient } from '../hippo/client.ts';
import { listenForCancel } from './cancel.ts';
import { print, type Screen } from './screen.ts';

const PAUSE = 1000;

/** Until Ctrl-C. */
export async function followLog(screen: Screen, client: HippoClient, channelId: string): Promise<void> {
  const { signal, release } = listenForCancel();
  try {
    let shown: readonly string[] = [];
    while (!signal.aborted) {
      const lines = await client.channelLogs(channelId, { signal });
      for (const line of newLines(shown, lines)) print(screen, line);
      shown = lines;
      await delay(PAUSE, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
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
