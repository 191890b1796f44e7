// A Hippo of the original make, with its state and with the faults that clients must live with (hippo-api.md §4 to
// §8): F is the final one, S one of those with singular paths that has neither PATCH nor paged lists nor states of jobs,
// O the first. It serves its channels, too, to whoever takes it for their proxy.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Invoice } from '../../src/bindle/invoice.ts';
import { selectRevision } from '../../src/hippo/rules.ts';

export type RealDialect = 'F' | 'S' | 'O';

export interface RealApp {
  id: string;
  name: string;
  storageId: string;
}

export interface RealChannel {
  id: string;
  appId: string;
  name: string;
  domain: string;
  revisionSelectionStrategy: 'UseRangeRule' | 'UseSpecifiedRevision';
  rangeRule: string | null;
  activeRevisionId: string | null;
}

export interface RealRevision {
  id: string;
  appId: string;
  revisionNumber: string;
}

export interface RealHippo {
  url: string;
  apps: RealApp[];
  channels: RealChannel[];
  revisions: RealRevision[];
  /** `METHOD path` of each request that changes something and was let in, with its body. */
  changes: string[];
  /** What a channel runs. */
  runs: (channel: RealChannel) => string | undefined;
  /** All tokens that were given out are worth nothing any more. */
  expireTokens: () => void;
  /** Called with each request that has been dealt with, before it is answered; true if the answer is to be lost. */
  loses: (method: string, path: string) => boolean;
  /** Called before a request is looked at; a status to refuse it with. */
  refuses: (method: string, path: string) => number | undefined;
  /** Answers for the apps, where they are to answer something else. */
  page: ((response: ServerResponse) => void) | undefined;
  close: () => Promise<void>;
}

export interface RealOptions {
  dialect: RealDialect;
  /** What its Bindle server holds. */
  bindle: { invoices: ReadonlyMap<string, Invoice> };
}

const ACCOUNT = { userName: 'ana', password: 'secret-of-ana' };
/** What a command needs to be let in. */
export const REAL_ACCOUNT = { HIPPO_USERNAME: ACCOUNT.userName, HIPPO_PASSWORD: ACCOUNT.password };

const DOMAIN = 'hippofactory.io';
const NAME = /^[a-zA-Z0-9-_]*$/;
const REVISION_STORAGE_ID = /^[a-zA-Z0-9-_/]*$/;
const APP_STORAGE_ID = /^[a-zA-Z0-9-_./]*$/;
const VALID_DOMAIN = /^([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$/;

/** A refusal with its body; without one it is empty. */
class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body?: unknown) {
    super(`status ${status}`);
    this.status = status;
    this.body = body;
  }
}

const invalid = (errors: Record<string, string[]>): Refusal =>
  new Refusal(400, {
    type: 'https://tools.ietf.org/html/rfc7231#section-6.5.1',
    title: 'One or more validation errors occurred.',
    status: 400,
    errors,
  });
const notFound = (entity: string, id: string): Refusal =>
  new Refusal(404, {
    title: 'The specified resource was not found.',
    detail: `Entity "${entity}" (${id}) was not found.`,
  });
const broken = (): Refusal => new Refusal(500, { title: 'An error occurred while processing your request.' });

interface Asked {
  method: string;
  /** Below `/api`, plural as in F whatever the dialect. */
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

interface Answer {
  status: number;
  body?: unknown;
}

export async function startRealHippo({ dialect, bindle }: RealOptions): Promise<RealHippo> {
  let tokens = new Set<string>();
  const state: RealHippo = {
    url: '',
    apps: [],
    channels: [],
    revisions: [],
    changes: [],
    runs: (channel) => numberOf(channel.activeRevisionId),
    expireTokens: () => (tokens = new Set()),
    loses: () => false,
    refuses: () => undefined,
    page: undefined,
    close: () => Promise.resolve(),
  };
  const { apps, channels, revisions } = state;
  const numberOf = (id: string | null): string | undefined =>
    revisions.find((revision) => revision.id === id)?.revisionNumber;
  const storedOf = (storageId: string): string[] =>
    [...bindle.invoices.values()]
      .filter((invoice) => invoice.bindle.name === storageId)
      .map((invoice) => invoice.bindle.version);

  /** The best revision; a number that is there twice makes it fall over. */
  const match = (rule: string, candidates: readonly RealRevision[]): RealRevision | undefined => {
    const numbers = candidates.map(({ revisionNumber }) => revisionNumber);
    if (!/^p:/i.test(rule) && new Set(numbers).size < numbers.length) throw broken();
    const best = selectRevision(rule, numbers);
    return candidates.find(({ revisionNumber }) => revisionNumber === best);
  };

  const addRevision = (appId: string, revisionNumber: string): void => {
    const revision = { id: randomUUID(), appId, revisionNumber };
    revisions.push(revision);
    // What follows comes too late to undo it.
    for (const channel of channels.filter((one) => one.appId === appId)) {
      if (channel.revisionSelectionStrategy !== 'UseRangeRule') continue;
      // Of the revisions it knows only the new one, unless it is of the first make.
      const known = dialect === 'O' ? revisions.filter((one) => one.appId === appId) : [revision];
      const best = match(channel.rangeRule ?? '*', known);
      if (best?.revisionNumber !== revisionNumber) continue;
      if (!VALID_DOMAIN.test(channel.domain)) throw invalid({ Domain: ['is not in the correct format.'] });
      channel.activeRevisionId = best.id;
    }
    const app = apps.find(({ id }) => id === appId);
    if (dialect !== 'O' && !bindle.invoices.has(`${app?.storageId}/${revisionNumber}`)) throw broken();
  };

  const createApp = (name: string, storageId: string): RealApp => {
    const errors: Record<string, string[]> = {};
    if (name === '' || name.length > 128 || !NAME.test(name))
      errors['Name'] = ['Name is not in the correct format.'];
    else if (apps.some((app) => app.name === name)) errors['Name'] = ['The specified name already exists.'];
    if (!APP_STORAGE_ID.test(storageId)) errors['StorageId'] = ['is not in the correct format.'];
    else if (dialect !== 'O' && storedOf(storageId).length === 0)
      errors['StorageId'] = ['Storage ID not found in bindle server'];
    if (Object.keys(errors).length > 0) throw invalid(errors);
    const app = { id: randomUUID(), name, storageId };
    apps.push(app);
    if (dialect !== 'O') for (const number of storedOf(storageId)) addRevision(app.id, number);
    return app;
  };

  const createChannel = (body: Record<string, unknown>): RealChannel => {
    const app = apps.find(({ id }) => id === body['appId']);
    if (!app) throw notFound('App', text(body['appId']));
    const name = text(body['name']);
    if (name === '' || name.length > 64 || !NAME.test(name))
      throw invalid({ Name: ['Name is not in the correct format.'] });
    if (channels.some((one) => one.appId === app.id && one.name === name))
      throw invalid({ Name: ['A channel with the same name already exists for this app.'] });
    const first = !channels.some((one) => one.appId === app.id);
    const usual =
      dialect === 'S' ? `${name}.${app.name}.${DOMAIN}` : `${first ? '' : `${name}-`}${app.name}.${DOMAIN}`;
    const channel: RealChannel = {
      id: randomUUID(),
      appId: app.id,
      name,
      domain: text(body['domain']) || usual.replaceAll('_', '-').toLowerCase(),
      revisionSelectionStrategy: strategyOf(body['revisionSelectionStrategy']),
      rangeRule: text(body['rangeRule'] ?? body['revisionRange']) || '*',
      activeRevisionId: null,
    };
    if (channel.revisionSelectionStrategy === 'UseRangeRule')
      channel.activeRevisionId =
        match(
          channel.rangeRule ?? '*',
          revisions.filter((one) => one.appId === app.id),
        )?.id ?? null;
    else channel.activeRevisionId = text(body['activeRevisionId']) || null;
    channels.push(channel);
    return channel;
  };

  /** All of it, and what is left out is gone; no rule is looked at. */
  const replaceChannel = (id: string, body: Record<string, unknown>): void => {
    const channel = channels.find((one) => one.id === id);
    if (!channel) throw notFound('Channel', id);
    if (body['id'] !== id) throw new Refusal(400, { title: 'Bad Request' });
    if (!VALID_DOMAIN.test(text(body['domain'])))
      throw invalid({ Domain: ['is not in the correct format.'] });
    const strategy = strategyOf(body['revisionSelectionStrategy']);
    channel.name = text(body['name']);
    channel.domain = text(body['domain']);
    channel.revisionSelectionStrategy = strategy;
    channel.rangeRule = text(body['rangeRule']) || (strategy === 'UseRangeRule' ? '*' : null);
    channel.activeRevisionId = text(body['activeRevisionId']) || null;
  };

  const register = (body: Record<string, unknown>): Answer => {
    const [storageId, number] = [text(body['appStorageId']), text(body['revisionNumber'])];
    if (dialect !== 'O' && (storageId.length > 200 || !REVISION_STORAGE_ID.test(storageId)))
      throw invalid({ AppStorageId: ['is not in the correct format.'] });
    const those = apps.filter((app) => app.storageId === storageId);
    if (those.length === 0) return { status: 404 };
    for (const { id } of those) addRevision(id, number);
    return { status: 201 };
  };

  const revisionItem = (revision: RealRevision | undefined): object | null =>
    revision ? { ...revision, components: [], type: null } : null;
  const channelItem = (channel: RealChannel): object => {
    const { activeRevisionId, ...item } = channel;
    return {
      ...item,
      ...(dialect === 'S' ? { appId: undefined } : {}),
      activeRevision: revisionItem(revisions.find(({ id }) => id === activeRevisionId)),
      lastPublishAt: null,
      certificate: null,
      environmentVariables: [],
    };
  };
  const appItem = (app: RealApp): object => ({
    ...app,
    description: null,
    channels: channels
      .filter(({ appId }) => appId === app.id)
      .map(({ id, name, activeRevisionId }) => ({
        id,
        name,
        activeRevisionNumber: numberOf(activeRevisionId) ?? null,
      })),
  });
  const list = (name: string, items: object[], query: URLSearchParams): Answer => {
    if (dialect === 'S') return { status: 200, body: { [name]: items } };
    const [pageIndex, pageSize] = [Number(query.get('pageIndex') ?? 0), Number(query.get('pageSize') ?? 50)];
    const found = items.slice(pageIndex * pageSize, (pageIndex + 1) * pageSize);
    const isLastPage = items.length === pageIndex * pageSize + found.length;
    return { status: 200, body: { items: found, totalItems: items.length, pageIndex, pageSize, isLastPage } };
  };

  const answer = ({ method, path, query, body }: Asked): Answer => {
    const [, room = '', id] = path.split('/');
    switch (`${method} ${room}${id === undefined ? '' : '/id'}`) {
      case 'POST apps':
        return { status: 200, body: createApp(text(body['name']), text(body['storageId'])).id };
      case 'GET apps':
        return list('apps', apps.map(appItem), query);
      case 'GET apps/id': {
        const app = apps.find((one) => one.id === id);
        if (!app || dialect !== 'F') throw notFound('App', id ?? '');
        return { status: 200, body: appItem(app) };
      }
      case 'POST channels':
        return { status: 200, body: createChannel(body).id };
      case 'GET channels':
        return list('channels', channels.map(channelItem), query);
      case 'GET channels/id': {
        const channel = channels.find((one) => one.id === id);
        if (!channel) throw notFound('Channel', id ?? '');
        return { status: 200, body: channelItem(channel) };
      }
      case 'PUT channels/id':
        replaceChannel(id ?? '', body);
        return { status: 204 };
      case 'POST revisions':
        return register(body);
      case 'GET revisions':
        // In no order that anybody has promised.
        return list('revisions', revisions.map((one) => revisionItem(one) ?? {}).reverse(), query);
      case 'GET channel-statuses': {
        if (dialect !== 'F') return { status: 404 };
        const channelId = query.get('channelId');
        const channel = channels.find((one) => one.id === channelId);
        const status = typeof channel?.activeRevisionId !== 'string' ? 'Dead' : 'Running';
        return list('items', [{ channelId, status }], query);
      }
      default:
        return { status: method === 'GET' ? 404 : 405 };
    }
  };

  const answerOld = ({ method, path, body }: Asked): Answer => {
    if (path === '/application' && method === 'POST') {
      const { id, name, storageId } = createApp(text(body['applicationName']), text(body['storageId']));
      return { status: 201, body: { id, applicationName: name, storageId } };
    }
    if (path === '/channel' && method === 'POST')
      return { status: 201, body: { id: createChannel(body).id } };
    if (path === '/revision' && method === 'POST') return register(body);
    return { status: ['/application', '/channel', '/revision'].includes(path) ? 405 : 404 };
  };

  const signIn = (body: Record<string, unknown>): Answer => {
    const name = body[dialect === 'O' ? 'username' : 'userName'];
    if (name !== ACCOUNT.userName || body['password'] !== ACCOUNT.password)
      return dialect === 'O'
        ? { status: 400 }
        : {
            status: 400,
            body: { title: 'Login failed.', status: 400, detail: 'Credentials are not valid.' },
          };
    const token = randomUUID();
    tokens.add(token);
    const expiration = new Date(Date.now() + 30 * 60_000).toISOString();
    return { status: dialect === 'O' ? 201 : 200, body: { token, expiration } };
  };

  const api = (asked: Asked, authorization: string | undefined): Answer => {
    const { method, path } = asked;
    if (path === '/healthz')
      return { status: 200, body: { ServiceName: 'Hippo', Status: 'Healthy', Subservices: [] } };
    const login = { F: '/api/auth-tokens', S: '/api/account/createtoken', O: '/account/createtoken' };
    if (method === 'POST' && path === login[dialect]) return signIn(asked.body);
    if (!path.startsWith('/api/')) return { status: 404 };
    const below = path.slice('/api'.length);
    const known =
      dialect === 'O' ? below : dialect === 'F' ? plural(below) && below : singularToPlural(below);
    if (known === undefined || known === false) return { status: 404 };
    const inside = { ...asked, path: known };
    // A wrong method is seen before a missing token.
    if (
      dialect === 'O' &&
      answerOld({ ...inside, method: method === 'POST' ? 'look' : method }).status === 404
    )
      return { status: 404 };
    if (dialect === 'O' && method !== 'POST') return { status: 405 };
    if (!tokens.has(/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '')) return { status: 401 };
    if (method !== 'GET') state.changes.push(`${method} ${path} ${JSON.stringify(asked.body)}`);
    return dialect === 'O' ? answerOld(inside) : answer(inside);
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const host = (request.headers.host ?? '').split(':')[0] ?? '';
    if (host.endsWith(DOMAIN)) return servePage(host, response);
    const url = new URL(request.url ?? '/', state.url);
    const method = request.method ?? 'GET';
    const content = (await request.setEncoding('utf8').toArray()).join('');
    const answered = refusable(() => {
      const status = state.refuses(method, url.pathname);
      if (status !== undefined) throw new Refusal(status);
      return api(
        {
          method,
          path: url.pathname,
          query: url.searchParams,
          body: parsed(content),
        },
        request.headers.authorization,
      );
    });
    if (state.loses(method, url.pathname)) return void response.destroy();
    const { status, body } = answered;
    if (status === 401) response.setHeader('www-authenticate', 'Bearer');
    if (status === 201 && body === undefined) response.setHeader('location', '');
    if (body !== undefined) response.setHeader('content-type', 'application/json; charset=utf-8');
    response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body));
  };

  const servePage = (host: string, response: ServerResponse): void => {
    const channel = channels.find(({ domain }) => domain === host);
    const number = channel && state.runs(channel);
    if (state.page) state.page(response);
    else if (number === undefined) response.writeHead(502).end();
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(`page of ${number}`);
  };

  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  // As a proxy: whatever host is asked for, it is this one.
  server.on('connect', (_request, socket: Socket) => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    server.emit('connection', socket);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  state.close = () =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return state;
}

function parsed(content: string): Record<string, unknown> {
  try {
    return content === '' ? {} : (JSON.parse(content) as Record<string, unknown>);
  } catch {
    throw invalid({ $: ['The JSON value could not be read.'] });
  }
}

function refusable(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: error.body };
    throw error;
  }
}

const ROOMS: Readonly<Record<string, string>> = { app: 'apps', channel: 'channels', revision: 'revisions' };

function plural(path: string): boolean {
  return [...Object.values(ROOMS), 'channel-statuses'].includes(path.split('/')[1] ?? '');
}

function singularToPlural(path: string): string | undefined {
  const [, room = '', ...rest] = path.split('/');
  const known = ROOMS[room];
  return known && ['', known, ...rest].join('/');
}

function strategyOf(value: unknown): RealChannel['revisionSelectionStrategy'] {
  return value === 1 || value === 'UseSpecifiedRevision' ? 'UseSpecifiedRevision' : 'UseRangeRule';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
