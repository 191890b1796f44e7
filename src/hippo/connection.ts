// One connection to a Hippo: finds out which dialect the server speaks, keeps the token as long as it holds and
// gets the next one without losing a call, and turns answers into values and errors.

import { setTimeout as delay } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import {
  createDispatcher,
  followingRedirects,
  readBaseUrl,
  type Credentials,
  type HttpOptions,
} from '../bindle/http.ts';
import type { Page, Session } from './api.ts';
import { OLD_PATHS, SINGULAR_PATHS, type Dialect } from './dialects.ts';
import { HippoError, refused, unanswered } from './errors.ts';
import { readEventStream, type ServerSentEvent } from './event-stream.ts';
import {
  pathOf,
  routes,
  type AnswerOf,
  type BodyOf,
  type Operation,
  type RequestOf,
  type ResultOf,
  type Route,
} from './routes.ts';

const PAGE_SIZE = 200;
/** A token that ends within so many milliseconds is not used any more. */
const MARGIN = 30_000;
/** Milliseconds without a byte after which nobody is at the other end of a stream: three missed heartbeats. */
const SILENCE = 45_000;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface HippoConnectionOptions extends Omit<HttpOptions, 'credentials'> {
  /**
   * A name and password to sign in with, or a token that is used as it is; a function is asked each time when
   * nothing else helps any more.
   */
  readonly credentials?: Credentials | (() => Promise<Credentials | undefined> | Credentials | undefined);
  /** One that was kept from before. */
  readonly session?: Session;
  /** Told of each new session, to be kept; of undefined when it has ended. */
  readonly onSession?: (session: Session | undefined) => void | Promise<void>;
  /** The one that is kept now: another client may have renewed it, and a refresh token can be used only once. */
  readonly keptSession?: () => Promise<Session | undefined>;
  /** Found out by itself if not given. */
  readonly dialect?: Dialect;
  /** Connections to use instead of own ones; it stays open. */
  readonly dispatcher?: Dispatcher;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface StreamOptions extends CallOptions {
  /** Called when the server has begun to answer: what happens from then on is told. */
  readonly onOpen?: (() => void) | undefined;
}

export interface Call extends CallOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Sent as it is. */
  readonly content?: { readonly stream: Readable; readonly length?: number };
}

interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
}

/** Every method throws HippoError. */
export class HippoConnection {
  readonly url: URL;
  readonly #options: HippoConnectionOptions;
  readonly #dispatcher: Dispatcher;
  readonly #reader: Dispatcher;
  readonly #now: () => number;
  #dialect: Promise<Dialect> | undefined;
  #session: Session | undefined;
  #renewal: Promise<void> | undefined;

  /** @throws HippoError `BAD_URL` */
  constructor(options: HippoConnectionOptions) {
    this.url = baseUrl(options.url);
    this.#options = options;
    this.#dispatcher = options.dispatcher ?? createDispatcher({ ...options, url: this.url.href });
    this.#reader = followingRedirects(this.#dispatcher);
    this.#now = options.now ?? Date.now;
    this.#session = options.session;
    if (options.dialect !== undefined) this.#dialect = Promise.resolve(options.dialect);
  }

  /** Which dialect the server speaks. Asks, without a token and without changing anything, once. */
  dialect(options: CallOptions = {}): Promise<Dialect> {
    return (this.#dialect ??= this.#findDialect(options).catch((error: unknown) => {
      this.#dialect = undefined;
      throw error;
    }));
  }

  /** What `/healthz` says; undefined if it says nothing that can be read. */
  async health(options: CallOptions = {}): Promise<Record<string, unknown> | undefined> {
    const { status, text } = await this.#exchange('GET', '/healthz', options, {});
    return (status === 200 ? tryParse(text) : undefined) as Record<string, unknown> | undefined;
  }

  /** The token that a request would go out with now, renewed if it has to be; undefined without any. */
  async bearer({ signal }: CallOptions = {}): Promise<string | undefined> {
    return (await this.#token(signal))?.value;
  }

  /** Signs in and goes on with what that gives. */
  async signIn(userName: string, password: string, options: CallOptions = {}): Promise<Session> {
    const dialect = await this.dialect(options);
    const body = dialect === 'O' ? { username: userName, password } : { userName, password };
    const path =
      dialect === 'O'
        ? OLD_PATHS.signIn
        : dialect === 'S'
          ? (SINGULAR_PATHS.signIn ?? '')
          : routes.signIn.path;
    const answer = await this.#exchange('POST', path, options, jsonBody(body));
    // Every dialect says so of a wrong name or password (hippo-api.md §2).
    if (answer.status === 400 || answer.status === 401)
      throw new HippoError(
        'UNAUTHORIZED',
        `${this.url.origin} does not accept this user name and password.`,
        {
          status: answer.status,
          hint: 'Check both; `hippo login` asks for them.',
        },
      );
    const session = this.#parsed(this.#succeeded(answer)) as Session;
    if (typeof session?.token !== 'string') throw this.#notHippo('the answer holds no token');
    await this.#keep(session);
    return session;
  }

  /** Ends the session, on a server that can; the client knows none afterwards. */
  async signOut(options: CallOptions = {}): Promise<void> {
    const refreshToken = this.#session?.refreshToken;
    try {
      if (refreshToken !== undefined)
        this.#succeeded(
          await this.#exchange('POST', routes.signOut.path, options, jsonBody({ refreshToken })),
        );
    } finally {
      await this.#keep(undefined);
    }
  }

  /** Ends the connections; requests in flight are finished. */
  async close(): Promise<void> {
    if (this.#options.dispatcher === undefined) await this.#dispatcher.close();
  }

  /** Sends the request of an operation and gives what its answer holds. */
  async call<O extends Operation>(
    operation: O,
    call: Call & { body?: RequestOf<O> } = {},
  ): Promise<AnswerOf<O>> {
    const route: Route = routes[operation];
    const dialect = await this.dialect(call);
    const template =
      dialect === 'P' ? route.path : dialect === 'S' ? SINGULAR_PATHS[operation] : oldPath(operation);
    if (template === undefined) throw this.unsupported(`this (${route.method} ${route.path})`);
    return (await this.#send(route, template, call)) as AnswerOf<O>;
  }

  /** The same for a route of another table, which only servers of the final dialect can have. */
  async request<R extends Route>(route: R, call: Call & { body?: BodyOf<R> } = {}): Promise<ResultOf<R>> {
    if ((await this.dialect(call)) !== 'P') throw this.unsupported(`this (${route.method} ${route.path})`);
    return (await this.#send(route, route.path, call)) as ResultOf<R>;
  }

  /** @param template the path, with its parameters in braces */
  async #send(route: Route, template: string, call: Call): Promise<unknown> {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) query.set(key, String(value));
    const path = pathOf(template, call.params) + (query.size > 0 ? `?${query.toString()}` : '');
    const content = call.content
      ? {
          headers: {
            'content-type': route.bodyType ?? '',
            ...(call.content.length === undefined ? {} : { 'content-length': String(call.content.length) }),
          },
          body: call.content.stream,
        }
      : call.body === undefined
        ? {}
        : jsonBody(call.body);
    const answer = await this.#authorized(
      (headers) =>
        this.#exchange(route.method, path, call, { ...content, headers: { ...content.headers, ...headers } }),
      {
        signal: call.signal,
        repeatable: call.content === undefined,
        eager: route.access !== 'anyone',
      },
    );
    this.#succeeded(answer);
    return route.answer === undefined || answer.status === 204 ? undefined : this.#parsed(answer);
  }

  /** Creates something on a server of dialect O. @returns its id */
  async createOld(path: string, body: object, options: CallOptions): Promise<string> {
    const answer = await this.#authorized((headers) => {
      const content = jsonBody(body);
      return this.#exchange('POST', path, options, {
        ...content,
        headers: { ...content.headers, ...headers },
      });
    }, options);
    const { id } = this.#parsed(this.#succeeded(answer)) as { id?: unknown };
    if (typeof id !== 'string') throw this.#notHippo('the answer holds no id');
    return id;
  }

  /** Reads all pages. */
  async all<T>(
    list: Operation | Route,
    options: CallOptions & { readonly params?: Readonly<Record<string, string>> },
    query: NonNullable<Call['query']>,
  ): Promise<T[]> {
    const items: T[] = [];
    const { signal, params = {} } = options;
    for (let pageIndex = 0; ; pageIndex++) {
      const call: Call = { signal, params, query: { ...query, pageIndex, pageSize: PAGE_SIZE } };
      const answer = (await (typeof list === 'string'
        ? this.call(list, call as Call & { body?: never })
        : this.request(list, call as Call & { body?: never }))) as Page<T> | Record<string, T[]>;
      const { items: found } = answer;
      if (!Array.isArray(found)) {
        // Before 0.18 a list is whole, below a name of its own.
        const list = Object.values(answer ?? {}).find((value) => Array.isArray(value));
        if (!list) throw this.#notHippo('what should be a list is none');
        return list as T[];
      }
      items.push(...found);
      // `isLastPage` may lie where a filter is set; a page that is not full never does.
      if (found.length < ((answer as Page<T>).pageSize || PAGE_SIZE) || answer['isLastPage'] === true)
        return items;
    }
  }

  async #findDialect(options: CallOptions): Promise<Dialect> {
    const probes = [
      ['P', routes.listApps.path],
      ['S', SINGULAR_PATHS.listApps ?? ''],
      // Only POST is there: without a token it asks for one, or for the right method.
      ['O', OLD_PATHS.createApp],
    ] as const;
    for (const [dialect, path] of probes) {
      const { status, text } = await this.#exchange('GET', path, options, {});
      if (status === 401 || status === 403 || (dialect === 'O' && status === 405)) return dialect;
      // A page for people may answer every path with 200.
      if (status === 200 && dialect !== 'O' && isList(tryParse(text))) return dialect;
      if (status >= 500) throw refused({ status, text }, this.url);
    }
    // A server of which nothing is known but that it takes signing in: with nothing in it, nobody is signed in.
    const { status } = await this.#exchange('POST', OLD_PATHS.signIn, options, {
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    if (status === 400 || status === 401 || status === 422) return 'O';
    throw this.#notHippo('it knows none of the paths that a Hippo has');
  }

  /**
   * Sends a request with the token there is. One that the server no longer takes is renewed, by one of all the
   * calls that meet this, and the call goes out again.
   */
  async #authorized(
    send: (headers: Record<string, string>) => Promise<Answer>,
    { signal, repeatable = true, eager = true }: CallOptions & { repeatable?: boolean; eager?: boolean },
  ): Promise<Answer> {
    const token = await this.#token(signal, undefined, eager);
    const answer = await send(bearerHeader(token?.value));
    // What needs no account may still need one here: registering, where only administrators may.
    const wanting = answer.status === 401 || (answer.status === 403 && token === undefined);
    if (!wanting || !repeatable || token?.fixed === true) return answer;
    const next = await this.#token(signal, token?.value ?? '');
    return next === undefined || next.value === token?.value ? answer : send(bearerHeader(next.value));
  }

  /** An answer that is read as it comes; one that stays silent for too long counts as broken off. */
  async *stream(
    path: string,
    { signal, onOpen }: StreamOptions,
    headers: Record<string, string> = {},
  ): AsyncGenerator<ServerSentEvent> {
    if ((await this.dialect({ signal })) !== 'P') throw this.unsupported('what it tells as it happens');
    let response: Dispatcher.ResponseData | undefined;
    const answer = await this.#authorized(
      async (bearer) => {
        const all = { accept: 'text/event-stream', ...headers, ...bearer };
        response = await this.#request('GET', path, { signal }, { headers: all, bodyTimeout: SILENCE });
        const { statusCode: status, headers: received } = response;
        return { status, headers: received, text: status === 200 ? '' : await response.body.text() };
      },
      { signal },
    );
    this.#succeeded(answer);
    if (!response) throw this.#notHippo('there was no answer');
    onOpen?.();
    try {
      yield* readEventStream(response.body);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw unanswered(error, this.url, this.#options.network);
    }
  }

  /**
   * @param signal ends the wait; a renewal that others wait for, too, goes on
   * @param spent a token that the server has refused
   * @param eager sign in if there is none
   */
  async #token(
    signal: AbortSignal | undefined,
    spent?: string,
    eager = true,
  ): Promise<{ value: string; fixed: boolean } | undefined> {
    const { credentials } = this.#options;
    if (typeof credentials === 'object' && credentials.type === 'bearer')
      return { value: credentials.token, fixed: true };
    const session = this.#session;
    if (!this.#isGood(session, spent) && (session !== undefined || (eager && credentials !== undefined)))
      await unlessAborted(
        (this.#renewal ??= this.#renew(spent).finally(() => (this.#renewal = undefined))),
        signal,
      );
    return this.#session && { value: this.#session.token, fixed: false };
  }

  #isGood(session: Session | undefined, spent: string | undefined): session is Session {
    // An expiration that nobody can read leaves it to the server.
    const expired = session !== undefined && Date.parse(session.expiration) - MARGIN < this.#now();
    return session !== undefined && session.token !== spent && !expired;
  }

  async #renew(spent: string | undefined): Promise<void> {
    const kept = await this.#options.keptSession?.();
    if (kept) this.#session = kept;
    if (kept && this.#isGood(kept, spent)) return;
    const refreshToken = this.#session?.refreshToken;
    if (refreshToken !== undefined) {
      const answer = await this.#exchange('POST', routes.refreshSession.path, {}, jsonBody({ refreshToken }));
      if (answer.status === 200) return this.#keep(this.#parsed(answer) as Session);
      if (answer.status >= 500 || answer.status === 429) throw refused(answer, this.url);
    }
    const { credentials } = this.#options;
    const given = typeof credentials === 'function' ? await credentials() : credentials;
    if (given?.type === 'basic') await this.signIn(given.username, given.password);
    else if (given?.type === 'bearer')
      // Without a date: used until the server refuses it.
      this.#session = { token: given.token, expiration: '' };
    else if (this.#session !== undefined) await this.#keep(undefined);
  }

  async #keep(session: Session | undefined): Promise<void> {
    this.#session = session;
    await this.#options.onSession?.(session);
  }

  async #exchange(
    method: Route['method'],
    path: string,
    options: CallOptions,
    content: { headers?: Record<string, string>; body?: string | Readable },
  ): Promise<Answer> {
    const response = await this.#request(method, path, options, {
      ...content,
      headers: { accept: 'application/json', ...content.headers },
    });
    const { statusCode: status, headers } = response;
    try {
      return { status, headers, text: await response.body.text() };
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw unanswered(error, this.url, this.#options.network);
    }
  }

  async #request(
    method: Route['method'],
    path: string,
    { signal }: CallOptions,
    {
      headers,
      body,
      bodyTimeout,
    }: { headers: Record<string, string>; body?: string | Readable; bodyTimeout?: number },
  ): Promise<Dispatcher.ResponseData> {
    const send = (): Promise<Dispatcher.ResponseData> =>
      request(this.url.href.replace(/\/$/, '') + path, {
        method,
        headers: { 'user-agent': 'hippo-tools', ...headers },
        body: body ?? null,
        dispatcher: method === 'GET' ? this.#reader : this.#dispatcher,
        ...(signal ? { signal } : {}),
        ...(bodyTimeout === undefined ? {} : { bodyTimeout }),
      });
    try {
      return await send();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (/redirect/i.test((error as Error).message))
        throw this.#notHippo('it sends from one address to the next');
      const failure = unanswered(error, this.url, this.#options.network);
      // A kept connection that the server was just closing says nothing about the server.
      if (method !== 'GET' || failure.code !== 'BROKEN') throw failure;
    }
    await delay(50);
    try {
      return await send();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw unanswered(error, this.url, this.#options.network);
    }
  }

  #succeeded(answer: Answer): Answer {
    const { status, text, headers } = answer;
    if (status >= 200 && status < 300) return answer;
    if (status < 400) throw this.#notHippo(`it sends elsewhere (status ${status})`);
    const retryAfter = Number(headers['retry-after']);
    throw refused({ status, text, ...(Number.isFinite(retryAfter) ? { retryAfter } : {}) }, this.url);
  }

  /** JSON; a bare GUID too, as servers send it to those who do not ask for JSON. */
  #parsed({ text }: Answer): unknown {
    const trimmed = text.trim();
    if (GUID.test(trimmed)) return trimmed;
    const value = tryParse(trimmed);
    if (value === undefined) throw this.#notHippo('the answer is not JSON');
    return value;
  }

  #notHippo(reason: string): HippoError {
    return new HippoError('NOT_HIPPO', `What answers at ${this.url.href} is not a Hippo: ${reason}.`, {
      hint: 'Check the address; that of Hippo is not that of its Bindle server.',
    });
  }

  /** What a server of this age does not have. */
  unsupported(what: string): HippoError {
    return new HippoError('UNSUPPORTED', `Hippo at ${this.url.origin} is too old for ${what}.`);
  }
}

function baseUrl(text: string): URL {
  const url = readBaseUrl(text);
  if (!url)
    throw new HippoError('BAD_URL', `"${text}" is not the address of a Hippo.`, {
      hint: 'Give one that starts with http:// or https://, such as http://localhost:5309.',
    });
  if (url.username !== '' || url.password !== '')
    throw new HippoError('BAD_URL', 'The address of Hippo holds a user name or password.', {
      hint: 'Sign in with `hippo login`, or give them by HIPPO_USERNAME and HIPPO_PASSWORD.',
    });
  return url;
}

function oldPath(operation: Operation): string | undefined {
  return operation === 'registerRevision' ? OLD_PATHS.registerRevision : undefined;
}

function jsonBody(value: unknown): { headers: Record<string, string>; body: string } {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

function bearerHeader(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function isList(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((member) => Array.isArray(member))
  );
}

/** @throws the signal's reason, as soon as it is aborted */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    // It is whatever who aborts it has chosen.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
