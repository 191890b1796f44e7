// Where a person comes to after an app was made: its code, and what to do next. Often that is in another window, or
// in this one after it has started anew; so it is remembered until the app's folder is there.

import { join } from 'node:path';
import type { App } from '../app.ts';
import type { Disposable } from '../disposables.ts';
import type { NewAppOrigin } from '../ids.ts';
import type { Folders } from './folders.ts';

export interface MadeApp {
  /** Absolute. */
  readonly folder: string;
  readonly name: string;
  /** The file to look at first, relative to the folder. */
  readonly main: string;
  /** What has to be installed, as a sentence. */
  readonly needs: string;
  readonly origin: NewAppOrigin | undefined;
}

/** Whoever opens the folder later than this, in ms, has not come from there. */
const PATIENCE = 300_000;

export class Arrival {
  readonly #app: App;
  readonly #folders: Folders;

  constructor(app: App, folders: Folders) {
    this.#app = app;
    this.#folders = folders;
  }

  /** Shows it as soon as its folder is in the workspace of a window. */
  async expect(made: MadeApp): Promise<void> {
    await this.#app.userMemory.set('newApp.made', { ...made, at: this.#app.clock.now() });
  }

  /** Looks whether this window is where one is expected, now and whenever its folders change. */
  watch(): Disposable {
    const look = (): void => void this.#app.guard.quietly('Showing a new app', () => this.#look());
    look();
    return this.#app.workspace.onDidChangeFolders(look);
  }

  async show({ folder, main, name, needs, origin }: MadeApp): Promise<void> {
    await this.#folders.show(join(folder, main));
    if (origin === 'walkthrough') return this.#folders.showWalkthrough();
    // Nobody waits for the answer.
    void this.#app.guard.run('Publishing a new app', async () => {
      const button = await this.#app.prompts.notify('info', `"${name}" is ready. ${needs}`, 'Publish');
      const hippofacts = this.#folders.resource(join(folder, 'HIPPOFACTS'));
      if (button !== undefined) await this.#app.commands.execute('hippo.publish', hippofacts);
    });
  }

  async #look(): Promise<void> {
    const { userMemory, workspace, clock } = this.#app;
    const made = userMemory.get('newApp.made');
    if (!made || !workspace.folders.some(({ path }) => path === made.folder)) return;
    await userMemory.set('newApp.made', undefined);
    if (clock.now() - made.at <= PATIENCE) await this.show(made);
  }
}
