// Told apart by Host alone: which requests are for the APIs, which for a channel (design.md, decision 6).

import type { IncomingMessage } from 'node:http';

export type Destination =
  { readonly kind: 'api' } | { readonly kind: 'channel'; readonly domain: string } | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly status: 400 | 403 | 421;
  readonly reason: string;
}

const API_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Host, and port where there is one (RFC 9110 §7.2), in lower case. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;

/**
 * Makes one form of the forms that a request may have (RFC 9112 §3.2): the target becomes a path, and what an
 * absolute target names becomes the Host, whatever the header says.
 * @returns why the request is refused; undefined if it may go on
 */
export function normalize(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url'>,
): Refused | undefined {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1) return refused(400, 'The request has more than one Host header.');
  const url = request.url ?? '';
  if (url.includes('#')) return refused(400, 'The target of a request has no fragment.');
  if (!url.startsWith('/')) {
    const [, scheme, authority = '', rest = ''] = /^([a-z]+):\/\/([^/?]*)(.*)$/is.exec(url) ?? [];
    if (scheme === undefined) return refused(400, 'The request must name a path.');
    if (scheme.toLowerCase() !== 'http') return refused(421, 'This server speaks http only.');
    if (!HOST.test(authority.toLowerCase()))
      return refused(400, 'The target of the request must name one host.');
    request.headers.host = authority;
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
  }
  const { host } = request.headers;
  if (host !== undefined && host !== '' && !HOST.test(host.toLowerCase()))
    return refused(400, 'The Host header must name one host.');
  return undefined;
}

/**
 * `localhost`, `127.0.0.1` and `[::1]` are the APIs, every other name is a channel's. A web page of another
 * origin gets nothing from the APIs: not by its own name (Origin), not by a name that it points at loopback
 * (Host).
 */
export function destination({ headers, url }: Pick<IncomingMessage, 'headers' | 'url'>): Destination {
  const host = headers.host?.toLowerCase() ?? '';
  const name = HOST.exec(host)?.[1];
  if (name === undefined) return refused(400, 'The request needs a Host header that names one host.');
  if (!url?.startsWith('/')) return refused(400, 'The request must name a path.');
  if (!API_HOSTS.has(name)) return { kind: 'channel', domain: name.replace(/\.$/, '') };
  const { origin } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`)
    return refused(403, `Pages of another origin may not use this API.`);
  return { kind: 'api' };
}

function refused(status: Refused['status'], reason: string): Refused {
  return { kind: 'refused', status, reason };
}
