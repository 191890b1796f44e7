// What a manifest means on disk, before any content is read: the module of each entry, the files of each pattern.

import { findModule } from './find-module.ts';
import { entriesOf, type Export, type Handler, type Item, type Manifest } from './parse.ts';
import { filesOfPattern, type PatternFiles } from './pattern-files.ts';
import type { Finding, Problem } from './problem.ts';
import { Project, type LocalFile } from './project.ts';

/** One item of `files`. */
export interface ExpandedPattern {
  readonly item: Item;
  /** It has no special characters, so it names one file. */
  readonly literal: boolean;
  /** Folder by folder, ordered by the bytes of their names. */
  readonly files: readonly LocalFile[];
}

export interface ExpandedEntry {
  readonly entry: Handler | Export;
  /** Undefined for an external handler, and where there is no such file. */
  readonly module: LocalFile | undefined;
  readonly patterns: readonly ExpandedPattern[];
}

export interface Expansion {
  /** Handlers before exports, each in the order of the text. */
  readonly entries: readonly ExpandedEntry[];
  readonly problems: readonly Problem[];
}

export interface ExpandOptions {
  /** The project's folder. */
  readonly directory: string;
  readonly signal?: AbortSignal;
  readonly platform?: NodeJS.Platform;
}

/**
 * Looks at names only. Problems have the places of the modules and patterns that they are about.
 * @throws the signal's reason; errors of the file system if the folder is not there
 */
export async function expand(manifest: Manifest, options: ExpandOptions): Promise<Expansion> {
  const { directory, signal, platform = process.platform } = options;
  const project = await Project.open(directory);
  const windows = platform === 'win32';
  // Many entries may have the same module, and the same pattern.
  const modules = new Map<string, LocalFile | Finding>();
  const known = new Map<string, PatternFiles>();
  const entries: ExpandedEntry[] = [];
  const problems: Problem[] = [];
  for (const entry of entriesOf(manifest)) {
    signal?.throwIfAborted();
    let module: LocalFile | undefined;
    const name = entry.name?.value;
    if (entry.name && name !== undefined) {
      const found = modules.get(name) ?? (await findModule(project, name));
      modules.set(name, found);
      if ('path' in found) module = found;
      else problems.push({ ...found, range: entry.name.range });
    }
    const patterns: ExpandedPattern[] = [];
    for (const item of entry.files?.value ?? []) {
      const of = known.get(item.text) ?? (await filesOfPattern(project, item.text, { windows, signal }));
      known.set(item.text, of);
      const { literal, files, findings } = of;
      patterns.push({ item, literal, files });
      for (const finding of findings) problems.push({ ...finding, range: item.range });
    }
    entries.push({ entry, module, patterns });
  }
  return { entries, problems };
}
