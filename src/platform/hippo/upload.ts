// `POST /api/bindles`: a bindle in standalone form, checked whole before anything of it is stored.

import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { formatId } from '../../bindle/id.ts';
import type { Invoice, Label } from '../../bindle/invoice.ts';
import { ParcelFileError } from '../../bindle/parcel-files.ts';
import { readStandalone, StandaloneError } from '../../bindle/standalone.ts';
import { ParcelError } from '../store/parcels.ts';
import type { StoredBindle } from '../../hippo/api.ts';
import type { Caller } from './caller.ts';
import { RequestError } from './problems.ts';

const TYPES = new Set(['application/gzip', 'application/x-gzip', 'application/octet-stream']);

export interface UploadOptions {
  /** Where archives are kept while they are looked at; what is left in it from before is removed. */
  readonly directory: string;
  /** Largest archive, packed. */
  readonly maxBytes: number;
  /** What it may unpack to. */
  readonly maxUnpackedBytes: number;
  /** Stores a bindle, with rights, signatures and digests checked; gives how many parcels were new. */
  readonly store: (
    caller: Caller,
    invoice: Invoice,
    open: (label: Label) => Promise<AsyncIterable<Uint8Array>>,
  ) => Promise<number>;
}

/** @throws RequestError, StandaloneError, InvoiceError, CodecError, ParcelFileError, and what `store` throws */
export function createUpload(
  options: UploadOptions,
): (caller: Caller, request: IncomingMessage) => Promise<StoredBindle> {
  const { directory, maxBytes, maxUnpackedBytes, store } = options;
  const ready = rm(directory, { recursive: true, force: true }).then(() =>
    mkdir(directory, { recursive: true, mode: 0o700 }),
  );
  // Whoever uploads first hears of it.
  ready.catch(() => undefined);

  return async (caller, request) => {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (!TYPES.has(type)) throw new RequestError(415, 'A bindle is sent as application/gzip.');
    await ready;
    const file = join(directory, `${randomUUID()}.tar.gz`);
    try {
      await receive(request, file, maxBytes);
      const { invoice, open, close } = await readStandalone(file, { maxBytes: maxUnpackedBytes });
      try {
        const content = async (label: Label): Promise<AsyncIterable<Uint8Array>> =>
          iterate((await open(label)).content());
        // All of them, also those that the server has already: half an archive is a mistake of somebody's.
        for (const { label } of invoice.parcel ?? []) await demandDigest(label, await content(label));
        const parcels = await store(caller, invoice, content);
        return { id: formatId(invoice.bindle), parcels };
      } finally {
        await close();
      }
    } catch (error) {
      throw withoutPaths(error);
    } finally {
      await rm(file, { force: true });
    }
  };
}

/** Where this machine keeps an archive is nobody's business. */
function withoutPaths(error: unknown): unknown {
  if (!(error instanceof StandaloneError || error instanceof ParcelFileError)) return error;
  const message = error.message.replaceAll(/\S*[\\/](?:uploads|hippo-standalone-)[^\s:]*/g, 'The archive');
  const code = error instanceof StandaloneError ? error.code : 'UNSAFE_ARCHIVE';
  return new StandaloneError(code, message, { cause: error });
}

async function receive(request: IncomingMessage, file: string, maxBytes: number): Promise<void> {
  const tooLarge = new RequestError(413, `A bindle may have up to ${maxBytes} bytes when it is packed.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  await pipeline(
    request.iterator({ destroyOnReturn: false }),
    async function* (chunks: AsyncIterable<Buffer>) {
      let length = 0;
      for await (const chunk of chunks) {
        length += chunk.length;
        if (length > maxBytes) throw tooLarge;
        yield chunk;
      }
    },
    createWriteStream(file, { mode: 0o600, flags: 'wx' }),
  );
}

async function demandDigest(
  { sha256, size, name }: Label,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    length += chunk.length;
  }
  if (length !== size)
    throw new ParcelError(
      'SIZE_MISMATCH',
      `The parcel ${name} has ${length} bytes, and not the ${size} of its label.`,
    );
  if (hash.digest('hex') !== sha256)
    throw new ParcelError('DIGEST_MISMATCH', `The parcel ${name} is not what its label says.`);
}

async function* iterate(content: Buffer | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (Buffer.isBuffer(content)) yield content;
  else yield* content;
}
