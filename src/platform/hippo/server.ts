// Hippo's REST API over HTTP: finds the route, who asks and what for, and writes the answer (hippo-api.md §1, §2).

import type { IncomingMessage, ServerResponse } from 'node:http';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { readBody, readQuery } from '../../hippo/check.ts';
import { GUID_PATTERN } from '../../hippo/common.ts';
import { openApi } from '../../hippo/openapi.ts';
import { routes, type Access, type Operation, type Route, type StreamOperation } from '../../hippo/routes.ts';
import type { Authentication } from './authentication.ts';
import type { AccountCaller, Caller } from './caller.ts';
import { ForbiddenError } from './errors.ts';
import type { EventStreams } from './event-streams.ts';
import type { Handlers } from './handlers.ts';
import { readJson } from './body.ts';
import { isListing, page, type PageQuery } from './pages.ts';
import { addOlderDialects } from './older-dialects.ts';
import { problemOf, RequestError, UnauthorizedError } from './problems.ts';

/**
 * Another route table, served beside Hippo's with the same checks. Its handlers get a `Call`; one that lists gives
 * a `Listing`, of which a page becomes the answer.
 */
export interface RouteExtension {
  readonly routes: Readonly<Record<string, Route>>;
  readonly handlers: Readonly<Record<string, (call: never) => unknown>>;
  /** Further paths of its operations; no description names them. */
  readonly aliases?: Readonly<Record<string, string>>;
}

export interface HippoServerOptions {
  readonly handlers: Handlers;
  readonly extension?: RouteExtension;
  readonly authentication: Authentication;
  readonly streams: EventStreams;
  /** The lines of a channel's log, those that are there and those that come. @throws NotFoundError */
  readonly followLog: (
    caller: AccountCaller,
    channelId: string,
    signal: AbortSignal,
  ) => AsyncIterable<string>;
  /** What `/healthz` says. */
  readonly health: () => object;
  /** The product's version, for /openapi.json. */
  readonly version: string;
  /** Told of failures that are the server's own; the peer hears nothing of their cause. */
  readonly report: (error: unknown) => void;
}

export interface HippoServer {
  /** Answers the request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** A request on its way to what answers it. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly search: URLSearchParams;
  readonly address: string;
}

export interface Reply {
  readonly status: number;
  /** Absent where there is none. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Runs an operation as if it had been asked for in the final dialect. */
export type Invoke = (
  operation: Exclude<Operation, StreamOperation>,
  incoming: Incoming,
  given?: { params?: Readonly<Record<string, string>>; search?: URLSearchParams; body?: unknown },
) => Promise<unknown>;

/** Undefined where the response was written by whoever answered. */
type Answer = (incoming: Incoming) => Promise<Reply | undefined>;
export type AddRoute = (method: Route['method'], path: string, answer: Answer) => void;

const API_VERSION = '0.1';
const JSON_TYPE = 'application/json; charset=utf-8';
const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export function createHippoServer(options: HippoServerOptions): HippoServer {
  const { handlers, authentication, streams } = options;
  const router = findMyWay({ caseSensitive: false, ignoreTrailingSlash: true });
  const add: AddRoute = (method, path, answer) => {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const all: HTTPMethod[] = method === 'GET' ? ['GET', 'HEAD'] : [method];
    router.on(all, pattern, () => {}, answer);
  };

  const invoke: Invoke = (operation, incoming, given = {}) =>
    run(routes[operation], handlers[operation], incoming, given);

  async function run(
    route: Route,
    handler: (call: never) => unknown,
    incoming: Incoming,
    given: { params?: Readonly<Record<string, string>>; search?: URLSearchParams; body?: unknown } = {},
  ): Promise<unknown> {
    const { request, address } = incoming;
    const caller = await demandCaller(route.access, request, address);
    const params = lowerCaseIds(given.params ?? incoming.params, route);
    const query = route.query && readQuery(route.query, given.search ?? incoming.search);
    const body =
      route.body && readBody(route.body, await bodyOf(given, request), { unwrap: route.unwrap ?? false });
    const answer = await (handler as (call: unknown) => unknown)({
      caller,
      params,
      query,
      body,
      request,
      address,
    });
    return isListing(answer) ? page(answer, query as PageQuery) : answer;
  }

  for (const [operation, route] of Object.entries(routes) as [Operation, Route][]) {
    if (operation === 'events' || operation === 'followChannelLogs') continue;
    add(route.method, route.path, async (incoming) => {
      const body = await invoke(operation, incoming);
      return { status: route.status, ...(route.answer === undefined ? {} : { body }) };
    });
  }
  add('GET', routes.events.path, async ({ request, response, address }) => {
    const caller = (await demandCaller('account', request, address)) as AccountCaller;
    const identify = async (): Promise<AccountCaller | undefined> => {
      const found = await authentication.identify(request.headers, address);
      return typeof found === 'object' && found.kind === 'account' ? found : undefined;
    };
    streams.open(request, response, caller, { identify });
    return undefined;
  });
  add('GET', routes.followChannelLogs.path, async ({ request, response, address, params }) => {
    const caller = (await demandCaller('account', request, address)) as AccountCaller;
    streams.follow(response, (signal) =>
      options.followLog(caller, params['id']?.toLowerCase() ?? '', signal),
    );
    return undefined;
  });
  addOlderDialects(add, invoke);
  const { extension } = options;
  for (const [operation, route] of Object.entries(extension?.routes ?? {})) {
    const handler = extension?.handlers[operation];
    if (handler === undefined) throw new Error(`Nothing answers ${operation}.`);
    const alias = extension?.aliases?.[operation];
    for (const path of alias === undefined ? [route.path] : [route.path, alias])
      add(route.method, path, async (incoming) => {
        const body = await run(route, handler, incoming);
        return { status: route.status, ...(route.answer === undefined ? {} : { body }) };
      });
  }

  const description = openApi(options.version, extension?.routes);
  for (const path of ['/openapi.json', '/swagger/v1/swagger.json'])
    add('GET', path, () => Promise.resolve({ status: 200, body: description }));

  async function demandCaller(
    access: Access,
    request: IncomingMessage,
    address: string,
  ): Promise<Caller | undefined> {
    const found = await authentication.identify(request.headers, address);
    if (typeof found === 'string') {
      // Old clients send the token that they have wherever they go, to sign in too.
      if (access === 'anyone') return undefined;
      throw new UnauthorizedError(found === 'refused');
    }
    if (found.kind === 'deploy' && access !== 'deployer' && access !== 'anyone')
      throw new ForbiddenError('A deploy token may publish its app, and nothing else.');
    if (access === 'administrator' && !found.administrator)
      throw new ForbiddenError('Only administrators may do this.');
    return found;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
    const [, path = '/', search = ''] =
      /^(?:https?:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(request.url ?? '') ?? [];
    // Of a Bindle server any method and any path below it (bindle.md §1).
    if (/^\/healthz(?:\/|$)/.test(path)) return { status: 200, body: options.health() };
    demandVersion(request);
    const found = router.find((request.method ?? '') as HTTPMethod, path);
    if (found === null) throw unknownPath(path);
    return (found.store as Answer)({
      request,
      response,
      params: found.params as Record<string, string>,
      search: new URLSearchParams(search),
      address: request.socket.remoteAddress ?? '',
    });
  }

  function unknownPath(path: string): RequestError {
    const allowed = (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).filter(
      (method) => router.find(method, path) !== null,
    );
    return allowed.length === 0
      ? new RequestError(404, `This Hippo has nothing at ${path}.`)
      : new RequestError(405, `${path} is for ${allowed.join(', ')}.`, { allow: allowed.join(', ') });
  }

  return {
    async handle(request, response) {
      response.setHeader('api-supported-versions', API_VERSION);
      response.setHeader('cache-control', 'no-store');
      response.setHeader('x-content-type-options', 'nosniff');
      try {
        const reply = await answer(request, response);
        if (reply) send(request, response, reply);
      } catch (error) {
        if (error instanceof UnsupportedVersionError) return send(request, response, error.reply);
        const { details, headers, ours } = problemOf(error);
        if (ours) options.report(error);
        if (response.headersSent) return void response.destroy();
        // What is still to come of the request is not read.
        if (!request.complete) response.setHeader('connection', 'close');
        const all = { 'content-type': PROBLEM_TYPE, ...headers };
        send(request, response, { status: details.status, body: details, headers: all });
      }
    },
  };
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Reply): void {
  response.statusCode = status;
  let text = '';
  if (body !== undefined) {
    // A bare GUID is text to whoever does not ask for JSON (hippo-api.md §4).
    const plain = typeof body === 'string' && isGuid(body) && !/json/i.test(request.headers.accept ?? '');
    text = plain ? body : JSON.stringify(body);
    response.setHeader('content-type', plain ? 'text/plain; charset=utf-8' : JSON_TYPE);
  }
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (status !== 204) response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}

const GUID = new RegExp(GUID_PATTERN);

function isGuid(text: string): boolean {
  return GUID.test(text);
}

/** In answers of another form than problems have (hippo-api.md §1). */
class UnsupportedVersionError extends Error {
  readonly code = 'UNSUPPORTED_VERSION';
  readonly reply: Reply;
  constructor(version: string) {
    const message = `The API version ${JSON.stringify(version)} is not supported: this is ${API_VERSION}.`;
    super(message);
    this.name = 'UnsupportedVersionError';
    this.reply = {
      status: 400,
      body: { error: { code: 'UnsupportedApiVersion', message, innerError: null } },
    };
  }
}

function demandVersion(request: IncomingMessage): void {
  const version = request.headers['api-version'];
  if (version !== undefined && version !== API_VERSION)
    throw new UnsupportedVersionError(String(version).slice(0, 100));
}

function lowerCaseIds(params: Readonly<Record<string, string>>, route: Route): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      route.params?.[key] === 'Member' ? value : value.toLowerCase(),
    ]),
  );
}

async function bodyOf(given: { body?: unknown }, request: IncomingMessage): Promise<unknown> {
  return 'body' in given ? given.body : readJson(request);
}
