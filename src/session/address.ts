// Where a person visits a channel.

import { isLoopback } from '../bindle/url.ts';
import type { ChannelItem } from '../hippo/api.ts';
import type { Connection } from './connections.ts';

type Where = { readonly connection: Pick<Connection, 'hippoUrl'> };

/** By its name: as the server says, else by its domain, and as Hippo itself is reached. */
export function addressOf(channel: Pick<ChannelItem, 'domain' | 'urls'>, { connection }: Where): string {
  const { protocol, hostname, port } = new URL(connection.hippoUrl);
  // Others serve apps on the usual port; a Hippo on this machine does so on its own.
  const at = isLoopback(hostname) && port !== '' ? `:${port}` : '';
  return channel.urls?.[0] ?? `${protocol}//${channel.domain}${at}/`;
}

/** By a port of this machine, for where names under `localhost` are not known; undefined for a remote channel. */
export function portAddressOf({ port }: Pick<ChannelItem, 'port'>): string | undefined {
  return port === undefined ? undefined : `http://localhost:${port}/`;
}
