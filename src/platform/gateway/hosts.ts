// Told apart by Host alone: which requests are for the APIs, which for a channel (design.md, decision 6).

import type { IncomingMessage } from 'node:http';

export type Destination =
  | { readonly kind: 'api' }
  | { readonly kind: 'channel'; readonly domain: string }
  | { readonly kind: 'refused'; readonly status: 400 | 403; readonly reason: string };

const API_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * `localhost`, `127.0.0.1` and `[::1]` are the APIs, every other name is a channel's. A web page of another
 * origin gets nothing from the APIs: not by its own name (Origin), not by a name that it points at loopback
 * (Host).
 */
export function destination({ headers, url }: Pick<IncomingMessage, 'headers' | 'url'>): Destination {
  const host = headers.host?.toLowerCase() ?? '';
  const name = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(host)?.[1];
  if (name === undefined) return refused(400, 'The request needs a Host header that names one host.');
  if (!url?.startsWith('/')) return refused(400, 'The request must name a path.');
  if (!API_HOSTS.has(name)) return { kind: 'channel', domain: name.replace(/\.$/, '') };
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`)
    return refused(403, `Pages of another origin may not use this API.`);
  return { kind: 'api' };
}

function refused(status: 400 | 403, reason: string): Destination {
  return { kind: 'refused', status, reason };
}
