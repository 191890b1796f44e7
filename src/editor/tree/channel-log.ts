// The log of a channel for as long as somebody reads it, through failures of what is in between.

import type { HippoClient } from '../../hippo/client.ts';
import type { Clock } from '../app.ts';

export interface LogPorts {
  /** The function of hippo/follow-log.ts. */
  readonly follow: (
    client: HippoClient,
    channelId: string,
    options: { signal: AbortSignal },
  ) => AsyncIterable<string>;
  /** A client for each attempt: meanwhile the server may be at another place, and know us by another token. */
  readonly open: () => Promise<HippoClient>;
  readonly write: (line: string) => void;
  /** What is not of the log itself. */
  readonly note: (line: string) => void;
  readonly clock: Clock;
}

/** Milliseconds; doubles with each failure in a row. */
const RETRY = 1_000;
const MOST_RETRY = 15_000;

/** Resolves when the channel is gone, nobody is signed in any more, or after the signal. */
export async function readLog(
  channelId: string,
  { follow, open, write, note, clock }: LogPorts,
  signal: AbortSignal,
): Promise<void> {
  let begun = false;
  for (let failures = 0; ; failures++) {
    try {
      for await (const line of follow(await open(), channelId, { signal })) {
        if (failures > 0 && begun) note('Connected again; these are the last lines once more:');
        failures = 0;
        begun = true;
        write(visibleLine(line));
      }
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = error as Error & { code?: string };
      if (code === 'NOT_FOUND') return note('The channel is gone.');
      // To try again would try a password that is no longer right again and again.
      if (code === 'UNAUTHORIZED') return note('The session has ended: sign in, then follow the log again.');
      if (failures === 0) note(`${message} Trying again…`);
    }
    await pause(clock, Math.min(RETRY * 2 ** failures, MOST_RETRY), signal);
    if (signal.aborted) return;
  }
}

/** What an app writes must not reach the terminal as commands; colours may stay. */
export function visibleLine(line: string): string {
  const coloured = /\u001b\[[\d;]*m/;
  const safe = line.replace(
    /\u001b\[[\d;]*m|[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (found) => (coloured.test(found) ? found : `\\u{${found.codePointAt(0)?.toString(16)}}`),
  );
  // A colour that is left on is no longer the line's.
  return coloured.test(safe) ? `${safe}\u001b[0m` : safe;
}

function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(milliseconds, () => end());
    const end = (): void => {
      timer.dispose();
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
