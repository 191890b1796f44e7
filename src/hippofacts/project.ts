// The project's folder as patterns see it: listings and links, each read once, and what lies outside.

import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { compareBytes } from './compare-bytes.ts';

export type EntryKind = 'file' | 'folder' | 'link' | 'other';

/** `other`: a socket, a pipe, a device. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: EntryKind;
}

/** A file of the project. */
export interface LocalFile {
  /** Absolute. */
  readonly path: string;
  /** As it will stand in the bindle: relative to the project, with `/`. */
  readonly name: string;
  /** The name of the file itself, where a link leads to it. */
  readonly linked?: string;
}

/** A place in the project, or outside of it when the first of its segments is `..`. */
export interface Place {
  /** Below the project's folder. */
  readonly segments: readonly string[];
  readonly path: string;
  /** Without links. */
  readonly real: string;
}

/** What a name stands for, links followed. `nothing`: a link to what does not exist. */
export interface Target {
  readonly kind: 'file' | 'folder' | 'other' | 'nothing';
  readonly link: boolean;
  readonly place: Place;
}

export class Project {
  readonly root: Place;
  readonly #listings = new Map<string, Promise<readonly FolderEntry[]>>();
  readonly #links = new Map<string, Promise<Target>>();

  private constructor(root: Place) {
    this.root = root;
  }

  /** @throws errors of the file system if the folder is not there */
  static async open(directory: string): Promise<Project> {
    const resolved = path.resolve(directory);
    return new Project({ segments: [], path: resolved, real: await realpath(resolved) });
  }

  /** Forgets what changes at these absolute paths may have to do with: what was reached by links, as a whole. */
  forget(paths: readonly string[]): void {
    if (this.#links.size > 0) {
      this.#links.clear();
      this.#listings.clear();
      return;
    }
    const changed = new Set<string>();
    const holders = new Set<string>();
    for (const name of paths) {
      const inside = path.relative(this.root.path, name);
      const real = leaves(inside) ? name : path.join(this.root.real, inside);
      changed.add(real);
      holders.add(path.dirname(real));
    }
    for (const folder of [...this.#listings.keys()])
      if (holders.has(folder) || isWithin(folder, changed)) this.#listings.delete(folder);
  }

  /** Sorted by the bytes of the names. Names that are not UTF-8 are left out, as Rust's glob does. */
  list(folder: Place): Promise<readonly FolderEntry[]> {
    let listing = this.#listings.get(folder.real);
    if (!listing) {
      listing = readFolder(folder.real);
      this.#listings.set(folder.real, listing);
    }
    return listing;
  }

  /** What an entry of a listing is. */
  target(folder: Place, { name, kind }: FolderEntry): Target | Promise<Target> {
    const place = {
      segments: [...folder.segments, name],
      path: path.join(folder.path, name),
      real: path.join(folder.real, name),
    };
    if (kind !== 'link') return { kind, link: false, place };
    let target = this.#links.get(place.path);
    if (!target) {
      target = follow(place);
      this.#links.set(place.path, target);
    }
    return target;
  }

  /** What a name in a folder is; undefined if it is not there, or cannot be looked at. */
  async find(folder: Place, name: string): Promise<Target | undefined> {
    const stats = await lstat(path.join(folder.path, name)).catch(() => undefined);
    if (!stats) return undefined;
    const kind = stats.isSymbolicLink()
      ? 'link'
      : stats.isFile()
        ? 'file'
        : stats.isDirectory()
          ? 'folder'
          : 'other';
    return this.target(folder, { name, kind });
  }

  /** `..` of a folder: where that is a link, the folder that holds the link's target. */
  async parent(folder: Place): Promise<Place> {
    const up = folder.segments.at(-1);
    const segments =
      up === undefined || up === '..' ? [...folder.segments, '..'] : folder.segments.slice(0, -1);
    const lexical = path.dirname(folder.path);
    const real = path.dirname(folder.real);
    if ((await realpath(lexical).catch(() => undefined)) === real) return { segments, path: lexical, real };
    return { segments: this.segmentsOf(real), path: real, real };
  }

  /** True if the real place is in the project's folder, or is that folder. */
  contains(place: Pick<Place, 'real'>): boolean {
    return !leaves(path.relative(this.root.real, place.real));
  }

  /** Of a real place in the project. */
  segmentsOf(real: string): string[] {
    const relative = path.relative(this.root.real, real);
    return relative === '' ? [] : relative.split(path.sep);
  }
}

/**
 * The name of a file in the bindle. A backslash becomes `/`, wherever it comes from (bindle.md §8.17); undefined
 * if that makes it a name which could lead out of the folder that it is unpacked in.
 */
export function labelName(segments: readonly string[]): string | undefined {
  const name = segments.join('/').replaceAll('\\', '/');
  return name.split('/').some((part) => part === '' || part === '.' || part === '..') ? undefined : name;
}

/** True for a relative path that does not stay below where it starts. */
export function leaves(relative: string): boolean {
  return relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
}

/** True for each of some folders, and for what is in them. */
export function isWithin(folder: string, folders: ReadonlySet<string>): boolean {
  for (let at = folder; ; at = path.dirname(at)) {
    if (folders.has(at)) return true;
    if (at === path.dirname(at)) return false;
  }
}

async function readFolder(real: string): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = [];
  for (const entry of await readdir(real, { withFileTypes: true })) {
    // Node puts U+FFFD for what is not UTF-8. The name may also really hold one.
    if (entry.name.includes('\uFFFD') && !(await lstat(path.join(real, entry.name)).catch(() => undefined)))
      continue;
    const kind = entry.isFile()
      ? 'file'
      : entry.isDirectory()
        ? 'folder'
        : entry.isSymbolicLink()
          ? 'link'
          : 'other';
    entries.push({ name: entry.name, kind });
  }
  return entries.sort((a, b) => compareBytes(a.name, b.name));
}

async function follow(place: Place): Promise<Target> {
  const stats = await stat(place.path).catch(() => undefined);
  const real = stats && (await realpath(place.path).catch(() => undefined));
  if (!stats || real === undefined) return { kind: 'nothing', link: true, place };
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
  return { kind, link: true, place: { ...place, real } };
}
