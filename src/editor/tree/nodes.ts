// What the rows of the tree are: their ids and parts, and which stands below which. Pure.

import type { AddonItem } from '../../addons/addons.ts';
import type { AppItem, ChannelItem, ChannelState, RevisionItem } from '../../hippo/api.ts';

export type NodeKind =
  | 'app'
  | 'channel'
  | 'variables'
  | 'variable'
  | 'addons'
  /** As a channel uses it. */
  | 'addon'
  | 'addonVariable'
  | 'revisions'
  | 'revision'
  | 'unusedAddons'
  | 'unusedAddon';

/** A row. Its parts are texts and flags, so that two of them can be held against each other. */
export interface TreeNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  /** What a screen reader says; it names the state that the icon stands for. */
  readonly spoken: string;
  /** Of VS Code's product icons. */
  readonly icon: string;
  /** Of the theme. */
  readonly color: string | undefined;
  /** Words for `viewItem =~ /\bword\b/` in package.json. */
  readonly context: string;
  /** Undefined: nothing is below it. */
  readonly opens: 'expanded' | 'collapsed' | undefined;
}

export interface Entry {
  readonly node: TreeNode;
  /** Ids, in order. */
  readonly children: readonly string[];
}

/** All that is known of an app. */
export interface AppFacts {
  readonly app: AppItem;
  /** Its bindles are those of a HIPPOFACTS in the open workspace. */
  readonly inWorkspace: boolean;
  readonly channels: readonly ChannelItem[];
  readonly statuses: ReadonlyMap<string, ChannelState>;
  /** In the order in which they were registered; undefined as long as nobody has asked for them. */
  readonly revisions: readonly RevisionItem[] | undefined;
  /** Undefined where its Hippo has no add-ons. */
  readonly addons: readonly AddonItem[] | undefined;
}

export interface Look {
  /** Address of the Hippo that the facts are from. */
  readonly hippoUrl: string;
  /** Nobody knows whether it is still like this. */
  readonly stale: boolean;
  /** Ids of the variables whose values are shown. */
  readonly revealed: ReadonlySet<string>;
  /** The values of those that add-ons give, by the row's id. */
  readonly values: ReadonlyMap<string, string>;
}

/** The parts of a row's id: what it is, of which app or channel, and which variable or revision of it. */
export interface NodeRef {
  readonly kind: NodeKind;
  /** Id of the app, where the row stands right below it or is it; of the channel otherwise. */
  readonly owner: string;
  /** Key of the variable, id of the revision or the add-on, `id:key` of an add-on's variable; '' for other rows. */
  readonly part: string;
}

export const nodeId = {
  app: (appId: string) => `app:${appId}`,
  channel: (channelId: string) => `channel:${channelId}`,
  variables: (channelId: string) => `variables:${channelId}`,
  variable: (channelId: string, key: string) => `variable:${channelId}:${key}`,
  addons: (channelId: string) => `addons:${channelId}`,
  addon: (channelId: string, addonId: string) => `addon:${channelId}:${addonId}`,
  addonVariable: (channelId: string, addonId: string, key: string) =>
    `addonVariable:${channelId}:${addonId}:${key}`,
  unusedAddons: (appId: string) => `unusedAddons:${appId}`,
  unusedAddon: (appId: string, addonId: string) => `unusedAddon:${appId}:${addonId}`,
  revisions: (channelId: string) => `revisions:${channelId}`,
  revision: (channelId: string, revisionId: string) => `revision:${channelId}:${revisionId}`,
} as const;

export function readNodeId(id: string): NodeRef {
  // Ids of Hippo hold no colon; what comes last may hold anything.
  const [kind = '', owner = '', ...rest] = id.split(':');
  return { kind: kind as NodeKind, owner, part: rest.join(':') };
}

/** The row is an app, or one of those below it that are of no channel. */
export function isOfApp(kind: NodeKind | undefined): boolean {
  return kind === 'app' || kind === 'unusedAddons' || kind === 'unusedAddon';
}

/** Id of the add-on that a row is, or is below of. */
export function addonIdOf({ kind, part }: NodeRef): string | undefined {
  if (kind === 'addonVariable') return part.slice(0, part.indexOf(':'));
  return kind === 'addon' || kind === 'unusedAddon' ? part : undefined;
}

/** Undefined for an app, which is at the top; `app` is that of the channel. */
export function parentOf(ref: NodeRef, app: string): string | undefined {
  const { kind, owner } = ref;
  switch (kind) {
    case 'app':
      return undefined;
    case 'channel':
    case 'unusedAddons':
      return nodeId.app(app);
    case 'variables':
    case 'addons':
    case 'revisions':
      return nodeId.channel(owner);
    case 'addon':
      return nodeId.addons(owner);
    case 'addonVariable':
      return nodeId.addon(owner, addonIdOf(ref) ?? '');
    case 'unusedAddon':
      return nodeId.unusedAddons(owner);
    case 'variable':
      return nodeId.variables(owner);
    case 'revision':
      return nodeId.revisions(owner);
  }
}

/** Puts a row into the tree, and gives its id. */
export type Add = (node: Omit<TreeNode, 'id'>, id: string, children?: readonly string[]) => string;

const NAMES = new Intl.Collator('en', { numeric: true });

export function compareNames(a: string, b: string): number {
  return NAMES.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

export function lines(...parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== null && part !== '').join('\n');
}

export function oneLine(text: string): string {
  const line = text.replace(/\r?\n/g, '⏎');
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

/** One for all: to make it takes a hundred times as long as to use it. */
const TIMES = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function localTime(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : TIMES.format(date);
}
