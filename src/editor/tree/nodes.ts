// What the rows of the tree are: ids, and how an app with all that is below it is shown. Pure.

import type { AppItem, ChannelItem, ChannelState, RevisionItem } from '../../hippo/api.ts';
import { addressOf, portAddressOf } from '../../session/address.ts';

export type NodeKind = 'app' | 'channel' | 'variables' | 'variable' | 'revisions' | 'revision';

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
}

export interface Look {
  /** Address of the Hippo that the facts are from. */
  readonly hippoUrl: string;
  /** Nobody knows whether it is still like this. */
  readonly stale: boolean;
  /** Ids of the variables whose values are shown. */
  readonly revealed: ReadonlySet<string>;
}

/** The parts of a row's id: what it is, of which app or channel, and which variable or revision of it. */
export interface NodeRef {
  readonly kind: NodeKind;
  /** Id of the app, where `kind` is `app`; of the channel otherwise. */
  readonly owner: string;
  /** Key of the variable, id of the revision; '' for other rows. */
  readonly part: string;
}

export const nodeId = {
  app: (appId: string) => `app:${appId}`,
  channel: (channelId: string) => `channel:${channelId}`,
  variables: (channelId: string) => `variables:${channelId}`,
  variable: (channelId: string, key: string) => `variable:${channelId}:${key}`,
  revisions: (channelId: string) => `revisions:${channelId}`,
  revision: (channelId: string, revisionId: string) => `revision:${channelId}:${revisionId}`,
} as const;

export function readNodeId(id: string): NodeRef {
  // Ids of Hippo hold no colon; what comes last may hold anything.
  const [kind = '', owner = '', ...rest] = id.split(':');
  return { kind: kind as NodeKind, owner, part: rest.join(':') };
}

/** Undefined for an app, which is at the top; `app` is that of the channel. */
export function parentOf({ kind, owner }: NodeRef, app: string): string | undefined {
  switch (kind) {
    case 'app':
      return undefined;
    case 'channel':
      return nodeId.app(app);
    case 'variables':
    case 'revisions':
      return nodeId.channel(owner);
    case 'variable':
      return nodeId.variables(owner);
    case 'revision':
      return nodeId.revisions(owner);
  }
}

/** How a channel is, as far as its server says. */
export type Condition = 'running' | 'starting' | 'stopped' | 'waiting' | 'failed' | 'unknown';

export function conditionOf(
  { desiredStatus, activeRevision }: Pick<ChannelItem, 'desiredStatus' | 'activeRevision'>,
  status: ChannelState | undefined,
): Condition {
  if (desiredStatus === 'Dead') return 'stopped';
  if (!activeRevision) return 'waiting';
  if (status === 'Running') return 'running';
  if (status === 'Pending') return 'starting';
  if (status === 'Dead') return desiredStatus === undefined ? 'stopped' : 'failed';
  return 'unknown';
}

/** Words, and an icon that can be told from the others without colours. */
const CONDITIONS: Readonly<Record<Condition, { says: string; icon: string; color?: string }>> = {
  running: { says: 'running', icon: 'pass-filled', color: 'testing.iconPassed' },
  starting: { says: 'starting', icon: 'loading~spin' },
  stopped: { says: 'stopped', icon: 'debug-pause', color: 'disabledForeground' },
  waiting: { says: 'waiting for a revision', icon: 'circle-outline', color: 'disabledForeground' },
  failed: { says: 'does not run', icon: 'error', color: 'testing.iconFailed' },
  unknown: { says: 'state unknown', icon: 'question', color: 'disabledForeground' },
};

/** All rows of an app, by id. */
export function projectApp(facts: AppFacts, look: Look): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const add = (node: Omit<TreeNode, 'id'>, id: string, children: readonly string[] = []): string => {
    entries.set(id, { node: { id, ...node }, children });
    return id;
  };
  const { app, inWorkspace, channels } = facts;
  const sorted = [...channels].sort((a, b) => compareNames(a.name, b.name));
  for (const channel of sorted) addChannel(add, facts, channel, look);
  const count = sorted.length === 1 ? '1 channel' : `${sorted.length} channels`;
  add(
    {
      kind: 'app',
      label: app.name,
      description: [inWorkspace ? 'in this workspace' : '', app.storageId === app.name ? '' : app.storageId]
        .filter((part) => part !== '')
        .join(' • '),
      tooltip: lines(
        app.name,
        app.description,
        `Bindles: ${app.storageId}`,
        inWorkspace ? 'A HIPPOFACTS of this workspace makes them.' : undefined,
        sorted.length === 0 ? 'No channel serves it yet.' : undefined,
      ),
      spoken: `App ${app.name}${inWorkspace ? ', in this workspace' : ''}, ${count}`,
      icon: inWorkspace ? 'folder-active' : 'package',
      color: undefined,
      context: inWorkspace ? 'app workspace' : 'app',
      opens: sorted.length === 0 ? undefined : inWorkspace ? 'expanded' : 'collapsed',
    },
    nodeId.app(app.id),
    sorted.map(({ id }) => nodeId.channel(id)),
  );
  return entries;
}

type Add = (node: Omit<TreeNode, 'id'>, id: string, children?: readonly string[]) => string;

function addChannel(add: Add, facts: AppFacts, channel: ChannelItem, look: Look): void {
  const { id, name, activeRevision, revisionSelectionStrategy } = channel;
  const status = facts.statuses.get(id);
  const condition = conditionOf(channel, status);
  const { says, icon, color } = CONDITIONS[look.stale ? 'unknown' : condition];
  const pinned = revisionSelectionStrategy === 'UseSpecifiedRevision';
  const number = activeRevision?.revisionNumber;
  const address = addressOf(channel, { connection: look });
  const byPort = portAddressOf(channel);
  const runs = number === undefined ? 'nothing yet' : `${number}${pinned ? ' (pinned)' : ''}`;
  const short = address.replace(/^https?:\/\//, '').replace(/\/$/, '');
  add(
    {
      kind: 'channel',
      label: name,
      description: `${runs} • ${short}`,
      tooltip: lines(
        `${facts.app.name}: ${name}, ${says}`,
        number === undefined ? 'Runs nothing yet' : `Runs ${number}`,
        sayRule(channel),
        address,
        byPort,
        channel.lastPublishAt ? `Since ${localTime(channel.lastPublishAt)}` : undefined,
      ),
      spoken: `Channel ${name}, ${says}, ${number === undefined ? 'no revision yet' : `revision ${number}${pinned ? ', pinned' : ''}`}, ${short}`,
      icon,
      color,
      context: `channel ${condition === 'stopped' ? 'stopped' : 'started'} ${pinned ? 'pinned' : 'ruled'}${facts.inWorkspace ? ' workspace' : ''}`,
      opens: 'collapsed',
    },
    nodeId.channel(id),
    [addVariables(add, channel, look), addRevisions(add, facts, channel)],
  );
}

function addVariables(add: Add, { id, environmentVariables }: ChannelItem, { revealed }: Look): string {
  // Hippos before 0.18 tell of none.
  const sorted = [...(environmentVariables ?? [])].sort((a, b) => (a.key < b.key ? -1 : 1));
  const children = sorted.map(({ key, value }) => {
    const variableId = nodeId.variable(id, key);
    const shown = revealed.has(variableId);
    return add(
      {
        kind: 'variable',
        label: key,
        // As long for every value: its length is nobody's business either.
        description: shown ? oneLine(value) : '••••••',
        tooltip: shown ? value : `${key}: the value is hidden`,
        spoken: shown ? `Variable ${key}, ${oneLine(value)}` : `Variable ${key}, value hidden`,
        icon: 'symbol-variable',
        color: undefined,
        context: `variable ${shown ? 'shown' : 'hidden'}`,
        opens: undefined,
      },
      variableId,
    );
  });
  const { length } = children;
  return add(
    {
      kind: 'variables',
      label: 'Variables',
      description: length === 0 ? 'none' : String(length),
      tooltip: 'Environment variables, which the modules of the channel see',
      spoken: `Variables, ${length === 0 ? 'none' : length}`,
      icon: 'symbol-namespace',
      color: undefined,
      context: 'variables',
      opens: length === 0 ? undefined : 'collapsed',
    },
    nodeId.variables(id),
    children,
  );
}

function addRevisions(add: Add, { revisions }: AppFacts, channel: ChannelItem): string {
  const { id, activeRevision } = channel;
  const children = (revisions ?? []).toReversed().map((revision) => {
    const number = revision.revisionNumber;
    const active = revision.id === activeRevision?.id;
    return add(
      {
        kind: 'revision',
        label: number,
        description: active ? 'runs now' : '',
        tooltip: active ? `${number} runs now` : number,
        spoken: `Revision ${number}${active ? ', runs now' : ''}`,
        icon: active ? 'check' : 'tag',
        color: active ? 'testing.iconPassed' : undefined,
        context: `revision ${active ? 'active' : 'other'}`,
        opens: undefined,
      },
      nodeId.revision(id, revision.id),
    );
  });
  const rule = sayRule(channel);
  return add(
    {
      kind: 'revisions',
      label: 'Revisions',
      description: rule,
      tooltip: `The revisions that it could run. ${rule}.`,
      spoken: `Revisions, ${rule}`,
      icon: 'history',
      color: undefined,
      context: 'revisions',
      opens: 'collapsed',
    },
    nodeId.revisions(id),
    children,
  );
}

/** `follows ~1.2`, `pinned`. */
export function sayRule({
  revisionSelectionStrategy,
  rangeRule,
}: Pick<ChannelItem, 'revisionSelectionStrategy' | 'rangeRule'>): string {
  return revisionSelectionStrategy === 'UseSpecifiedRevision' ? 'pinned' : `follows ${rangeRule ?? '*'}`;
}

const NAMES = new Intl.Collator('en', { numeric: true });

export function compareNames(a: string, b: string): number {
  return NAMES.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

function lines(...parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== null && part !== '').join('\n');
}

function oneLine(text: string): string {
  const line = text.replace(/\r?\n/g, '⏎');
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

/** One for all: to make it takes a hundred times as long as to use it. */
const TIMES = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

function localTime(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : TIMES.format(date);
}
