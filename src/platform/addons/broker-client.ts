// Sends requests to a service broker (Open Service Broker 2.17): bounded in bytes and time, without following
// redirects, so that credentials go to the broker alone; by way of a proxy where the environment names one.

import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { getCACertificates, TLSSocket } from 'node:tls';
import {
  API_VERSION,
  osbHeaders,
  osbPaths,
  osbQuery,
  type BindRequest,
  type ProvisionRequest,
  type UpdateRequest,
} from '../../addons/osb.ts';
import { withoutSecrets } from './broker-words.ts';
import { isLoopbackName } from './catalog.ts';

export interface BrokerAddress {
  readonly url: URL;
  /** Of the header Authorization. */
  readonly authorization: string;
  /** Certificates that are trusted beside the usual ones: PEM. */
  readonly ca?: string | undefined;
}

export interface ClientLimits {
  /** Milliseconds until an answer has come as a whole. */
  readonly time: number;
  readonly bytes: number;
  readonly catalogBytes: number;
}

export const CLIENT_LIMITS: ClientLimits = { time: 60_000, bytes: 1024 ** 2, catalogBytes: 8 * 1024 ** 2 };

export interface BrokerAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Undefined if it is no JSON, or too large. */
  readonly body: unknown;
  /** Milliseconds. */
  readonly retryAfter: number | undefined;
  readonly etag: string | undefined;
}

export type BrokerResult =
  | BrokerAnswer
  /** Nothing was sent: `unsent`; else nobody knows. */
  | { readonly kind: 'unsent' | 'lost'; readonly reason: string };

/** The user on whose behalf a request is sent ("Originating Identity"). */
export interface Originator {
  readonly id: string;
  readonly name: string;
}

interface Ids {
  readonly serviceId: string;
  readonly planId: string;
}

interface Sent {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  readonly originator?: Originator | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: number;
}

/** Sent in contexts and with identities; both have to be the same. */
export const PLATFORM = 'hippo';

export class BrokerClient {
  readonly #address: BrokerAddress;
  readonly #limits: ClientLimits;
  readonly #agent: HttpAgent;
  readonly #ended = new AbortController();

  /** @param environment with the standard variables of proxies, which this machine itself never needs */
  constructor(
    address: BrokerAddress,
    limits: ClientLimits = CLIENT_LIMITS,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    this.#address = address;
    this.#limits = limits;
    // Each request has a connection of its own: until that stands, nothing was sent.
    const proxyEnv = isLoopbackName(address.url.hostname) ? {} : environment;
    const options = { keepAlive: false, maxSockets: 32, proxyEnv };
    this.#agent = address.url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** 304 if it is still the one of `etag`. */
  catalog(etag?: string): Promise<BrokerResult> {
    return this.#send({
      method: 'GET',
      path: osbPaths.catalog,
      bytes: this.#limits.catalogBytes,
      ...(etag === undefined ? {} : { headers: { 'if-none-match': etag } }),
    });
  }

  provision(id: string, body: ProvisionRequest, originator?: Originator): Promise<BrokerResult> {
    return this.#send({ method: 'PUT', path: osbPaths.instance(id), query: INCOMPLETE, body, originator });
  }

  update(id: string, body: UpdateRequest, originator?: Originator): Promise<BrokerResult> {
    return this.#send({ method: 'PATCH', path: osbPaths.instance(id), query: INCOMPLETE, body, originator });
  }

  deprovision(id: string, ids: Ids, originator?: Originator): Promise<BrokerResult> {
    const query = { ...INCOMPLETE, ...queryOf(ids) };
    return this.#send({ method: 'DELETE', path: osbPaths.instance(id), query, originator });
  }

  bind(instance: string, id: string, body: BindRequest, originator?: Originator): Promise<BrokerResult> {
    const path = osbPaths.binding(instance, id);
    return this.#send({ method: 'PUT', path, query: INCOMPLETE, body, originator });
  }

  unbind(instance: string, id: string, ids: Ids, originator?: Originator): Promise<BrokerResult> {
    const query = { ...INCOMPLETE, ...queryOf(ids) };
    return this.#send({ method: 'DELETE', path: osbPaths.binding(instance, id), query, originator });
  }

  instance(id: string, ids: Ids, originator?: Originator): Promise<BrokerResult> {
    return this.#send({ method: 'GET', path: osbPaths.instance(id), query: queryOf(ids), originator });
  }

  binding(instance: string, id: string, ids: Ids, originator?: Originator): Promise<BrokerResult> {
    const path = osbPaths.binding(instance, id);
    return this.#send({ method: 'GET', path, query: queryOf(ids), originator });
  }

  /** @param binding where it is one of a binding @param operation as the broker has named it */
  lastOperation(
    instance: string,
    binding: string | undefined,
    ids: Ids,
    operation: string | undefined,
    originator?: Originator,
  ): Promise<BrokerResult> {
    const path =
      binding === undefined
        ? osbPaths.instanceOperation(instance)
        : osbPaths.bindingOperation(instance, binding);
    const query = { ...queryOf(ids), [osbQuery.operation]: operation };
    return this.#send({ method: 'GET', path, query, originator });
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#ended.abort();
    this.#agent.destroy();
  }

  #send({ method, path, query = {}, body, originator, headers, bytes }: Sent): Promise<BrokerResult> {
    const { url, authorization, ca } = this.#address;
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search =
      given.length === 0 ? '' : `?${given.map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&')}`;
    const options = {
      method,
      path: `${url.pathname.replace(/\/+$/, '')}${path}${search}`,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      agent: this.#agent,
      ...(ca === undefined ? {} : { ca: [ca, ...getCACertificates('default')] }),
      headers: {
        [osbHeaders.apiVersion]: API_VERSION,
        [osbHeaders.requestIdentity]: randomUUID(),
        ...(originator === undefined ? {} : { [osbHeaders.originatingIdentity]: identityOf(originator) }),
        authorization,
        accept: 'application/json',
        ...(content === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': content.length }),
        ...headers,
      },
      signal: AbortSignal.any([this.#ended.signal, AbortSignal.timeout(this.#limits.time)]),
    };
    return new Promise((resolve) => {
      let connected = false;
      const failed = (error: unknown): void => {
        const { code = '', name = '' } = error as NodeJS.ErrnoException;
        const late = name === 'AbortError' || name === 'TimeoutError';
        const reason = late
          ? `it did not answer within ${this.#limits.time / 1000} seconds`
          : code || (error as Error).message;
        resolve({ kind: connected ? 'lost' : 'unsent', reason });
      };
      const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
      let sent;
      try {
        sent = make(options);
      } catch (error) {
        // A header or a path that cannot be sent.
        return resolve({ kind: 'unsent', reason: (error as Error).message });
      }
      sent.once('socket', (socket) => {
        // Through a proxy it comes when it stands.
        if (socket instanceof TLSSocket ? socket.getPeerX509Certificate() : !socket.connecting)
          connected = true;
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (connected = true));
      });
      sent.on('error', failed);
      sent.once('response', (response) => {
        connected = true;
        read(response, bytes ?? this.#limits.bytes)
          .then((answer) => withoutLogin(answer, authorization))
          .then(resolve, failed);
      });
      sent.end(content);
    });
  }
}

const INCOMPLETE = { [osbQuery.acceptsIncomplete]: 'true' };

function queryOf({ serviceId, planId }: Ids): Record<string, string> {
  return { [osbQuery.serviceId]: serviceId, [osbQuery.planId]: planId };
}

function identityOf({ id, name }: Originator): string {
  return `${PLATFORM} ${Buffer.from(JSON.stringify({ user_id: id, user_name: name })).toString('base64')}`;
}

/** A broker may repeat what it was asked with, in words that users get to read. */
function withoutLogin(answer: BrokerAnswer, authorization: string): BrokerAnswer {
  const { body } = answer;
  const words = (body as { description?: unknown } | null | undefined)?.description;
  if (typeof words !== 'string') return answer;
  const [scheme = '', secret = ''] = authorization.split(' ');
  const password = Buffer.from(secret, 'base64')
    .toString()
    .replace(/^[^:]*:/, '');
  const description = withoutSecrets(words, scheme === 'Basic' ? [secret, password] : [secret]);
  return { ...answer, body: { ...(body as object), description } };
}

async function read(response: IncomingMessage, limit: number): Promise<BrokerAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) {
      response.destroy();
      break;
    }
    chunks.push(chunk);
  }
  const { statusCode: status = 0, headers } = response;
  return {
    kind: 'answer',
    status,
    body: length > limit ? undefined : parse(Buffer.concat(chunks)),
    retryAfter: retryAfterOf(headers['retry-after']),
    etag: headers.etag,
  };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Seconds or a date, in milliseconds from now (RFC 9110 §10.2.3). */
function retryAfterOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : Math.max(0, time - Date.now());
}
