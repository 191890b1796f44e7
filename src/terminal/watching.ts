// `hippo publish --watch`: publishes whenever what the HIPPOFACTS names has changed, or with a build, what it may
// be built from. One publish at a time; changes in close succession are one.

import { once } from 'node:events';
import { relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { watch, type FSWatcher } from 'chokidar';
import { findManifest, readManifest, type Found } from '../hippofacts/find.ts';
import { parseManifest } from '../hippofacts/parse.ts';
import { Reach } from '../hippofacts/reach.ts';
import type { Cancel } from './cancel.ts';
import { EXIT, report } from './failure.ts';
import { paint, say, type Screen } from './screen.ts';

export interface WatchOptions {
  /** A project's folder, a HIPPOFACTS or a .wasm file. */
  path: string;
  /** `publish` begins with a build: then sources count, too. */
  builds: boolean;
  /** One publish, with its words. */
  publish: () => Promise<void>;
  cancel: Cancel;
}

/** How long nothing may change before a publish begins, in ms: a build writes several files. */
const QUIET_MS = 250;
/** Folders that nobody writes sources in. */
const NO_SOURCES = new Set(['.git', 'node_modules', 'target', '.hg', '.svn']);

/**
 * Publishes at once and after each change, until Ctrl-C. A failure is said, and the next change tries again.
 * @throws what the first publish throws where no change of a file can mend it; the signal's reason in mid-publish
 */
export async function publishOnChange(screen: Screen, options: WatchOptions): Promise<void> {
  const { path, builds, publish, cancel } = options;
  const found = await findManifest(path);
  const changes = new Changes(found, builds);
  try {
    for (let first = true; ; first = false) {
      await changes.look();
      const during = changes.take();
      try {
        await publish();
      } catch (error) {
        // A project can be mended while this goes on; what else is wrong at the very beginning stays wrong.
        if (cancel.signal.aborted || (first && !isProjects(error))) throw error;
        report(screen, error);
      }
      changes.built(during, first);
      say(screen, paint(screen, 'dim', 'Waiting for changes; Ctrl-C ends it.'));
      if (!(await changes.settled(cancel.signal))) return;
    }
  } finally {
    await changes.close();
  }
}

function isProjects(error: unknown): boolean {
  return error instanceof Error && 'exitCode' in error && error.exitCode === EXIT.project;
}

/** What has changed in a project since it was last asked for. */
class Changes {
  readonly #found: Found;
  readonly #builds: boolean;
  #watcher: FSWatcher | undefined;
  #reach: Reach | undefined;
  #text: string | undefined;
  #changed = new Set<string>();
  #wake: (() => void) | undefined;
  /** Files that the build writes: while it runs, a change of theirs is nobody's work. */
  readonly #outputs = new Set<string>();
  #again = new Set<string>();

  constructor(found: Found, builds: boolean) {
    this.#found = found;
    this.#builds = builds;
  }

  /** Watches what the HIPPOFACTS names by now. */
  async look(): Promise<void> {
    const { file, kind } = this.#found;
    const text = kind === 'module' ? '' : await readManifest(file).catch(() => this.#text);
    if (this.#watcher && text === this.#text) return;
    this.#text = text;
    this.#reach = new Reach(parseManifest(text ?? ''));
    const { directory } = this.#found;
    const next = watch(kind === 'module' ? [file] : directory, {
      ignoreInitial: true,
      ignored: (name, stats) => stats !== undefined && !this.#wanted(name, stats.isDirectory()),
    });
    next.on('all', (_event, name) => this.#note(name));
    // What cannot be watched, such as a folder that others have locked, changes unseen.
    next.on('error', () => undefined);
    await once(next, 'ready');
    const before = this.#watcher;
    this.#watcher = next;
    await before?.close();
  }

  /** Forgets what has changed so far, and gives the set in which the changes from now on will be. */
  take(): Set<string> {
    this.#changed = new Set();
    return this.#changed;
  }

  /**
   * A build has ended: what changed while it ran is its own, if it was so before as well.
   * @param first nothing is known yet, so that all of it is
   */
  built(during: Set<string>, first: boolean): void {
    if (!this.#builds) return;
    for (const name of during) {
      if (first || this.#again.has(name)) this.#outputs.add(name);
      if (this.#outputs.has(name)) during.delete(name);
    }
    this.#again = new Set(during);
  }

  /** When there is a change and nothing more has come for a while; false if it was cancelled before. */
  async settled(signal: AbortSignal): Promise<boolean> {
    const stop = (): void => this.#wake?.();
    signal.addEventListener('abort', stop);
    try {
      for (let seen = 0; !signal.aborted;) {
        if (this.#changed.size === 0) await new Promise<void>((wake) => (this.#wake = wake));
        else if (seen === this.#moves) return true;
        else {
          seen = this.#moves;
          await delay(QUIET_MS, undefined, { signal }).catch(() => undefined);
        }
      }
      return false;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  close(): Promise<void> {
    return this.#watcher?.close() ?? Promise.resolve();
  }

  #moves = 0;

  #note(name: string): void {
    this.#changed.add(name);
    this.#moves++;
    this.#wake?.();
  }

  #wanted(name: string, isFolder: boolean): boolean {
    const { file, directory } = this.#found;
    const segments = relative(directory, name).split(sep).filter(Boolean);
    if (segments.length === 0 || name === file) return true;
    if (this.#reach?.covers(segments)) return true;
    if (isFolder && this.#reach?.leadsThrough(segments)) return true;
    return this.#builds && !segments.some((segment) => NO_SOURCES.has(segment));
  }
}
