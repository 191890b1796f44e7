// Parcels into files: from an open parcel or a server, always held against the digest and size of the label.

import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BindleClient } from './client.ts';
import { connectionError } from './http.ts';
import type { BindleId } from './id.ts';
import type { Label } from './invoice.ts';
import { ParcelFiles, type OpenParcel } from './parcel-files.ts';

/** A parcel that is not what its label says, or that cannot be written. */
export class ParcelCopyError extends Error {
  readonly code: 'DIGEST_MISMATCH' | 'NOT_WRITTEN';
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
  content: Buffer | Readable,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = `${file}.${randomUUID()}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const source = Buffer.isBuffer(content) ? Readable.from([content], { objectMode: false }) : content;
    await pipeline(source, checked(label), createWriteStream(temporary, { flags: 'wx' }), { signal });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (error instanceof ParcelCopyError || code === undefined || syscall === undefined) throw error;
    const full = code === 'ENOSPC';
    throw new ParcelCopyError(
      'NOT_WRITTEN',
      full ? `The disk is full: ${label.name} could not be written.` : `${file} cannot be written (${code}).`,
      full ? 'Free some space and try again; nothing is left half-written.' : undefined,
      { cause: error },
    );
  }
}

/** Downloads one parcel into a file. @throws BindleError, ParcelCopyError */
export async function downloadParcel(
  client: BindleClient,
  id: BindleId,
  label: Label,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  const body = await client.getParcel(id, label.sha256, { signal });
  try {
    await writeParcel(file, label, body, signal);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (signal?.aborted) throw signal.reason;
    // What undici says of a connection that breaks off in the body.
    if (!(error instanceof ParcelCopyError) && code !== undefined && syscall !== 'write')
      throw connectionError(error, client.url);
    throw error;
  }
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

/** A parcel of another server as one that can be sent: it is downloaded and checked first. */
export async function openRemoteParcel(
  client: BindleClient,
  id: BindleId,
  label: Label,
  directory: string,
  signal?: AbortSignal,
): Promise<OpenParcel> {
  const file = join(directory, `${label.sha256}-${randomUUID()}`);
  await downloadParcel(client, id, label, file, signal);
  const parcel = await new ParcelFiles().open(file, label);
  return {
    ...parcel,
    content: () => parcel.content(),
    close: async () => {
      await parcel.close();
      await rm(file, { force: true });
    },
  };
}

/** Passes bytes on and fails at the end, or as soon as there are too many, if they do not fit the label. */
function checked(label: Label): Transform {
  const hash = createHash('sha256');
  let size = 0;
  const fail = (problem: string): ParcelCopyError =>
    new ParcelCopyError(
      'DIGEST_MISMATCH',
      `${label.name} is damaged: ${problem}.`,
      'Nothing was kept of it.',
    );
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > label.size)
        return done(fail(`it has more than the ${label.size} bytes that the invoice says`));
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      if (size !== label.size) done(fail(`it has ${size} bytes, the invoice says ${label.size}`));
      else if (hash.digest('hex') !== label.sha256) done(fail('its digest is not the one in the invoice'));
      else done();
    },
  });
}
