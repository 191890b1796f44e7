// The servers of the connection in use, for commands that ask them only where they can be asked: nothing is started.

import { ServerLook, type LookedAt } from '../session/server-facts.ts';
import { openSession, type OpenSession } from '../session/open-session.ts';
import { sessionPorts, sessionWish } from './hippo.ts';
import { runningPlatform } from './local-platform.ts';
import { say, visible, type Screen } from './screen.ts';
import { connect, type ServerOptions } from './server.ts';

export interface LookOptions extends ServerOptions {
  connection?: string;
  url?: string;
}

export interface Look {
  readonly facts: ServerLook;
  close(): Promise<void>;
}

/** Ms that a server may take: a person, or a pull request, waits. */
const PATIENCE = 10_000;

/**
 * Undefined where nobody has said which server, and the local Hippo does not run.
 * @throws what is wrong with servers that were named
 */
export async function lookAtServers(screen: Screen, options: LookOptions): Promise<Look | undefined> {
  const named = options.connection ?? options.url ?? options.server ?? (screen.env['HIPPO_URL'] || undefined);
  let session: OpenSession | undefined;
  try {
    // A Bindle server alone is enough, and no Hippo is looked for where only that is named.
    if (options.server === undefined || options.connection !== undefined || options.url !== undefined)
      session = await openQuietly(screen, options);
  } catch (error) {
    if (named !== undefined) throw error;
    say(screen, `No server was asked: ${visible(error instanceof Error ? error.message : String(error))}`);
    return undefined;
  }
  if (!session && options.server === undefined) return undefined;
  const client = session?.client;
  const hippoUrl = session?.connection.hippoUrl ?? options.server ?? '';
  const looked: LookedAt = {
    connection: { hippoUrl },
    client,
    bindle: () => connect(screen, options, session),
  };
  const facts = new ServerLook({
    origin: new URL(options.server ?? hippoUrl).origin,
    open: () => Promise.resolve(looked),
    patience: PATIENCE,
  });
  return { facts, close: async () => client?.close() };
}

/** Undefined if it is the local Hippo that is meant, and it does not run. */
async function openQuietly(screen: Screen, options: LookOptions): Promise<OpenSession | undefined> {
  const platform = await runningPlatform(screen);
  const ports = sessionPorts(screen);
  let absent = false;
  try {
    return await openSession(sessionWish(screen, options), {
      ...ports,
      startPlatform: () => {
        if (platform) return Promise.resolve(platform);
        absent = true;
        return Promise.reject(new Error('The local Hippo does not run.'));
      },
    });
  } catch (error) {
    if (absent) return undefined;
    throw error;
  }
}
