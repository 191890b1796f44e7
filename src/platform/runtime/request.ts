// An HTTP request in the form in which a guest gets it: CGI environment and command line
// (RFC 3875 §4.1 as WAGI has it, libraries.md §6).

import type { IncomingHttpHeaders } from 'node:http';
import type { StringMap } from '../../bindle/invoice.ts';
import { routePrefix } from '../../hippofacts/routes.ts';

export interface CgiRequest {
  readonly method: string;
  /** As on the request line: percent-encoded path, and query if there is one. */
  readonly target: string;
  /** `1.1` */
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body; undefined where they are not known before its end. */
  readonly contentLength: number | undefined;
  readonly remoteAddress: string;
}

export interface CgiServer {
  /** What stands for the server where the request names none: `localhost:5309`. */
  readonly defaultHost: string;
  readonly scheme: 'http' | 'https';
}

/**
 * Not passed on: credentials, what concerns one connection only (RFC 3875 §4.1.18), and `Proxy`, whose variable
 * would be the one by which programs are told of their proxy.
 */
const WITHHELD = new Set(['authorization', 'connection', 'proxy']);

/**
 * All variables of one request. The app's own come first, so that none of them can stand in for what the
 * request says; what is unknown is there and empty.
 */
export function cgiEnvironment(
  request: CgiRequest,
  route: string,
  server: CgiServer,
  environment: StringMap,
): StringMap {
  const { path, query } = splitTarget(request.target);
  const { host, port } = hostOf(request.headers.host, server);
  const prefix = routePrefix(route);
  const pathInfo = path.startsWith(prefix) ? path.slice(prefix.length) : '';
  const decodedPathInfo = percentDecode(pathInfo);
  const variables: StringMap = {
    ...environment,
    AUTH_TYPE: '',
    CONTENT_LENGTH: String(request.contentLength ?? ''),
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    X_FULL_URL: `${server.scheme}://${host}:${port}${request.target}`,
    GATEWAY_INTERFACE: 'CGI/1.1',
    X_MATCHED_ROUTE: route,
    QUERY_STRING: query ?? '',
    REMOTE_ADDR: request.remoteAddress,
    REMOTE_HOST: request.remoteAddress,
    REMOTE_USER: '',
    REQUEST_METHOD: request.method,
    SCRIPT_NAME: prefix.startsWith('/') ? prefix : `/${prefix}`,
    X_RAW_PATH_INFO: pathInfo,
    PATH_INFO: decodedPathInfo,
    PATH_TRANSLATED: decodedPathInfo,
    SERVER_NAME: host,
    SERVER_PORT: port,
    SERVER_PROTOCOL: `HTTP/${request.httpVersion}`,
    SERVER_SOFTWARE: 'WAGI/1',
  };
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || WITHHELD.has(name)) continue;
    // Both `x-user` and `x_user` become HTTP_X_USER: the usual spelling is the one that counts.
    if (name.includes('_') && name.replaceAll('_', '-') in request.headers) continue;
    variables[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`] = headerValue(value);
  }
  return variables;
}

/** The guest's `argv`: the path and the parts of the query, or the words of the handler's template. */
export function commandLine(request: CgiRequest, template?: string): string[] {
  const { path, query } = splitTarget(request.target);
  if (template === undefined) return [path, ...(query === undefined ? [] : query.split('&'))];
  return template
    .replaceAll('${SCRIPT_NAME}', () => path)
    .replaceAll('${ARGS}', () => (query ?? '').replaceAll('&', ' '))
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** The path alone, as routes are matched against it. */
export function pathOf(target: string): string {
  return splitTarget(target).path;
}

function splitTarget(target: string): { path: string; query: string | undefined } {
  const mark = target.indexOf('?');
  return mark < 0
    ? { path: target, query: undefined }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function hostOf(header: string | undefined, server: CgiServer): { host: string; port: string } {
  const fallback = splitHost(server.defaultHost);
  const given = splitHost(header ?? '');
  return { host: given.host || fallback.host || 'localhost', port: given.port || fallback.port || '80' };
}

function splitHost(text: string): { host: string; port: string } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text);
  return { host: match?.[1] ?? '', port: match?.[2] ?? '' };
}

/** Bytes that are no UTF-8 become U+FFFD; a `%` that starts no escape stays. */
function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  const bytes = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function headerValue(value: string | string[]): string {
  const text = Array.isArray(value) ? value.join(', ') : value;
  return /^[\t\x20-\x7e]*$/.test(text) ? text : 'CORRUPT VALUE';
}
