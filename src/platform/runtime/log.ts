// The log of each channel: a text file that is cut in two generations when it grows.

import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of one generation; the older one is kept beside it. */
const LIMIT = 1024 * 1024;

export interface ChannelLogs {
  /** Appends text, a time before each line. */
  append(channelId: string, text: string): void;
  /** All lines that are kept, oldest first. */
  read(channelId: string): string[];
  remove(channelId: string): void;
}

/** @param directory is made if needed. Channel ids are GUIDs of our own and safe as file names. */
export function openLogs(directory: string): ChannelLogs {
  mkdirSync(directory, { recursive: true });
  const current = (id: string): string => join(directory, `${id}.log`);
  const older = (id: string): string => join(directory, `${id}.1.log`);
  return {
    append(id, text) {
      const time = new Date().toISOString();
      const lines = text
        .replace(/\r?\n$/, '')
        .split('\n')
        .map((line) => `${time} ${line}\n`);
      if ((statSync(current(id), { throwIfNoEntry: false })?.size ?? 0) > LIMIT)
        renameSync(current(id), older(id));
      appendFileSync(current(id), lines.join(''));
    },
    read(id) {
      return [older(id), current(id)].flatMap((path) =>
        statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [],
      );
    },
    remove(id) {
      for (const path of [older(id), current(id)]) rmSync(path, { force: true });
    },
  };
}
