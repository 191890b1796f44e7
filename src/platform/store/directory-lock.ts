// The claim of one process on a data directory.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { translated } from './database.ts';
import { fileError, StoreError } from './errors.ts';
import { loadSqlite } from './sqlite.ts';

const FILE = 'lock.db';
/** A connection that nobody refers to is collected as garbage, and its lock would go with it. */
const held = new Set<DatabaseSync>();

export interface DirectoryLock {
  readonly directory: string;
  /** Gives the directory up; doing it twice is no error. */
  release(): void;
}

/**
 * Makes the directory if it is not there, for its owner alone, and claims it for this process. The claim is an
 * exclusive SQLite lock, which the system takes back when the process dies in whatever way; no other code may
 * open `lock.db`, since on POSIX closing it anywhere in this process would give the lock up.
 * @throws StoreError `IN_USE` if another process (or this one) has it, `NO_SQLITE`, `DISK_FULL`, `IO`
 */
export function lockDirectory(directory: string): DirectoryLock {
  const sqlite = loadSqlite();
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw fileError(`The data directory ${directory} cannot be made`, cause);
  }
  const file = join(directory, FILE);
  const connection = translated(file, () => new sqlite.DatabaseSync(file));
  try {
    translated(file, () => connection.exec('BEGIN EXCLUSIVE'));
  } catch (cause) {
    connection.close();
    if (cause instanceof StoreError && cause.code === 'BUSY')
      throw new StoreError(
        'IN_USE',
        `Another Hippo platform is running on ${directory}: stop it first, or choose another data directory.`,
        { cause },
      );
    throw cause;
  }
  held.add(connection);
  return {
    directory,
    release: () => {
      if (held.delete(connection)) connection.close();
    },
  };
}
