// Hippo's API over HTTP, by its client and by hand (hippo-api.md §2-§5).

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChannelItem, NewChannel, Page, RevisionItem } from '../../../../src/hippo/api.ts';
import { HippoClient } from '../../../../src/hippo/client.ts';
import { openDatabase } from '../../../../src/platform/store/database.ts';
import { MIGRATIONS } from '../../../../src/platform/hippo/migrations.ts';
import type { ServedChannel } from '../../../../src/platform/hippo/state.ts';
import { ask } from '../../../support/platform.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { GUID, startHippo, UNKNOWN, type JsonAnswer, type TestHippo } from './harness.ts';

const root = temporaryFolder();
let hippo: TestHippo;
let client: HippoClient;
let url: string;
let reported: unknown[];
let removed: string[];

beforeEach(async () => {
  hippo = await startHippo(root);
  ({ client, url, reported, removed } = hippo);
});
afterEach(() => hippo.close());

function push(name: string, ...versions: string[]): void {
  hippo.bindles.push(...versions.map((version) => ({ name, version })));
}

function send(method: string, path: string, body?: unknown): Promise<JsonAnswer> {
  return hippo.send(method, path, body);
}

async function revisions(): Promise<RevisionItem[]> {
  return client.revisions();
}

function channelAt(domain: string): ServedChannel | undefined {
  return hippo.hippo.state.channelAt(domain);
}

function channel(appId: string, name: string, more: Partial<NewChannel> = {}): Promise<string> {
  return client.createChannel({ appId, name, revisionSelectionStrategy: 'UseRangeRule', ...more });
}

async function active(id: string): Promise<string | undefined> {
  return (await client.channel(id)).activeRevision?.revisionNumber;
}

describe('apps', () => {
  test('are created, found, listed and removed', async () => {
    const id = await client.createApp({ name: 'demo', storageId: 'example.com/demo' });
    expect(id).toMatch(GUID);
    const item = {
      id,
      name: 'demo',
      storageId: 'example.com/demo',
      description: null,
      channels: [],
      teamId: expect.stringMatching(GUID),
    };
    expect(await client.findApps('example.com/demo')).toEqual([item]);
    expect(await client.findApps('other')).toEqual([]);
    expect((await send('GET', `/api/apps/${id}`)).json).toEqual(item);
    expect(await send('DELETE', `/api/apps/${id}`)).toMatchObject({ status: 204, text: '' });
    expect((await send('GET', `/api/apps/${id}`)).status).toBe(404);
  });

  test('answer with 200 and the id as JSON text', async () => {
    const answer = await send('POST', '/api/apps', { name: 'demo', storageId: 'demo' });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    expect(answer.json).toMatch(GUID);
  });

  test('import the versions that the Bindle server holds', async () => {
    push('demo', '1.0.0', '2.0.0', '3.0.0-ana-1');
    const id = await client.createApp({ name: 'demo', storageId: 'demo' });
    expect((await revisions()).map(({ revisionNumber }) => revisionNumber)).toEqual([
      '1.0.0',
      '2.0.0',
      '3.0.0-ana-1',
    ]);
    expect(await active(await channel(id, 'production'))).toBe('2.0.0');
  });

  test('take their channels and revisions with them', async () => {
    push('demo', '1.0.0');
    const id = await client.createApp({ name: 'demo', storageId: 'demo' });
    const channelId = await channel(id, 'production');
    await send('DELETE', `/api/apps/${id}`);
    expect(removed).toEqual([channelId]);
    expect((await send('GET', `/api/channels/${channelId}`)).status).toBe(404);
    expect(await revisions()).toEqual([]);
    expect(channelAt('demo.localhost')).toBeUndefined();
  });

  test.each([
    [{}, 'Name'],
    [{ name: '', storageId: 'a' }, 'Name'],
    [{ name: 'a b', storageId: 'a' }, 'Name'],
    [{ name: 'a/b', storageId: 'a' }, 'Name'],
    [{ name: 'a'.repeat(129), storageId: 'a' }, 'Name'],
    [{ name: 5, storageId: 'a' }, 'Name'],
    [{ name: 'a' }, 'StorageId'],
    [{ name: 'a', storageId: 'a b' }, 'StorageId'],
    [{ name: 'a', storageId: 'a@b' }, 'StorageId'],
    [{ name: 'a', storageId: 'a'.repeat(201) }, 'StorageId'],
    [[], 'Body'],
    [null, 'Body'],
    ['"text"', 'Body'],
  ])('%j is refused with the property that is wrong', async (body, property) => {
    const { status, headers, json } = await send('POST', '/api/apps', body);
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(json).toMatchObject({
      title: 'One or more validation errors occurred.',
      status: 400,
      errors: { [property]: [expect.any(String)] },
    });
  });

  test('need a name of their own', async () => {
    await client.createApp({ name: 'demo', storageId: 'a' });
    await expect(client.createApp({ name: 'demo', storageId: 'b' })).rejects.toMatchObject({
      code: 'INVALID',
      status: 400,
      message: expect.stringContaining('Name is taken'),
    });
    // Two apps may share their bindles.
    await client.createApp({ name: 'other', storageId: 'a' });
  });
});

describe('channels', () => {
  let appId: string;
  beforeEach(async () => {
    push('demo', '1.0.0', '1.1.0', '2.0.0');
    appId = await client.createApp({ name: 'demo', storageId: 'demo' });
  });

  async function revisionId(number: string): Promise<string> {
    return (await revisions()).find(({ revisionNumber }) => revisionNumber === number)!.id;
  }

  test('follow "*" and get the name of the app, if they are the first', async () => {
    const id = await channel(appId, 'production');
    expect(await client.channel(id)).toEqual({
      id,
      appId,
      name: 'production',
      domain: 'demo.localhost',
      revisionSelectionStrategy: 'UseRangeRule',
      activeRevision: {
        id: await revisionId('2.0.0'),
        appId,
        revisionNumber: '2.0.0',
        components: [],
        type: null,
      },
      lastPublishAt: expect.stringMatching(/^\d{4}-.*Z$/),
      rangeRule: '*',
      certificate: null,
      environmentVariables: [],
      desiredStatus: 'Running',
      appSummary: expect.objectContaining({ id: appId, name: 'demo' }),
    });
    expect((await client.channel(await channel(appId, 'second'))).domain).toBe('second-demo.localhost');
    expect((await send('GET', `/api/apps/${appId}`)).json).toMatchObject({
      channels: [
        { id, name: 'production', activeRevisionNumber: '2.0.0' },
        { name: 'second', activeRevisionNumber: '2.0.0' },
      ],
    });
  });

  test('may have a domain of their own, and no two the same', async () => {
    const id = await channel(appId, 'production', { domain: 'www.example.com' });
    expect(channelAt('www.example.com')?.id).toBe(id);
    await expect(channel(appId, 'second', { domain: 'www.example.com' })).rejects.toThrow('Domain is taken');
    const other = await client.createApp({ name: 'Demo', storageId: 'demo' });
    await channel(appId, 'third', { domain: 'demo.localhost' });
    expect((await client.channel(await channel(other, 'production'))).domain).toBe('demo-2.localhost');
  });

  test('may stay at one revision', async () => {
    const id = await channel(appId, 'fixed', {
      revisionSelectionStrategy: 'UseSpecifiedRevision',
      activeRevisionId: await revisionId('1.0.0'),
    });
    await client.registerRevision({ appStorageId: 'demo', revisionNumber: '9.0.0' });
    expect(await active(id)).toBe('1.0.0');
  });

  test('take the strategy by number and null for what is absent, as older clients send them', async () => {
    const answer = await send('POST', '/api/channels', {
      appId,
      name: 'old',
      domain: null,
      revisionSelectionStrategy: 0,
      rangeRule: '1.x',
      activeRevisionId: null,
      certificateId: null,
    });
    expect(await active(answer.json)).toBe('1.1.0');
    const fixed = {
      appId,
      name: 'fixed',
      revisionSelectionStrategy: 1,
      activeRevisionId: await revisionId('1.0.0'),
    };
    expect(await active((await send('POST', '/api/channels', fixed)).json)).toBe('1.0.0');
  });

  test.each([
    [{ name: '' }, 'Name'],
    [{ name: 'a.b' }, 'Name'],
    [{ name: 'a'.repeat(65) }, 'Name'],
    [{ domain: '' }, 'Domain'],
    [{ domain: 'localhost' }, 'Domain'],
    [{ domain: 'Example.com' }, 'Domain'],
    [{ domain: '-a.com' }, 'Domain'],
    [{ domain: '127.0.0.1' }, 'Domain'],
    [{ rangeRule: '' }, 'RangeRule'],
    [{ rangeRule: 'latest' }, 'RangeRule'],
    [{ rangeRule: 'P:*' }, 'RangeRule'],
    [{ revisionSelectionStrategy: 'Newest' }, 'RevisionSelectionStrategy'],
    [{ revisionSelectionStrategy: 2 }, 'RevisionSelectionStrategy'],
    [{ revisionSelectionStrategy: 'UseSpecifiedRevision' }, 'ActiveRevisionId'],
    [{ activeRevisionId: UNKNOWN }, 'ActiveRevisionId'],
    [{ appId: '' }, 'AppId'],
  ])('with %j are refused', async (wrong, property) => {
    const answer = await send('POST', '/api/channels', { appId, name: 'x', ...wrong });
    expect(answer.status).toBe(400);
    expect(answer.json).toHaveProperty(['errors', property]);
    expect(await client.channels()).toEqual([]);
  });

  test('of an app or with a revision that is unknown are not found', async () => {
    expect((await send('POST', '/api/channels', { appId: UNKNOWN, name: 'x' })).status).toBe(404);
    const fixed = { appId, name: 'x', revisionSelectionStrategy: 1, activeRevisionId: UNKNOWN };
    expect((await send('POST', '/api/channels', fixed)).status).toBe(404);
    const other = await client.createApp({ name: 'other', storageId: 'other' });
    const foreign = { ...fixed, appId: other, activeRevisionId: await revisionId('1.0.0') };
    expect((await send('POST', '/api/channels', foreign)).status).toBe(404);
    expect(await client.channels()).toEqual([]);
  });

  test('have one name in an app', async () => {
    await channel(appId, 'production');
    await expect(channel(appId, 'production')).rejects.toThrow('Name is taken');
  });

  test('are removed', async () => {
    const id = await channel(appId, 'production');
    expect((await send('DELETE', `/api/channels/${id}`)).status).toBe(204);
    expect(removed).toEqual([id]);
    expect((await send('DELETE', `/api/channels/${id}`)).status).toBe(404);
    expect(channelAt('demo.localhost')).toBeUndefined();
  });

  test('have a log', async () => {
    const id = await channel(appId, 'production');
    expect((await send('GET', `/api/channels/${id}/logs`)).json).toEqual({ logs: [`log of ${id}`] });
    expect((await send('GET', `/api/channels/${UNKNOWN}/logs`)).status).toBe(404);
  });

  test('have a status', async () => {
    const running = await channel(appId, 'running');
    const empty = await channel(appId, 'empty', { rangeRule: '9.x' });
    expect(await client.channelStatus(running)).toBe('Running');
    expect(await client.channelStatus(empty)).toBe('Dead');
    expect(await client.channelStatus(UNKNOWN)).toBe('Unknown');
    expect((await send('GET', '/api/channel-statuses')).json).toMatchObject({
      totalItems: 2,
      isLastPage: true,
    });
  });

  test('are replaced whole, but for their variables', async () => {
    const id = await channel(appId, 'production', { rangeRule: '1.x', domain: 'www.example.com' });
    await client.patchChannel(id, { environmentVariables: [{ key: 'A', value: '1' }] });
    const whole = { id, name: 'renamed', domain: 'new.example.com' } as const;
    // As somebody sends it back who has read it: the rule picks the revision all the same.
    await client.replaceChannel({
      ...whole,
      revisionSelectionStrategy: 'UseRangeRule',
      activeRevisionId: await revisionId('1.0.0'),
    });
    expect(await client.channel(id)).toMatchObject({
      name: 'renamed',
      domain: 'new.example.com',
      rangeRule: '*',
      activeRevision: { revisionNumber: '2.0.0' },
      environmentVariables: [{ key: 'A', value: '1' }],
    });
    const fixed = { ...whole, revisionSelectionStrategy: 'UseSpecifiedRevision' } as const;
    await client.replaceChannel({ ...fixed, activeRevisionId: await revisionId('1.0.0') });
    expect(await active(id)).toBe('1.0.0');
    await client.replaceChannel(fixed);
    expect(await client.channel(id)).toMatchObject({ activeRevision: null, rangeRule: null });
    expect(await client.channelStatus(id)).toBe('Dead');
    const other = await channel(appId, 'other');
    expect((await send('PUT', `/api/channels/${other}`, fixed)).json).toHaveProperty(['errors', 'Id']);
    const taken = { ...fixed, id: other };
    expect((await send('PUT', `/api/channels/${other}`, taken)).json).toHaveProperty(['errors', 'Name']);
  });

  describe('are patched:', () => {
    let id: string;
    beforeEach(async () => {
      id = await channel(appId, 'production');
    });

    test('variables are replaced as a whole', async () => {
      const set = (...variables: [string, string][]): Promise<void> =>
        client.patchChannel(id, { environmentVariables: variables.map(([key, value]) => ({ key, value })) });
      await set(['B', '2'], ['A', '1']);
      expect((await client.channel(id)).environmentVariables).toEqual([
        { channelId: id, key: 'A', value: '1' },
        { channelId: id, key: 'B', value: '2' },
      ]);
      await set(['A', '']);
      expect(channelAt('demo.localhost')?.environment).toEqual({ A: '' });
      await set();
      expect(channelAt('demo.localhost')?.environment).toEqual({});
    });

    test('members may be wrapped, as older clients send them', async () => {
      const body = {
        environmentVariables: { value: [{ key: 'A', value: '1' }] },
        rangeRule: { value: '1.x' },
      };
      expect((await send('PATCH', `/api/channels/${id}`, body)).status).toBe(204);
      expect(await client.channel(id)).toMatchObject({
        rangeRule: '1.x',
        environmentVariables: [{ key: 'A' }],
      });
    });

    test('another rule picks another revision', async () => {
      await client.patchChannel(id, { rangeRule: '1.x' });
      expect(await active(id)).toBe('1.1.0');
    });

    test('to a revision, and back to a rule', async () => {
      await client.patchChannel(id, {
        revisionSelectionStrategy: 'UseSpecifiedRevision',
        activeRevisionId: await revisionId('1.0.0'),
      });
      expect(await active(id)).toBe('1.0.0');
      await client.patchChannel(id, { revisionSelectionStrategy: 'UseRangeRule' });
      expect(await active(id)).toBe('2.0.0');
    });

    test('what is absent stays', async () => {
      const before = await client.channel(id);
      await client.patchChannel(id, {});
      expect(await client.channel(id)).toEqual(before);
    });

    test.each([
      [{ rangeRule: 'x y z' }, 'RangeRule'],
      [{ environmentVariables: 'A=1' }, 'EnvironmentVariables'],
      [{ environmentVariables: [{ key: 'A=B', value: '' }] }, 'EnvironmentVariables[0].Key'],
      [{ environmentVariables: [{ key: 'a'.repeat(33), value: '' }] }, 'EnvironmentVariables[0].Key'],
      [{ environmentVariables: [{ key: 'A' }] }, 'EnvironmentVariables[0].Value'],
      [
        {
          environmentVariables: [
            { key: 'A', value: '1' },
            { key: 'A', value: '2' },
          ],
        },
        'EnvironmentVariables',
      ],
    ])('%j is refused and changes nothing', async (patch, property) => {
      const before = await client.channel(id);
      const answer = await send('PATCH', `/api/channels/${id}`, patch);
      expect(answer.status).toBe(400);
      expect(answer.json).toHaveProperty(['errors', property]);
      expect(await client.channel(id)).toEqual(before);
    });

    test('half of a patch is never done', async () => {
      const before = await client.channel(id);
      const patch = { rangeRule: '1.x', activeRevisionId: UNKNOWN };
      expect((await send('PATCH', `/api/channels/${id}`, patch)).status).toBe(404);
      expect(await client.channel(id)).toEqual(before);
    });
  });
});

describe('revisions', () => {
  test('answer 201 and nothing, also the second time', async () => {
    await client.createApp({ name: 'demo', storageId: 'demo' });
    const body = { appStorageId: 'demo', revisionNumber: '1.0.0' };
    expect(await send('POST', '/api/revisions', body)).toMatchObject({ status: 201, text: '' });
    expect(await send('POST', '/api/revisions', body)).toMatchObject({ status: 201, text: '' });
    expect(await revisions()).toHaveLength(1);
  });

  test('are taken for names with dots, which real servers refuse', async () => {
    await client.createApp({ name: 'demo', storageId: 'example.com/demo' });
    await client.registerRevision({ appStorageId: 'example.com/demo', revisionNumber: '1.0.0' });
  });

  test('need an app', async () => {
    await expect(
      client.registerRevision({ appStorageId: 'nobody', revisionNumber: '1.0.0' }),
    ).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('nobody'),
    });
  });

  test.each([
    [{ revisionNumber: '1.0.0' }, 'AppStorageId'],
    [{ appStorageId: 'demo' }, 'RevisionNumber'],
    [{ appStorageId: 'demo', revisionNumber: 'x'.repeat(129) }, 'RevisionNumber'],
  ])('%j is refused', async (body, property) => {
    expect((await send('POST', '/api/revisions', body)).json).toHaveProperty(['errors', property]);
  });

  test('move the channels whose rule likes them, of every app with this name, and no other', async () => {
    const one = await client.createApp({ name: 'one', storageId: 'shared' });
    const two = await client.createApp({ name: 'two', storageId: 'shared' });
    const other = await client.createApp({ name: 'other', storageId: 'other' });
    const any = await channel(one, 'any');
    const major = await channel(two, 'major', { rangeRule: '1.x' });
    const dev = await channel(two, 'dev', { rangeRule: 'P:*-ana-*' });
    const stranger = await channel(other, 'any');
    const actives = async (): Promise<unknown[]> => Promise.all([any, major, dev, stranger].map(active));
    const register = (revisionNumber: string): Promise<void> =>
      client.registerRevision({ appStorageId: 'shared', revisionNumber });

    expect(await actives()).toEqual([undefined, undefined, undefined, undefined]);
    await register('1.0.0');
    expect(await actives()).toEqual(['1.0.0', '1.0.0', undefined, undefined]);
    await register('2.0.0');
    expect(await actives()).toEqual(['2.0.0', '1.0.0', undefined, undefined]);
    await register('1.0.0-ana-20260101000000000');
    expect(await actives()).toEqual(['2.0.0', '1.0.0', '1.0.0-ana-20260101000000000', undefined]);
    // A lower one, or somebody else's, moves nobody.
    await register('0.1.0');
    await register('1.0.0-bob-20270101000000000');
    await register('not a version');
    expect(await actives()).toEqual(['2.0.0', '1.0.0', '1.0.0-ana-20260101000000000', undefined]);
    await register('1.5.0');
    expect(await actives()).toEqual(['2.0.0', '1.5.0', '1.0.0-ana-20260101000000000', undefined]);
  });
});

describe('lists', () => {
  beforeEach(async () => {
    for (const name of ['cherry', 'apple', 'banana']) await client.createApp({ name, storageId: name });
  });

  async function list(query: string): Promise<Page<{ name: string }>> {
    return (await send('GET', `/api/apps${query}`)).json;
  }

  test('come in pages, in the order of names', async () => {
    const all = await list('');
    expect(all.items.map(({ name }) => name)).toEqual(['apple', 'banana', 'cherry']);
    expect(all).toMatchObject({ totalItems: 3, pageIndex: 0, pageSize: 50, isLastPage: true });
    const first = await list('?pageSize=2');
    expect(first).toMatchObject({ totalItems: 3, pageSize: 2, isLastPage: false });
    const second = await list('?pageSize=2&pageIndex=1');
    expect(second.items.map(({ name }) => name)).toEqual(['cherry']);
    expect(second.isLastPage).toBe(true);
    expect(await list('?pageIndex=7')).toMatchObject({ items: [], isLastPage: true });
  });

  test('can be searched', async () => {
    const found = await list('?searchText=an');
    expect(found.items.map(({ name }) => name)).toEqual(['banana']);
    expect(found.totalItems).toBe(1);
  });

  test.each(['pageIndex=-1', 'pageSize=x', 'pageSize=1.5'])('?%s is refused', async (query) => {
    expect((await send('GET', `/api/apps?${query}`)).status).toBe(400);
  });

  test('are read to the end by the client', async () => {
    for (let index = 0; index < 120; index++)
      await client.createApp({ name: `app-${index}`, storageId: 'many' });
    expect(await client.findApps('many')).toHaveLength(120);
  });

  test('of channels and revisions have the same form', async () => {
    const channels: Page<ChannelItem> = (await send('GET', '/api/channels')).json;
    expect(channels).toEqual({ items: [], totalItems: 0, pageIndex: 0, pageSize: 50, isLastPage: true });
    expect((await send('GET', '/api/revisions')).json).toEqual(channels);
  });
});

describe('what goes wrong', () => {
  test.each([
    ['GET', '/api/nothing'],
    ['GET', '/'],
    ['GET', `/api/apps/${UNKNOWN}`],
    ['GET', '/api/apps/not-a-guid'],
    ['GET', `/api/channels/${UNKNOWN}`],
    ['PATCH', `/api/channels/${UNKNOWN}`],
    ['DELETE', `/api/apps/${UNKNOWN}`],
    ['GET', '/api/apps/%2e%2e%2fx'],
    ['GET', '/api/apps/%zz'],
  ])('%s %s is not found', async (method, path) => {
    const { status, headers, json } = await send(method, path, method === 'PATCH' ? {} : undefined);
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(json).toMatchObject({ status: 404, title: 'The specified resource was not found.' });
  });

  test.each(['{', '', 'name=a', '{"a":1}x'])('a body of %j is no JSON', async (body) => {
    expect(await send('POST', '/api/apps', body)).toMatchObject({ status: 400 });
  });

  test('a body that is too large is refused', async () => {
    expect((await send('POST', '/api/apps', `"${'x'.repeat(1024 * 1024)}"`)).status).toBe(413);
  });

  test("the server's own failure is reported to its owner and not to the peer", async () => {
    await channel(await client.createApp({ name: 'a', storageId: 'a' }), 'x');
    const database = openDatabase(join(hippo.directory, 'hippo.db'), MIGRATIONS);
    database.execute('DROP TABLE variable');
    database.close();
    const { status, json } = await send('GET', '/api/channels');
    expect({ status, json }).toEqual({
      status: 500,
      json: { status: 500, title: 'An error occurred while processing your request.' },
    });
    expect(reported).toEqual([expect.objectContaining({ message: expect.stringContaining('variable') })]);
  });

  test('is told by the client in one sentence', async () => {
    await expect(client.createApp({ name: 'a b', storageId: '' })).rejects.toThrow(
      /^Hippo at http\S+ refuses this: Name .*\.$/,
    );
    const nobody = new HippoClient({ url: 'http://127.0.0.1:9' });
    await expect(nobody.findApps('x')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/^No Hippo answers at http:\/\/127\.0\.0\.1:9 \(.*\)\.$/),
    });
  });

  test('something else than Hippo is noticed', async () => {
    const other = createServer((_, response) => response.end('<html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(new HippoClient({ url: `http://127.0.0.1:${port}` }).findApps('x')).rejects.toThrow(
      'is not a Hippo',
    );
    other.closeAllConnections();
    other.close();
  });
});

test('/healthz answers what it is given', async () => {
  for (const [method, path] of [
    ['GET', '/healthz'],
    ['POST', '/healthz'],
    ['GET', '/healthz/live/really'],
  ] as const)
    expect(await send(method, path)).toMatchObject({ status: 200, json: { Status: 'Healthy' } });
  expect(await ask(`${url}/healthz`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
});
