// The add-ons of the workspace's apps as they were known last, for what may not wait: completion and hovers. They are
// read again in the background, and remembered with the workspace, so that they are there without a server, too.

import { posix } from 'node:path';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable, type Event } from '../disposables.ts';
import type { Project, Projects } from '../projects.ts';
import { boundAddons, type ChannelAddon } from './bound.ts';

/** What one HIPPOFACTS' app had. */
export interface RememberedAddons {
  /** Name of the connection, and the user there: another one's add-ons are not shown. */
  readonly connection: string;
  readonly user: string | undefined;
  readonly addons: readonly ChannelAddon[];
}

/** Milliseconds: what was read so lately is not read again because somebody types. */
const FRESH = 10_000;

interface Needs {
  readonly app: Pick<App, 'clock' | 'guard' | 'memory' | 'workspace'>;
  readonly connections: Pick<Connections, 'core' | 'onDidChange' | 'peek' | 'status'>;
  readonly projects: Pick<Projects, 'all'>;
  /** Something about add-ons has changed. */
  readonly changes: readonly Event<unknown>[];
}

export class KnownAddons implements Disposable {
  readonly #needs: Needs;
  readonly #disposables = new Disposables();
  #projects: readonly Project[] = [];
  /** When add-ons were read last, by the clock; of which connection and user. */
  #read: { readonly at: number; readonly key: string } | undefined;
  #reading: Promise<unknown> | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
    const forget = (): void => void (this.#read = undefined);
    for (const event of needs.changes) this.#disposables.add(event(forget));
    this.#disposables.add(needs.app.workspace.onDidChangeFolders(forget));
  }

  /**
   * Of the project that a file belongs to; answers at once. Undefined where there is no HIPPOFACTS around it, and
   * while nobody is signed in.
   * @param uri of a file
   */
  around(uri: string): readonly ChannelAddon[] | undefined {
    void this.refresh();
    const { status } = this.#needs.connections;
    if (status.state === 'signedOut' || status.state === 'missing') return undefined;
    const project = this.#projects
      .filter((one) => uri.startsWith(`${posix.dirname(one.uri)}/`))
      .sort((a, b) => b.uri.length - a.uri.length)[0];
    if (!project) return undefined;
    const known = this.#needs.app.memory.get('bindings.known')?.[project.uri];
    // Whoever is somebody else by now sees nothing of what the last one had.
    const isOurs = known?.connection === status.name && known.user === status.connection?.userName;
    return isOurs ? known.addons : [];
  }

  /** Reads them again unless that was done a moment ago. Never throws, starts nothing and asks nobody. */
  refresh(): Promise<unknown> {
    const { clock, guard } = this.#needs.app;
    const key = this.#key();
    if (this.#reading) return this.#reading;
    if (this.#read?.key === key && clock.now() - this.#read.at < FRESH) return Promise.resolve();
    this.#read = { at: clock.now(), key };
    return (this.#reading = guard
      .quietly('Reading add-ons for completion', () => this.#readAll())
      .finally(() => (this.#reading = undefined)));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #key(): string {
    const { name, connection, state } = this.#needs.connections.status;
    return JSON.stringify([name, connection?.hippoUrl, connection?.userName, state === 'ready']);
  }

  async #readAll(): Promise<void> {
    const { app, connections, projects } = this.#needs;
    this.#projects = await projects.all();
    if (this.#projects.length === 0) return;
    const session = await connections.peek();
    if (!session) return;
    const core = await connections.core();
    const client = new core.AddonsClient(session.client);
    const { name, userName: user } = session.connection;
    const found: Record<string, RememberedAddons> = {};
    for (const { uri, file } of this.#projects) {
      const storageId = await core.storageIdOf(file);
      if (storageId === undefined) continue;
      const apps = await session.client.findApps(storageId);
      const addons = (await Promise.all(apps.map(({ id }) => client.addons({ appId: id })))).flat();
      found[uri] = { connection: name, user, addons: boundAddons(addons) };
    }
    await app.memory.set('bindings.known', { ...app.memory.get('bindings.known'), ...found });
  }
}
