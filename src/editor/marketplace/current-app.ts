// Which app the Marketplace is about: what a person has chosen in this workspace, else the one whose HIPPOFACTS is here.

import type { AppChoice } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import { Emitter, type Disposable, type Event } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import type { AddonsStore } from './addons-store.ts';

type Needs = Pick<App, 'memory' | 'prompts' | 'log'>;

export class CurrentApp implements Disposable {
  readonly #app: Needs;
  readonly #store: Pick<AddonsStore, 'apps' | 'standing'>;
  readonly #changed: Emitter<void>;

  constructor(app: Needs, store: Pick<AddonsStore, 'apps' | 'standing'>) {
    this.#app = app;
    this.#store = store;
    this.#changed = new Emitter((error) => app.log.error('A listener failed', error));
  }

  /** Another was chosen. */
  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  /** Undefined where there is none, or where nothing says which of several is meant. */
  get(): AppChoice | undefined {
    const { apps, standing } = this.#store;
    const chosen = this.#chosen()[standing.connection];
    const here = apps.filter(({ inWorkspace }) => inWorkspace);
    return (
      apps.find(({ id }) => id === chosen) ??
      (here.length > 0 ? here[0] : undefined) ??
      (apps.length === 1 ? apps[0] : undefined)
    );
  }

  /** Asks for another one, and remembers it with the workspace. @throws EditorError `NO_APPS`, Cancelled */
  async choose(): Promise<void> {
    const { apps, standing } = this.#store;
    if (apps.length === 0)
      throw new EditorError('NO_APPS', 'There is no app yet: publishing makes one, and so does "Add App".');
    const current = this.get();
    const chosen = await this.#app.prompts.pick(
      apps.map((app) => ({
        label: app.name,
        description: app.inWorkspace ? 'in this workspace' : '',
        value: app.id,
      })),
      { title: 'App of the Marketplace', placeholder: 'Whose add-ons are marked?', active: current?.id },
    );
    await this.#app.memory.set('marketplace.apps', { ...this.#chosen(), [standing.connection]: chosen });
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #chosen(): Readonly<Record<string, string>> {
    return this.#app.memory.get('marketplace.apps') ?? {};
  }
}
