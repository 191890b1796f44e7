// The apps of one Hippo as a tree, and which of its rows change when something is learnt. Knows neither VS Code nor
// the network.

import type { AddonItem } from '../../addons/addons.ts';
import type { AppItem, ChannelItem, ChannelState, RevisionItem } from '../../hippo/api.ts';
import { Emitter, type Event } from '../disposables.ts';
import { AddonsOfApps } from './addons-of-apps.ts';
import { projectApp } from './app-nodes.ts';
import {
  addonIdOf,
  compareNames,
  isOfApp,
  nodeId,
  parentOf,
  readNodeId,
  type AppFacts,
  type Entry,
  type TreeNode,
} from './nodes.ts';

/** All that a Hippo has. */
export interface Facts {
  readonly apps: readonly AppItem[];
  readonly channels: readonly ChannelItem[];
  readonly statuses: readonly { readonly channelId: string; readonly status: ChannelState }[];
  /** Of the apps whose revisions are kept, by the app's id; others are not looked at. */
  readonly revisions: ReadonlyMap<string, readonly RevisionItem[]>;
  /** Undefined where the Hippo has no add-ons; absent: what is known of them holds. */
  readonly addons?: readonly AddonItem[] | undefined;
}

/** What was learnt of some of it. What is gone is removed first. */
export interface Patch {
  readonly removedApps?: Iterable<string>;
  readonly removedChannels?: Iterable<string>;
  readonly apps?: Iterable<AppItem>;
  /** By the app's id: all the channels that it has. */
  readonly channelsOf?: ReadonlyMap<string, readonly ChannelItem[]>;
  readonly channels?: Iterable<ChannelItem>;
  readonly statuses?: ReadonlyMap<string, ChannelState>;
  /** By the app's id. */
  readonly revisions?: ReadonlyMap<string, readonly RevisionItem[]>;
  readonly removedAddons?: Iterable<string>;
  readonly addons?: Iterable<AddonItem>;
}

/** Ids of rows that are to be read again with all that is below them; undefined: all rows. */
export type Change = readonly string[] | undefined;

interface Kept {
  app: AppItem;
  channels: Map<string, ChannelItem>;
  revisions: readonly RevisionItem[] | undefined;
  /** All of the above as text: to compare it is much cheaper than to make the rows anew. */
  facts: string;
  entries: Map<string, Entry>;
}

export class AppsModel {
  readonly #changed: Emitter<Change>;
  readonly #learnt: Emitter<void>;
  readonly #apps = new Map<string, Kept>();
  readonly #appOfChannel = new Map<string, string>();
  readonly #statuses = new Map<string, ChannelState>();
  /** Apps whose revisions somebody wants to see, there or not. */
  readonly #wanted = new Set<string>();
  readonly #revealed = new Set<string>();
  /** Secrets, for as long as they are shown and hold. */
  readonly #values = new Map<string, string>();
  /** Of which credentials these are. */
  readonly #ages = new Map<string, string | undefined>();
  readonly #addons = new AddonsOfApps();
  #projects: ReadonlySet<string> = new Set();
  #hippoUrl = 'http://localhost';
  #stale = false;
  #roots: readonly string[] = [];

  constructor(onError: (error: unknown) => void) {
    this.#changed = new Emitter(onError);
    this.#learnt = new Emitter(onError);
  }

  /** A row comes before those below it, and of those none. */
  get onDidChange(): Event<Change> {
    return this.#changed.event;
  }

  /** Something is other than it was, whether a row shows it or not. */
  get onDidLearn(): Event<void> {
    return this.#learnt.event;
  }

  /** Ids of the rows at the top: apps of the workspace, then the others, by name. */
  get roots(): readonly string[] {
    return this.#roots;
  }

  get isEmpty(): boolean {
    return this.#apps.size === 0;
  }

  /** A channel of an app of the workspace runs something, whoever has published it. */
  get servesWorkspace(): boolean {
    return [...this.#apps.values()].some(
      ({ app, channels }) =>
        this.#projects.has(app.storageId) &&
        [...channels.values()].some(({ activeRevision }) => activeRevision),
    );
  }

  /** Of all apps, those of the workspace first, each with its channels by name. */
  get apps(): { app: AppItem; inWorkspace: boolean; channels: ChannelItem[] }[] {
    return this.#roots.flatMap((root) => {
      const kept = this.#apps.get(readNodeId(root).owner);
      if (!kept) return [];
      const { app, channels, inWorkspace } = this.#facts(kept);
      return [{ app, inWorkspace, channels: channels.toSorted((a, b) => compareNames(a.name, b.name)) }];
    });
  }

  /** Those of all apps; none where the Hippo has none. */
  get addons(): readonly AddonItem[] {
    return this.#addons.all();
  }

  addon(addonId: string): AddonItem | undefined {
    return this.#addons.get(addonId);
  }

  /** The add-on that a row is, or is below of. */
  addonOf(id: string): AddonItem | undefined {
    return this.#addons.get(addonIdOf(readNodeId(id)) ?? '');
  }

  node(id: string): TreeNode | undefined {
    return this.#entry(id)?.node;
  }

  children(id: string): readonly string[] {
    return this.#entry(id)?.children ?? [];
  }

  parent(id: string): string | undefined {
    return parentOf(readNodeId(id), this.appOf(id)?.id ?? '');
  }

  /** The app that a row belongs to. */
  appOf(id: string): AppItem | undefined {
    return this.#keptOf(id)?.app;
  }

  /** The channel that a row is, or is below of. */
  channelOf(id: string): ChannelItem | undefined {
    return this.#keptOf(id)?.channels.get(readNodeId(id).owner);
  }

  revisionOf(id: string): RevisionItem | undefined {
    const { part } = readNodeId(id);
    return this.#keptOf(id)?.revisions?.find((revision) => revision.id === part);
  }

  hasApp(appId: string): boolean {
    return this.#apps.has(appId);
  }

  appIdOfChannel(channelId: string): string | undefined {
    return this.#appOfChannel.get(channelId);
  }

  /** Ids of the apps whose revisions are to be kept up to date. */
  get wantedRevisions(): readonly string[] {
    return [...this.#wanted].filter((id) => this.#apps.has(id));
  }

  hasRevisions(appId: string): boolean {
    return this.#apps.get(appId)?.revisions !== undefined;
  }

  /** From now on. */
  wantRevisions(appId: string): void {
    this.#wanted.add(appId);
  }

  /** Another Hippo, of which nothing is known yet. */
  clear(hippoUrl: string): void {
    const had = this.#apps.size > 0;
    for (const kept of [
      this.#apps,
      this.#appOfChannel,
      this.#statuses,
      this.#wanted,
      this.#revealed,
      this.#values,
      this.#ages,
      this.#addons,
    ])
      kept.clear();
    this.#hippoUrl = hippoUrl;
    this.#stale = false;
    this.#roots = [];
    if (had) this.#changed.fire(undefined);
    this.#learnt.fire();
  }

  /** What is there now, and nothing else. */
  replace(facts: Facts): void {
    const { apps, channels, statuses, revisions } = facts;
    if ('addons' in facts) this.#addons.replace(facts.addons);
    const byApp = new Map(apps.map(({ id }): [string, ChannelItem[]] => [id, []]));
    for (const channel of channels) byApp.get(channel.appId)?.push(channel);
    const known = new Map(statuses.map(({ channelId, status }) => [channelId, status]));
    this.apply({
      removedApps: [...this.#apps.keys()].filter((id) => !byApp.has(id)),
      apps,
      channelsOf: byApp,
      statuses: new Map(channels.map(({ id }) => [id, known.get(id) ?? 'Unknown'])),
      revisions,
    });
  }

  apply(patch: Patch): void {
    const touched = new Set<string>();
    const touchChannel = (id: string): void => {
      const appId = this.#appOfChannel.get(id);
      if (appId !== undefined) touched.add(appId);
    };
    for (const id of patch.removedApps ?? []) this.#removeApp(id);
    for (const id of patch.removedChannels ?? []) {
      touchChannel(id);
      this.#removeChannel(id);
    }
    for (const app of patch.apps ?? []) {
      const kept = this.#apps.get(app.id);
      if (kept) kept.app = app;
      else this.#apps.set(app.id, newApp(app));
      touched.add(app.id);
    }
    for (const [appId, channels] of patch.channelsOf ?? []) {
      const kept = this.#apps.get(appId);
      if (!kept) continue;
      const there = new Set(channels.map(({ id }) => id));
      for (const id of kept.channels.keys()) if (!there.has(id)) this.#removeChannel(id);
      for (const channel of channels) this.#putChannel(channel);
      touched.add(appId);
    }
    for (const channel of patch.channels ?? []) {
      touchChannel(channel.id);
      this.#putChannel(channel);
      touched.add(channel.appId);
    }
    for (const [channelId, status] of patch.statuses ?? []) {
      if (!this.#appOfChannel.has(channelId)) continue;
      this.#statuses.set(channelId, status);
      touchChannel(channelId);
    }
    for (const [appId, revisions] of patch.revisions ?? []) {
      const kept = this.#apps.get(appId);
      if (!kept) continue;
      kept.revisions = revisions;
      touched.add(appId);
    }
    for (const id of patch.removedAddons ?? []) {
      const appId = this.#addons.remove(id);
      if (appId !== undefined) touched.add(appId);
    }
    for (const addon of patch.addons ?? []) {
      this.#addons.put(addon);
      touched.add(addon.appId);
    }
    for (const [id, age] of this.#ages) if (age !== this.#ageOf(id)) this.#forget(id);
    const news = [...touched].filter((id) => this.#isNews(id));
    this.#show(news);
    if (news.length > 0 || patch.removedApps !== undefined) this.#learnt.fire();
  }

  /** Nobody knows any more whether it is still like this. */
  setStale(stale: boolean): void {
    if (stale === this.#stale) return;
    this.#stale = stale;
    this.#show(this.#apps.keys());
    this.#learnt.fire();
  }

  /** @param storageIds the bindle names in the HIPPOFACTS of the open workspace */
  setProjects(storageIds: ReadonlySet<string>): void {
    const before = this.#projects;
    this.#projects = storageIds;
    const moved = [...this.#apps.values()].filter(
      ({ app }) => before.has(app.storageId) !== storageIds.has(app.storageId),
    );
    this.#show(moved.map(({ app }) => app.id));
    if (moved.length > 0) this.#learnt.fire();
  }

  /**
   * Shows the value of a variable, or hides it again.
   * @param value of an add-on's variable, which is not known here
   */
  reveal(id: string, shown: boolean, value?: string): void {
    if (shown === this.#revealed.has(id)) return;
    if (shown) this.#revealed.add(id);
    else this.#revealed.delete(id);
    if (shown && value !== undefined) {
      this.#values.set(id, value);
      this.#ages.set(id, this.#ageOf(id));
    } else if (!shown) this.#forget(id);
    const app = this.appOf(id);
    if (app) this.#show([app.id]);
  }

  hideAll(): void {
    for (const id of [...this.#revealed]) this.reveal(id, false);
  }

  #keptOf(id: string): Kept | undefined {
    const { kind, owner } = readNodeId(id);
    return this.#apps.get(isOfApp(kind) ? owner : (this.#appOfChannel.get(owner) ?? ''));
  }

  #entry(id: string): Entry | undefined {
    return this.#keptOf(id)?.entries.get(id);
  }

  #removeApp(id: string): void {
    for (const channelId of this.#apps.get(id)?.channels.keys() ?? []) this.#removeChannel(channelId);
    this.#addons.removeApp(id);
    this.#apps.delete(id);
  }

  #removeChannel(id: string): void {
    this.#apps.get(this.#appOfChannel.get(id) ?? '')?.channels.delete(id);
    this.#appOfChannel.delete(id);
    this.#statuses.delete(id);
    for (const variable of this.#revealed) if (readNodeId(variable).owner === id) this.#forget(variable);
  }

  /** One of an app that is not known is none of ours yet: what tells of the app brings its channels. */
  #putChannel(channel: ChannelItem): void {
    const app = this.#apps.get(channel.appId);
    if (!app) return;
    app.channels.set(channel.id, channel);
    this.#appOfChannel.set(channel.id, channel.appId);
  }

  #forget(variable: string): void {
    this.#revealed.delete(variable);
    this.#values.delete(variable);
    this.#ages.delete(variable);
  }

  /** When the credentials were made that an add-on's variable is of. */
  #ageOf(variable: string): string | undefined {
    const { owner } = readNodeId(variable);
    const binding = this.addonOf(variable)?.bindings.find(({ channelId }) => channelId === owner);
    return binding && (binding.rotatedAt ?? binding.createdAt);
  }

  #facts({ app, channels, revisions }: Kept): AppFacts {
    return {
      app,
      inWorkspace: this.#projects.has(app.storageId),
      channels: [...channels.values()],
      statuses: this.#statuses,
      revisions,
      addons: this.#addons.of(app.id),
    };
  }

  #isNews(appId: string): boolean {
    const kept = this.#apps.get(appId);
    if (!kept) return false;
    const channels = [...kept.channels.values()];
    const statuses = channels.map(({ id }) => this.#statuses.get(id));
    const addons = this.#addons.of(appId);
    const facts = JSON.stringify([kept.app, channels, statuses, kept.revisions, addons]);
    const isNews = facts !== kept.facts;
    kept.facts = facts;
    return isNews;
  }

  /** Makes the rows of these apps anew, and tells which of them are others than before. */
  #show(appIds: Iterable<string>): void {
    const look = {
      hippoUrl: this.#hippoUrl,
      stale: this.#stale,
      revealed: this.#revealed,
      values: this.#values,
    };
    const changed: string[] = [];
    for (const appId of appIds) {
      const kept = this.#apps.get(appId);
      if (!kept) continue;
      const before = kept.entries;
      kept.entries = projectApp(this.#facts(kept), look);
      addChanges(changed, nodeId.app(appId), before, kept.entries);
    }
    const roots = this.#sortedRoots();
    if (!sameItems(roots, this.#roots)) {
      this.#roots = roots;
      this.#changed.fire(undefined);
    } else if (changed.length > 0) this.#changed.fire(changed);
  }

  #sortedRoots(): string[] {
    const rank = ({ app }: Kept): number => (this.#projects.has(app.storageId) ? 0 : 1);
    return [...this.#apps.values()]
      .sort((a, b) => rank(a) - rank(b) || compareNames(a.app.name, b.app.name))
      .map(({ app }) => nodeId.app(app.id));
  }
}

function newApp(app: AppItem): Kept {
  return { app, channels: new Map(), revisions: undefined, facts: '', entries: new Map() };
}

/** The topmost rows that are others than before, from `id` on. */
function addChanges(
  changed: string[],
  id: string,
  before: ReadonlyMap<string, Entry>,
  after: ReadonlyMap<string, Entry>,
): void {
  const [old, now] = [before.get(id), after.get(id)];
  if (!old || !now || !sameEntry(old, now)) changed.push(id);
  else for (const child of now.children) addChanges(changed, child, before, after);
}

function sameEntry(a: Entry, b: Entry): boolean {
  return (
    sameItems(a.children, b.children) &&
    (Object.keys(a.node) as (keyof TreeNode)[]).every((key) => a.node[key] === b.node[key])
  );
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
