// How an app with all that is below it is shown. Pure.

import type { ChannelItem, ChannelState } from '../../hippo/api.ts';
import { addressOf, portAddressOf } from '../../session/address.ts';
import { addBoundAddons, addUnusedAddons } from './addon-nodes.ts';
import {
  compareNames,
  lines,
  localTime,
  nodeId,
  oneLine,
  type Add,
  type AppFacts,
  type Entry,
  type Look,
  type TreeNode,
} from './nodes.ts';

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
  const { app, inWorkspace, channels, addons } = facts;
  const sorted = [...channels].sort((a, b) => compareNames(a.name, b.name));
  for (const channel of sorted) addChannel(add, facts, channel, look);
  const unused = addUnusedAddons(add, facts, look);
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
      context: `app${inWorkspace ? ' workspace' : ''}${addons ? ' addons' : ''}`,
      opens: sorted.length === 0 && unused.length === 0 ? undefined : inWorkspace ? 'expanded' : 'collapsed',
    },
    nodeId.app(app.id),
    [...sorted.map(({ id }) => nodeId.channel(id)), ...unused],
  );
  return entries;
}

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
      context: `channel ${condition === 'stopped' ? 'stopped' : 'started'} ${pinned ? 'pinned' : 'ruled'}${facts.inWorkspace ? ' workspace' : ''}${facts.addons ? ' addons' : ''}`,
      opens: 'collapsed',
    },
    nodeId.channel(id),
    [
      addVariables(add, channel, look),
      ...addBoundAddons(add, facts, channel, look),
      addRevisions(add, facts, channel),
    ],
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
