// Hippo's REST API over HTTP (hippo-api.md §2-§4). It knows no users yet: it answers on loopback only.

import type { IncomingMessage, ServerResponse } from 'node:http';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { ValidationError, type ChannelStatus, type Page, type ProblemDetails } from '../../hippo/api.ts';
import { readBody } from '../../hippo/check.ts';
import { routes } from '../../hippo/routes.ts';
import { HippoState, NotFoundError } from './state.ts';

export interface HippoServerOptions {
  readonly state: HippoState;
  /** The versions that the Bindle server holds of a name. */
  readonly bindleVersions: (name: string) => readonly string[];
  readonly channelLog: (channelId: string) => readonly string[];
  /** Called when there is no such channel any more. */
  readonly channelRemoved: (channelId: string) => void;
  /** What `/healthz` says. */
  readonly health: () => object;
  /** Told of failures that are the server's own; the peer hears nothing of their cause. */
  readonly report: (error: unknown) => void;
}

export interface HippoServer {
  /** Answers the request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

interface Call {
  readonly id: string;
  readonly query: URLSearchParams;
  /** The body as JSON. */
  readonly body: () => Promise<unknown>;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

const BODY_LIMIT = 1024 * 1024;
const ALL = 2147483647;

export function createHippoServer(options: HippoServerOptions): HippoServer {
  const { state } = options;
  const router = findMyWay();
  const on = (method: HTTPMethod, path: string, answer: (call: Call) => Promise<Reply> | Reply): void => {
    router.on(method === 'GET' ? ['GET', 'HEAD'] : method, path, () => {}, answer);
  };
  const ok = (body: unknown): Reply => ({ status: 200, body });
  const done: Reply = { status: 204 };

  on('GET', '/healthz', () => ok(options.health()));

  on('GET', '/api/apps', ({ query }) => ok(page(state.apps(), query)));
  on('POST', '/api/apps', async ({ body }) => {
    const app = readBody(routes.createApp.body, await body());
    return ok(state.createApp(app, options.bindleVersions(app.storageId)));
  });
  on('GET', '/api/apps/:id', ({ id }) => ok(state.app(id)));
  on('DELETE', '/api/apps/:id', ({ id }) => {
    for (const channelId of state.removeApp(id)) options.channelRemoved(channelId);
    return done;
  });

  on('GET', '/api/channels', ({ query }) => ok(page(state.channels(), query)));
  on('POST', '/api/channels', async ({ body }) =>
    ok(state.createChannel(readBody(routes.createChannel.body, await body()))),
  );
  on('GET', '/api/channels/:id', ({ id }) => ok(state.channel(id)));
  on('PATCH', '/api/channels/:id', async ({ id, body }) => {
    state.patchChannel(id, readBody(routes.patchChannel.body, await body(), { unwrap: true }));
    return done;
  });
  on('DELETE', '/api/channels/:id', ({ id }) => {
    state.removeChannel(id);
    options.channelRemoved(id);
    return done;
  });
  on('GET', '/api/channels/:id/logs', ({ id }) => {
    state.channel(id);
    return ok({ logs: options.channelLog(id) });
  });

  on('GET', '/api/revisions', ({ query }) => ok(page(state.revisions(), query)));
  on('POST', '/api/revisions', async ({ body }) => {
    state.registerRevision(readBody(routes.registerRevision.body, await body()));
    return { status: 201 };
  });

  on('GET', '/api/channel-statuses', ({ query }) => {
    const channelId = query.get('channelId');
    const statuses = state
      .channels()
      .filter(({ id }) => channelId === null || id === channelId)
      .map(({ id, activeRevision }): ChannelStatus => ({
        channelId: id,
        status: activeRevision === null ? 'Dead' : 'Running',
      }));
    return ok(page(statuses, query, ALL));
  });

  async function answer(request: IncomingMessage): Promise<Reply> {
    const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
    const route = router.find((request.method ?? 'GET') as HTTPMethod, path);
    if (route === null) throw new UnknownPathError(path);
    return (route.store as (call: Call) => Promise<Reply> | Reply)({
      id: route.params['id'] ?? '',
      query: new URLSearchParams(search),
      body: () => readJson(request),
    });
  }

  return {
    async handle(request, response) {
      try {
        const { status, body } = await answer(request);
        send(response, status, body, 'application/json; charset=utf-8');
      } catch (error) {
        const problem = problemOf(error);
        if (problem.status === 500) options.report(error);
        send(response, problem.status, problem, 'application/problem+json; charset=utf-8');
      }
    },
  };
}

class UnknownPathError extends Error {
  constructor(path: string) {
    super(`This Hippo has nothing at ${path}.`);
  }
}

class BodyError extends Error {
  readonly status: 400 | 413;
  constructor(status: BodyError['status'], message: string) {
    super(message);
    this.status = status;
  }
}

function problemOf(error: unknown): ProblemDetails {
  if (error instanceof ValidationError)
    return {
      type: 'https://tools.ietf.org/html/rfc7231#section-6.5.1',
      title: 'One or more validation errors occurred.',
      status: 400,
      errors: error.errors,
    };
  if (error instanceof NotFoundError || error instanceof UnknownPathError)
    return { title: 'The specified resource was not found.', status: 404, detail: error.message };
  if (error instanceof BodyError)
    return { title: 'The request cannot be read.', status: error.status, detail: error.message };
  return { title: 'An error occurred while processing your request.', status: 500 };
}

function send(response: ServerResponse, status: number, body: unknown, type: string): void {
  response.statusCode = status;
  if (body === undefined) return void response.end();
  response.setHeader('content-type', type);
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw new BodyError(413, `A body may have up to ${BODY_LIMIT} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new BodyError(400, 'The body is not JSON.');
  }
}

/** One page of `items` (hippo-api.md §3); `searchText` looks at names. */
function page<T extends object>(items: readonly T[], query: URLSearchParams, defaultSize = 50): Page<T> {
  const searchText = query.get('searchText') ?? '';
  const found =
    searchText === ''
      ? items
      : items.filter((item) => 'name' in item && String(item.name).includes(searchText));
  const pageIndex = count(query, 'pageIndex', 0);
  const pageSize = count(query, 'pageSize', defaultSize);
  const start = pageIndex * pageSize;
  const shown = found.slice(start, start + pageSize);
  const isLastPage = start + shown.length >= found.length;
  return { items: shown, totalItems: found.length, pageIndex, pageSize, isLastPage };
}

function count(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,10}$/.test(text)) throw new ValidationError(name, 'must be a whole number, 0 or more');
  return Number(text);
}
