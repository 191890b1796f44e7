// What a publish would do, as the rows of a tree. Pure.

import type { Problem } from '../../hippofacts/problem.ts';
import type { FileChange, Plan, Step } from '../../publish/plan.ts';
import { bytesText, count } from '../../hippofacts/text.ts';

export interface PlanRow {
  /** The same in the next preview. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** What a screen reader says. */
  readonly spoken: string;
  /** Of VS Code's product icons, and a colour of the theme. */
  readonly icon: string;
  readonly color?: string;
  readonly children?: readonly PlanRow[];
  readonly isOpen?: boolean;
  /** Name of a file of the project, with forward slashes; it is there. */
  readonly file?: string;
  /** Line and column in HIPPOFACTS, from 0. */
  readonly place?: { readonly line: number; readonly column: number };
}

const CHANGES: readonly {
  readonly change: FileChange['change'];
  readonly label: string;
  readonly icon: string;
  readonly color?: string;
}[] = [
  { change: 'new', label: 'New', icon: 'diff-added', color: 'gitDecoration.addedResourceForeground' },
  {
    change: 'changed',
    label: 'Changed',
    icon: 'diff-modified',
    color: 'gitDecoration.modifiedResourceForeground',
  },
  {
    change: 'gone',
    label: 'No Longer There',
    icon: 'diff-removed',
    color: 'gitDecoration.deletedResourceForeground',
  },
  { change: 'same', label: 'Unchanged', icon: 'file' },
];

/** Warnings first, then where it goes, then what is sent. */
export function planRows(plan: Plan, problems: readonly Problem[]): PlanRow[] {
  const files = CHANGES.flatMap((kind) => fileRows(kind, plan));
  return [...warningRows(plan, problems), channelRows(plan), ...files];
}

/** Which version goes where, and how much of it is new, in one line. */
export function planSummary({ id, app, files }: Plan): string {
  const changed = files.filter(({ change }) => change === 'new' || change === 'changed');
  const bytes = changed.reduce((sum, { size }) => sum + size, 0);
  const what =
    changed.length === 0
      ? 'no file is new'
      : `${count(changed.length, 'file')} new or changed (${bytesText(bytes)})`;
  return `${id.name}/${id.version}${app ? ` for ${app.name}` : ''}: ${what}.`;
}

function warningRows(
  { stored, appKnown, takers, steps, id, addons }: Plan,
  problems: readonly Problem[],
): PlanRow[] {
  const texts = [
    ...(stored === 'other'
      ? [`The server has ${id.version} with other content: the version has to be raised`]
      : []),
    ...(stored === 'yanked' ? [`${id.version} was yanked on the server: the version has to be raised`] : []),
    ...(stored === 'same' ? [`The server has ${id.version} already, with this content`] : []),
    ...(stored === 'unknown' ? ['The Bindle server did not say whether it has this version'] : []),
    ...(appKnown ? [] : ['This Hippo is too old to say which channels will run it']),
    ...(appKnown && takers.length === 0 && steps.length === 0 ? ['No channel will run it'] : []),
    ...addons.flatMap(({ message }) => (message === undefined ? [] : [message.replace(/\.$/, '')])),
  ];
  const isFault = stored === 'other' || stored === 'yanked';
  const own = texts.map((text, index) =>
    row({
      id: `warning:${text}`,
      label: text,
      spoken: `${isFault && index === 0 ? 'Warning' : 'Note'}: ${text}`,
      ...(isFault && index === 0 ? { icon: 'warning', color: 'list.warningForeground' } : { icon: 'info' }),
    }),
  );
  const found = problems
    .filter(({ severity }) => severity !== 'information')
    .map(({ message, range: { start }, code }) =>
      row({
        id: `problem:${code}:${message}`,
        label: message,
        description: `line ${start.line + 1}`,
        spoken: `Warning: ${message}, line ${start.line + 1}`,
        icon: 'warning',
        color: 'list.warningForeground',
        place: start,
      }),
    );
  return [...own, ...found];
}

function channelRows({ takers, steps, id, app }: Plan): PlanRow {
  const taken = takers.map(({ app: of, channel, runs }) => {
    const label = of.id === app?.id ? channel.name : `${of.name}: ${channel.name}`;
    const says = runs === id.version ? 'runs this version already' : `runs ${runs ?? 'nothing'} now`;
    return row({
      id: `channel:${channel.id}`,
      label,
      description: says,
      spoken: `Channel ${label}, ${says}`,
      icon: 'broadcast',
    });
  });
  const made = steps.map((step) => stepRow(step));
  const children = [...made, ...taken];
  const says = children.length === 0 ? 'none' : '';
  return row({
    id: 'channels',
    label: 'Channels',
    description: says,
    spoken: `Channels that will run it${says === '' ? '' : `: ${says}`}`,
    icon: 'server',
    children,
    isOpen: true,
  });
}

function stepRow(step: Step): PlanRow {
  switch (step.type) {
    case 'create-app':
      return row({
        id: 'step:app',
        label: step.name,
        description: 'the app is made',
        spoken: `The app ${step.name} is made`,
        icon: 'add',
      });
    case 'create-channel': {
      const says = step.fixed ? 'is made, for this version alone' : `is made, with the rule "${step.rule}"`;
      return row({
        id: 'step:channel',
        label: step.name,
        description: says,
        spoken: `The channel ${step.name} ${says}`,
        icon: 'add',
      });
    }
    case 'change-rule': {
      const { name, rangeRule } = step.channel;
      const says = `its rule "${rangeRule ?? 'none'}" becomes "${step.rule}"`;
      return row({
        id: 'step:rule',
        label: name,
        description: says,
        spoken: `Channel ${name}: ${says}`,
        icon: 'edit',
      });
    }
    case 'choose-revision': {
      const { name, activeRevision } = step.channel;
      const says = `runs ${activeRevision?.revisionNumber ?? 'nothing'} now, and stays on this version`;
      return row({
        id: 'step:pin',
        label: name,
        description: says,
        spoken: `Channel ${name} ${says}`,
        icon: 'pinned',
      });
    }
    case 'add-addon': {
      const says = `is added to ${step.channel}: ${step.offering}:${step.plan}${step.price === undefined ? '' : `, ${step.price}`}`;
      return row({
        id: `step:addon:${step.channel}:${step.name}`,
        label: step.name,
        description: says,
        spoken: `The add-on ${step.name} ${says}`,
        icon: 'database',
      });
    }
    case 'attach-addon': {
      const says = `is used by ${step.channel}, too`;
      return row({
        id: `step:addon:${step.channel}:${step.name}`,
        label: step.name,
        description: says,
        spoken: `The add-on ${step.name} ${says}`,
        icon: 'database',
      });
    }
  }
}

function fileRows({ change, label, icon, color }: (typeof CHANGES)[number], { files }: Plan): PlanRow[] {
  const some = files.filter((file) => file.change === change);
  if (some.length === 0) return [];
  const bytes = bytesText(some.reduce((sum, { size }) => sum + size, 0));
  const colored = color === undefined ? {} : { color };
  return [
    row({
      id: change,
      label,
      description: `${count(some.length, 'file')}, ${bytes}`,
      spoken: `${label}: ${count(some.length, 'file')}, ${bytes}`,
      icon,
      ...colored,
      // What stays as it is would push the rest out of view.
      isOpen: change !== 'same',
      children: [...some]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, size }) =>
          row({
            id: `${change}:${name}`,
            label: name,
            description: bytesText(size),
            spoken: `${name}, ${label.toLowerCase()}, ${bytesText(size)}`,
            icon,
            ...colored,
            ...(change === 'gone' ? {} : { file: name }),
          }),
        ),
    }),
  ];
}

function row(given: Omit<PlanRow, 'description'> & { description?: string }): PlanRow {
  return { description: '', ...given };
}
