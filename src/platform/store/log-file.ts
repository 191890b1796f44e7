// A log of lines with their time, kept by size: the file and, once it is full, the one before it.

import { appendFileSync, renameSync, statSync } from 'node:fs';

const MAX_BYTES = 1024 * 1024;

export interface LogFile {
  /** Never fails: what cannot be logged must not end what is being logged. */
  write(text: string): void;
}

export function openLogFile(file: string, now: () => Date = () => new Date()): LogFile {
  return {
    write(text) {
      try {
        if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES) renameSync(file, `${file}.1`);
        const lines = text.trimEnd().split('\n');
        const stamp = now().toISOString();
        appendFileSync(file, lines.map((line) => `${stamp} ${line}\n`).join(''), { mode: 0o600 });
      } catch {
        // A full disk, or a directory that is gone.
      }
    },
  };
}
