// Signing in and out, the same for every front door: what is kept, and under which name.

import type { Session } from '../hippo/api.ts';
import { HippoClient, HippoError } from '../hippo/client.ts';
import { demandEncryption, LOCAL, nameForUrl, type Connection, type ConnectionStore } from './connections.ts';
import { transport, type OpenSession, type SessionPorts } from './open-session.ts';

type Ports = Pick<SessionPorts, 'connections' | 'secrets' | 'network'>;

/**
 * Signs in and keeps the session, and the connection with who signed in and, where Hippo tells, its Bindle server.
 * @param keepPassword keep it too, to sign in again by itself
 * @returns the connection as it is kept now
 * @throws SessionError, PrivateFileError, HippoError
 */
export async function signIn(
  ports: Ports,
  known: Connection,
  account: { userName: string; password: string; keepPassword: boolean },
): Promise<{ connection: Connection; session: Session }> {
  const { userName, password, keepPassword } = account;
  demandEncryption(known);
  const client = new HippoClient(await transport(known, ports.network));
  try {
    const session = await client.signIn(userName, password);
    const { product } = await client.identify();
    const bindleUrl = known.bindleUrl ?? (product === undefined ? undefined : `${known.hippoUrl}/v1`);
    const connection: Connection = {
      ...known,
      name: await freeName(known, ports.connections),
      userName,
      ...(bindleUrl === undefined ? {} : { bindleUrl }),
    };
    await ports.secrets.set(
      { origin: client.url.origin, userName },
      { session, ...(keepPassword ? { password } : {}) },
    );
    await ports.connections.put(connection);
    return { connection, session };
  } finally {
    await client.close();
  }
}

/**
 * Ends the session and forgets tokens and password.
 * @param userName whose
 * @param onUntold the server, which is gone, keeps nobody from forgetting
 * @throws PrivateFileError
 */
export async function signOut(
  { connections, secrets }: Ports,
  { connection, client }: Pick<OpenSession, 'connection' | 'client'>,
  userName: string,
  onUntold: (error: HippoError) => void,
): Promise<void> {
  await client.signOut().catch((error: unknown) => {
    if (!(error instanceof HippoError)) throw error;
    onUntold(error);
  });
  await secrets.remove({ origin: client.url.origin, userName });
  const { userName: _userName, ...rest } = connection;
  await connections.put(rest);
}

/** The name that the connection has, or one that no connection to another server has. */
async function freeName(connection: Connection, connections: ConnectionStore): Promise<string> {
  const { origin } = new URL(connection.hippoUrl);
  const wanted = connection.name === LOCAL ? nameForUrl(new URL(connection.hippoUrl)) : connection.name;
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted.slice(0, 58)}-${number}`;
    const taken = await connections.find(name);
    if (!taken || new URL(taken.hippoUrl).origin === origin) return name;
  }
}
