// Prints a log file and, if that is asked for, what comes to it.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';

/** Milliseconds between two looks: file events are not to be had on every file system. */
const PAUSE = 200;

/** The last `lines` lines of a file, or all of them; an empty text if there is none. */
export async function readTail(
  file: string,
  lines: number | undefined,
): Promise<{ text: string; end: number }> {
  const end = await sizeOf(file);
  if (end === 0) return { text: '', end };
  const whole = await text(createReadStream(file, { end: end - 1 }));
  const all = whole.split(/(?<=\n)/);
  return { text: (lines === undefined ? all : all.slice(-lines || all.length)).join(''), end };
}

/** Hands over what is written to a file from a position on, until the signal. A file that got shorter is a new one. */
export async function follow(
  file: string,
  from: number,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let position = from;
  while (!signal.aborted) {
    const end = await sizeOf(file);
    if (end < position) position = 0;
    if (end > position) onText(await text(createReadStream(file, { start: position, end: end - 1 })));
    position = end;
    await delay(PAUSE, undefined, { signal }).catch(() => undefined);
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
