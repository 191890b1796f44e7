// Remembers the digests of files that have not changed since they were hashed, one small file a project. It
// only ever saves work: what is sent is hashed anew in the same run (design decision 3).

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { isSha256 } from './invoice.ts';

const FORMAT = 1;
/** A file may change once more within the resolution of its time stamp: younger entries prove nothing. */
const SETTLED_MS = 2_000;

/** Size, mtime, ctime and inode as decimal text, then the digest. */
type Entry = [size: string, mtime: string, ctime: string, inode: string, sha256: string];

export class HashCache {
  readonly #file: string;
  readonly #known: Map<string, Entry>;
  readonly #used = new Map<string, Entry>();
  #changed = false;

  private constructor(file: string, known: Map<string, Entry>) {
    this.#file = file;
    this.#known = known;
  }

  /** Reads the cache; a missing or damaged one is an empty one. */
  static async open(file: string): Promise<HashCache> {
    try {
      const { format, entries } = JSON.parse(await readFile(file, 'utf8')) as {
        format: unknown;
        entries: Record<string, unknown>;
      };
      if (format !== FORMAT) return new HashCache(file, new Map());
      const sound = Object.entries(entries).filter((pair): pair is [string, Entry] => isEntry(pair[1]));
      return new HashCache(file, new Map(sound));
    } catch {
      return new HashCache(file, new Map());
    }
  }

  /** The digest of a file that looks just as it did when it was hashed. */
  find(path: string, stats: BigIntStats): string | undefined {
    const entry = this.#known.get(path);
    if (!entry) return undefined;
    const now = identity(stats);
    if (now.some((part, index) => part !== entry[index])) return undefined;
    this.#used.set(path, entry);
    return entry[4];
  }

  /** @param hashedAt when hashing began, in ms since the epoch */
  remember(path: string, stats: BigIntStats, sha256: string, hashedAt: number): void {
    this.#changed = true;
    const touched = Number((stats.mtimeNs > stats.ctimeNs ? stats.mtimeNs : stats.ctimeNs) / 1_000_000n);
    if (hashedAt - touched >= SETTLED_MS) this.#used.set(path, [...identity(stats), sha256]);
  }

  /** Keeps what this run has used. A cache that cannot be written costs time, nothing else: no error. */
  async save(): Promise<void> {
    if (!this.#changed && this.#used.size === this.#known.size) return;
    const temporary = `${this.#file}.${randomUUID()}.tmp`;
    try {
      await mkdir(dirname(this.#file), { recursive: true });
      await writeFile(temporary, JSON.stringify({ format: FORMAT, entries: Object.fromEntries(this.#used) }));
      await rename(temporary, this.#file);
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }
}

function identity(stats: BigIntStats): [string, string, string, string] {
  return [String(stats.size), String(stats.mtimeNs), String(stats.ctimeNs), String(stats.ino)];
}

function isEntry(value: unknown): value is Entry {
  return (
    Array.isArray(value) &&
    value.length === 5 &&
    value.every((part) => typeof part === 'string') &&
    isSha256(String(value[4]))
  );
}
