// What the disk says of a project, remembered per pattern, module and folder until it is told that something has changed.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { detectProject, type DetectedModule } from './detect.ts';
import type {
  MatchedFile,
  ModuleFacts,
  PatternFacts,
  ProjectFacts,
  Repeat,
  ServerFacts,
  TogetherFacts,
} from './facts.ts';
import { findModule } from './find-module.ts';
import { gitAuthor } from './git-author.ts';
import { mapLimited } from './map-limited.ts';
import { filesOfPattern, type PatternFiles } from './pattern-files.ts';
import type { Finding } from './problem.ts';
import { isWithin, leaves, Project, type FolderEntry } from './project.ts';
import { Reach } from './reach.ts';
import { Remembered } from './remembered.ts';
import { looksSecret } from './secrets.ts';
import { reasonOf, unreadable } from './unreadable.ts';
import { readWasmFile } from './wasm-module.ts';

export interface DiskFactsOptions {
  readonly server?: ServerFacts;
  readonly platform?: NodeJS.Platform;
  /** Variables that Git is asked with. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Matches of all patterns together, beyond which the oldest are forgotten. */
const MAX_MATCHES = 400_000;
/** Files of which size and time are remembered. */
const MAX_FILES = 400_000;
const MAX_MODULES = 1000;
const MAX_FOLDERS = 1000;
/** Files looked at at once. */
const CONCURRENCY = 32;
/** Changes that are looked at one by one; of more, everything may be new. */
const MAX_CHANGES = 200;

/** What is known of a file besides its content. */
interface Stamp {
  /** Bytes. */
  readonly size: number;
  /** In ms since 1970. */
  readonly changed: number;
  /** Why it cannot be read. */
  readonly fault?: unknown;
}

export class DiskFacts implements ProjectFacts {
  readonly directory: string;
  readonly server?: ServerFacts;
  readonly #platform: NodeJS.Platform;
  readonly #env: NodeJS.ProcessEnv;
  /** Folders that were read; none while the project's folder is not there. */
  #project: Promise<Project | undefined> | undefined;
  #stamps = new Map<string, Stamp>();
  /** Contents that were read, by path, and when that was. */
  readonly #contents = new Map<string, Stamp & { readonly secret?: boolean; readonly sha256?: string }>();
  readonly #patterns = new Remembered<PatternFacts>({
    capacity: MAX_MATCHES,
    weigh: ({ matches }) => matches.length + 1,
  });
  readonly #secrets = new Remembered<readonly string[]>({ capacity: MAX_MODULES });
  readonly #together = new Remembered<TogetherFacts>({ capacity: MAX_MODULES });
  readonly #modules = new Remembered<ModuleFacts>({ capacity: MAX_MODULES });
  readonly #folders = new Remembered<readonly FolderEntry[]>({ capacity: MAX_FOLDERS });
  readonly #detected = new Remembered<readonly DetectedModule[]>({ capacity: 1 });
  #author: Promise<string | undefined> | undefined;
  /** Of the patterns that were asked for. */
  readonly #reaches = new Map<string, Reach>();

  /** @param directory that of the HIPPOFACTS; it need not be there */
  constructor(directory: string, options: DiskFactsOptions = {}) {
    this.directory = path.resolve(directory);
    this.#platform = options.platform ?? process.platform;
    this.#env = options.env ?? process.env;
    if (options.server) this.server = options.server;
  }

  pattern(text: string, signal?: AbortSignal): Promise<PatternFacts> {
    return this.#patterns.get(text, (shared) => this.#findPattern(text, shared), signal);
  }

  secrets(pattern: string, signal?: AbortSignal): Promise<readonly string[]> {
    return this.#secrets.get(pattern, (shared) => this.#findSecrets(pattern, shared), signal);
  }

  together(patterns: readonly string[], signal?: AbortSignal): Promise<TogetherFacts> {
    const find = (shared: AbortSignal): Promise<TogetherFacts> => this.#findTogether(patterns, shared);
    return this.#together.get(JSON.stringify(patterns), find, signal);
  }

  module(name: string, signal?: AbortSignal): Promise<ModuleFacts> {
    return this.#modules.get(name, () => this.#findModule(name), signal);
  }

  folder(name: string, signal?: AbortSignal): Promise<readonly FolderEntry[]> {
    return this.#folders.get(name, () => this.#listFolder(name), signal);
  }

  modules(signal?: AbortSignal): Promise<readonly DetectedModule[]> {
    const find = async (): Promise<readonly DetectedModule[]> =>
      (await detectProject(this.directory)).modules;
    return this.#detected.get('', find, signal);
  }

  author(): Promise<string | undefined> {
    return (this.#author ??= gitAuthor(this.#env));
  }

  async sha256(file: string, signal?: AbortSignal): Promise<string | undefined> {
    const stamp = await this.#stamp(file);
    const known = this.#content(file, stamp);
    if (known?.sha256 !== undefined) return known.sha256;
    const sha256 = await hashFile(file, signal);
    if (sha256 !== undefined) this.#contents.set(file, { ...known, ...stamp, sha256 });
    return sha256;
  }

  /**
   * Forgets what may be another by now. True if something was known of it, so that whoever shows answers asks again.
   * @param paths absolute; of files and folders that were made, changed or removed
   */
  changed(paths: readonly string[]): boolean {
    const inside = paths.flatMap((name) => {
      const relative = path.relative(this.directory, name);
      return leaves(relative) ? [] : [{ name, segments: relative.split(path.sep).filter(Boolean) }];
    });
    // What lies elsewhere may be the target of a link.
    if (inside.length < paths.length || inside.length > MAX_CHANGES) return this.forget();
    this.#forgetStamps(inside.map(({ name }) => name));
    void this.#project?.then((project) => project?.forget(inside.map(({ name }) => name)));
    const touches = (pattern: string): boolean =>
      inside.some(({ segments }) => {
        const reach = this.#reach(pattern);
        return reach.covers(segments) || reach.leadsThrough(segments);
      });
    const some = [
      // Why nothing matches may have changed by whatever it was.
      this.#patterns.forget((text, { problems }) => problems.length > 0 || touches(text)),
      this.#secrets.forget((text) => touches(text)),
      this.#modules.forget(
        (_, module) => !module.found || inside.some(({ name }) => isOrHolds(name, module.path)),
      ),
      this.#folders.forget((folder) =>
        inside.some(({ name }) => isOrHolds(path.dirname(name), path.join(this.directory, folder))),
      ),
      this.#detected.forget(),
    ].includes(true);
    if (some) this.#together.forget();
    return some;
  }

  /** Forgets everything but the texts that were searched for secrets, which have times of their own. */
  forget(): boolean {
    this.#project = undefined;
    this.#stamps = new Map();
    this.#author = undefined;
    return [this.#patterns, this.#secrets, this.#together, this.#modules, this.#folders, this.#detected]
      .map((remembered: { forget: () => boolean }) => remembered.forget())
      .includes(true);
  }

  async #findPattern(text: string, signal: AbortSignal): Promise<PatternFacts> {
    const project = await this.#open();
    if (!project) return { literal: false, matches: [], bytes: 0, problems: [], unreadable: [] };
    const { literal, files, findings } = await this.#expand(project, text, signal);
    const faults: Finding[] = [];
    const matches = await mapLimited(files, CONCURRENCY, signal, async (file): Promise<MatchedFile> => {
      // Not awaited where it is known: there may be thousands.
      const { size, fault } = this.#stamps.get(file.path) ?? (await this.#stamp(file.path));
      if (fault !== undefined) faults.push(unreadable(file.name, fault));
      return { ...file, size };
    });
    const bytes = matches.reduce((sum, { size }) => sum + size, 0);
    return { literal, matches, bytes, problems: findings, unreadable: faults };
  }

  async #expand(project: Project, text: string, signal: AbortSignal): Promise<PatternFiles> {
    try {
      return await filesOfPattern(project, text, { windows: this.#platform === 'win32', signal });
    } catch (error) {
      // What goes away while it is looked at.
      signal.throwIfAborted();
      return { literal: false, files: [], findings: [unreadable(text, error)] };
    }
  }

  async #findSecrets(pattern: string, signal: AbortSignal): Promise<readonly string[]> {
    const { matches } = await this.pattern(pattern, signal);
    const idle: Buffer[] = [];
    const found = await mapLimited(matches, CONCURRENCY, signal, async (file) => {
      const stamp = this.#stamps.get(file.path) ?? (await this.#stamp(file.path));
      const known = this.#content(file.path, stamp);
      if (known?.secret !== undefined) return known.secret;
      const secret = await looksSecret(file, idle);
      this.#contents.set(file.path, { ...known, ...stamp, secret });
      return secret;
    });
    return matches.filter((_, index) => found[index]).map(({ name }) => name);
  }

  async #findTogether(patterns: readonly string[], signal: AbortSignal): Promise<TogetherFacts> {
    const firsts = new Map<string, number>();
    const repeats: Repeat[] = [];
    let bytes = 0;
    for (const [index, text] of patterns.entries()) {
      const { matches } = await this.pattern(text, signal);
      const names: string[] = [];
      for (const { name, size } of matches)
        if (firsts.has(name)) names.push(name);
        else {
          firsts.set(name, index);
          bytes += size;
        }
      const before = new Set(names.flatMap((name) => firsts.get(name) ?? []));
      if (names.length > 0)
        repeats.push({ pattern: index, before: [...before], names, all: names.length === matches.length });
    }
    return { files: firsts.size, bytes, repeats };
  }

  async #findModule(name: string): Promise<ModuleFacts> {
    const project = await this.#open();
    if (!project) {
      const message = `There is no folder ${this.directory}`;
      return { found: false, problem: { code: 'missing-module', severity: 'error', message } };
    }
    const found = await findModule(project, name, () => this.modules()).catch((error: unknown) =>
      unreadable(name, error),
    );
    if (!('path' in found)) return { found: false, problem: found };
    const { path: file, name: label } = found;
    const { size } = await this.#stamp(file);
    const there = { found: true, name: label, path: file, size } as const;
    try {
      return { ...there, wasm: await readWasmFile(file) };
    } catch (error) {
      const reason = reasonOf(error);
      return { ...there, wasm: { kind: 'unreadable', reason }, unreadable: unreadable(label, error) };
    }
  }

  async #listFolder(name: string): Promise<readonly FolderEntry[]> {
    const project = await this.#open();
    if (!project) return [];
    let folder = project.root;
    for (const part of name.split('/')) {
      if (part === '' || part === '.') continue;
      const target = part === '..' ? undefined : await project.find(folder, part);
      if (target?.kind !== 'folder' || !project.contains(target.place)) return [];
      folder = target.place;
    }
    return project.list(folder).catch(() => []);
  }

  /** Undefined if the folder is not there: then it is looked for again next time. */
  async #open(): Promise<Project | undefined> {
    const opened = (this.#project ??= Project.open(this.directory).catch(() => undefined));
    const project = await opened;
    if (!project && this.#project === opened) this.#project = undefined;
    return project;
  }

  async #stamp(file: string): Promise<Stamp> {
    const known = this.#stamps.get(file);
    if (known) return known;
    const stamp = await look(file);
    if (this.#stamps.size >= MAX_FILES) this.#stamps.clear();
    this.#stamps.set(file, stamp);
    return stamp;
  }

  /** Of these, and of what is in them: of a folder that was removed, nobody tells the files. */
  #forgetStamps(names: readonly string[]): void {
    const folders = new Set(names.filter((name) => !this.#stamps.delete(name)));
    if (folders.size > 0)
      for (const file of [...this.#stamps.keys()]) if (isWithin(file, folders)) this.#stamps.delete(file);
  }

  /** What was read of a file, if it is still the same. */
  #content(file: string, { size, changed }: Stamp): { secret?: boolean; sha256?: string } | undefined {
    if (this.#contents.size >= MAX_FILES) this.#contents.clear();
    const known = this.#contents.get(file);
    return known?.size === size && known.changed === changed ? known : undefined;
  }

  #reach(pattern: string): Reach {
    let reach = this.#reaches.get(pattern);
    if (!reach) {
      if (this.#reaches.size >= MAX_MODULES) this.#reaches.clear();
      reach = new Reach({ modules: [], patterns: [pattern] }, this.#platform);
      this.#reaches.set(pattern, reach);
    }
    return reach;
  }
}

async function look(file: string): Promise<Stamp> {
  let stamp = { size: 0, changed: 0 };
  try {
    const { size, mtimeMs } = await stat(file);
    stamp = { size, changed: mtimeMs };
    await access(file, constants.R_OK);
    return stamp;
  } catch (fault) {
    return { ...stamp, fault };
  }
}

/** True for a path itself, and for the folders that it is in. */
function isOrHolds(folder: string, name: string): boolean {
  return !leaves(path.relative(folder, name));
}

async function hashFile(file: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, signal ? { signal } : {})) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
