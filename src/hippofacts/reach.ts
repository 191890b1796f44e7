// Which paths on disk a manifest depends on, for whoever watches: there or not, a change of them may change the bindle.

import path from 'node:path';
import { compareBytes } from './compare-bytes.ts';
import { parsePattern, PatternError, type Component } from './glob-pattern.ts';
import { entriesOf, type Manifest } from './parse.ts';

/** As they are written. */
export interface Named {
  readonly modules: readonly string[];
  readonly patterns: readonly string[];
}

export function namedIn(manifest: Manifest): Named {
  const entries = entriesOf(manifest);
  return {
    modules: entries.flatMap(({ name }) => name?.value ?? []),
    patterns: entries.flatMap(({ files }) => files?.value ?? []).map(({ text }) => text),
  };
}

/** Errs on the side of too many: what the exact rules of globs leave out (expand.ts) may be in reach. */
export class Reach {
  readonly #paths: readonly (readonly Component[])[];

  constructor({ modules, patterns }: Named, platform: NodeJS.Platform = process.platform) {
    const windows = platform === 'win32';
    const plain = (name: string): string => path.posix.normalize(windows ? name.replaceAll('\\', '/') : name);
    this.#paths = [
      ...[...new Set(modules)].map((name) => plain(name).split('/').map(literal)),
      ...[...new Set(patterns)].flatMap((text) => components(text, windows)),
    ];
  }

  /** True for a file that may be part of the bindle. @param segments of its path, from the project's folder on */
  covers(segments: readonly string[]): boolean {
    return this.#paths.some((parts) => positions(parts, segments).has(parts.length));
  }

  /**
   * The folders that a watcher has to look at, none of which is in another one's tree: how a folder that is not there yet
   * comes about is seen in the one that it will be in.
   */
  scopes(): WatchScope[] {
    const scopes = new Map<string, WatchScope['depth']>();
    for (const parts of this.#paths) {
      const names: string[] = [];
      for (const [index, { literal }] of parts.entries()) {
        if (literal === '..') break;
        const folder = names.join('/');
        const deep =
          literal === undefined && (index < parts.length - 1 || (parts[index]?.recursive ?? false));
        if (scopes.get(folder) !== 'tree') scopes.set(folder, deep ? 'tree' : 'entries');
        if (literal === undefined) break;
        names.push(literal);
      }
    }
    const isInTree = (folder: string): boolean =>
      [...ancestors(folder)].some((above) => scopes.get(above) === 'tree');
    return [...scopes]
      .filter(([folder]) => !isInTree(folder))
      .map(([folder, depth]) => ({ folder, depth }))
      .sort((a, b) => compareBytes(a.folder, b.folder));
  }

  /** True for a folder in which, however deep, such a file may be. */
  leadsThrough(segments: readonly string[]): boolean {
    return this.#paths.some((parts) => [...positions(parts, segments)].some((at) => at < parts.length));
  }
}

/** A folder, relative to the project with `/` (`''` is the project): what lies in it, or all below it. */
export interface WatchScope {
  readonly folder: string;
  readonly depth: 'entries' | 'tree';
}

function* ancestors(folder: string): Generator<string> {
  for (let at = folder; at !== '';) {
    at = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
    yield at;
  }
}

function literal(text: string): Component {
  return { literal: text, recursive: false, dotFirst: false, matches: (name) => name === text };
}

const ANY: Component = { literal: undefined, recursive: false, dotFirst: false, matches: () => true };
const EVERYTHING: readonly Component[] = [{ ...ANY, recursive: true }, ANY];
/** A pattern with more ways than that is one for everything. */
const MAX_WAYS = 64;

function components(text: string, windows: boolean): (readonly Component[])[] {
  try {
    const { components: parts, foldersOnly } = parsePattern(text, windows);
    // Files are all that counts.
    return foldersOnly ? [] : waysThrough(parts);
  } catch (error) {
    if (error instanceof PatternError) return [];
    throw error;
  }
}

/** A pattern without `.` and `..`, which what has special characters may match, too: `.*` is one such. */
function waysThrough(parts: readonly Component[]): (readonly Component[])[] {
  let ways: Component[][] = [[]];
  for (const [index, part] of parts.entries()) {
    const means = (name: string): boolean =>
      part.literal === undefined
        ? part.dotFirst && index < parts.length - 1 && part.matches(name)
        : part.literal === name;
    const [stays, rises] = [means('.') || part.literal === '', means('..')];
    const enters = part.literal === undefined || !(stays || rises);
    // Out of the project, it may come in again by the project's own name.
    if (rises && ways.some((way) => way.every(({ recursive }) => recursive))) return [EVERYTHING];
    ways = ways.flatMap((way) => [
      ...(enters ? [[...way, part]] : []),
      ...(stays ? [way] : []),
      ...(rises ? waysUp(way) : []),
    ]);
    if (ways.length > MAX_WAYS) return [EVERYTHING];
  }
  return ways;
}

/** Where `..` leads from inside of the project. */
function waysUp(way: Component[]): Component[][] {
  const above = way.slice(0, -1);
  return way.at(-1)?.recursive ? [way, ...waysUp(above)] : [above];
}

/** How far into a pattern a path can have come; the pattern's length if it matches all of it. */
function positions(parts: readonly Component[], segments: readonly string[]): Set<number> {
  const closure = (indexes: Iterable<number>): Set<number> => {
    const all = new Set<number>();
    for (const index of indexes)
      for (let at = index; ; at++) {
        all.add(at);
        if (!parts[at]?.recursive) break;
      }
    return all;
  };
  let current = closure([0]);
  for (const segment of segments) {
    const next: number[] = [];
    for (const at of current) {
      const part = parts[at];
      if (part?.recursive) next.push(at);
      else if (part?.matches(segment)) next.push(at + 1);
    }
    current = closure(next);
  }
  return current;
}
