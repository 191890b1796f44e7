// The client of Hippo's API against servers of all dialects, and against what is none.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HippoClient, type HippoError } from '../../../src/hippo/client.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { PASSWORD, startHippo, UNKNOWN, type TestHippo } from '../platform/hippo/harness.ts';

const root = temporaryFolder();
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<string> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connect(url: string, more: Partial<ConstructorParameters<typeof HippoClient>[0]> = {}): HippoClient {
  const client = new HippoClient({ url, ...more });
  ends.push(() => client.close());
  return client;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function failure(call: Promise<unknown>): Promise<HippoError> {
  return call.then(
    () => {
      throw new Error('It should have failed.');
    },
    (error: unknown) => error as HippoError,
  );
}

const PLURAL =
  /^\/(?:api\/(?:apps|accounts|auth-tokens|channels|channel-statuses|revisions|certificates|storages|teams|tokens|keys|events|bindles|platform)|healthz)/;
const OLD = /^\/(?:account\/createtoken|api\/(?:application|channel|revision))\b/;

/** The same server as one of an older dialect: it knows none of the other paths. */
async function older(dialect: 'S' | 'O'): Promise<{ hippo: TestHippo; url: string; asked: string[] }> {
  const hippo = await startHippo(root, { registration: 'open' });
  ends.push(() => hippo.close());
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const path = request.url ?? '';
    const isKnown =
      dialect === 'S' ? !PLURAL.test(path) && !/application|^\/account/.test(path) : OLD.test(path);
    if (!isKnown) return response.writeHead(404, { 'content-type': 'text/html' }).end('<html>');
    return hippo.hippo.handle(request, response);
  });
  return { hippo, url, asked };
}

describe('dialects', () => {
  test('P is known by its list of apps, with and without a token', async () => {
    const hippo = await startHippo(root);
    ends.push(() => hippo.close());
    expect(await connect(hippo.url).dialect()).toBe('P');
    expect(await hippo.client.dialect()).toBe('P');
    expect(await hippo.client.identify()).toMatchObject({ dialect: 'P' });
  });

  test('S is found out without a change, and spoken', async () => {
    const { hippo, url, asked } = await older('S');
    const client = connect(url, { credentials: { type: 'basic', username: 'ana', password: PASSWORD } });
    expect(await client.dialect()).toBe('S');
    expect(asked).toEqual(['GET /api/apps', 'GET /api/app']);
    await client.register('ana', PASSWORD);
    const appId = await client.createApp({ name: 'demo', storageId: 'demo' });
    expect(await client.app(appId)).toMatchObject({ name: 'demo' });
    expect(await failure(client.app(UNKNOWN))).toMatchObject({ code: 'NOT_FOUND' });
    await client.registerRevision({ appStorageId: 'demo', revisionNumber: '1.0.0' });
    const channelId = await client.createChannel({ appId, name: 'main' });
    await client.patchChannel(channelId, { environmentVariables: [{ key: 'A', value: '1' }] });
    expect(await client.channel(channelId)).toMatchObject({ activeRevision: { revisionNumber: '1.0.0' } });
    expect(await client.channelLogs(channelId)).toEqual([`log of ${channelId}`]);
    expect(await client.channelStatus(channelId)).toBe('Running');
    expect(await client.whoami()).toMatchObject({ userName: 'ana' });
    expect(await failure(client.teams())).toMatchObject({ code: 'UNSUPPORTED' });
    expect(await failure(client.events().next())).toMatchObject({ code: 'UNSUPPORTED' });
    expect(hippo.reported).toEqual([]);
  });

  test('O is spoken as far as it goes', async () => {
    const { hippo, url } = await older('O');
    await hippo.client.register('ana', PASSWORD);
    const client = connect(url, { credentials: { type: 'basic', username: 'ana', password: PASSWORD } });
    expect(await client.dialect()).toBe('O');
    const appId = await client.createApp({ name: 'demo', storageId: 'demo' });
    await client.registerRevision({ appStorageId: 'demo', revisionNumber: '1.0.0' });
    const channelId = await client.createChannel({ appId, name: 'main', rangeRule: '1.x' });
    expect(await hippo.client.channel(channelId)).toMatchObject({ rangeRule: '1.x' });
    expect(await failure(client.apps())).toMatchObject({ code: 'UNSUPPORTED' });
  });

  test.each([
    ['a page', (response: ServerResponse) => response.end('<html>')],
    ['JSON of another kind', (response: ServerResponse) => json(response, 200, { hello: 'world' })],
    ['nothing known', (response: ServerResponse) => response.writeHead(404).end()],
    ['elsewhere', (response: ServerResponse) => response.writeHead(302, { location: '/login' }).end()],
  ])('%s is no Hippo', async (_, answer) => {
    const error = await failure(connect(await serve((_, response) => answer(response))).apps());
    expect(error).toMatchObject({ code: 'NOT_HIPPO', hint: expect.any(String) });
  });
});

describe('lists of old servers', () => {
  test('are whole, below a name of their own', async () => {
    const url = await serve((request, response) =>
      request.url?.startsWith('/api/app?') || request.url === '/api/app'
        ? json(response, 200, { apps: [{ id: UNKNOWN, name: 'a', storageId: 's', channels: [] }] })
        : json(response, 404, {}),
    );
    expect(await connect(url).findApps('s')).toHaveLength(1);
  });

  test('are read to their end even if they lie about it', async () => {
    const items = Array.from({ length: 450 }, (_, index) => ({ id: String(index), name: `app-${index}` }));
    const url = await serve((request, response) => {
      const { searchParams, pathname } = new URL(request.url ?? '', 'http://x');
      if (pathname !== '/api/apps') return json(response, 404, {});
      const [pageIndex, pageSize] = ['pageIndex', 'pageSize'].map((key) => Number(searchParams.get(key)));
      const page = items.slice(pageIndex! * pageSize!, (pageIndex! + 1) * pageSize!);
      // totalItems counts more than there is to see: no page is ever the last one.
      return json(response, 200, { items: page, totalItems: 999, pageIndex, pageSize, isLastPage: false });
    });
    expect(await connect(url).apps()).toHaveLength(450);
  });
});

describe('errors', () => {
  const cases: [number, unknown, string, RegExp][] = [
    [
      400,
      { title: 'One or more.', errors: { Name: ['is taken'] } },
      'INVALID',
      /refuses this: Name is taken\.$/,
    ],
    [
      400,
      { errors: { Name: ['Name is required.'], Domain: ['is odd'] } },
      'INVALID',
      /: Name is required. Domain is odd\.$/,
    ],
    [
      400,
      { title: 'Login failed.', detail: 'Credentials are not valid.' },
      'INVALID',
      /Credentials are not valid\.$/,
    ],
    [400, 'text', 'INVALID', /status 400\.$/],
    [403, { title: 'Forbidden', detail: 'Only administrators.' }, 'FORBIDDEN', /Only administrators\.$/],
    [
      404,
      { title: 'Not found.', detail: 'Entity "App" was not found.' },
      'NOT_FOUND',
      /Entity "App" was not found\.$/,
    ],
    [409, { detail: 'There is one.' }, 'CONFLICT', /There is one\.$/],
    [429, { detail: 'Wait.' }, 'LIMITED', /Wait\.$/],
    [500, { title: 'An error occurred.' }, 'SERVER', /An error occurred\.$/],
    [503, '<html>', 'SERVER', /status 503\.$/],
  ];

  test.each(cases)('%i %j', async (status, body, code, message) => {
    const url = await serve((request, response) => {
      if (request.method === 'GET') return json(response, 401, {});
      response.setHeader('retry-after', '7');
      return json(response, status, body);
    });
    const error = await failure(connect(url).createApp({ name: 'a', storageId: 'a' }));
    expect(error).toMatchObject({
      name: 'HippoError',
      code,
      status,
      message: expect.stringMatching(message),
    });
    expect(error.message.split('\n')).toHaveLength(1);
    if (code === 'LIMITED') expect(error.retryAfter).toBe(7);
  });

  test('fields are told apart', async () => {
    const url = await serve((request, response) =>
      json(response, request.method === 'GET' ? 401 : 400, { errors: { RangeRule: ['is odd', 'is long'] } }),
    );
    const error = await failure(connect(url).createApp({ name: 'a', storageId: 'a' }));
    expect(error.fields).toEqual({ RangeRule: ['is odd', 'is long'] });
    expect(error.message).toContain('RangeRule is odd, is long');
  });

  test('a server that breaks off is told as that', async () => {
    const url = await serve((request, response) => {
      if (request.method === 'GET') return json(response, 401, {});
      return response.destroy();
    });
    expect(await failure(connect(url).createApp({ name: 'a', storageId: 'a' }))).toMatchObject({
      code: 'BROKEN',
    });
  });

  test.each(['', 'localhost:5309', 'ftp://x', 'http://ana:secret@localhost'])('%j is no address', (url) => {
    expect(() => new HippoClient({ url })).toThrow(expect.objectContaining({ code: 'BAD_URL' }));
    expect(() => new HippoClient({ url })).not.toThrow(/secret/);
  });

  test('a call can be given up', async () => {
    const url = await serve((request, response) => request.method === 'GET' || response.flushHeaders());
    const controller = new AbortController();
    const call = connect(url).apps({ signal: controller.signal });
    controller.abort(new Error('enough'));
    expect((await failure(call)).message).toBe('enough');
  });
});

describe('tokens', () => {
  test('one that is given is used as it is, and never renewed', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      return json(response, 401, {});
    });
    const client = connect(url, { credentials: { type: 'bearer', token: 'given' } });
    expect(await failure(client.apps())).toMatchObject({ code: 'UNAUTHORIZED', hint: expect.any(String) });
    expect(seen).toEqual([undefined, 'Bearer given']);
  });

  test('a kept session is used until it expires, then refreshed', async () => {
    const hippo = await startHippo(root);
    ends.push(() => hippo.close());
    await hippo.client.register('ana', PASSWORD);
    const first = connect(hippo.url);
    const session = await first.signIn('ana', PASSWORD);
    const kept: unknown[] = [];
    const options = { session: { ...session, expiration: new Date(0).toISOString() } };
    const later = connect(hippo.url, { ...options, onSession: (next) => void kept.push(next) });
    expect(await later.whoami()).toMatchObject({ userName: 'ana' });
    expect(kept).toEqual([expect.objectContaining({ refreshToken: expect.any(String) })]);
    expect(await connect(hippo.url, { session }).whoami()).toMatchObject({ userName: 'ana' });
  });

  test('whoever has none left is asked', async () => {
    const hippo = await startHippo(root);
    ends.push(() => hippo.close());
    await hippo.client.register('ana', PASSWORD);
    let asked = 0;
    const client = connect(hippo.url, {
      credentials: () => {
        asked++;
        return { type: 'basic', username: 'ana', password: PASSWORD };
      },
    });
    await Promise.all([client.apps(), client.channels(), client.revisions()]);
    expect(asked).toBe(1);
  });

  test('a redirect to another origin does not get the token', async () => {
    const seen: unknown[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      return json(response, 200, { items: [], totalItems: 0, pageIndex: 0, pageSize: 200, isLastPage: true });
    });
    const url = await serve((request, response) =>
      request.headers.authorization === undefined
        ? json(response, 401, {})
        : response.writeHead(307, { location: `${other}${request.url}` }).end(),
    );
    await connect(url, { credentials: { type: 'bearer', token: 'secret' } }).apps();
    expect(seen).toEqual([undefined]);
  });
});
