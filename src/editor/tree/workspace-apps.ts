// Which apps are those of the open workspace: the bindle names in its HIPPOFACTS.

import type { App } from '../app.ts';
import type { Core } from '../connections/connections.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import type { Projects } from '../projects.ts';

interface Needs {
  readonly app: Pick<App, 'clock' | 'guard' | 'log' | 'workspace'>;
  readonly projects: Pick<Projects, 'all'>;
  readonly core: () => Promise<Pick<Core, 'storageIdOf'>>;
  /** A HIPPOFACTS has come, gone or changed. */
  readonly onDidChangeManifests: Event<void>;
}

/** Files come in bursts. In ms. */
const QUIET = 300;

export class WorkspaceApps implements Disposable {
  readonly #needs: Needs;
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<ReadonlySet<string>>;
  #reading: Promise<ReadonlySet<string>> | undefined;
  #waiting: Disposable | undefined;
  #known = '';

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#changed = this.#disposables.add(
      new Emitter((error) => needs.app.log.error('A listener failed', error)),
    );
    this.#disposables.add(needs.onDidChangeManifests(() => this.#lookSoon()));
    this.#disposables.add(needs.app.workspace.onDidChangeFolders(() => this.#lookSoon()));
    this.#disposables.add({ dispose: () => this.#waiting?.dispose() });
  }

  /** Tells of others than before. */
  get onDidChange(): Event<ReadonlySet<string>> {
    return this.#changed.event;
  }

  /** As they are now. Nothing is read before somebody asks. */
  names(): Promise<ReadonlySet<string>> {
    return (this.#reading ??= this.#read());
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #lookSoon(): void {
    if (!this.#reading) return;
    this.#waiting?.dispose();
    this.#waiting = this.#needs.app.clock.after(QUIET, () => {
      this.#reading = this.#read();
    });
  }

  async #read(): Promise<ReadonlySet<string>> {
    const names =
      (await this.#needs.app.guard.quietly('Reading the names of bindles', async () => {
        const core = await this.#needs.core();
        const all = await this.#needs.projects.all();
        return Promise.all(all.map(({ file }) => core.storageIdOf(file)));
      })) ?? [];
    const found = new Set(names.filter((name) => name !== undefined).sort());
    const text = JSON.stringify([...found]);
    if (text !== this.#known) {
      this.#known = text;
      this.#changed.fire(found);
    }
    return found;
  }
}
