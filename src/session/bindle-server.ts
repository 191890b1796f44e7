// The Bindle server that belongs to a Hippo: where it is, and who we are there.

import type { Credentials } from '../bindle/http.ts';
import { HippoClient } from '../hippo/client.ts';
import { demandEncryption, type Connection } from './connections.ts';
import { transport, type OpenSession, type SessionPorts } from './open-session.ts';

/**
 * Its address: what is kept, else what Hippo itself tells, because ours is its own Bindle server; undefined if
 * nobody knows.
 * @throws SessionError, HippoError
 */
export async function bindleUrlOf(
  { connection, platform }: Pick<OpenSession, 'connection' | 'platform'>,
  { network }: Pick<SessionPorts, 'network'>,
): Promise<string | undefined> {
  const known = connection.bindleUrl ?? platform?.bindleUrl;
  if (known !== undefined) return known;
  const client = new HippoClient(await transport(connection, network));
  try {
    const { product } = await client.identify();
    return product === undefined ? undefined : `${connection.hippoUrl.replace(/\/$/, '')}/v1`;
  } finally {
    await client.close();
  }
}

/**
 * Who we are at an address, to be asked before each request: who is signed in to Hippo where that is the same
 * server, else the account of the connection's own Bindle server. Undefined for any other address.
 */
export function bindleCredentials(
  { connection, client }: Pick<OpenSession, 'connection' | 'client'>,
  address: URL,
  ports: AccountPorts,
): (() => Promise<Credentials | undefined>) | undefined {
  if (client.url.origin === address.origin)
    return async () => {
      const token = await client.bearer();
      return token === undefined ? undefined : { type: 'bearer', token };
    };
  if (!hasAccountAt(connection, address)) return undefined;
  let account: Promise<Credentials | undefined> | undefined;
  return () => (account ??= bindleAccount(connection, ports));
}

type AccountPorts = Pick<SessionPorts, 'secrets' | 'window' | 'askPassword'>;

/** Whether a connection has an account of its own on the Bindle server at an address. */
export function hasAccountAt({ bindleUrl, bindleUserName }: Connection, { origin }: URL): boolean {
  return bindleUserName !== undefined && bindleUrl !== undefined && new URL(bindleUrl).origin === origin;
}

/**
 * The account that a connection has on its Bindle server; undefined if it has none, or nobody says the password.
 * @throws SessionError `UNENCRYPTED`
 */
export async function bindleAccount(
  connection: Connection,
  { secrets, window, askPassword }: AccountPorts,
): Promise<Credentials | undefined> {
  const { name, bindleUrl, bindleUserName: userName, plainHttp } = connection;
  if (bindleUrl === undefined || userName === undefined) return undefined;
  const server = { hippoUrl: bindleUrl, ...(plainHttp ? { plainHttp } : {}) };
  demandEncryption(server);
  const key = { origin: new URL(bindleUrl).origin, userName };
  const password =
    (await secrets.get(key))?.password ??
    (await window?.bindlePassword(name)) ??
    (await askPassword?.(key, connection));
  return password === undefined ? undefined : { type: 'basic', username: userName, password };
}
