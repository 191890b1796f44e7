// What a plan and the events of a publish say to people, line by line: the same in the terminal, in the output channel
// and in tasks of the editor.

import { formatId } from '../bindle/id.ts';
import type { PushEvent } from '../bindle/push.ts';
import { describeStep, type FileChange, type Plan } from './plan.ts';
import type { ReleaseEvent } from './release.ts';
import type { PublishEvent } from './run.ts';
import { bytesText, count, visible } from '../hippofacts/text.ts';

export interface Line {
  text: string;
  /** `hurdle`: it did not work the first time. */
  tone?: 'strong' | 'warning' | 'hurdle';
  /** Said even to those who want to hear no more than they must. */
  matters?: boolean;
}

/** @param options.names each file that is not the same, too */
export function planLines(plan: Plan, options: { names?: boolean } = {}): Line[] {
  const { id, files, takers, steps, app } = plan;
  const lines: Line[] = [{ text: `${formatId(id)}${app ? ` for the app ${app.name}` : ''}`, tone: 'strong' }];
  const add = (text: string): void => void lines.push({ text: `  ${visible(text)}` });
  for (const change of ['new', 'changed', 'same', 'gone'] as const) {
    const some = files.filter((file) => file.change === change);
    if (some.length === 0) continue;
    const bytes = some.reduce((sum, { size }) => sum + size, 0);
    add(`${count(some.length, 'file')} ${CHANGES[change]} (${bytesText(bytes)})`);
    if (options.names && change !== 'same') for (const file of some) add(`  ${fileText(file)}`);
  }
  if (plan.stored === 'other') add('the server has this version with other content');
  if (plan.stored === 'yanked') add('this version was yanked on the server');
  for (const { channel, runs, app: of } of takers)
    add(
      `${of.name}:${channel.name} ${runs === id.version ? 'runs this version already' : `will run it, after ${runs ?? 'nothing'}`}`,
    );
  for (const step of steps) add(`first: ${describeStep(step)}`);
  for (const { wanted, channel, state } of plan.addons)
    if (state === 'there' || state === 'coming')
      add(`the channel ${channel} ${state === 'there' ? 'has' : 'is getting'} ${wanted}`);
  if (!plan.appKnown) add('this Hippo is too old to say which channels will run it');
  return lines;
}

const CHANGES: Readonly<Record<FileChange['change'], string>> = {
  new: 'new',
  changed: 'changed',
  same: 'already there',
  gone: 'no longer there',
};

/** A file and what becomes of it: `+ css/site.css  1.2 KB`. */
export function fileText({ name, size, change }: FileChange): string {
  return visible(`${SIGNS[change]} ${name}  ${bytesText(size)}`);
}

const SIGNS: Readonly<Record<FileChange['change'], string>> = {
  new: '+',
  changed: '~',
  same: ' ',
  gone: '-',
};

export interface Wording {
  /** Where it is sent to. */
  server: URL;
  /** How a file is named there. */
  nameOf?: (file: string) => string;
  /** What a person does to cancel once more, such as "Ctrl-C once more". */
  cancelAgain?: string;
}

/** Stages, problems, plans and the bytes of uploads have forms of their own: there is nothing here for them. */
export function eventLines(event: PublishEvent, wording: Wording): Line[] {
  const { server, nameOf = (file) => file } = wording;
  switch (event.type) {
    case 'warning':
      return [{ text: visible(event.message), tone: 'warning', matters: true }];
    case 'upload':
      return [{ text: `Uploading ${files(event)} through ${server.origin}` }];
    case 'version':
      return [
        {
          text: `${nameOf(event.file)} says version ${event.to} now (it was ${event.from}).`,
          matters: true,
        },
      ];
    case 'push':
      return pushLines(event.event, wording);
    case 'release':
      return releaseLines(event.event);
    default:
      return [];
  }
}

function pushLines(event: PushEvent, { server, cancelAgain = 'to cancel once more' }: Wording): Line[] {
  switch (event.type) {
    case 'announced':
      return event.created
        ? []
        : [{ text: `${formatId(event.id)} is on ${server.origin} already, with this content.` }];
    case 'missing':
      return [
        { text: `Sending ${files({ files: event.labels.length, bytes: event.bytes })} to ${server.origin}` },
      ];
    case 'retry':
      return [{ text: `Trying again: ${visible(event.reason)}`, tone: 'hurdle', matters: true }];
    case 'finishing':
      return [
        {
          text: `Finishing ${count(event.uploads, 'upload')}; ${cancelAgain} drops them, which may block these files on the server.`,
          matters: true,
        },
      ];
    default:
      return [];
  }
}

function releaseLines(event: ReleaseEvent): Line[] {
  switch (event.type) {
    case 'retry':
      return [{ text: `Trying again: ${visible(event.reason)}`, tone: 'hurdle', matters: true }];
    case 'waiting':
      return [{ text: `Waiting for ${event.channels.map(({ name }) => name).join(', ')}` }];
    case 'made': {
      const { step, name } = event;
      const other = step.type === 'create-app' && step.name !== name ? ` (as ${name})` : '';
      return [{ text: `Done: ${describeStep(step)}${other}` }];
    }
    case 'overtaken': {
      const { name, runs } = event.channel;
      return [
        {
          text: `${name} runs ${visible(runs ?? 'nothing')} by now: that was published or chosen meanwhile.`,
          tone: 'warning',
          matters: true,
        },
      ];
    }
    case 'adding':
      return [{ text: visible(`${event.name}: ${event.words}`) }];
    case 'registered':
      return [];
  }
}

function files({ files, bytes }: { files: number; bytes: number }): string {
  return `${count(files, 'file')} (${bytesText(bytes)})`;
}
