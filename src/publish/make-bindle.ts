// From a project on disk to an invoice and its parcels: find, collect, version, assemble.

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BindleClient } from '../bindle/client.ts';
import { HashCache } from '../bindle/hash-cache.ts';
import { BindleError } from '../bindle/http.ts';
import { parseId, type BindleId } from '../bindle/id.ts';
import { InvoiceError, labelNameProblem, type Invoice, type Label } from '../bindle/invoice.ts';
import { openRemoteParcel } from '../bindle/parcel-copy.ts';
import { ParcelFiles, type OpenParcel } from '../bindle/parcel-files.ts';
import { collectModule } from '../hippofacts/collect-module.ts';
import { collect } from '../hippofacts/collect.ts';
import type { Collection } from '../hippofacts/collection.ts';
import { findManifest, readManifest } from '../hippofacts/find.ts';
import type { Problem } from '../hippofacts/problem.ts';
import { assemble } from './assemble.ts';
import { devVersion, type Versioning } from './version.ts';

export interface MakeOptions {
  /** A project's folder, a HIPPOFACTS or a .wasm file. */
  path: string;
  versioning: Versioning;
  /** See `publisher`. */
  user: string;
  now: Date;
  /** What the HIPPOFACTS is to say, where that is not yet what the file says. */
  text?: string;
  /** Where bindles that the project refers to are looked up. */
  external?: BindleClient;
  /** A folder of hash caches; every file is read if absent. */
  cacheFolder?: string;
  /** Files that look like secrets and are published all the same, relative to the project. */
  allow?: readonly string[];
  signal?: AbortSignal;
}

export interface MadeBindle {
  /** Unsigned; undefined if a problem is an error. */
  invoice: Invoice | undefined;
  /** The file that problems are about: the HIPPOFACTS, or the module that stands for itself. */
  file: string;
  problems: readonly Problem[];
  /** Why another bindle could not be looked up, where the server is to blame; a problem says which. */
  lookupFailure: BindleError | undefined;
  /**
   * Opens a parcel of this bindle, its bytes hashed in this run.
   * @throws ParcelFileError, BindleError, ParcelCopyError
   */
  open: (label: Label) => Promise<OpenParcel>;
  /** True for a parcel that another bindle brings: a server that has that bindle has it. */
  isExternal: (sha256: string) => boolean;
  /** Closes files and removes what was downloaded; the hash cache is kept. */
  close: () => Promise<void>;
}

/** @throws ManifestError if there is no HIPPOFACTS; the signal's reason */
export async function makeBindle(options: MakeOptions): Promise<MadeBindle> {
  const { versioning, external, signal } = options;
  const found = await findManifest(options.path);
  const cache = options.cacheFolder
    ? await HashCache.open(cachePath(options.cacheFolder, found.file))
    : undefined;
  const files = new ParcelFiles(cache);
  const elsewhere = external && new Lookup(external, signal);
  const common = { hash: (path: string) => files.hash(path), versioning, ...(signal ? { signal } : {}) };
  try {
    const collection =
      found.kind === 'module'
        ? await collectModule(found.file, common)
        : await collect(options.text ?? (await readManifest(found.file)), {
            ...common,
            directory: found.directory,
            ...(options.allow ? { allow: options.allow } : {}),
            ...(elsewhere ? { lookup: (id: string) => elsewhere.find(id) } : {}),
          });
    await cache?.save();
    const sources = new Sources(collection, files, external, signal);
    return {
      invoice: collection.ok ? assemble(collection, versionOf(collection, options)) : undefined,
      file: found.file,
      problems: collection.problems,
      lookupFailure: elsewhere?.failure,
      open: (label) => sources.open(label),
      isExternal: (sha256) => sources.isExternal(sha256),
      close: () => sources.close(),
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}

function versionOf({ bindle }: Collection, { versioning, user, now }: MakeOptions): string {
  return versioning === 'dev' ? devVersion(bindle.version, user, now) : bindle.version;
}

/** Finds the bindles that a project refers to. Yanked ones may be used by those who used them before (bindle.md §8.25). */
class Lookup {
  failure: BindleError | undefined;
  readonly #client: BindleClient;
  readonly #signal: AbortSignal | undefined;

  constructor(client: BindleClient, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#signal = signal;
  }

  async find(text: string): Promise<Invoice | undefined> {
    const id = parseId(text);
    if (!id) return undefined;
    try {
      const invoice = await this.#client.getInvoice(id, { yanked: true, signal: this.#signal });
      for (const { label } of invoice.parcel ?? []) {
        const problem = labelNameProblem(label.name);
        if (problem)
          throw new InvoiceError('parcel', `has the name ${JSON.stringify(label.name)}, and ${problem}`);
      }
      return invoice;
    } catch (error) {
      if (!(error instanceof BindleError)) throw error;
      if (error.code === 'NOT_FOUND') return undefined;
      this.failure ??= error;
      throw error;
    }
  }
}

/** Where the bytes of each parcel come from. */
class Sources {
  readonly #files: ParcelFiles;
  readonly #paths = new Map<string, string>();
  readonly #bindles = new Map<string, BindleId>();
  readonly #external: BindleClient | undefined;
  readonly #signal: AbortSignal | undefined;
  #downloads: Promise<string> | undefined;

  constructor(
    collection: Collection,
    files: ParcelFiles,
    external: BindleClient | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#files = files;
    this.#external = external;
    this.#signal = signal;
    for (const { sha256, path } of [...collection.entries, ...collection.files])
      if (path !== undefined) this.#paths.set(sha256, path);
    for (const { bindleId, sha256s } of collection.references) {
      const id = parseId(bindleId);
      if (id) for (const sha256 of sha256s) this.#bindles.set(sha256, id);
    }
  }

  isExternal(sha256: string): boolean {
    return !this.#paths.has(sha256);
  }

  async open(label: Label): Promise<OpenParcel> {
    const path = this.#paths.get(label.sha256);
    if (path !== undefined) return this.#files.open(path, label);
    const id = this.#bindles.get(label.sha256);
    if (!id || !this.#external) throw new Error(`Nobody has the parcel ${label.name}.`);
    this.#downloads ??= mkdtemp(join(tmpdir(), 'hippo-external-'));
    return openRemoteParcel(this.#external, id, label, await this.#downloads, this.#signal);
  }

  async close(): Promise<void> {
    await this.#files.close();
    if (this.#downloads) await rm(await this.#downloads, { recursive: true, force: true });
  }
}

function cachePath(folder: string, file: string): string {
  return join(folder, `${createHash('sha256').update(file).digest('hex').slice(0, 32)}.json`);
}
