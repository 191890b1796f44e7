// Small files that only their owner may read, each replaced whole or not at all, so that writers need no lock.

import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file of ours that cannot be read or written; the message names it and the system's reason. */
export class PrivateFileError extends Error {
  readonly code = 'PRIVATE_FILE';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PrivateFileError';
  }
}

/** The text of a file; undefined if there is none. @throws PrivateFileError */
export async function readPrivate(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new PrivateFileError(`${file} cannot be read (${codeOf(cause)}).`, { cause });
  }
}

/** Makes or replaces a file (0600), and its folder (0700) if it is not there. @throws PrivateFileError */
export async function writePrivate(file: string, text: string): Promise<void> {
  const temporary = await writeTemporary(file, text);
  try {
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
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
    await rm(temporary, { force: true }).catch(() => undefined);
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
