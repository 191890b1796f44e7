// What answers at a connection: which Hippo, who we are to it, and whether its Bindle server is there.

import { BindleClient } from '../bindle/client.ts';
import type { Network } from '../bindle/http.ts';
import type { Myself } from '../hippo/api.ts';
import { HippoError, type CallOptions, type HippoIdentity } from '../hippo/client.ts';
import type { Connection } from './connections.ts';
import { transport, type OpenSession } from './open-session.ts';

export interface Examined {
  readonly identity: HippoIdentity;
  /** Undefined if we are not signed in. */
  readonly myself: Myself | undefined;
  readonly bindle: {
    /** Null if nobody has said which one it is. */
    readonly url: string | null;
    /** Undefined where no Bindle server is known. */
    readonly ok: boolean | undefined;
    /** Goes on from its address: `answers`. */
    readonly answer: string;
  };
}

/** @throws HippoError if there is no Hippo, SessionError */
export async function examine(
  { connection, client }: Pick<OpenSession, 'connection' | 'client'>,
  network?: Network,
  options: CallOptions = {},
): Promise<Examined> {
  const identity = await client.identify(options);
  const myself = await client.whoami(options).catch((error: unknown) => {
    if (error instanceof HippoError && ['UNAUTHORIZED', 'NOT_FOUND', 'UNSUPPORTED'].includes(error.code))
      return undefined;
    throw error;
  });
  return { identity, myself, bindle: await examineBindle(connection, network, options) };
}

async function examineBindle(
  connection: Connection,
  network: Network | undefined,
  options: CallOptions,
): Promise<Examined['bindle']> {
  const { bindleUrl } = connection;
  if (bindleUrl === undefined) return { url: null, ok: undefined, answer: 'is not known' };
  const { insecure, ca } = await transport(connection);
  const client = new BindleClient({
    url: bindleUrl,
    ...(network === undefined ? {} : { network }),
    ...(insecure ? { insecure } : {}),
    ...(ca === undefined ? {} : { ca }),
  });
  try {
    await client.search({ limit: 1 }, options);
    return { url: bindleUrl, ok: true, answer: 'answers' };
  } catch (error) {
    options.signal?.throwIfAborted();
    // One that wants an account for reading too answers all the same.
    const denied = ['UNAUTHORIZED', 'FORBIDDEN'].includes((error as { code?: string }).code ?? '');
    return denied
      ? { url: bindleUrl, ok: true, answer: 'answers, and lets only accounts read' }
      : { url: bindleUrl, ok: false, answer: `does not answer: ${(error as Error).message}` };
  } finally {
    await client.close();
  }
}
