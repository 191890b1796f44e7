// Parcels into files, always held against the digest and size of the label.

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Label } from './invoice.ts';
import { ParcelFiles } from './parcel-files.ts';

/** A parcel that is not what its label says, or that cannot be written. */
export class ParcelCopyError extends Error {
  readonly code: 'DIGEST_MISMATCH' | 'NOT_WRITTEN' | 'NOT_THERE';
  readonly hint: string | undefined;
  constructor(code: ParcelCopyError['code'], message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ParcelCopyError';
    this.code = code;
    this.hint = hint;
  }
}

/** Writes bytes to a file that appears only when they are whole and fit the label. @throws ParcelCopyError */
export async function writeParcel(
  file: string,
  label: Label,
  content: Buffer | AsyncIterable<Buffer>,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = `${file}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      await writeChecked(handle, label, content, signal);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const { code, syscall } = error as NodeJS.ErrnoException;
    // What a socket fails with is the caller's to explain.
    if (code === undefined || syscall === undefined || syscall === 'read') throw error;
    const full = code === 'ENOSPC';
    throw new ParcelCopyError(
      'NOT_WRITTEN',
      full ? `The disk is full: ${label.name} could not be written.` : `${file} cannot be written (${code}).`,
      full ? 'Free some space and try again; nothing is left half-written.' : undefined,
      { cause: error },
    );
  }
}

/** Writes and hashes, and fails at the end, or as soon as there are too many bytes, if they do not fit the label. */
async function writeChecked(
  handle: FileHandle,
  label: Label,
  content: Buffer | AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  const fail = (problem: string): ParcelCopyError =>
    new ParcelCopyError(
      'DIGEST_MISMATCH',
      `${label.name} is damaged: ${problem}.`,
      'Nothing was kept of it.',
    );
  for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
    signal?.throwIfAborted();
    size += chunk.length;
    if (size > label.size) throw fail(`it has more than the ${label.size} bytes that the invoice says`);
    hash.update(chunk);
    await handle.writeFile(chunk);
  }
  if (size !== label.size) throw fail(`it has ${size} bytes, the invoice says ${label.size}`);
  if (hash.digest('hex') !== label.sha256) throw fail('its digest is not the one in the invoice');
}

/** True if a file holds the parcel of this label. */
export async function holdsParcel(file: string, label: Label): Promise<boolean> {
  const files = new ParcelFiles();
  try {
    await (await files.open(file, label)).close();
    return true;
  } catch {
    return false;
  }
}
