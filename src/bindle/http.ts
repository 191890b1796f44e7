// One HTTP connection to a Bindle server: credentials, certificates, proxies, redirects; errors as sentences.

import { Agent, EnvHttpProxyAgent, interceptors, type Dispatcher } from 'undici';
import { getCACertificates } from 'node:tls';
import { isLoopback, readBaseUrl } from './url.ts';

export { isLoopback, readBaseUrl } from './url.ts';

export type Credentials =
  { type: 'basic'; username: string; password: string } | { type: 'bearer'; token: string };

/** The way to every server but this machine itself, where something else than the environment says what it is. */
export interface Network {
  /** Address of a proxy; `false`: none, whatever the variables say; absent: as HTTP_PROXY and HTTPS_PROXY say. */
  readonly proxy?: string | false | undefined;
  /** What needs no proxy, as in NO_PROXY, which it stands for. */
  readonly noProxy?: string | undefined;
  /** Value of the header Proxy-Authorization. */
  readonly proxyAuthorization?: string | undefined;
  /** False: accept any certificate, of a proxy too. */
  readonly strictTls?: boolean | undefined;
  /** Trust what the operating system trusts, besides what comes with Node. */
  readonly systemCertificates?: boolean | undefined;
}

export interface HttpOptions {
  /** Base URL of the server's API; real servers have it under `/v1`. */
  url: string;
  /** A function is asked before each request. */
  credentials?: Credentials | (() => Promise<Credentials | undefined>);
  /** PEM text of certificates to trust besides the machine's own. */
  ca?: string;
  /** Accept any certificate. */
  insecure?: boolean;
  /** Parallel connections. */
  connections?: number;
  network?: Network;
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

/** The base URL of a Bindle server. @throws BindleError `BAD_URL` */
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

/**
 * A dispatcher as the options say. A proxy, that of the options or of the standard variables (HTTP_PROXY,
 * HTTPS_PROXY, NO_PROXY), is used for everything but this machine itself, which no proxy can reach.
 */
export function createDispatcher(options: Omit<HttpOptions, 'credentials'>): Dispatcher {
  const { url, ca, insecure, connections = 8, network = {} } = options;
  const isLocal = isLoopback(parseBaseUrl(url).hostname);
  const unchecked = { rejectUnauthorized: false };
  const lax = network.strictTls === false && !isLocal;
  // To read what the operating system trusts takes its time, which plain http on this machine need not spend.
  const isPlain = isLocal && /^http:/i.test(url) && ca === undefined;
  const tls = { ...(isPlain ? {} : trusted(ca, network)), ...(insecure || lax ? unchecked : {}) };
  const common = { connections, connect: tls, keepAliveTimeout: 4_000 };
  const { proxy, noProxy, proxyAuthorization } = network;
  if (isLocal || proxy === false) return new Agent(common);
  try {
    return new EnvHttpProxyAgent({
      ...common,
      requestTls: tls,
      proxyTls: { ...trusted(undefined, network), ...(lax ? unchecked : {}) },
      ...(proxy === undefined ? {} : { httpProxy: proxy, httpsProxy: proxy }),
      ...(noProxy === undefined ? {} : { noProxy }),
      ...(proxyAuthorization === undefined ? {} : { token: proxyAuthorization }),
    });
  } catch (cause) {
    throw new BindleError(
      'BAD_URL',
      `${proxy === undefined ? 'HTTP_PROXY or HTTPS_PROXY' : 'The setting http.proxy'} holds no address of a proxy.`,
      { hint: 'Write it as http://host:port, or remove it.', cause },
    );
  }
}

/** Without any wish of ours, Node trusts what comes with it, or what its own options say. */
function trusted(ca: string | undefined, { systemCertificates }: Network): { ca?: string[] } {
  if (ca === undefined && !systemCertificates) return {};
  return {
    ca: [
      ...getCACertificates('default'),
      ...(systemCertificates ? getCACertificates('system') : []),
      ...(ca === undefined ? [] : [ca]),
    ],
  };
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
export function connectionError(error: unknown, url: URL, network?: Network): BindleError {
  const { kind, reason } = connectionFailure(error);
  const at = url.origin;
  if (kind === 'certificate')
    return new BindleError('UNREACHABLE', `The certificate of ${at} was not accepted (${reason}).`, {
      hint: 'If its authority is your own, give its certificate by --ca-file; -k turns the check off. If the server does not speak TLS, use http://.',
      cause: error,
    });
  const proxy = proxyInUse(url, network);
  if (kind === 'nobody' && proxy !== undefined)
    return new BindleError(
      'UNREACHABLE',
      `${at} cannot be reached by way of the proxy that ${proxy} names (${reason}).`,
      { hint: 'Check that and the address; NO_PROXY lists what needs no proxy.', cause: error },
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

/** What may send requests for this address to a proxy: the name of a variable, or the setting. */
export function proxyInUse(url: URL, network: Network = {}): string | undefined {
  if (isLoopback(url.hostname) || network.proxy === false) return undefined;
  if (network.proxy !== undefined) return 'the setting http.proxy';
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
