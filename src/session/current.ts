// The current app and channel: which ones are meant where nobody says so; the same for every front door.

import type { AppItem, ChannelItem } from '../hippo/api.ts';
import { findManifest, readManifest } from '../hippofacts/find.ts';
import { parseManifest } from '../hippofacts/parse.ts';
import { SessionError } from './errors.ts';
import type { Choice } from './project-choice.ts';

/** What a Hippo must tell. */
export interface AppSource {
  apps(): Promise<AppItem[]>;
  channel(id: string): Promise<ChannelItem>;
}

/** What is known about what is meant, strongest first. */
export interface Wish {
  /** Name or id of an app: `--app`, else `HIPPO_APP`. */
  readonly app?: string | undefined;
  /** Name or id of a channel: `--channel`, else `HIPPO_CHANNEL`. */
  readonly channel?: string | undefined;
  /** Chosen for the project by `hippo use`. */
  readonly choice?: Choice | undefined;
  /** The bindle name in the project's HIPPOFACTS. */
  readonly storageId?: string | undefined;
}

type ChannelSummary = AppItem['channels'][number];

/**
 * The app that is meant: the one that is asked for, else the one chosen for the project, else the one whose
 * bindles are the project's, else the only one.
 * @throws SessionError `NO_SUCH_APP`, `WHICH_APP`; what the source throws
 */
export async function currentApp(source: AppSource, wish: Wish): Promise<AppItem> {
  return pickApp(await source.apps(), wish);
}

/**
 * The same for a channel: the one that is asked for, else the one chosen for the project, else the app's only one.
 * The id of a channel needs no app.
 * @throws SessionError `NO_SUCH_APP`, `NO_SUCH_CHANNEL`, `WHICH_APP`, `WHICH_CHANNEL`; what the source throws
 */
export async function currentChannel(
  source: AppSource,
  wish: Wish,
): Promise<{ app: AppItem; channel: ChannelItem }> {
  const apps = await source.apps();
  const { channel: asked } = wish;
  const owner = apps.find(({ channels }) => channels.some(({ id }) => isSame(id, asked)));
  const app = owner ?? pickApp(apps, wish);
  return { app, channel: await source.channel(pickChannel(app, wish).id) };
}

/** The bindle name in the HIPPOFACTS of a folder; undefined if there is none that says one. */
export async function storageIdOf(folder: string): Promise<string | undefined> {
  try {
    const { kind, file } = await findManifest(folder);
    if (kind !== 'manifest') return undefined;
    return parseManifest(await readManifest(file)).bindle?.name?.value;
  } catch {
    // Commands that need the file say what is wrong with it.
    return undefined;
  }
}

function pickApp(apps: readonly AppItem[], { app: asked, choice, storageId }: Wish): AppItem {
  if (asked !== undefined) {
    const found = apps.find(({ id }) => isSame(id, asked)) ?? apps.find(({ name }) => name === asked);
    if (found) return found;
    throw new SessionError('NO_SUCH_APP', `There is no app "${asked}".`, listApps(apps));
  }
  const chosen =
    choice &&
    (apps.find(({ id }) => id === choice.app.id) ?? apps.find(({ name }) => name === choice.app.name));
  if (chosen) return chosen;
  const ofProject = storageId === undefined ? [] : apps.filter((app) => app.storageId === storageId);
  const candidates = ofProject.length > 0 ? ofProject : apps;
  const [only] = candidates;
  if (only && candidates.length === 1) return only;
  if (!only)
    throw new SessionError('WHICH_APP', 'There is no app yet.', 'Make one with `hippo create NAME`.');
  throw new SessionError(
    'WHICH_APP',
    ofProject.length > 0
      ? `Several apps run the bindles of this project, ${storageId}.`
      : 'Nothing here says which app is meant.',
    `${listApps(candidates)} Give --app, or choose with \`hippo use APP\`.`,
  );
}

function pickChannel(app: AppItem, { channel: asked, choice }: Wish): ChannelSummary {
  const { channels } = app;
  if (asked !== undefined) {
    const found = channels.find(({ id }) => isSame(id, asked)) ?? channels.find(({ name }) => name === asked);
    if (found) return found;
    throw new SessionError('NO_SUCH_CHANNEL', `${app.name} has no channel "${asked}".`, listChannels(app));
  }
  if (choice?.channel && (choice.app.id === app.id || choice.app.name === app.name)) {
    const { id, name } = choice.channel;
    const chosen = channels.find((channel) => channel.id === id) ?? channels.find((one) => one.name === name);
    if (chosen) return chosen;
  }
  const [only] = channels;
  if (only && channels.length === 1) return only;
  if (!only)
    throw new SessionError(
      'WHICH_CHANNEL',
      `${app.name} has no channel yet.`,
      `Make one with \`hippo channel add NAME --app ${app.name}\`.`,
    );
  throw new SessionError(
    'WHICH_CHANNEL',
    `Nothing here says which channel of ${app.name} is meant.`,
    `${listChannels(app)} Give --channel, or choose with \`hippo use ${app.name}:CHANNEL\`.`,
  );
}

function isSame(id: string, asked: string | undefined): boolean {
  return asked !== undefined && id.toLowerCase() === asked.toLowerCase();
}

function listApps(apps: readonly AppItem[]): string {
  return list(
    'app',
    'apps',
    apps.map(({ name }) => name),
  );
}

function listChannels({ channels }: AppItem): string {
  return list(
    'channel',
    'channels',
    channels.map(({ name }) => name),
  );
}

const SHOWN = 20;

function list(one: string, many: string, names: readonly string[]): string {
  if (names.length === 0) return `There are no ${many}.`;
  const shown = names.slice(0, SHOWN).join(', ');
  const rest = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return names.length === 1 ? `There is the ${one} ${shown}.` : `There are the ${many} ${shown}${rest}.`;
}
