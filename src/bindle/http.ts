// One HTTP connection to a Bindle server: credentials, certificates, proxies, redirects; errors as sentences.

import { Agent, EnvHttpProxyAgent, interceptors, type Dispatcher } from 'undici';
import { getCACertificates } from 'node:tls';

export type Credentials =
  { type: 'basic'; username: string; password: string } | { type: 'bearer'; token: string };

export interface HttpOptions {
  /** Base URL of the server's API; real servers have it under `/v1`. */
  url: string;
  credentials?: Credentials;
  /** PEM text of certificates to trust besides the machine's own. */
  ca?: string;
  /** Accept any certificate. */
  insecure?: boolean;
  /** Parallel connections. */
  connections?: number;
}

export type BindleErrorCode =
  | 'BAD_URL'
  | 'BAD_ID'
  | 'UNREACHABLE'
  | 'BROKEN'
  | 'NOT_BINDLE'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'YANKED'
  | 'NOT_FOUND'
  | 'EXISTS'
  | 'REFUSED'
  | 'SERVER';

/** What a Bindle server, or the way to it, answered instead of what was asked; `hint` is the next step. */
export class BindleError extends Error {
  readonly code: BindleErrorCode;
  readonly status: number | undefined;
  readonly hint: string | undefined;
  /** The server's own words, where it had any. */
  readonly detail: string | undefined;

  constructor(
    code: BindleErrorCode,
    message: string,
    more: { status?: number; hint?: string; detail?: string; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'BindleError';
    this.code = code;
    this.status = more.status;
    this.hint = more.hint;
    this.detail = more.detail;
  }
}

/** The base URL of an HTTP server without its last slash, query or fragment; undefined if it is none. */
export function readBaseUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  url.search = '';
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** The same for a Bindle server. @throws BindleError `BAD_URL` */
export function parseBaseUrl(text: string): URL {
  const url = readBaseUrl(text);
  if (!url)
    throw new BindleError('BAD_URL', `"${text}" is not the address of a Bindle server.`, {
      hint: 'Give one that starts with http:// or https://, such as http://localhost:8080/v1.',
    });
  if (url.username !== '' || url.password !== '')
    throw new BindleError('BAD_URL', 'The address of the Bindle server holds a user name or password.', {
      hint: 'Give them by --bindle-username and --bindle-password, or BINDLE_USERNAME and BINDLE_PASSWORD.',
    });
  return url;
}

/** True for names and addresses of this machine itself. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d+){3}$/.test(host)
  );
}

/**
 * A dispatcher as the options say. The standard proxy variables (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) hold for
 * everything but this machine itself, which no proxy can reach.
 */
export function createDispatcher(options: Omit<HttpOptions, 'credentials'>): Dispatcher {
  const tls = {
    ...(options.ca === undefined ? {} : { ca: [...getCACertificates('default'), options.ca] }),
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
  };
  const common = { connections: options.connections ?? 8, connect: tls, keepAliveTimeout: 4_000 };
  if (isLoopback(parseBaseUrl(options.url).hostname)) return new Agent(common);
  try {
    return new EnvHttpProxyAgent({ ...common, requestTls: tls });
  } catch (cause) {
    throw new BindleError('BAD_URL', 'HTTP_PROXY or HTTPS_PROXY holds no address of a proxy.', {
      hint: 'Write it as http://host:port, or unset the variable.',
      cause,
    });
  }
}

/** Wraps a dispatcher so that it follows up to five redirects; credentials stay with the first origin. */
export function followingRedirects(dispatcher: Dispatcher): Dispatcher {
  return dispatcher.compose(interceptors.redirect({ maxRedirections: 5 }));
}

export function authorization(credentials: Credentials | undefined): Record<string, string> {
  if (!credentials) return {};
  return {
    authorization:
      credentials.type === 'basic'
        ? `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
        : `Bearer ${credentials.token}`,
  };
}

const BEFORE_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TLS_CODES = /^(CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_SSL)/;

/** Why a connection failed: its certificate was not accepted, nobody answered, or it broke off. */
export function connectionFailure(error: unknown): {
  kind: 'certificate' | 'nobody' | 'broken';
  /** The system's code, or its words. */
  reason: string;
} {
  const cause = rootCause(error);
  const code = cause.code ?? '';
  if (TLS_CODES.test(code) || code === 'EPROTO') return { kind: 'certificate', reason: code };
  if (BEFORE_CONNECTED.has(code)) return { kind: 'nobody', reason: code };
  return { kind: 'broken', reason: code || cause.message };
}

/** A network failure as one sentence with the next step. */
export function connectionError(error: unknown, url: URL): BindleError {
  const { kind, reason } = connectionFailure(error);
  const at = url.origin;
  if (kind === 'certificate')
    return new BindleError('UNREACHABLE', `The certificate of ${at} was not accepted (${reason}).`, {
      hint: 'If its authority is your own, give its certificate by --ca-file; -k turns the check off. If the server does not speak TLS, use http://.',
      cause: error,
    });
  const proxy = proxyInUse(url);
  if (kind === 'nobody' && proxy !== undefined)
    return new BindleError(
      'UNREACHABLE',
      `${at} cannot be reached by way of the proxy that ${proxy} names (${reason}).`,
      {
        hint: 'Check that variable and the address; NO_PROXY lists what needs no proxy.',
        cause: error,
      },
    );
  if (kind === 'nobody')
    return new BindleError('UNREACHABLE', `Nothing answers at ${at} (${reason}).`, {
      hint: 'Check the address and that the Bindle server is running; `hippo platform start` starts a local one.',
      cause: error,
    });
  return new BindleError('BROKEN', `The connection to ${at} broke off (${reason}).`, {
    hint: 'Try again.',
    cause: error,
  });
}

/** The name of the variable that may send requests for this address to a proxy. */
function proxyInUse(url: URL): string | undefined {
  if (isLoopback(url.hostname)) return undefined;
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return names.find((name) => process.env[name]);
}

function rootCause(error: unknown): { code?: string; message: string } {
  let current = error as { code?: string; message: string; cause?: unknown; errors?: unknown[] };
  for (let depth = 0; depth < 5; depth++) {
    const next = (current.errors?.[0] ??
      (current.code === undefined ? current.cause : undefined)) as typeof current;
    if (typeof next !== 'object' || next === null) break;
    current = next;
  }
  return current;
}
