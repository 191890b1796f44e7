// Where a person at this window visits a channel.

import { isLoopback } from '../bindle/url.ts';
import type { ChannelItem } from '../hippo/api.ts';
import { addressOf, portAddressOf } from '../session/address.ts';
import type { Connection } from '../session/connections.ts';
import type { Links } from './app.ts';

type Place = Pick<ChannelItem, 'domain' | 'urls' | 'port'>;

/**
 * By its name; in remote and web windows by its port of the machine of this code, which is all that VS Code forwards,
 * where it has one there.
 */
export function visitAddress(
  channel: Place,
  connection: Pick<Connection, 'hippoUrl'>,
  { elsewhere }: Pick<Links, 'elsewhere'>,
): string {
  const here = isLoopback(new URL(connection.hippoUrl).hostname);
  const byPort = elsewhere && here ? portAddressOf(channel) : undefined;
  return byPort ?? addressOf(channel, { connection });
}

/** The same to be read or copied: as the browser of who sits at this window needs it. */
export async function externalAddress(
  links: Pick<Links, 'elsewhere' | 'external'>,
  channel: Place,
  connection: Pick<Connection, 'hippoUrl'>,
): Promise<string> {
  const address = visitAddress(channel, connection, links);
  return links.elsewhere ? links.external(address) : address;
}

export function openChannel(
  links: Links,
  channel: Place,
  connection: Pick<Connection, 'hippoUrl'>,
): Promise<void> {
  return links.open(visitAddress(channel, connection, links));
}
