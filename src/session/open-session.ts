// From what a user has said and kept to a client of the right Hippo that knows who it is.

import { readFile } from 'node:fs/promises';
import type { Credentials, Network } from '../bindle/http.ts';
import { readBaseUrl } from '../bindle/url.ts';
import type { Session } from '../hippo/api.ts';
import { HippoClient, type HippoClientOptions } from '../hippo/client.ts';
import { demandEncryption, LOCAL, nameForUrl, type Connection, type ConnectionStore } from './connections.ts';
import { SessionError } from './errors.ts';
import { ownerToken } from './local-platform.ts';
import type { RunningPlatform } from './running-file.ts';
import type { SecretKey, SecretStore } from './secret-store.ts';

/** What is asked for this time; it goes before what is kept. */
export interface SessionWish {
  /** Hippo's address: `--url`, else `HIPPO_URL`. */
  readonly url?: string | undefined;
  /** Name of a connection. */
  readonly connection?: string | undefined;
  readonly userName?: string | undefined;
  readonly password?: string | undefined;
  /** A bearer token: `HIPPO_TOKEN`. */
  readonly token?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly caFile?: string | undefined;
}

export interface SessionPorts {
  readonly connections: ConnectionStore;
  readonly secrets: SecretStore;
  /** The local Hippo at an address, if there is one. */
  readonly findPlatformAt: (url: URL) => Promise<RunningPlatform | undefined>;
  /** The local Hippo, started if none runs. */
  readonly startPlatform: () => Promise<RunningPlatform>;
  /** The way to servers, where the environment does not say it all. */
  readonly network?: Network | undefined;
  /** Asks a person to sign in again when nothing that is kept helps any more; undefined: declined. */
  readonly askPassword?:
    ((key: SecretKey, connection: Connection) => Promise<string | undefined>) | undefined;
  /** Told that a password that was asked for has been accepted, and of what it gave. */
  readonly onPassword?: ((key: SecretKey, password: string, session: Session) => void) | undefined;
  /** The editor's window in whose terminal this runs. */
  readonly window?: EditorWindow | undefined;
}

/** What a window of the editor tells the commands that run in its terminals. */
export interface EditorWindow {
  /**
   * The name of the connection that is meant; undefined if the window has nothing to say about it.
   * @param url what is asked for: an address that the window has told its terminals; undefined if nothing is
   */
  connection(url: string | undefined): Promise<string | undefined>;
  /** A bearer token for one of its connections; undefined if nobody is signed in there. */
  token(connection: string): Promise<string | undefined>;
  /** The password for the Bindle server of one of its connections; undefined if none is kept. */
  bindlePassword(connection: string): Promise<string | undefined>;
}

export interface OpenSession {
  readonly connection: Connection;
  /** Set if this is the Hippo of this machine. */
  readonly platform: RunningPlatform | undefined;
  readonly client: HippoClient;
  /** The account that the client acts for, as far as that is known without asking. */
  readonly userName: string | undefined;
}

/**
 * The Hippo that is meant: by address, by name, the one in use or, without any of these, the local one, which is
 * started if it does not run.
 * @throws SessionError, PlatformError, PrivateFileError
 */
export async function resolveConnection(
  wish: Pick<SessionWish, 'url' | 'connection' | 'insecure' | 'caFile'>,
  ports: SessionPorts,
): Promise<{ connection: Connection; platform: RunningPlatform | undefined }> {
  const { connections } = ports;
  const ofWindow = wish.connection === undefined ? await ports.window?.connection(wish.url) : undefined;
  const found = ofWindow === undefined ? await byAddress(wish.url, ports) : undefined;
  const name = ofWindow ?? wish.connection ?? (await connections.current());
  if (!found && name === LOCAL) {
    const platform = await ports.startPlatform();
    return { connection: localConnection(platform), platform };
  }
  const connection = found?.connection ?? (await connections.get(name));
  const changed = {
    ...connection,
    ...(wish.insecure === undefined ? {} : { insecure: wish.insecure }),
    ...(wish.caFile === undefined ? {} : { caFile: wish.caFile }),
  };
  return { connection: changed, platform: await ports.findPlatformAt(new URL(changed.hippoUrl)) };
}

/** @throws SessionError, PlatformError, PrivateFileError, HippoError `BAD_URL` */
export async function openSession(wish: SessionWish, ports: SessionPorts): Promise<OpenSession> {
  const { connection, platform } = await resolveConnection(wish, ports);
  const identity = await identify(connection, platform, wish, ports);
  if (identity.credentials !== undefined || identity.session !== undefined) demandEncryption(connection);
  const { userName, ...credentials } = identity;
  const client = new HippoClient({ ...(await transport(connection, ports.network)), ...credentials });
  return { connection, platform, client, userName };
}

/**
 * The session with the Hippo at the very address of another server, such as a Bindle server; undefined if no Hippo
 * is known to be there, so that nobody else gets its token.
 */
export async function openSessionAt(
  address: URL,
  wish: SessionWish,
  ports: SessionPorts,
): Promise<OpenSession | undefined> {
  const wished = wish.url === undefined ? undefined : readBaseUrl(wish.url);
  if (wished?.origin === address.origin) return openSession(wish, ports);
  const platform = await ports.findPlatformAt(address);
  if (platform) return openSession({ ...wish, url: platform.hippoUrl }, ports);
  const kept = await ports.connections.findByOrigin(address.origin);
  return kept && openSession({ ...wish, url: undefined, connection: kept.name }, ports);
}

/** How a connection is reached, whoever comes. @throws SessionError */
export async function transport(connection: Connection, network?: Network): Promise<HippoClientOptions> {
  const { hippoUrl, insecure, caFile } = connection;
  return {
    url: hippoUrl,
    ...(network === undefined ? {} : { network }),
    ...(insecure ? { insecure } : {}),
    ...(caFile === undefined ? {} : { ca: await readCertificates(caFile) }),
  };
}

/** Who goes there: what is said this time, else what is kept, else the owner on his own machine. */
async function identify(
  connection: Connection,
  platform: RunningPlatform | undefined,
  wish: SessionWish,
  { secrets, askPassword, onPassword, window }: SessionPorts,
): Promise<
  Pick<HippoClientOptions, 'credentials' | 'session' | 'onSession' | 'keptSession'> & {
    userName: string | undefined;
  }
> {
  if (wish.token !== undefined)
    return { userName: undefined, credentials: { type: 'bearer', token: wish.token } };
  const userName = wish.userName ?? connection.userName;
  if (userName !== undefined && wish.password !== undefined)
    return { userName, credentials: { type: 'basic', username: userName, password: wish.password } };
  const fromWindow = async (): Promise<Credentials | undefined> => {
    const token = await window?.token(connection.name);
    return token === undefined ? undefined : { type: 'bearer', token };
  };
  if (userName === undefined) {
    if (platform) return { userName, credentials: { type: 'bearer', token: await ownerToken(platform) } };
    return { userName, ...((await fromWindow()) ? { credentials: fromWindow } : {}) };
  }
  const key = { origin: new URL(connection.hippoUrl).origin, userName };
  const kept = await secrets.get(key);
  let asked: string | undefined;
  return {
    userName,
    ...(kept?.session ? { session: kept.session } : {}),
    keptSession: async () => (await secrets.get(key))?.session,
    credentials: async (): Promise<Credentials | undefined> => {
      asked = undefined;
      const password = (await secrets.get(key))?.password ?? (asked = await askPassword?.(key, connection));
      return password === undefined ? fromWindow() : { type: 'basic', username: userName, password };
    },
    onSession: async (session) => {
      if (session && asked !== undefined) onPassword?.(key, asked, session);
      const password = (await secrets.get(key))?.password;
      const secret = { ...(session ? { session } : {}), ...(password === undefined ? {} : { password }) };
      if (Object.keys(secret).length === 0) await secrets.remove(key);
      else await secrets.set(key, secret);
    },
  };
}

async function byAddress(
  text: string | undefined,
  ports: SessionPorts,
): Promise<{ connection: Connection } | undefined> {
  if (text === undefined) return undefined;
  const url = readBaseUrl(text);
  if (!url)
    throw new SessionError(
      'BAD_CONNECTION',
      `"${text}" is not the address of a Hippo.`,
      'Give one that starts with http:// or https://, such as http://localhost:5309.',
    );
  const kept = await ports.connections.findByOrigin(url.origin);
  return { connection: kept ?? { name: nameForUrl(url), hippoUrl: url.href.replace(/\/$/, '') } };
}

function localConnection({ hippoUrl, bindleUrl }: RunningPlatform): Connection {
  return { name: LOCAL, hippoUrl, bindleUrl };
}

/** PEM text. @throws SessionError */
export async function readCertificates(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text?.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new SessionError(
    'BAD_CONNECTION',
    text === undefined ? `${file} cannot be read.` : `${file} holds no certificate in PEM form.`,
  );
}
