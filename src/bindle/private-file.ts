// Small files that only their owner may read (0600), each replaced whole or not at all, and changed by one
// process at a time.

import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Such a file cannot be read or written; the message names it and the system's reason. */
export class PrivateFileError extends Error {
  readonly code = 'PRIVATE_FILE';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PrivateFileError';
  }
}

/** A lock that is older belongs to a process that is gone: a change takes milliseconds. */
const STALE_MS = 10_000;
const PATIENCE_MS = 15_000;
const PAUSE_MS = 20;

/** The text of a file; undefined if there is none. @throws PrivateFileError */
export async function readPrivate(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new PrivateFileError(`${file} cannot be read (${codeOf(cause)}).`, { cause });
  }
}

/** Makes or replaces a file, and its folder (0700) if that is not there. @throws PrivateFileError */
export async function writePrivate(file: string, text: string): Promise<void> {
  const temporary = await writeTemporary(file, text);
  try {
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw notWritten(file, cause);
  }
}

/** Makes such a file; false, and nothing changed, if it is there already. @throws PrivateFileError */
export async function createPrivate(file: string, text: string): Promise<boolean> {
  const temporary = await writeTemporary(file, text);
  try {
    await link(temporary, file);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw notWritten(file, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Reads a file, changes what it says and writes it, with no other process in between that does the same.
 * @param change gets the text, undefined if there is none; gives the new one, or undefined to leave it
 * @throws PrivateFileError, and what `change` throws
 */
export async function updatePrivate(
  file: string,
  change: (text: string | undefined) => string | undefined,
): Promise<void> {
  const lock = `${file}.lock`;
  await takeLock(file, lock);
  try {
    const text = change(await readPrivate(file));
    if (text !== undefined) await writePrivate(file, text);
  } finally {
    await rm(lock, { force: true });
  }
}

/** False if there was none. @throws PrivateFileError */
export async function removePrivate(file: string): Promise<boolean> {
  try {
    await rm(file);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false;
    throw new PrivateFileError(`${file} cannot be removed (${codeOf(cause)}).`, { cause });
  }
}

async function takeLock(file: string, lock: string): Promise<void> {
  const began = Date.now();
  for (;;) {
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (cause) {
      // Windows says EPERM of a file that is just being removed.
      if (codeOf(cause) !== 'EEXIST' && codeOf(cause) !== 'EPERM') throw notWritten(file, cause);
      if (Date.now() - began > PATIENCE_MS) throw notWritten(file, cause);
      const held = await stat(lock).catch(() => undefined);
      if (held && Date.now() - held.mtimeMs > STALE_MS) await rm(lock, { force: true });
      else await delay(PAUSE_MS);
    }
  }
}

async function writeTemporary(file: string, text: string): Promise<string> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    // The process may have a umask that takes even the owner's rights away.
    await chmod(temporary, 0o600);
    return temporary;
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw notWritten(file, cause);
  }
}

function notWritten(file: string, cause: unknown): PrivateFileError {
  return new PrivateFileError(`${file} cannot be written (${codeOf(cause)}).`, { cause });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
}
