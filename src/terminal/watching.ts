// `hippo publish --watch`: publishes whenever what the HIPPOFACTS names has changed, or with a build, what it may
// be built from. One publish at a time; changes in close succession are one.

import { statSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { watch, type FSWatcher } from 'chokidar';
import { findManifest, isModule, readManifest, type Found } from '../hippofacts/find.ts';
import { parseManifest } from '../hippofacts/parse.ts';
import { namedIn, Reach } from '../hippofacts/reach.ts';
import type { Cancel } from './cancel.ts';
import { EXIT, report } from './failure.ts';
import { paint, say, warn, type Screen } from './screen.ts';

export interface WatchOptions {
  /** A project's folder, a HIPPOFACTS or a .wasm file; absolute. */
  path: string;
  /** Where the sources are, if a publish begins with a build: then they count, too. */
  sources: string | undefined;
  /** One publish, with its words. @param built to be called when the build has ended */
  publish: (built: () => void) => Promise<void>;
  cancel: Cancel;
}

/** How long nothing may change before a publish begins, in ms: a build writes several files. */
const QUIET_MS = 250;
/** Folders that nobody writes sources in; so are hidden ones. */
const NO_SOURCES = new Set(['node_modules', 'target']);
/** What changes during so many builds in a row is taken for what the build writes. */
const BUILDS_IN_A_ROW = 3;

/**
 * Publishes at once and after each change, until Ctrl-C. A failure is said, and the next change tries again.
 * @throws what the first publish throws where no change of a file can mend it; the signal's reason in mid-publish
 */
export async function publishOnChange(screen: Screen, options: WatchOptions): Promise<void> {
  const { path, sources, publish, cancel } = options;
  const { signal } = cancel;
  // A module may be for the first build to make.
  const found: Found = isModule(path)
    ? { kind: 'module', file: path, directory: dirname(path) }
    : await findManifest(path);
  const changes = new Changes(screen, found, sources);
  try {
    for (let first = true; ; first = false) {
      await changes.look();
      changes.begin();
      try {
        await publish(() => changes.built());
      } catch (error) {
        // A project can be mended while this goes on; what else is wrong at the very beginning stays wrong.
        if (signal.aborted || (first && !isOfProject(error))) throw error;
        report(screen, error);
      } finally {
        changes.built();
      }
      await changes.quiet(signal);
      if (changes.are(first)) continue;
      if (!signal.aborted) say(screen, paint(screen, 'dim', 'Waiting for changes; Ctrl-C ends it.'));
      if (!(await changes.come(signal))) return;
    }
  } finally {
    await changes.close();
  }
}

function isOfProject(error: unknown): boolean {
  return error instanceof Error && 'exitCode' in error && error.exitCode === EXIT.project;
}

/** What has changed in a project since the last publish began. */
class Changes {
  readonly #screen: Screen;
  readonly #found: Found;
  readonly #sources: string | undefined;
  #watcher: FSWatcher | undefined;
  #reach: Reach | undefined;
  #text: string | undefined;
  #warned = false;
  readonly #changed = new Set<string>();
  /** Counts all changes, so that it can be seen that there are no more. */
  #moves = 0;
  #wake: (() => void) | undefined;
  /** When the build of this publish has ended, in ms since 1970; while it runs, for ever. */
  #builtAt = Infinity;
  /** What changed while the build ran: of the build's making, or somebody's at the same time. */
  readonly #duringBuild = new Set<string>();
  /** During how many builds in a row a file has changed by now. */
  #streaks = new Map<string, number>();
  /** Files that the build writes, and their folders: while it runs, a change of theirs is nobody's work. */
  readonly #outputs = new Set<string>();
  readonly #outputFolders = new Set<string>();
  /** Folders in which something has changed while no build ran. */
  readonly #editedFolders = new Set<string>();

  constructor(screen: Screen, found: Found, sources: string | undefined) {
    this.#screen = screen;
    this.#found = found;
    this.#sources = sources;
  }

  /** Watches what the HIPPOFACTS names by now. */
  async look(): Promise<void> {
    const { file, kind, directory } = this.#found;
    const text = kind === 'module' ? '' : await readManifest(file).catch(() => this.#text);
    if (this.#watcher && text === this.#text) return;
    this.#text = text;
    this.#reach = new Reach(namedIn(parseManifest(text ?? '')));
    const next = watch([...new Set([directory, this.#sources ?? directory])], {
      ignoreInitial: true,
      alwaysStat: true,
      ignored: (name, stats) => stats !== undefined && !this.#wanted(name, stats.isDirectory()),
    });
    next.on('all', (event, name, stats) => {
      // Of folders, what is in them is told by itself.
      if (event === 'add' || event === 'change' || event === 'unlink')
        this.#note(name, stats?.ctimeMs ?? whenGone(name));
    });
    next.on('error', (error) => this.#warn(error));
    await new Promise<void>((ready) => next.once('ready', ready));
    const before = this.#watcher;
    this.#watcher = next;
    await before?.close();
  }

  /** A publish begins, with all that has changed so far. */
  begin(): void {
    this.#changed.clear();
    this.#duringBuild.clear();
    this.#builtAt = this.#sources === undefined ? 0 : Infinity;
  }

  /** Its build has ended, or never will. */
  built(): void {
    this.#builtAt = Math.min(this.#builtAt, Date.now());
  }

  /**
   * True if something has changed that the last publish may not have seen.
   * @param first nothing is known of the build yet: all that changed during it is its own
   */
  are(first: boolean): boolean {
    const before = this.#streaks;
    this.#streaks = new Map();
    for (const name of this.#duringBuild) {
      const folder = dirname(name);
      const streak = (before.get(name) ?? 0) + 1;
      this.#streaks.set(name, streak);
      const amongOutputs = this.#outputFolders.has(folder) && !this.#editedFolders.has(folder);
      if (first || amongOutputs || streak >= BUILDS_IN_A_ROW) {
        this.#outputs.add(name);
        this.#outputFolders.add(folder);
      }
      if (!this.#outputs.has(name)) this.#changed.add(name);
    }
    return this.#changed.size > 0;
  }

  /** Waits until nothing has changed for a while. */
  async quiet(signal: AbortSignal): Promise<void> {
    for (let seen = -1; seen !== this.#moves && !signal.aborted;) {
      seen = this.#moves;
      await delay(QUIET_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Waits for a change, and until nothing more has come for a while; false if it was cancelled before. */
  async come(signal: AbortSignal): Promise<boolean> {
    const stop = (): void => this.#wake?.();
    signal.addEventListener('abort', stop);
    try {
      while (this.#changed.size === 0 && !signal.aborted)
        await new Promise<void>((wake) => (this.#wake = wake));
      await this.quiet(signal);
      return !signal.aborted;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): Promise<void> {
    return this.#watcher?.close() ?? Promise.resolve();
  }

  /** @param at when it changed, in ms since 1970: the word of it may come much later */
  #note(name: string, at: number): void {
    if (at <= this.#builtAt && this.#sources !== undefined) {
      this.#duringBuild.add(name);
    } else {
      this.#changed.add(name);
      this.#editedFolders.add(dirname(name));
    }
    this.#moves++;
    this.#wake?.();
  }

  /** What cannot be watched, such as a folder that others have locked, changes unseen. */
  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const { code } = error as NodeJS.ErrnoException;
    warn(
      this.#screen,
      `Not everything can be watched (${code ?? String(error)}): some changes may go unseen.`,
    );
  }

  #wanted(name: string, isFolder: boolean): boolean {
    const { file, directory, kind } = this.#found;
    if (name === file || name === directory || name === this.#sources) return true;
    const segments = segmentsOf(directory, name);
    if (segments && kind === 'manifest') {
      if (this.#reach?.covers(segments)) return true;
      if (isFolder && this.#reach?.leadsThrough(segments)) return true;
    }
    const within = this.#sources === undefined ? undefined : segmentsOf(this.#sources, name);
    return within?.every((segment) => !NO_SOURCES.has(segment) && !segment.startsWith('.')) ?? false;
  }
}

/** When something was removed: its folder has not changed since. */
function whenGone(name: string): number {
  const folder = dirname(name);
  return statSync(folder, { throwIfNoEntry: false })?.ctimeMs ?? (folder === name ? 0 : whenGone(folder));
}

/** The way from a folder to what is in it; undefined if it is not. */
function segmentsOf(folder: string, name: string): string[] | undefined {
  const segments = relative(folder, name).split(sep);
  return segments[0] === '..' ? undefined : segments.filter(Boolean);
}
