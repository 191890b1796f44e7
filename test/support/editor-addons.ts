// The editor's view of a Hippo with add-ons, without VS Code: tree, store, actions and commands on one follower.

import { AddonsClient } from '../../src/addons/client.ts';
import type { Session } from '../../src/editor/connections/connections.ts';
import type { Clock } from '../../src/editor/app.ts';
import { createAddonCommands, type AllAddonCommands } from '../../src/editor/marketplace/all-commands.ts';
import { HippoAddonActions } from '../../src/editor/marketplace/hippo-addon-actions.ts';
import { HippoAddonsStore } from '../../src/editor/marketplace/hippo-addons-store.ts';
import type { Disposable } from '../../src/editor/disposables.ts';
import { Follower, type FollowedHippo } from '../../src/editor/tree/follower.ts';
import { AppsModel } from '../../src/editor/tree/model.ts';
import { TreeTargets } from '../../src/editor/tree/targets.ts';
import type { HippoClient } from '../../src/hippo/client.ts';
import { FakeApp } from './fake-app.ts';

export const realClock: Clock = {
  now: Date.now,
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return { dispose: () => clearTimeout(timer) };
  },
};

interface SomeHippo {
  readonly url: string;
  readonly client: HippoClient;
  readonly hippo: { openStreams(): number };
}

export class EditorAddons {
  readonly app: FakeApp;
  readonly model: AppsModel;
  readonly follower: Follower;
  readonly store: HippoAddonsStore;
  readonly actions: HippoAddonActions;
  readonly targets: TreeTargets;
  readonly commands: AllAddonCommands;
  readonly connections: {
    core: () => Promise<typeof import('../../src/editor/core.ts')>;
    use: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
    peek: () => Promise<Session>;
  };
  readonly #hippo: SomeHippo;
  #watching: Disposable | undefined;

  /** @param client somebody else than the machine's owner */
  constructor(hippo: SomeHippo, home: string, client: HippoClient = hippo.client) {
    this.#hippo = hippo;
    this.app = new FakeApp(home);
    this.model = new AppsModel((error) => {
      throw error;
    });
    const { app, model } = this;
    const followed: FollowedHippo = {
      identify: async () => ({ dialect: 'P', product: 'hippo-tools', version: '1', instance: 'first' }),
      events: (options) => client.events(options),
      apps: (options) => client.apps(options),
      app: (id, options) => client.app(id, options),
      channels: (options) => client.channels(options),
      channel: (id, options) => client.channel(id, options),
      channelStatuses: (options) => client.channelStatuses(options),
      channelStatus: (id, options) => client.channelStatus(id, options),
      revisions: (options) => client.revisions(options),
    };
    this.follower = new Follower(model, {
      open: async () => ({
        name: 'test',
        hippoUrl: hippo.url,
        userName: undefined,
        client: followed,
        addons: new AddonsClient(client),
      }),
      report: () => undefined,
      log: app.log,
      clock: realClock,
    });
    const session = {
      connection: { name: 'test', hippoUrl: hippo.url },
      platform: undefined,
      userName: 'ana',
      client,
    } as unknown as Session;
    this.connections = {
      core: () => import('../../src/editor/core.ts'),
      use: (work) => work(session),
      peek: () => Promise.resolve(session),
    };
    const connections = {
      ...this.connections,
      status: { name: 'test' },
      choose: async () => undefined,
    } as never;
    this.store = new HippoAddonsStore({ connections, follower: this.follower, model, log: app.log });
    this.actions = new HippoAddonActions({ app, connections, store: this.store });
    const projects = (): Promise<ReadonlySet<string>> => Promise.resolve(new Set<string>());
    this.targets = new TreeTargets({ app, connections, projects, connectionOfRows: () => 'test' });
    const { store, actions, targets } = this;
    this.commands = createAddonCommands({ app, store, actions, targets, projects });
  }

  /** Somebody looks at the tree. */
  async look(): Promise<void> {
    this.#watching = this.store.watch('addons');
    await this.store.settled();
  }

  unlook(): void {
    this.#watching?.dispose();
    this.#watching = undefined;
  }

  /** Waits until its streams are closed, so that the next editor is alone. */
  async dispose(): Promise<void> {
    const before = this.#hippo.hippo.openStreams();
    this.#watching?.dispose();
    this.actions.dispose();
    this.store.dispose();
    this.follower.dispose();
    // Between two attempts it has none.
    while (this.#watching && before > 0 && this.#hippo.hippo.openStreams() >= before)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
