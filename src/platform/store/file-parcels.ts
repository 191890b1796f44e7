// Parcels as files named by their sha256: `<directory>/ab/abcdef…`.

import { createHash } from 'node:crypto';
import { promises, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileError } from './errors.ts';
import { ParcelError, type ParcelStore } from './parcels.ts';

/** The file operations that the store is made of, as node:fs has them. */
export type FileOperations = Pick<typeof promises, 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm'> & {
  statSync: typeof statSync;
};

export interface FileParcelStoreOptions {
  /**
   * Write each parcel through to the disk before it is acknowledged, so that it also survives a loss of
   * power. Without this it survives a kill of the process, and a loss of power may cut it short, which its
   * size gives away. Default false: 2,000 parcels of 4 KiB take a third longer with it on a disk that is quick
   * to flush, and many times as long on others.
   */
  powerSafe?: boolean;
  files?: FileOperations;
}

const SHA256 = /^[0-9a-f]{64}$/;
const SHELF = /^[0-9a-f]{2}$/;
/** Files here are not parcels yet. */
const UNFINISHED = 'unfinished';
/** What comes in is written in pieces of about this many bytes; a smaller parcel is a file only once it is whole. */
const PIECE_BYTES = 256 * 1024;
/** A piece has no more buffers than this, however small a peer cuts them: each holds memory of its own. */
const PIECE_BUFFERS = 512;
const READ_BYTES = 256 * 1024;

export class FileParcelStore implements ParcelStore {
  readonly #directory: string;
  readonly #files: FileOperations;
  readonly #powerSafe: boolean;
  #count = 0;

  private constructor(directory: string, files: FileOperations, powerSafe: boolean) {
    this.#directory = directory;
    this.#files = files;
    this.#powerSafe = powerSafe;
  }

  /**
   * Opens the store in a directory that no other process uses, made if it is not there, and drops what a
   * killed process has left unfinished.
   * @throws StoreError
   */
  static async open(directory: string, options: FileParcelStoreOptions = {}): Promise<FileParcelStore> {
    const { files = { ...promises, statSync }, powerSafe = false } = options;
    const unfinished = join(directory, UNFINISHED);
    try {
      await files.rm(unfinished, { recursive: true, force: true });
      await files.mkdir(unfinished, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw fileError(`The parcel store ${directory} cannot be opened`, cause);
    }
    return new FileParcelStore(directory, files, powerSafe);
  }

  async size(sha256: string): Promise<number | undefined> {
    const path = this.#path(sha256);
    try {
      // A look at one inode takes microseconds; by way of the thread pool it takes ten times as long.
      return this.#files.statSync(path, { throwIfNoEntry: false })?.size;
    } catch (cause) {
      throw fileError(`Parcel ${sha256} cannot be looked up`, cause);
    }
  }

  async sizes(sha256s: Iterable<string>): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (const sha256 of sha256s) {
      const size = await this.size(sha256);
      if (size !== undefined) found.set(sha256, size);
    }
    return found;
  }

  async put(sha256: string, size: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    const target = this.#path(sha256);
    const file = new UnfinishedFile(join(this.#directory, UNFINISHED, String(this.#count++)), this.#files);
    const hash = createHash('sha256');
    let received = 0;
    try {
      for await (const chunk of content) {
        received += chunk.length;
        if (received > size) throw sizeMismatch(sha256, size);
        hash.update(chunk);
        await file.add(chunk);
      }
      if (received < size) throw sizeMismatch(sha256, size);
      if (hash.digest('hex') !== sha256)
        throw new ParcelError('DIGEST_MISMATCH', `The content sent for parcel ${sha256} has another sha256.`);
      await file.finish(this.#powerSafe);
      await this.#keep(file, target, size);
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  async open(sha256: string): Promise<{ size: number; stream: Readable } | undefined> {
    const path = this.#path(sha256);
    let handle: FileHandle | undefined;
    try {
      handle = await this.#files.open(path, 'r');
      const { size } = await handle.stat();
      return { size, stream: handle.createReadStream({ highWaterMark: READ_BYTES }) };
    } catch (cause) {
      await handle?.close();
      if (isAbsent(cause)) return undefined;
      throw fileError(`Parcel ${sha256} cannot be read`, cause);
    }
  }

  async remove(sha256: string): Promise<boolean> {
    const path = this.#path(sha256);
    try {
      await this.#files.rm(path);
      return true;
    } catch (cause) {
      if (isAbsent(cause)) return false;
      throw fileError(`Parcel ${sha256} cannot be removed`, cause);
    }
  }

  async *list(): AsyncIterable<string> {
    try {
      for (const shelf of await this.#files.readdir(this.#directory)) {
        if (!SHELF.test(shelf)) continue;
        for (const name of await this.#files.readdir(join(this.#directory, shelf)))
          if (SHA256.test(name) && name.startsWith(shelf)) yield name;
      }
    } catch (cause) {
      throw fileError(`The parcels in ${this.#directory} cannot be listed`, cause);
    }
  }

  /** Nothing but digests becomes a path, so that nothing outside the store can be reached. */
  #path(sha256: string): string {
    if (!SHA256.test(sha256)) throw new RangeError('A parcel is named by 64 lower-case hex digits.');
    return join(this.#directory, sha256.slice(0, 2), sha256);
  }

  /** Makes a finished file a parcel. One that is there already has the same content and may be replaced. */
  async #keep(file: UnfinishedFile, target: string, size: number): Promise<void> {
    const shelf = dirname(target);
    try {
      try {
        await this.#files.rename(file.path, target);
      } catch (error) {
        if (!isAbsent(error)) throw error;
        await this.#files.mkdir(shelf, { recursive: true, mode: 0o700 });
        if (this.#powerSafe) await syncDirectory(this.#directory, this.#files);
        await this.#files.rename(file.path, target);
      }
      if (this.#powerSafe) await syncDirectory(shelf, this.#files);
    } catch (cause) {
      // Windows does not replace a file that somebody is reading.
      if (!isRefused(cause) || this.#files.statSync(target, { throwIfNoEntry: false })?.size !== size)
        throw fileError(`The parcel ${target} cannot be kept`, cause);
      await file.discard();
    }
  }
}

/** A file on its way into the store. One piece is collected while the one before it is being written. */
class UnfinishedFile {
  readonly path: string;
  readonly #files: FileOperations;
  #handle: FileHandle | undefined;
  #piece: Uint8Array[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;

  constructor(path: string, files: FileOperations) {
    this.path = path;
    this.#files = files;
  }

  /** Takes a chunk, which must not change any more. */
  async add(chunk: Uint8Array): Promise<void> {
    this.#piece.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= PIECE_BYTES || this.#piece.length >= PIECE_BUFFERS) await this.#write();
  }

  /** Everything is written and the file is closed. */
  async finish(powerSafe: boolean): Promise<void> {
    await this.#write();
    await this.#writing;
    try {
      if (powerSafe) await this.#handle?.datasync();
      await this.#close();
    } catch (cause) {
      throw fileError('A parcel cannot be written', cause);
    }
  }

  /** Nothing is left of it. Never fails: what cannot be removed now is swept when the store is opened again. */
  async discard(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    await this.#close().catch(() => undefined);
    await this.#files.rm(this.path, { force: true }).catch(() => undefined);
  }

  async #write(): Promise<void> {
    await this.#writing;
    const piece = this.#piece;
    this.#piece = [];
    this.#bytes = 0;
    try {
      this.#handle ??= await this.#files.open(this.path, 'wx', 0o600);
    } catch (cause) {
      throw fileError('A parcel cannot be written', cause);
    }
    this.#writing = writeAll(this.#handle, piece).catch((cause: unknown) => {
      throw fileError('A parcel cannot be written', cause);
    });
    // Whoever comes next awaits it; until then a failure is not an unhandled one.
    this.#writing.catch(() => undefined);
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

async function writeAll(handle: FileHandle, buffers: Uint8Array[]): Promise<void> {
  const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  if (total === 0) return;
  let { bytesWritten: written } = await handle.writev(buffers);
  if (written === total) return;
  // A disk that gets full takes a part; the reason comes with the next attempt.
  const whole = Buffer.concat(buffers);
  while (written < total) written += (await handle.write(whole, written)).bytesWritten;
}

/** Makes names in a directory last. Windows has no such call, and does it by itself. */
async function syncDirectory(path: string, files: FileOperations): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await files.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function sizeMismatch(sha256: string, size: number): ParcelError {
  return new ParcelError('SIZE_MISMATCH', `The content sent for parcel ${sha256} is not ${size} bytes long.`);
}

function isRefused(error: unknown): boolean {
  return ['EACCES', 'EBUSY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
