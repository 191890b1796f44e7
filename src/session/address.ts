// Where a person visits a channel.

import type { ChannelItem } from '../hippo/api.ts';
import type { Connection } from './connections.ts';
import type { RunningPlatform } from './running-file.ts';

/** On the local Hippo its gateway's port belongs to the address; elsewhere the scheme is that of Hippo itself. */
export function addressOf(
  { domain }: Pick<ChannelItem, 'domain'>,
  { connection, platform }: { connection: Connection; platform: RunningPlatform | undefined },
): string {
  if (platform) return `http://${domain}:${new URL(platform.hippoUrl).port}/`;
  return `${new URL(connection.hippoUrl).protocol}//${domain}/`;
}
