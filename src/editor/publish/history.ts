// What was published from this workspace: when, what, where and which version.

import type { Versioning } from '../../publish/version.ts';
import type { App } from '../app.ts';
import { Emitter, type Disposable, type Event } from '../disposables.ts';

export interface PublishRecord {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly when: number;
  /** `again`: a version that was there already was put back. */
  readonly kind: 'publish' | 'again';
  /** URI of the HIPPOFACTS or of the module. */
  readonly uri: string;
  /** Of the project, for people. */
  readonly label: string;
  readonly bindle: { readonly name: string; readonly version: string };
  readonly versioning: Versioning;
  /** Name of the connection, and where it led to then. */
  readonly connection: string;
  readonly hippoUrl: string;
  /** The app; undefined for a Hippo that does not tell. */
  readonly app: { readonly id: string; readonly name: string } | undefined;
  readonly channels: readonly { readonly id: string; readonly name: string; readonly address: string }[];
}

/** More are forgotten, the oldest first. */
const MOST = 100;

export class History implements Disposable {
  readonly #memory: App['memory'];
  readonly #changed: Emitter<void>;

  constructor(app: Pick<App, 'memory' | 'log'>) {
    this.#memory = app.memory;
    this.#changed = new Emitter((error) => app.log.error('A listener failed', error));
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  /** The latest first. */
  get records(): readonly PublishRecord[] {
    return this.#memory.get('publish.history') ?? [];
  }

  async add(record: PublishRecord): Promise<void> {
    await this.#keep([record, ...this.records].slice(0, MOST));
  }

  async remove(id: string): Promise<void> {
    await this.#keep(this.records.filter((record) => record.id !== id));
  }

  async clear(): Promise<void> {
    await this.#keep([]);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #keep(records: readonly PublishRecord[]): Promise<void> {
    await this.#memory.set('publish.history', records);
    this.#changed.fire();
  }
}

/** Date and time as the user's own system writes them. */
export function whenText(when: number): string {
  return new Date(when).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
