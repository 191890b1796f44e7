// The files of one project while a HIPPOFACTS of it is open: what is known of them, kept true by watching the folders
// that its patterns and modules can be in, and no others.

import { join, relative, sep } from 'node:path';
import type { ServerFacts } from '../../hippofacts/facts.ts';
import type { Manifest } from '../../hippofacts/parse.ts';
import type { DiskFacts } from '../../hippofacts/project-facts.ts';
import type { Reach, WatchScope } from '../../hippofacts/reach.ts';
import type { App } from '../app.ts';
import { Disposables, type Disposable } from '../disposables.ts';

/** What knows HIPPOFACTS, loaded on first use. */
export type Analysis = typeof import('./analysis.ts');

/**
 * Watches a folder.
 * @param folder absolute; it need not be there
 * @param depth its own entries alone, or all below it
 * @param onChange is told the path of each file and folder that was made, changed or removed
 */
export type Watch = (
  folder: string,
  depth: WatchScope['depth'],
  onChange: (path: string) => void,
) => Disposable;

/** VS Code tells of many changes in portions with 200 ms between them: they are one burst. In ms. */
const QUIET = 500;

export interface WatchedProjectNeeds {
  readonly analysis: Analysis;
  readonly server: ServerFacts;
  readonly watch: Watch;
  readonly clock: App['clock'];
  /** Something that was known of the files is another by now. */
  readonly onChange: () => void;
}

export class WatchedProject implements Disposable {
  readonly directory: string;
  readonly facts: DiskFacts;
  readonly #needs: WatchedProjectNeeds;
  readonly #disposables = new Disposables();
  readonly #burst: InstanceType<Analysis['Burst']>;
  /** By folder and depth. */
  readonly #watchers = new Map<string, Disposable>();
  /** Of each HIPPOFACTS that is open here, by its URI. */
  readonly #manifests = new Map<string, Manifest>();
  #reach: Reach | undefined;

  constructor(directory: string, needs: WatchedProjectNeeds) {
    const { analysis, server, clock, onChange } = needs;
    this.directory = directory;
    this.#needs = needs;
    this.facts = new analysis.DiskFacts(directory, { server });
    const tell = (paths: readonly string[] | undefined): void => {
      if (paths ? this.facts.changed(paths) : this.facts.forget()) onChange();
    };
    this.#burst = this.#disposables.add(
      new analysis.Burst(tell, {
        quiet: QUIET,
        clock: {
          now: () => clock.now(),
          after: (ms, act) => {
            const timer = clock.after(ms, act);
            return () => void timer.dispose();
          },
        },
      }),
    );
  }

  /** True while no HIPPOFACTS of it is open. */
  get isIdle(): boolean {
    return this.#manifests.size === 0;
  }

  /** From now on, what this one names is watched. */
  set(uri: string, manifest: Manifest): void {
    this.#manifests.set(uri, manifest);
    this.#follow();
  }

  remove(uri: string): void {
    this.#manifests.delete(uri);
    if (!this.isIdle) this.#follow();
  }

  dispose(): void {
    for (const watcher of this.#watchers.values()) watcher.dispose();
    this.#watchers.clear();
    this.#disposables.dispose();
  }

  #follow(): void {
    const { analysis, watch } = this.#needs;
    const named = [...this.#manifests.values()].map((manifest) => analysis.namedIn(manifest));
    this.#reach = new analysis.Reach({
      modules: named.flatMap(({ modules }) => modules),
      patterns: named.flatMap(({ patterns }) => patterns),
    });
    const wanted = new Map<string, WatchScope>(
      this.#reach.scopes().map((scope) => [`${scope.depth} ${scope.folder}`, scope]),
    );
    for (const [key, watcher] of this.#watchers)
      if (!wanted.has(key)) {
        watcher.dispose();
        this.#watchers.delete(key);
      }
    for (const [key, { folder, depth }] of wanted)
      if (!this.#watchers.has(key))
        this.#watchers.set(
          key,
          watch(join(this.directory, folder), depth, (path) => this.#onChange(path)),
        );
  }

  #onChange(path: string): void {
    const segments = relative(this.directory, path).split(sep);
    if (this.#reach?.covers(segments) || this.#reach?.leadsThrough(segments)) this.#burst.add(path);
  }
}
