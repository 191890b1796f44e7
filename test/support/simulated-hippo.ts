// A Hippo in memory that tells of its changes as the real one does, for tests of what shows them. Each answer is what
// is there when it is asked, and each call can be held up by a test.

import type { AppItem, ChannelItem, ChannelState, HippoEvent, RevisionItem } from '../../src/hippo/api.ts';
import type { FollowedHippo } from '../../src/editor/tree/follower.ts';

interface App {
  app: AppItem;
  channels: Map<string, ChannelItem>;
  revisions: RevisionItem[];
}

export class SimulatedHippo implements FollowedHippo {
  /** Undefined: one of another kind, which has no events. */
  product: string | undefined = 'hippo-tools';
  instance = 'first';
  /** Held against each call; a test may delay it or let it fail. */
  gate: (call: string) => Promise<void> = () => Promise.resolve();
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  /** `Last-Event-ID` of each stream that was asked for. */
  readonly streams: (string | undefined)[] = [];
  /** How many events can be asked for again. */
  kept = Infinity;

  readonly #apps = new Map<string, App>();
  readonly #statuses = new Map<string, ChannelState>();
  readonly #events: HippoEvent[] = [];
  #listeners = new Set<{ wake: () => void; end: (error?: Error) => void }>();
  #ids = 0;

  get heldStreams(): number {
    return this.#listeners.size;
  }

  get appIds(): string[] {
    return [...this.#apps.keys()];
  }

  get channelIds(): string[] {
    return [...this.#apps.values()].flatMap(({ channels }) => [...channels.keys()]);
  }

  // What others do

  createApp(name: string, storageId = name): string {
    const id = this.#id('app');
    const app = { id, name, storageId, description: null, channels: [] };
    this.#apps.set(id, { app, channels: new Map(), revisions: [] });
    this.#tell({ type: 'app.created', appId: id });
    return id;
  }

  renameApp(id: string, name: string): void {
    const app = this.#app(id);
    app.app = { ...app.app, name };
    this.#tell({ type: 'app.changed', appId: id });
  }

  removeApp(id: string): void {
    const { channels } = this.#app(id);
    this.#apps.delete(id);
    for (const channelId of channels.keys()) this.#tell({ type: 'channel.deleted', appId: id, channelId });
    this.#tell({ type: 'app.deleted', appId: id });
  }

  /** To another team of the same user: each team sees its side of it. */
  moveApp(id: string): void {
    this.#tell({ type: 'app.deleted', appId: id });
    this.#tell({ type: 'app.created', appId: id });
  }

  createChannel(appId: string, name: string, more: Partial<ChannelItem> = {}): string {
    const id = this.#id('channel');
    this.#app(appId).channels.set(id, {
      id,
      appId,
      name,
      domain: `${name}.localhost`,
      revisionSelectionStrategy: 'UseRangeRule',
      activeRevision: null,
      lastPublishAt: null,
      rangeRule: '*',
      certificate: null,
      environmentVariables: [],
      appSummary: null,
      desiredStatus: 'Running',
      ...more,
    });
    this.#tell({ type: 'channel.created', appId, channelId: id });
    this.setStatus(id, 'Dead');
    return id;
  }

  changeChannel(id: string, change: Partial<ChannelItem>): void {
    const { channels } = this.#ownerOf(id);
    const channel = { ...(channels.get(id) as ChannelItem), ...change };
    channels.set(id, channel);
    this.#tell({ type: 'channel.changed', appId: channel.appId, channelId: id });
  }

  removeChannel(id: string): void {
    const { app, channels } = this.#ownerOf(id);
    channels.delete(id);
    this.#tell({ type: 'channel.deleted', appId: app.id, channelId: id });
  }

  setStatus(id: string, status: ChannelState): void {
    this.#statuses.set(id, status);
    this.#tell({ type: 'channel.status', appId: this.#ownerOf(id).app.id, channelId: id, status });
  }

  addRevision(appId: string, revisionNumber: string): RevisionItem {
    const app = this.#app(appId);
    const revision = { id: this.#id('revision'), appId, revisionNumber, components: [], type: null };
    app.revisions = [...app.revisions, revision];
    app.app = { ...app.app, description: `About ${revisionNumber}` };
    this.#tell({ type: 'revision.created', appId, revisionId: revision.id, revisionNumber });
    for (const [id, channel] of app.channels) {
      if (channel.revisionSelectionStrategy !== 'UseRangeRule') continue;
      this.changeChannel(id, { activeRevision: revision });
      this.setStatus(id, 'Running');
    }
    return revision;
  }

  removeRevision(appId: string): void {
    const app = this.#app(appId);
    const [first] = app.revisions;
    if (!first) return;
    app.revisions = app.revisions.slice(1);
    this.#tell({
      type: 'revision.deleted',
      appId,
      revisionId: first.id,
      revisionNumber: first.revisionNumber,
    });
  }

  /** Ends all streams. */
  endStreams(error?: Error): void {
    for (const { end } of [...this.#listeners]) end(error);
  }

  /** What nobody was told of. */
  silently(work: () => void): void {
    const { length } = this.#events;
    work();
    this.#events.length = length;
  }

  // What the tree asks

  async identify() {
    await this.#call('identify');
    const { product, instance } = this;
    return { dialect: 'P' as const, product, version: product && '1.0.0', instance: product && instance };
  }

  async apps() {
    await this.#call('apps');
    return [...this.#apps.values()].map(({ app }) => app);
  }

  async app(id: string) {
    await this.#call('app');
    return this.#app(id).app;
  }

  async channels({ appId }: { appId?: string } = {}) {
    await this.#call('channels');
    return [...this.#apps.values()]
      .flatMap(({ channels }) => [...channels.values()])
      .filter((channel) => appId === undefined || channel.appId === appId);
  }

  async channel(id: string) {
    await this.#call('channel');
    return this.#ownerOf(id).channels.get(id) as ChannelItem;
  }

  async channelStatuses() {
    await this.#call('channelStatuses');
    return this.channelIds.map((channelId) => ({
      channelId,
      status: this.#statuses.get(channelId) ?? 'Unknown',
    }));
  }

  async channelStatus(id: string) {
    await this.#call('channelStatus');
    return this.#statuses.get(id) ?? 'Unknown';
  }

  async revisions({ appId }: { appId?: string } = {}) {
    await this.#call('revisions');
    return [...this.#apps.values()]
      .flatMap(({ revisions }) => revisions)
      .filter((revision) => appId === undefined || revision.appId === appId);
  }

  async *events({ signal, lastEventId, onOpen }: Parameters<FollowedHippo['events']>[0] = {}): ReturnType<
    FollowedHippo['events']
  > {
    this.streams.push(lastEventId);
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
    await Promise.race([this.#call('events'), aborted]);
    aborted.catch(() => undefined);
    if (this.product === undefined) throw failure('NOT_FOUND', 'There is no such path.');
    let position = lastEventId === undefined ? this.#events.length : Number(lastEventId);
    const missed = position < this.#events.length - this.kept;
    let wake = (): void => undefined;
    let ended = false;
    let reason: Error | undefined;
    const listener = {
      wake: () => wake(),
      end: (error?: Error) => {
        [ended, reason] = [true, error];
        wake();
      },
    };
    const abort = (): void => listener.end(signal?.reason as Error);
    signal?.addEventListener('abort', abort);
    this.#listeners.add(listener);
    try {
      onOpen?.();
      if (missed) {
        position = this.#events.length;
        yield { id: String(position), event: { type: 'reset', at: '' } };
      }
      while (!ended || (reason === undefined && position < this.#events.length)) {
        const event = this.#events[position];
        if (event) yield { id: String(++position), event };
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (reason) throw reason;
    } finally {
      this.#listeners.delete(listener);
      signal?.removeEventListener('abort', abort);
    }
  }

  #tell(event: Omit<HippoEvent, 'at'>): void {
    this.#events.push({ ...event, at: '' });
    for (const { wake } of this.#listeners) wake();
  }

  async #call(name: string): Promise<void> {
    this.calls.push(name);
    await this.gate(name);
  }

  #app(id: string): App {
    const found = this.#apps.get(id);
    if (!found) throw failure('NOT_FOUND', `There is no app ${id}.`);
    return found;
  }

  #ownerOf(channelId: string): App {
    for (const app of this.#apps.values()) if (app.channels.has(channelId)) return app;
    throw failure('NOT_FOUND', `There is no channel ${channelId}.`);
  }

  #id(kind: string): string {
    return `${kind}-${++this.#ids}`;
  }
}

export function failure(code: string, message = `It failed with ${code}.`): Error {
  return Object.assign(new Error(message), { code });
}
