// Files as parcels: hashed when an invoice is made, and opened for sending with their bytes hashed in this run.
// A real server that gets other bytes than announced can never store that parcel again (bindle.md §0 trap 5).

import { createHash, hash as digestOf } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { HashCache } from './hash-cache.ts';
import type { Label } from './invoice.ts';

/** Up to this size a file is read once and sent from the very buffer that was hashed. */
export const IN_MEMORY_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Large files stay open between hashing and sending, so that they are read for hashing once; so many at most. */
const KEPT_OPEN = 32;

/** A parcel's bytes, ready to be sent or copied. */
export interface OpenParcel {
  readonly size: number;
  /** The bytes: at once, or as a stream that can be asked for once. */
  content(): Buffer | Readable;
  /** True if the source is no longer what was hashed, so that the bytes of a stream may have been others. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

export class ParcelFileError extends Error {
  readonly code: 'FILE_CHANGED' | 'FILE_UNREADABLE';
  readonly hint: string | undefined;
  constructor(code: ParcelFileError['code'], message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ParcelFileError';
    this.code = code;
    this.hint = hint;
  }
}

interface Hashed {
  sha256: string;
  /** Bytes. */
  size: number;
}

interface Kept extends Hashed {
  handle: FileHandle;
  stats: BigIntStats;
}

export class ParcelFiles {
  readonly #cache: HashCache | undefined;
  readonly #kept = new Map<string, Kept>();
  readonly #scratch: Buffer[] = [];

  constructor(cache?: HashCache) {
    this.#cache = cache;
  }

  /** Digest and size of a file, from the cache where that is trusted. @throws ParcelFileError */
  async hash(path: string): Promise<Hashed> {
    return reading(path, async () => {
      const cached = await this.#findCached(path);
      if (cached) return cached;
      const handle = await open(path, 'r');
      let keep = false;
      try {
        const stats = await handle.stat({ bigint: true });
        requireFile(path, stats);
        const began = Date.now();
        const size = Number(stats.size);
        const sha256 =
          size <= CHUNK_BYTES ? await this.#hashSmall(handle, size) : await hashStream(handle, size);
        if (sha256 === undefined || !same(await handle.stat({ bigint: true }), stats))
          throw changedError(path);
        const hashed = { sha256, size };
        this.#cache?.remember(path, stats, sha256, began);
        if (hashed.size > IN_MEMORY_BYTES && this.#kept.size < KEPT_OPEN && !this.#kept.has(path)) {
          this.#kept.set(path, { ...hashed, handle, stats });
          keep = true;
        }
        return hashed;
      } finally {
        if (!keep) await handle.close();
      }
    });
  }

  async #findCached(path: string): Promise<Hashed | undefined> {
    if (!this.#cache) return undefined;
    const stats = await stat(path, { bigint: true });
    const sha256 = this.#cache.find(path, stats);
    return sha256 === undefined ? undefined : { sha256, size: Number(stats.size) };
  }

  /** Reads into memory that is used again: thousands of small files leave no garbage. Undefined if it fell short. */
  async #hashSmall(handle: FileHandle, size: number): Promise<string | undefined> {
    const buffer = this.#scratch.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    try {
      const bytes = await fill(handle, buffer.subarray(0, size));
      return bytes.length === size ? digestOf('sha256', bytes) : undefined;
    } finally {
      this.#scratch.push(buffer);
    }
  }

  /**
   * A file's bytes, hashed in this run and the same as the label says.
   * @throws ParcelFileError `FILE_CHANGED` if they are not
   */
  async open(path: string, label: Label): Promise<OpenParcel> {
    return reading(path, async () => {
      const kept = this.#kept.get(path);
      this.#kept.delete(path);
      if (kept) {
        const stats = await kept.handle.stat({ bigint: true });
        if (kept.sha256 === label.sha256 && same(stats, kept.stats)) return streamed(kept.handle, kept.stats);
        await kept.handle.close();
      }
      return openFresh(path, label);
    });
  }

  /** Closes what hashing left open. */
  async close(): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(kept.map(({ handle }) => handle.close()));
  }
}

async function openFresh(path: string, label: Label): Promise<OpenParcel> {
  const handle = await open(path, 'r');
  let keep = false;
  try {
    const stats = await handle.stat({ bigint: true });
    requireFile(path, stats);
    if (stats.size !== BigInt(label.size)) throw changedError(path);
    const { sha256, bytes } = await hashHandle(path, handle, stats);
    if (sha256 !== label.sha256) throw changedError(path);
    if (bytes) return buffered(bytes);
    keep = true;
    return streamed(handle, stats);
  } finally {
    if (!keep) await handle.close();
  }
}

/** Bytes that are in memory already. */
export function buffered(bytes: Buffer): OpenParcel {
  return {
    size: bytes.length,
    content: () => bytes,
    changed: () => Promise.resolve(false),
    close: () => Promise.resolve(),
  };
}

function streamed(handle: FileHandle, stats: BigIntStats): OpenParcel {
  const size = Number(stats.size);
  return {
    size,
    content: () =>
      handle.createReadStream({ start: 0, end: size - 1, autoClose: false, highWaterMark: CHUNK_BYTES }),
    changed: async () => !same(await handle.stat({ bigint: true }), stats),
    close: () => handle.close(),
  };
}

/** Reads a file once from its descriptor; small ones give their bytes too. */
async function hashHandle(
  path: string,
  handle: FileHandle,
  stats: BigIntStats,
): Promise<{ sha256: string; bytes?: Buffer }> {
  const size = Number(stats.size);
  const bytes = size <= IN_MEMORY_BYTES ? await fill(handle, Buffer.allocUnsafeSlow(size)) : undefined;
  const sha256 = bytes ? digestOf('sha256', bytes) : await hashStream(handle, size);
  if ((bytes && bytes.length !== size) || !same(await handle.stat({ bigint: true }), stats))
    throw changedError(path);
  return { sha256, ...(bytes ? { bytes } : {}) };
}

/** As much of the buffer as the file could fill. */
async function fill(handle: FileHandle, buffer: Buffer): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function hashStream(handle: FileHandle, size: number): Promise<string> {
  const hash = createHash('sha256');
  const stream = handle.createReadStream({
    start: 0,
    end: size - 1,
    autoClose: false,
    highWaterMark: CHUNK_BYTES,
  });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function same(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}

function requireFile(path: string, stats: BigIntStats): void {
  if (!stats.isFile()) throw new ParcelFileError('FILE_UNREADABLE', `${path} is not a file.`);
}

function changedError(path: string): ParcelFileError {
  return new ParcelFileError(
    'FILE_CHANGED',
    `${path} changed while it was being published.`,
    'Let the build finish, then try again.',
  );
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof ParcelFileError || code === undefined) throw error;
    const message = code === 'ENOENT' ? `${path} is not there.` : `${path} cannot be read (${code}).`;
    throw new ParcelFileError('FILE_UNREADABLE', message, undefined, { cause: error });
  }
}
