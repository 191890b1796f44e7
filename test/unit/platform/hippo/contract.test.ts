// Every route in every dialect: answers are held against the schemas, and what is wrong is told in one form.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matches } from '../../../../src/hippo/check.ts';
import { ProblemDetails } from '../../../../src/hippo/common.ts';
import { SINGULAR_EXPORTS, SINGULAR_PATHS } from '../../../../src/hippo/dialects.ts';
import { pathOf, routes, type Operation, type Route } from '../../../../src/hippo/routes.ts';
import { makeBindle } from '../../../support/bindles.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { packStandalone, writeStandalone } from '../../../../src/bindle/standalone.ts';
import { writeFileSync } from 'node:fs';
import { ask } from '../../../support/platform.ts';
import { GUID, startHippo, UNKNOWN, type JsonAnswer, type TestHippo } from './harness.ts';

const root = temporaryFolder();
const all = Object.entries(routes) as [Operation, Route][];
const EVERY_PROBLEM = { 'content-type': 'application/problem+json; charset=utf-8' };

let hippo: TestHippo;
beforeAll(async () => {
  hippo = await startHippo(root, { registration: 'open' });
});
afterAll(() => hippo.close());

interface Given {
  params?: Record<string, string>;
  query?: string;
  body?: unknown;
}

describe.each(['P', 'S'] as const)('dialect %s', (dialect) => {
  const seen = new Set<Operation>();
  const known = (operation: Operation): boolean => dialect === 'P' || SINGULAR_PATHS[operation] !== undefined;

  /** Sends a request that succeeds, and looks at its answer; nothing where the dialect has no such thing. */
  async function good(operation: Operation, given: Given = {}): Promise<never> {
    const route: Route = routes[operation];
    if (!known(operation)) return undefined as never;
    seen.add(operation);
    const template = dialect === 'P' ? route.path : SINGULAR_PATHS[operation]!;
    const path = pathOf(template, given.params) + (given.query ?? '');
    const answer = await hippo.send(route.method, path, given.body);
    expect(answer.status, answer.text).toBe(route.status);
    expect(answer.headers['api-supported-versions']).toBe('0.1');
    if (route.answer === undefined) expect(answer.text).toBe('');
    else {
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(matches(route.answer, answer.json), answer.text).toBe(true);
    }
    return answer.json;
  }

  test('has all its routes, and answers as the schemas say', async () => {
    const user = `user-${dialect}`;
    const password = 'secret-1';
    await good('registerAccount', { body: { userName: user, password } });
    const session: { refreshToken: string } = await good('signIn', { body: { userName: user, password } });
    const next = (await good('refreshSession', {
      body: { refreshToken: session.refreshToken },
    })) as { refreshToken: string } | undefined;
    await good('signOut', { body: { refreshToken: next?.refreshToken ?? '' } });
    await good('listAccounts');
    await good('getMyself');

    const storageId = `contract-${dialect}/app`;
    hippo.bindles.push({ name: storageId, version: '1.0.0' });
    const app: string = await good('createApp', { body: { name: `app-${dialect}`, storageId } });
    await good('getApp', { params: { id: app } });
    await good('updateApp', { params: { id: app }, body: { id: app, name: `renamed-${dialect}` } });
    // To its own name, which real servers refuse.
    await good('updateApp', { params: { id: app }, body: { id: app, name: `renamed-${dialect}` } });
    await good('listApps', { query: '?searchText=RENAMED&sortBy=name&issortedascending=false' });
    await good('registerRevision', { body: { appStorageId: storageId, revisionNumber: '1.1.0' } });
    await good('registerRevision', { body: { appStorageId: storageId, revisionNumber: '1.1.0' } });
    const revisions: { items: { id: string; appId: string; revisionNumber: string }[] } = await good(
      'listRevisions',
      { query: `?pageSize=1000&appId=${app}` },
    );
    expect(revisions.items.map(({ revisionNumber }) => revisionNumber)).toEqual(['1.0.0', '1.1.0']);

    const pem = { publicKey: '-----BEGIN CERTIFICATE-----', privateKey: 'private' };
    const certificate: string = await good('createCertificate', {
      body: { name: `cert-${dialect}`, ...pem },
    });
    await good('updateCertificate', {
      params: { id: certificate },
      body: { id: certificate, name: `cert-${dialect}`, ...pem },
    });
    const channel: string = await good('createChannel', {
      body: { appId: app, name: 'main', certificateId: certificate, rangeRule: '1.0.x' },
    });
    await good('listCertificates');
    await good('getChannel', { params: { id: channel } });
    await good('listChannels', { query: `?appId=${app}` });
    await good('patchChannel', {
      params: { id: channel },
      body: { environmentVariables: { value: [{ key: 'A', value: 'b' }] } },
    });
    await good('updateChannel', {
      params: { id: channel },
      body: {
        id: channel,
        name: 'main',
        domain: `${dialect.toLowerCase()}.example.com`,
        revisionSelectionStrategy: 1,
        activeRevisionId: revisions.items[1]!.id,
        lastPublishDate: null,
      },
    });
    const read = (await hippo.client.channel(channel)) as object;
    expect(read).toMatchObject({
      domain: `${dialect.toLowerCase()}.example.com`,
      revisionSelectionStrategy: 'UseSpecifiedRevision',
      activeRevision: { revisionNumber: '1.1.0' },
      rangeRule: null,
      certificate: null,
      environmentVariables: [{ key: 'A', value: 'b' }],
    });
    await good('setDesiredStatus', {
      params: { channelId: channel },
      body: { channelId: channel, desiredStatus: 3 },
    });
    if (dialect === 'P') {
      expect(hippo.stopped).toContain(channel);
      expect(await hippo.client.channelStatus(channel)).toBe('Dead');
    }
    await good('setDesiredStatus', {
      params: { channelId: channel },
      body: { channelId: channel, desiredStatus: 'running' },
    });
    await good('getChannelLogs', { params: { id: channel } });
    await good('listChannelStatuses');
    const one: { items: unknown[] } = await good('listChannelStatuses', { query: `?channelId=${channel}` });
    expect(one.items).toEqual([{ channelId: channel, status: 'Running' }]);
    const storages: { items: string[] } = await good('listStorages', { query: '?searchText=contract' });
    expect(storages.items).toContain(storageId);

    const team: string = await good('createTeam', { body: { name: `team-${dialect}` } });
    await good('addMember', { params: { id: team }, body: { userName: user } });
    await good('listTeams');
    await good('removeMember', { params: { id: team, userName: user } });
    await good('deleteTeam', { params: { id: team } });
    const token = (await good('createDeployToken', {
      body: { appId: app, name: 'ci', expiration: new Date(Date.now() + 3600_000).toISOString() },
    })) as { id: string } | undefined;
    await good('listDeployTokens');
    await good('deleteDeployToken', { params: { id: token?.id ?? '' } });
    await good('listKeys');
    await good('prune', { body: { dev: true, keep: 5 } });
    if (dialect === 'P') {
      const destination = await hippo.client.createTeam('destination');
      await good('moveApp', { params: { id: app }, body: { teamId: destination } });
    }
    await good('deleteRevision', { params: { id: revisions.items[0]!.id } });
    await good('deleteCertificate', { params: { id: certificate } });
    await good('deleteChannel', { params: { id: channel } });
    await good('deleteApp', { params: { id: app } });
    const elsewhere: Operation[] = ['events', 'followChannelLogs', 'uploadBindle', 'revokeKey'];
    expect(all.map(([name]) => name).filter((name) => known(name) && !seen.has(name))).toEqual(
      dialect === 'P' ? elsewhere.filter((name) => all.some(([one]) => one === name)).sort(byTable) : [],
    );
  });
});

function byTable(a: Operation, b: Operation): number {
  const names = all.map(([name]) => name);
  return names.indexOf(a) - names.indexOf(b);
}

describe('dialect S', () => {
  test('gives one status, and lists as files', async () => {
    const app = await hippo.client.createApp({ name: 'files', storageId: 'files' });
    const channel = await hippo.client.createChannel({ appId: app, name: 'c' });
    expect((await hippo.send('GET', `/api/jobstatus/${channel}`)).json).toEqual({
      channelId: channel,
      status: 'Dead',
    });
    for (const { path, file } of Object.values(SINGULAR_EXPORTS)) {
      const answer = await hippo.send('GET', path);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-disposition']).toBe(`attachment; filename="${file}"`);
      expect(Array.isArray(answer.json)).toBe(true);
    }
    await hippo.client.removeApp(app);
  });

  test('sets variables one by one', async () => {
    const app = await hippo.client.createApp({ name: 'vars', storageId: 'vars' });
    const channelId = await hippo.client.createChannel({ appId: app, name: 'c' });
    const path = '/api/environmentvariable';
    const id: string = (await hippo.send('POST', path, { key: 'A', value: '1', channelId })).json;
    expect(id).toMatch(GUID);
    expect((await hippo.send('POST', path, { key: 'B', value: '2', channelId })).status).toBe(200);
    expect((await hippo.send('POST', path, { key: 'A', value: '3', channelId })).status).toBe(400);
    expect((await hippo.send('GET', path)).json).toEqual({
      environmentVariables: [
        { id, channelId, key: 'A', value: '1' },
        expect.objectContaining({ channelId, key: 'B', value: '2' }),
      ],
    });
    expect((await hippo.send('PUT', `${path}/${id}`, { id, key: 'A', value: '9' })).status).toBe(204);
    expect((await hippo.client.channel(channelId)).environmentVariables).toMatchObject([
      { key: 'A', value: '9' },
      { key: 'B', value: '2' },
    ]);
    expect((await hippo.send('DELETE', `${path}/${id}`)).status).toBe(204);
    expect((await hippo.send('DELETE', `${path}/${id}`)).status).toBe(404);
    await hippo.client.removeApp(app);
  });
});

describe('dialect O', () => {
  test('is spoken from sign-in to revision', async () => {
    const account = { userName: 'old', password: 'secret-1' };
    await hippo.send('POST', '/api/accounts', account, { token: null });
    const login = { username: 'old', password: 'secret-1' };
    const signed = await hippo.send('POST', '/account/createtoken', login, { token: null });
    expect(signed.status).toBe(201);
    // Exactly these: the Rust client denies more.
    expect(Object.keys(signed.json)).toEqual(['token', 'expiration']);
    const { token } = signed.json as { token: string };
    const wrong = { username: 'old', password: 'wrong' };
    expect((await hippo.send('POST', '/account/createtoken', wrong, { token: null })).status).toBe(400);

    const send = (method: string, path: string, body?: unknown): Promise<JsonAnswer> =>
      hippo.send(method, path, body, { token });
    const app = await send('POST', '/api/application', { applicationName: 'old-app', storageId: 'old/app' });
    expect(app).toMatchObject({ status: 201, json: { applicationName: 'old-app', storageId: 'old/app' } });
    const { id: appId } = app.json as { id: string };
    expect(
      (await send('POST', '/api/revision', { appStorageId: 'old/app', revisionNumber: '1.0.0' })).status,
    ).toBe(201);
    expect((await send('POST', '/api/revision', { appId, revisionNumber: '1.1.0' })).status).toBe(201);
    expect((await send('POST', '/api/revision', { appStorageId: 'x', revisionNumber: '1' })).status).toBe(
      404,
    );

    const ruled = await send('POST', '/api/channel', {
      appId,
      name: 'ruled',
      domain: 'old.example.com',
      revisionSelectionStrategy: 0,
      revisionRange: '~1.0',
    });
    expect(ruled).toMatchObject({
      status: 201,
      json: {
        id: expect.stringMatching(GUID),
        appId,
        name: 'ruled',
        domain: 'old.example.com',
        revisionSelectionStrategy: 0,
        revisionNumber: '1.0.0',
        revisionRange: '~1.0',
      },
    });
    const fixed = await send('POST', '/api/channel', {
      appId,
      name: 'fixed',
      domain: 'fixed.example.com',
      revisionSelectionStrategy: 1,
      revisionNumber: '1.1.0',
    });
    expect(fixed).toMatchObject({ status: 201, json: { revisionNumber: '1.1.0' } });
    const { id } = fixed.json as { id: string };
    expect((await send('GET', `/api/channel?id=${id}`)).json).toMatchObject({
      name: 'fixed',
      revisionSelectionStrategy: 1,
      revisionNumber: '1.1.0',
    });
    expect((await send('GET', `/api/channel?id=${UNKNOWN}`)).status).toBe(404);
    const missing = { appId, name: 'm', revisionSelectionStrategy: 1, revisionNumber: '9.9.9' };
    expect((await send('POST', '/api/channel', missing)).status).toBe(404);
    const bad = { appId, name: 'b', revisionSelectionStrategy: 0, revisionRange: 'nonsense!' };
    expect((await send('POST', '/api/channel', bad)).status).toBe(400);
  });
});

const withBody = all.filter(([, { body }]) => body !== undefined);
const bad: unknown[] = ['{', '', '"text"', '[]', 'null', '5', '\u0000', '{"a":'];

describe.each(withBody)('%s', (_, route) => {
  const path = pathOf(route.path, { id: UNKNOWN, channelId: UNKNOWN, userName: 'x' });

  test.each(bad)('refuses %j as a body', async (body) => {
    const answer = await hippo.send(route.method, path, body);
    expect(answer).toMatchObject({ status: 400, headers: EVERY_PROBLEM });
    expect(matches(ProblemDetails, answer.json)).toBe(true);
  });

  test('names what is missing or of the wrong type', async () => {
    const { required = [], properties = {} } = route.body as TSchema & {
      required?: string[];
      properties?: Record<string, unknown>;
    };
    const pascal = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);
    if (required.length > 0) {
      const empty = await hippo.send(route.method, path, {});
      expect(empty).toMatchObject({ status: 400, headers: EVERY_PROBLEM });
      expect(Object.keys((empty.json as { errors: object }).errors).sort()).toEqual(
        required.map(pascal).sort(),
      );
    }
    const odd = Object.fromEntries(Object.keys(properties).map((key) => [key, { odd: true }]));
    const answer = await hippo.send(route.method, path, odd);
    expect(answer.status).toBe(400);
    expect(Object.keys((answer.json as { errors: object }).errors).sort()).toEqual(
      Object.keys(properties).map(pascal).sort(),
    );
  });

  test('refuses what is too large', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(1024 * 1024) });
    expect(await hippo.send(route.method, path, body)).toMatchObject({ status: 413, headers: EVERY_PROBLEM });
  });
});

test.each(all.filter(([, { params }]) => params !== undefined))(
  '%s: an id that is none is not found',
  async (_, route) => {
    // A body that would do, if only the thing were there.
    for (const id of ['not-a-guid', '1', '%20', "'%20OR%201=1--", UNKNOWN]) {
      const template = route.path.replace(/\{(id|channelId)\}/, id);
      if (route.body !== undefined) continue;
      const answer = await hippo.send(route.method, template.replace('{userName}', 'x'));
      expect(answer).toMatchObject({ status: 404, headers: EVERY_PROBLEM });
    }
  },
);

describe('lists', () => {
  const lists = all.filter(([name, { query }]) => query !== undefined && name !== 'events');

  test.each(lists)('%s takes the parameters of pages in any case and refuses odd ones', async (_, route) => {
    for (const query of ['PAGEINDEX=0&PageSize=1', 'isSortedAscending=FALSE', 'sortBy=Name', 'searchtext=x'])
      expect((await hippo.send('GET', `${route.path}?${query}`)).status, query).toBe(200);
    for (const query of [
      'pageIndex=-1',
      'pageIndex=x',
      'pageSize=1.5',
      'pageSize=99999999999',
      'sortBy=password',
      'sortBy=__proto__',
      'sortBy=constructor',
      'IsSortedAscending=maybe',
    ])
      expect(await hippo.send('GET', `${route.path}?${query}`), query).toMatchObject({
        status: 400,
        headers: EVERY_PROBLEM,
      });
  });

  test('of apps count what was found, page by page, in the order that was asked for', async () => {
    const names = ['page-a', 'page-b', 'page-c', 'page-d', 'page-e'];
    for (const name of names) await hippo.client.createApp({ name, storageId: name });
    const get = async (
      query: string,
    ): Promise<{ items: { name: string }[]; totalItems: number; isLastPage: boolean }> =>
      (await hippo.send('GET', `/api/apps?searchText=page-&${query}`)).json;
    const down = await get('IsSortedAscending=false&pageSize=2');
    expect(down).toMatchObject({ totalItems: 5, isLastPage: false });
    expect(down.items.map(({ name }) => name)).toEqual(['page-e', 'page-d']);
    const last = await get('IsSortedAscending=false&pageSize=2&pageIndex=2');
    expect(last).toMatchObject({ totalItems: 5, isLastPage: true });
    expect(last.items.map(({ name }) => name)).toEqual(['page-a']);
    expect((await get('pageSize=5')).isLastPage).toBe(true);
    const byStorage = await get('sortBy=StorageId');
    expect(byStorage.items.map(({ name }) => name)).toEqual(names);
  });
});

describe('transport', () => {
  test('a GUID is plain text to whoever does not ask for JSON', async () => {
    const headers = { authorization: `Bearer ${hippo.ownerToken}` };
    for (const accept of [undefined, '*/*', 'text/plain']) {
      const body = JSON.stringify({ name: `plain-${accept?.length ?? 0}`, storageId: 'plain' });
      const answer = await ask(`${hippo.url}/api/apps`, {
        method: 'POST',
        headers: { ...headers, ...(accept && { accept }) },
        body,
      });
      expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(answer.text).toMatch(GUID);
    }
  });

  test('the version of the API is 0.1 or nothing', async () => {
    const get = (version: string): Promise<JsonAnswer> =>
      hippo.send('GET', '/api/apps', undefined, { headers: { 'api-version': version } });
    expect((await get('0.1')).status).toBe(200);
    for (const version of ['0.2', '1', 'x'])
      expect(await get(version)).toMatchObject({
        status: 400,
        headers: { 'api-supported-versions': '0.1' },
        json: { error: { code: 'UnsupportedApiVersion' } },
      });
  });

  test('another method is refused with those that are known', async () => {
    expect(await hippo.send('DELETE', '/api/apps')).toMatchObject({
      status: 405,
      headers: { ...EVERY_PROBLEM, allow: 'GET, POST' },
    });
    expect((await hippo.send('PATCH', '/openapi.json')).status).toBe(405);
  });

  test('paths go in any case and with a slash at the end', async () => {
    expect((await hippo.send('GET', '/API/Apps/')).status).toBe(200);
    const id = await hippo.client.createApp({ name: 'case', storageId: 'case' });
    expect((await hippo.send('GET', `/api/apps/${id.toUpperCase()}`)).status).toBe(200);
  });

  test('a stale token keeps nobody from signing in', async () => {
    const body = { userName: 'nobody', password: 'x' };
    expect(await hippo.send('POST', '/api/auth-tokens', body, { token: 'stale' })).toMatchObject({
      status: 400,
      json: { title: 'Login failed.', detail: 'Credentials are not valid.' },
    });
  });
});

describe('/openapi.json', () => {
  test('describes every route, also at the path of old', async () => {
    const { json } = await hippo.send('GET', '/openapi.json', undefined, { token: null });
    const description = json as { openapi: string; paths: Record<string, Record<string, object>> };
    expect(description.openapi).toBe('3.1.0');
    for (const [operationId, { path, method }] of all)
      expect(description.paths[path]?.[method.toLowerCase()]).toMatchObject({ operationId });
    expect(Object.values(description.paths).flatMap((path) => Object.keys(path))).toHaveLength(all.length);
    expect(JSON.stringify(json)).not.toContain('"numbers"');
    expect((await hippo.send('GET', '/swagger/v1/swagger.json', undefined, { token: null })).json).toEqual(
      json,
    );
  });
});

test('an archive is taken as application/gzip', async () => {
  const made = makeBindle('contract', '1.0.0', { 'a.txt': 'a' });
  const folder = await writeStandalone(join(root, 'standalone'), made.invoice, (label, file) => {
    writeFileSync(file, made.content.get(label.sha256)!);
    return Promise.resolve();
  });
  const bytes = readFileSync(await packStandalone(folder, made.invoice));
  const post = (type: string): ReturnType<typeof ask> =>
    ask(`${hippo.url}/api/bindles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${hippo.ownerToken}`, 'content-type': type },
      body: bytes,
    });
  const answer = await post('application/gzip');
  expect(answer.status, answer.text).toBe(201);
  expect(matches(routes.uploadBindle.answer, JSON.parse(answer.text))).toBe(true);
  expect((await post('text/html')).status).toBe(415);
});
