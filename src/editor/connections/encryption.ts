// Passwords and tokens go unencrypted to another machine only where a person says so, for one connection.

import { demandEncryption, type Connection } from '../../session/connections.ts';
import type { Prompts } from '../app.ts';

/**
 * @param url of Hippo, or of its Bindle server
 * @returns whether the connection must say from now on that this is allowed
 * @throws Cancelled
 */
export async function confirmUnencrypted(
  prompts: Prompts,
  url: string,
  { plainHttp }: Pick<Connection, 'plainHttp'>,
): Promise<Pick<Connection, 'plainHttp'>> {
  try {
    demandEncryption({ hippoUrl: url, ...(plainHttp ? { plainHttp } : {}) });
    return plainHttp ? { plainHttp } : {};
  } catch (error) {
    await prompts.confirm((error as Error).message, {
      detail: 'Use an address that starts with https:// if the server has one.',
      action: 'Allow for This Connection',
    });
    return { plainHttp: true };
  }
}
