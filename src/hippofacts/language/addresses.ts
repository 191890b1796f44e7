// Where a route answers on a channel.

import type { KnownChannel } from '../facts.ts';
import { routePrefix } from '../routes.ts';

/** Undefined where the channel has no address, or no request has such a path. */
export function channelAddress({ address }: KnownChannel, route: string): string | undefined {
  if (address === undefined || !route.startsWith('/') || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  // Put together as text: a path such as `//x` would lead to another host.
  url.pathname = routePrefix(route) || '/';
  return url.href;
}
