// The broker's log: lines with their time, in a file that is kept by size.

import { appendFileSync, renameSync, statSync } from 'node:fs';

const MAX_BYTES = 1024 * 1024;

export type Log = (text: string) => void;

/** Never fails: what cannot be logged must not end what is being logged. */
export function openLog(file: string): Log {
  return (text) => {
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
      appendFileSync(file, `${new Date().toISOString()} ${text.replaceAll(/\s*\n\s*/g, ' ')}\n`, {
        mode: 0o600,
      });
    } catch {
      // A full disk, or a folder that is gone.
    }
  };
}
