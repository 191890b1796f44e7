// Options that name a Hippo, an app and a channel, the same for every command, and what commands get from them.

import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { AppItem, ChannelItem } from '../hippo/api.ts';
import { ConnectionStore } from '../session/connections.ts';
import { currentApp, currentChannel, storageIdOf, type Wish } from '../session/current.ts';
import {
  openSession,
  type OpenSession,
  type SessionPorts,
  type SessionWish,
} from '../session/open-session.ts';
import { findPlatformAt } from '../session/known-platforms.ts';
import { findPlaces } from '../session/places.ts';
import { ProjectChoices, type Choice } from '../session/project-choice.ts';
import { FileSecretStore } from '../session/secret-store.ts';
import { windowAt, WINDOW_SOCKET } from '../session/window-socket.ts';
import { CommandError, EXIT } from './failure.ts';
import { usePlatform } from './local-platform.ts';
import { warn, type Screen } from './screen.ts';

export interface HippoOptions {
  connection?: string;
  url?: string;
  insecure?: boolean;
  caFile?: string;
}

export interface AppOptions extends HippoOptions {
  app?: string;
}

export interface ChannelOptions extends AppOptions {
  channel?: string;
}

export function addHippoOptions(command: Command): Command {
  return command
    .option('--connection <name>', 'the Hippo of this connection (default: see `hippo connection use`)')
    .option('--url <url>', 'the Hippo at this address [HIPPO_URL]')
    .option('--ca-file <file>', 'trust the certificates in this PEM file too')
    .option('-k, --insecure', 'accept any certificate: the server may be anybody');
}

export function addAppOptions(command: Command): Command {
  return addHippoOptions(
    command.option('--app <app>', 'name or id of the app (default: that of the project) [HIPPO_APP]'),
  );
}

export function addChannelOptions(command: Command): Command {
  return addAppOptions(
    command.addOption(
      new Option(
        '--channel <channel>',
        'name or id of the channel (default: the chosen one) [HIPPO_CHANNEL]',
      ),
    ),
  );
}

/** A Hippo to work with, and what is meant there. */
export interface Hippo extends OpenSession {
  readonly origin: string;
  /** @param named on the command line, as an argument */
  app(named?: string): Promise<AppItem>;
  /** @param named on the command line, as an argument */
  channel(named?: string): Promise<{ app: AppItem; channel: ChannelItem }>;
  /** The bindle name in the HIPPOFACTS here. */
  storageId(): Promise<string | undefined>;
  /** What was chosen for this folder. */
  choice(): Promise<Choice | undefined>;
  choose(choice: Choice): Promise<void>;
}

/** Opens the Hippo that the options name, and closes it when the work is done. */
export async function withHippo<T>(
  screen: Screen,
  options: ChannelOptions,
  work: (hippo: Hippo) => Promise<T>,
): Promise<T> {
  const session = await openSession(sessionWish(screen, options), sessionPorts(screen));
  const { connection, client } = session;
  if (connection.insecure && connection.hippoUrl.startsWith('https:'))
    warn(
      screen,
      `The certificate of ${client.url.host} is not checked (-k): anybody in between can read and change everything.`,
    );
  const { origin } = client.url;
  const choices = new ProjectChoices(findPlaces(screen.env).projects);
  const choice = (): Promise<Choice | undefined> => choices.get(screen.cwd, origin);
  const storageId = (): Promise<string | undefined> => storageIdOf(screen.cwd);
  const wish = async (named: Pick<Wish, 'app' | 'channel'>): Promise<Wish> => ({
    app: named.app ?? options.app ?? (screen.env['HIPPO_APP'] || undefined),
    channel: named.channel ?? options.channel ?? (screen.env['HIPPO_CHANNEL'] || undefined),
    choice: await choice(),
    storageId: await storageId(),
  });
  try {
    return await work({
      ...session,
      origin,
      app: async (app) => currentApp(client, await wish({ app })),
      channel: async (channel) => currentChannel(client, await wish({ channel })),
      storageId,
      choice,
      choose: (chosen) => choices.set(screen.cwd, origin, chosen),
    });
  } finally {
    await client.close();
  }
}

export function sessionWish({ env, cwd }: Screen, options: HippoOptions): SessionWish {
  return {
    connection: options.connection,
    // A connection that is named this time goes before an address that is always there.
    url: options.url ?? (options.connection === undefined ? env['HIPPO_URL'] || undefined : undefined),
    userName: env['HIPPO_USERNAME'] || undefined,
    password: env['HIPPO_PASSWORD'] || undefined,
    token: readToken(env['HIPPO_TOKEN'], 'Hippo token', 'HIPPO_TOKEN'),
    insecure: options.insecure,
    caFile: options.caFile === undefined ? undefined : resolve(cwd, options.caFile),
  };
}

/**
 * A bearer token as it was given; undefined if none was.
 * @throws CommandError if it cannot be one: what was copied with it would break the request
 */
export function readToken(text: string | undefined, what: string, where: string): string | undefined {
  if (!text) return undefined;
  if (!/[^\x21-\x7e]/.test(text)) return text;
  throw new CommandError(`The ${what} holds blanks, line breaks or other characters that no token has.`, {
    hint: `Copy it again for ${where}.`,
    exitCode: EXIT.usage,
  });
}

export function sessionPorts(screen: Screen): SessionPorts {
  const places = findPlaces(screen.env);
  const socket = screen.env[WINDOW_SOCKET];
  return {
    connections: new ConnectionStore(places.connections),
    secrets: new FileSecretStore(places.secrets),
    findPlatformAt: (url) => findPlatformAt(places, url),
    startPlatform: () => usePlatform(screen),
    ...(socket ? { window: windowAt(socket) } : {}),
  };
}
