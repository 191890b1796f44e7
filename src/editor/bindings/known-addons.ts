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
  readonly app: Pick<App, 'clock' | 'guard' | 'log' | 'memory' | 'workspace'>;
  readonly connections: Pick<Connections, 'core' | 'peek' | 'report' | 'status'>;
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
  #finding: Promise<unknown> | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
    const forget = (): void => {
      this.#read = undefined;
      this.#finding = undefined;
    };
    for (const event of needs.changes) this.#disposables.add(event(forget));
    this.#disposables.add(needs.app.workspace.onDidChangeFolders(forget));
  }

  /** Resolves when it is known where there is a HIPPOFACTS, which takes a moment once. */
  ready(): Promise<unknown> {
    return (this.#finding ??= this.#needs.app.guard.quietly('Looking for HIPPOFACTS', async () => {
      this.#projects = await this.#needs.projects.all();
    }));
  }

  /**
   * Of the project that a file belongs to; answers at once. Undefined where there is no HIPPOFACTS around it, and
   * while nobody is signed in.
   * @param uri of a file
   */
  around(uri: string): readonly ChannelAddon[] | undefined {
    void this.ready();
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
    const all = (this.#projects = await projects.all());
    if (all.length === 0) return;
    const { name } = connections.status;
    try {
      const session = await connections.peek(name);
      if (!session) return;
      const core = await connections.core();
      const client = new core.AddonsClient(session.client);
      const before = app.memory.get('bindings.known');
      const found: Record<string, RememberedAddons> = {};
      for (const { uri, file } of all) {
        const storageId = await core.storageIdOf(file);
        const apps = storageId === undefined ? [] : await session.client.findApps(storageId);
        const addons = (await Promise.all(apps.map(({ id }) => client.addons({ appId: id })))).flat();
        const { userName: user } = session.connection;
        found[uri] = { connection: name, user, addons: boundAddons(addons) };
      }
      connections.report(name, undefined);
      // Most often nothing has changed, and what is remembered is written to the disk.
      if (JSON.stringify(found) !== JSON.stringify(before)) await app.memory.set('bindings.known', found);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code !== 'NO_ADDONS') connections.report(name, error);
      app.log.trace(`Add-ons for completion: ${message}`);
    }
  }
}
