// What the servers of the current connection hold, for whoever writes a HIPPOFACTS: looked at in the background.

import type { KnownBindle, KnownChannel, ServerFacts } from '../../hippofacts/facts.ts';
import type { ServerLook } from '../../session/server-facts.ts';
import type { App } from '../app.ts';
import type { Connections, ConnectionStatus } from '../connections/connections.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import { visitAddress } from '../open-channel.ts';

export class CurrentServer implements ServerFacts, Disposable {
  readonly #connections: Connections;
  readonly #links: App['links'];
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<void>;
  #look: Promise<ServerLook> | undefined;
  #key: string;

  constructor(app: Pick<App, 'links' | 'log'>, connections: Connections) {
    this.#connections = connections;
    this.#links = app.links;
    this.#changed = this.#disposables.add(new Emitter((error) => app.log.error('A listener failed', error)));
    this.#key = keyOf(connections.status);
    this.#disposables.add(
      connections.onDidChange((status) => {
        const key = keyOf(status);
        if (key !== this.#key) this.forget();
        this.#key = key;
      }),
    );
  }

  /** Another connection, or what it holds may be another by now, or it has answered at last. */
  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  get origin(): string {
    const { connection, name } = this.#connections.status;
    return connection === undefined ? name : new URL(connection.hippoUrl).origin;
  }

  async bindle(id: string): Promise<KnownBindle | 'none' | undefined> {
    return (await this.#open()).bindle(id);
  }

  async bindles(start: string): Promise<readonly string[] | undefined> {
    return (await this.#open()).bindles(start);
  }

  async versions(name: string): Promise<readonly string[] | undefined> {
    return (await this.#open()).versions(name);
  }

  async channels(name: string): Promise<readonly KnownChannel[] | undefined> {
    return (await this.#open()).channels(name);
  }

  /** As after a publish. */
  forget(): void {
    this.#look = undefined;
    this.#changed.fire();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #open(): Promise<ServerLook> {
    return (this.#look ??= this.#make());
  }

  async #make(): Promise<ServerLook> {
    const core = await this.#connections.core();
    return new core.ServerLook({
      origin: this.origin,
      open: () => this.#connections.peek(),
      onLate: () => this.#changed.fire(),
      addressOf: (channel, connection) => visitAddress(channel, connection, this.#links),
    });
  }
}

/** Whom one talks to, and whether there is somebody. */
function keyOf({ name, connection, state }: ConnectionStatus): string {
  return JSON.stringify([name, connection?.hippoUrl, state === 'ready']);
}
