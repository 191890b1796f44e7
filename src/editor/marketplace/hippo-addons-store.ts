// The store of add-ons on what the tree follows: one stream of events feeds both, as long as anybody looks.

import type { AddonItem, OperationItem } from '../../addons/addons.ts';
import type { AddonsClient } from '../../addons/client.ts';
import type { OfferingItem } from '../../addons/offerings.ts';
import { LOCAL } from '../../session/connections.ts';
import type { AppChoice, PageAction, Standing } from '../../webview/protocol.ts';
import type { Log } from '../app.ts';
import { titleOf } from '../connections/connection-commands.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import type { Follower } from '../tree/follower.ts';
import type { AppsModel } from '../tree/model.ts';
import { compareNames } from '../tree/nodes.ts';
import type { AddonsSession, AddonsStore, Wanted } from './addons-store.ts';

interface Needs {
  readonly connections: Pick<Connections, 'use' | 'peek' | 'core' | 'status' | 'choose'>;
  readonly follower: Follower;
  readonly model: AppsModel;
  readonly log: Pick<Log, 'error'>;
}

interface Operations {
  /** The add-on as it was when they were read. */
  readonly of: AddonItem | undefined;
  readonly list: Promise<readonly OperationItem[]>;
  known: readonly OperationItem[];
}

/** A picture has 64 KB at most, and most have far less. */
const MOST_ICONS = 300;

const LABELS: Readonly<Record<PageAction, string>> = {
  retry: 'Retry',
  signIn: 'Sign In',
  switchConnection: 'Switch Connection',
  useLocal: 'Use the Local Hippo',
  startLocal: 'Start the Local Hippo',
  showOutput: 'Show Output',
  newApp: 'New App',
};

export class HippoAddonsStore implements AddonsStore {
  readonly #needs: Needs;
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<void>;
  readonly #watching: Record<Wanted, number> = { addons: 0, offerings: 0 };
  readonly #operations = new Map<string, Operations>();
  readonly #icons = new Map<string, Promise<string | undefined>>();
  #connection: string | undefined;
  #sorted: readonly AddonItem[] | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#changed = this.#disposables.add(
      new Emitter((error) => needs.log.error('A listener failed', error)),
    );
    const changed = (): void => this.#change();
    for (const event of [needs.model.onDidLearn, needs.follower.addons.onDidChange])
      this.#disposables.add(event(changed));
    this.#disposables.add(needs.follower.onDidChangeState(changed));
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  get connection(): string | undefined {
    // While nobody looks, nobody notices that another one is chosen.
    const { addons, offerings } = this.#watching;
    return addons + offerings > 0 ? this.#needs.follower.connection : undefined;
  }

  get standing(): Standing {
    const { follower, model, connections } = this.#needs;
    const connection = this.connection ?? connections.status.name;
    const title = titleOf(connection);
    const standing = (state: Standing['state'], message: string | null, ...actions: PageAction[]) => ({
      state,
      connection,
      message,
      actions: actions.map((action) => ({ action, label: LABELS[action] })),
    });
    switch (follower.state) {
      case 'idle':
      case 'loading':
        return standing('loading', null);
      case 'stopped':
        return standing('stopped', 'The local Hippo does not run.', 'startLocal', 'switchConnection');
      case 'missing':
        return standing(
          'failed',
          'There is no connection of the name that the setting hippo.connection has.',
          'switchConnection',
          'useLocal',
        );
      case 'signedOut':
        return standing('signedOut', `You are not signed in to ${title}.`, 'signIn', 'switchConnection');
      case 'unsupported':
        return standing('unsupported', `${title} is too old to say what it has.`, 'useLocal');
      case 'unreachable':
        return model.isEmpty && this.offerings.length === 0
          ? standing(
              'offline',
              `${title} does not answer. It is asked again by itself.`,
              'retry',
              'showOutput',
            )
          : standing(
              'stale',
              `${title} does not answer. This is what was known of it.`,
              'retry',
              'showOutput',
            );
      case 'ready':
        return this.#ready(title, standing);
    }
  }

  #ready(
    title: string,
    standing: (state: Standing['state'], message: string | null, ...actions: PageAction[]) => Standing,
  ): Standing {
    const { knowledge, offerings } = this.#needs.follower.addons;
    if (knowledge.state === 'none')
      return standing(
        'unsupported',
        `${title} has no add-ons. The local Hippo has them.`,
        'useLocal',
        'switchConnection',
      );
    if (knowledge.state === 'failed') return standing('failed', knowledge.message, 'retry', 'showOutput');
    if (knowledge.state === 'unknown' || (this.#watching.offerings > 0 && !offerings))
      return standing('loading', null);
    return standing('ready', null);
  }

  get offerings(): readonly OfferingItem[] {
    return this.#needs.follower.addons.offerings ?? [];
  }

  get addons(): readonly AddonItem[] {
    return (this.#sorted ??= this.#needs.model.addons.toSorted(
      (a, b) => compareNames(a.appName, b.appName) || compareNames(a.name, b.name),
    ));
  }

  get apps(): readonly AppChoice[] {
    return this.#needs.model.apps.map(({ app, inWorkspace, channels }) => ({
      id: app.id,
      name: app.name,
      inWorkspace,
      channels: channels.map(({ id, name }) => ({ id, name })),
    }));
  }

  addon(id: string): AddonItem | undefined {
    return this.#needs.model.addon(id);
  }

  watch(wanted: Wanted): Disposable {
    const { follower } = this.#needs;
    this.#watching[wanted]++;
    if (wanted === 'offerings' && this.#watching.offerings === 1) void follower.wantOfferings(true);
    if (this.#watching.addons + this.#watching.offerings === 1) follower.start();
    let watches = true;
    return {
      dispose: () => {
        if (!watches) return;
        watches = false;
        this.#watching[wanted]--;
        if (wanted === 'offerings' && this.#watching.offerings === 0) void follower.wantOfferings(false);
        if (this.#watching.addons + this.#watching.offerings === 0) follower.stop();
      },
    };
  }

  async settled(): Promise<void> {
    await this.#needs.follower.settled();
    if (this.standing.state !== 'loading') return;
    await new Promise<void>((resolve) => {
      const listening = this.onDidChange(() => {
        if (this.standing.state === 'loading') return;
        listening.dispose();
        resolve();
      });
    });
  }

  refresh(): Promise<void> {
    return this.#needs.follower.refresh();
  }

  changed(): void {
    this.#needs.follower.changed();
  }

  operations(addonId: string): Promise<readonly OperationItem[]> {
    const of = this.addon(addonId);
    const before = this.#operations.get(addonId);
    // What is read again is another object, and mostly the same.
    if (before && JSON.stringify(before.of) === JSON.stringify(of)) return before.list;
    const list = this.#peek((addons) => addons.operations(addonId));
    const entry: Operations = { of, list, known: before?.known ?? [] };
    this.#operations.set(addonId, entry);
    list.then(
      (known) => {
        entry.known = known;
      },
      () => {
        if (this.#operations.get(addonId) === entry) this.#operations.delete(addonId);
      },
    );
    return list;
  }

  knownOperations(addonId: string): readonly OperationItem[] {
    return this.#operations.get(addonId)?.known ?? [];
  }

  icon(offeringId: string): Promise<string | undefined> {
    const known = this.#icons.get(offeringId);
    if (known) {
      // The latest last, so that what nobody has asked for lately goes first.
      this.#icons.delete(offeringId);
      this.#icons.set(offeringId, known);
      return known;
    }
    const icon = this.#peek((addons) => addons.icon(offeringId)).catch((error: unknown) => {
      if ((error as { code?: string }).code === 'NOT_FOUND') return undefined;
      this.#icons.delete(offeringId);
      throw error;
    });
    this.#icons.set(offeringId, icon);
    const [oldest] = this.#icons.keys();
    if (this.#icons.size > MOST_ICONS && oldest !== undefined) this.#icons.delete(oldest);
    return icon;
  }

  async use<T>(work: (hippo: AddonsSession) => Promise<T>, connection?: string): Promise<T> {
    const { connections } = this.#needs;
    const core = await connections.core();
    try {
      return await connections.use(
        (session) => work({ session, addons: new core.AddonsClient(session.client) }),
        { connection: connection ?? this.connection },
      );
    } catch (error) {
      if ((error as { code?: string }).code !== 'NO_ADDONS') throw error;
      throw new EditorError('NO_ADDONS', `${(error as Error).message} The local Hippo has them.`, {
        cause: error,
        help: [
          {
            label: LABELS.useLocal,
            run: async () => {
              await connections.choose(LOCAL);
              return true;
            },
          },
        ],
      });
    }
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  /** For who looks: nothing is started, and nobody is asked for a password. */
  async #peek<T>(read: (addons: AddonsClient) => Promise<T>): Promise<T> {
    const { connections } = this.#needs;
    const core = await connections.core();
    const session = await connections.peek(this.connection);
    if (!session) throw new EditorError('NOT_RUNNING', 'The local Hippo does not run.');
    return read(new core.AddonsClient(session.client));
  }

  #change(): void {
    this.#sorted = undefined;
    // Pictures are kept with an offering's id, which another Hippo does not have.
    const { connection } = this.#needs.follower;
    if (connection !== this.#connection) {
      this.#connection = connection;
      this.#icons.clear();
      this.#operations.clear();
    }
    this.#changed.fire();
  }
}
