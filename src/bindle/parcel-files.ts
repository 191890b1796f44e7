// Files as parcels: hashed when an invoice is made, and opened for sending with their bytes hashed in this run.
// A real server that gets other bytes than announced can never store that parcel again (bindle.md §0 trap 5).

import { createHash, hash as digestOf } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { BufferPool } from './buffer-pool.ts';
import type { HashCache } from './hash-cache.ts';
import type { Label } from './invoice.ts';

/** Up to this size a file is read once and sent from the very buffer that was hashed. */
export const IN_MEMORY_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const POOL_BYTES = 2 * IN_MEMORY_BYTES;
/** Large files stay open between hashing and sending, so that they are read for hashing once; so many at most. */
const KEPT_OPEN = 32;

/** A parcel's bytes, ready to be sent or copied. */
export interface OpenParcel {
  readonly size: number;
  /** The bytes: at once, or chunk by chunk, once; each chunk is good until the next one is asked for. */
  content: () => Buffer | AsyncIterable<Buffer>;
  /** True if the source is no longer what was hashed, so that the chunks may have been others. */
  changed: () => Promise<boolean>;
  /** @param delivered nobody reads the bytes any more, so that their memory may be used again */
  close: (delivered?: boolean) => Promise<void>;
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
  readonly #pool = new BufferPool(POOL_BYTES);

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
        const stats = await statFile(path, handle);
        const began = Date.now();
        const hashed = { sha256: await this.#digest(path, handle, stats), size: Number(stats.size) };
        this.#cache?.remember(path, stats, hashed.sha256, began);
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
        if (kept.sha256 === label.sha256 && same(stats, kept.stats))
          return this.#chunked(kept.handle, kept.stats);
        await kept.handle.close();
      }
      return this.#openFresh(path, label);
    });
  }

  /** Closes what hashing left open. */
  async close(): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(kept.map(({ handle }) => handle.close()));
  }

  async #findCached(path: string): Promise<Hashed | undefined> {
    if (!this.#cache) return undefined;
    const stats = await stat(path, { bigint: true });
    const sha256 = this.#cache.find(path, stats);
    return sha256 === undefined ? undefined : { sha256, size: Number(stats.size) };
  }

  async #openFresh(path: string, label: Label): Promise<OpenParcel> {
    const handle = await open(path, 'r');
    let keep = false;
    try {
      const stats = await statFile(path, handle);
      if (stats.size !== BigInt(label.size)) throw changedError(path);
      if (label.size > IN_MEMORY_BYTES) {
        if ((await this.#digest(path, handle, stats)) !== label.sha256) throw changedError(path);
        keep = true;
        return this.#chunked(handle, stats);
      }
      const memory = this.#pool.take(label.size);
      const bytes = await fill(handle, memory.subarray(0, label.size));
      if (bytes.length !== label.size || digestOf('sha256', bytes) !== label.sha256) throw changedError(path);
      return {
        ...buffered(bytes),
        close: (delivered = false) => {
          if (delivered) this.#pool.give(memory);
          return Promise.resolve();
        },
      };
    } finally {
      if (!keep) await handle.close();
    }
  }

  #chunked(handle: FileHandle, stats: BigIntStats): OpenParcel {
    return {
      size: Number(stats.size),
      content: () => this.#chunks(handle, Number(stats.size)),
      changed: async () => !same(await handle.stat({ bigint: true }), stats),
      close: () => handle.close(),
    };
  }

  /**
   * All of a file from two buffers in turn: who asks for a chunk has done with the one before the last. They are
   * larger than what a socket takes in before it wants to be waited for, so that it holds one of them at most.
   */
  async *#chunks(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
    const buffers = [this.#pool.take(CHUNK_BYTES), this.#pool.take(CHUNK_BYTES)] as const;
    for (let position = 0, turn = 0; position < size; turn ^= 1) {
      const memory = buffers[turn === 0 ? 0 : 1];
      const bytes = await fill(
        handle,
        memory.subarray(0, Math.min(memory.length, size - position)),
        position,
      );
      // The file is shorter by now: what was announced cannot be kept, and the peer will say so.
      if (bytes.length === 0) return;
      yield bytes;
      position += bytes.length;
    }
  }

  /** The digest of all of a file, which must not change meanwhile. */
  async #digest(path: string, handle: FileHandle, stats: BigIntStats): Promise<string> {
    const size = Number(stats.size);
    const memory = this.#pool.take(Math.min(size, CHUNK_BYTES));
    try {
      const hash = createHash('sha256');
      let position = 0;
      while (position < size) {
        const chunk = memory.subarray(0, Math.min(memory.length, size - position));
        const bytes = await fill(handle, chunk, position);
        if (bytes.length < chunk.length) throw changedError(path);
        hash.update(bytes);
        position += bytes.length;
      }
      if (!same(await handle.stat({ bigint: true }), stats)) throw changedError(path);
      return hash.digest('hex');
    } finally {
      this.#pool.give(memory);
    }
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

/** As much of the buffer as the file can fill from this position on. */
async function fill(handle: FileHandle, buffer: Buffer, position = 0): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function same(a: BigIntStats, b: BigIntStats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}

async function statFile(path: string, handle: FileHandle): Promise<BigIntStats> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) throw new ParcelFileError('FILE_UNREADABLE', `${path} is not a file.`);
  return stats;
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
