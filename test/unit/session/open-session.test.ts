// From what is said and kept to a client of the right Hippo that goes as the right one.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ConnectionStore } from '../../../src/session/connections.ts';
import {
  openSession,
  openSessionAt,
  type OpenSession,
  type SessionPorts,
  type SessionWish,
} from '../../../src/session/open-session.ts';
import type { RunningPlatform } from '../../../src/session/running-file.ts';
import { FileSecretStore } from '../../../src/session/secret-store.ts';
import { startStubHippo, type StubHippo, type StubRequest } from '../../support/stub-hippo.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const stubs: StubHippo[] = [];
const opened: OpenSession[] = [];
let count = 0;

afterEach(async () => {
  for (const { client } of opened.splice(0)) await client.close();
  for (const stub of stubs.splice(0)) stub.close();
});

const hour = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

/** Takes `good-…` tokens, gives them for passwords that begin with `right`, and for refresh tokens once. */
async function startHippo(): Promise<StubHippo> {
  let number = 0;
  const used = new Set<string>();
  const session = () => ({
    status: 200,
    body: { token: `good-${++number}`, expiration: hour(1), refreshToken: `refresh-${number}` },
  });
  const stub = await startStubHippo(({ path, authorization, body }: StubRequest) => {
    const given = (body ?? {}) as Record<string, string>;
    if (path === '/api/auth-tokens')
      return given['password']?.startsWith('right') ? session() : { status: 400 };
    if (path === '/api/auth-tokens/refresh') {
      const token = given['refreshToken'] ?? '';
      if (used.has(token) || !token.startsWith('refresh-')) return { status: 401 };
      used.add(token);
      return session();
    }
    if (path !== '/api/apps') return undefined;
    if (!authorization?.startsWith('Bearer good-')) return { status: 401 };
    return { status: 200, body: { items: [], totalItems: 0, pageIndex: 0, pageSize: 50, isLastPage: true } };
  });
  stubs.push(stub);
  return stub;
}

function world(platform?: StubHippo) {
  const home = join(folder, String(count++));
  mkdirSync(home);
  const tokenFile = join(home, 'owner-token');
  writeFileSync(tokenFile, 'good-owner\n');
  const running: RunningPlatform | undefined = platform && {
    hippoUrl: platform.url,
    bindleUrl: `${platform.url}/v1`,
    dataDir: home,
    tokenFile,
    pid: process.pid,
    instance: 'i',
    version: '0.1.0',
  };
  const connections = new ConnectionStore(join(home, 'connections'));
  const secrets = new FileSecretStore(join(home, 'secrets'));
  let started = 0;
  const ports: SessionPorts = {
    connections,
    secrets,
    findPlatformAt: async ({ origin }) =>
      running && new URL(running.hippoUrl).origin === origin ? running : undefined,
    startPlatform: async () => {
      started++;
      if (!running) throw new Error('none');
      return running;
    },
  };
  const open = async (wish: SessionWish = {}): Promise<OpenSession> => {
    const session = await openSession(wish, ports);
    opened.push(session);
    return session;
  };
  return { connections, secrets, ports, open, started: () => started };
}

const goesAs = ({ requests }: StubHippo): string | undefined =>
  requests.findLast(({ path }) => path === '/api/apps')?.authorization;

describe('the Hippo', () => {
  test('is the local one, as its owner, unless something else is said', async () => {
    const local = await startHippo();
    const { open, started } = world(local);
    const session = await open();
    expect(session).toMatchObject({
      connection: { name: 'local', hippoUrl: local.url },
      userName: undefined,
    });
    await session.client.apps();
    expect(goesAs(local)).toBe('Bearer good-owner');
    expect(started()).toBe(1);
  });

  test('is the one in use, the one that is named, or the one at an address, strongest last', async () => {
    const [local, one, two, three] = await Promise.all([1, 2, 3, 4].map(() => startHippo()));
    const { connections, open, started } = world(local);
    await connections.add({ name: 'one', hippoUrl: one!.url });
    await connections.add({ name: 'two', hippoUrl: two!.url });
    await connections.use('one');
    expect((await open()).connection.name).toBe('one');
    expect((await open({ connection: 'two' })).connection.name).toBe('two');
    expect((await open({ connection: 'two', url: three!.url })).connection.hippoUrl).toBe(three!.url);
    expect((await open({ url: two!.url })).connection.name).toBe('two');
    expect(started()).toBe(0);
    await expect(open({ connection: 'nine' })).rejects.toMatchObject({ code: 'NO_SUCH_CONNECTION' });
    await expect(open({ url: 'nine' })).rejects.toMatchObject({ code: 'BAD_CONNECTION' });
  });
});

describe('who goes there', () => {
  test('is a token that is given, else a name with its password, else what is kept', async () => {
    const hippo = await startHippo();
    const { connections, secrets, open } = world();
    await connections.add({ name: 'h', hippoUrl: hippo.url, userName: 'ana' });
    await secrets.set(
      { origin: hippo.url, userName: 'ana' },
      { session: { token: 'good-kept', expiration: hour(1) } },
    );
    const as = async (wish: SessionWish): Promise<string | undefined> => {
      await (await open({ connection: 'h', ...wish })).client.apps();
      return goesAs(hippo);
    };
    expect(await as({})).toBe('Bearer good-kept');
    expect(await as({ userName: 'bob', password: 'right' })).toBe('Bearer good-1');
    expect(await as({ userName: 'bob', password: 'right', token: 'good-ci' })).toBe('Bearer good-ci');
    await expect(as({ userName: 'carl' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    // What was said this time is not kept.
    expect(await secrets.get({ origin: hippo.url, userName: 'bob' })).toBeUndefined();
  });

  test('an owner is one only where he is himself', async () => {
    const [local, other] = [await startHippo(), await startHippo()];
    const { open } = world(local);
    await expect((await open({ url: other.url })).client.apps()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    expect(other.requests.some(({ authorization }) => authorization?.includes('owner'))).toBe(false);
  });

  test('a session that has run out is renewed, and what that gives is kept', async () => {
    const hippo = await startHippo();
    const { connections, secrets, open } = world();
    const key = { origin: hippo.url, userName: 'ana' };
    await connections.add({ name: 'h', hippoUrl: hippo.url, userName: 'ana' });
    await secrets.set(key, {
      session: { token: 'good-old', expiration: hour(-1), refreshToken: 'refresh-0' },
      password: 'right',
    });
    await (await open({ connection: 'h' })).client.apps();
    expect(await secrets.get(key)).toMatchObject({ session: { token: 'good-1' }, password: 'right' });
    // One that the server no longer knows is renewed as well, in the middle of a call; by the password, if need be.
    await secrets.set(key, {
      session: { token: 'bad', expiration: hour(1), refreshToken: 'refresh-0' },
      password: 'right',
    });
    await (await open({ connection: 'h' })).client.apps();
    expect(await secrets.get(key)).toMatchObject({ session: { token: 'good-2' } });
  });

  test('a session that cannot be renewed is forgotten', async () => {
    const hippo = await startHippo();
    const { connections, secrets, open } = world();
    const key = { origin: hippo.url, userName: 'ana' };
    await connections.add({ name: 'h', hippoUrl: hippo.url, userName: 'ana' });
    await secrets.set(key, { session: { token: 'bad', expiration: hour(1) } });
    await expect((await open({ connection: 'h' })).client.apps()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    expect(await secrets.get(key)).toBeUndefined();
  });

  test('of two that renew at once, both go on', async () => {
    const hippo = await startHippo();
    const { connections, secrets, open } = world();
    const key = { origin: hippo.url, userName: 'ana' };
    await connections.add({ name: 'h', hippoUrl: hippo.url, userName: 'ana' });
    await secrets.set(key, {
      session: { token: 'good-old', expiration: hour(-1), refreshToken: 'refresh-0' },
    });
    const [first, second] = [await open({ connection: 'h' }), await open({ connection: 'h' })];
    await first.client.apps();
    await second.client.apps();
    expect((await secrets.get(key))?.session?.token).toBe('good-1');
  });

  test('of two that stay open, neither uses a refresh token that the other has used', async () => {
    const hippo = await startHippo();
    const { connections, secrets, ports } = world();
    const key = { origin: hippo.url, userName: 'ana' };
    await connections.add({ name: 'h', hippoUrl: hippo.url, userName: 'ana' });
    await secrets.set(key, {
      session: { token: 'good-old', expiration: hour(-1), refreshToken: 'refresh-0' },
    });
    const [first, second] = [
      await openSession({ connection: 'h' }, ports),
      await openSession({ connection: 'h' }, ports),
    ];
    opened.push(first, second);
    for (const { client } of [first, second, first]) await client.apps();
    const refreshes = hippo.requests.filter(({ path }) => path === '/api/auth-tokens/refresh');
    expect(refreshes.map(({ body }) => body)).toEqual([{ refreshToken: 'refresh-0' }]);
  });

  test('a person who is asked for the password again loses nothing of what is under way', async () => {
    const hippo = await startHippo();
    const { connections, secrets, ports } = world();
    const key = { origin: hippo.url, userName: 'ana' };
    await connections.add({ name: 'h', hippoUrl: hippo.url, userName: 'ana' });
    await secrets.set(key, { session: { token: 'bad', expiration: hour(1) } });
    const asked: unknown[] = [];
    const accepted: string[] = [];
    let answer: string | undefined = 'right';
    const session = await openSession(
      { connection: 'h' },
      {
        ...ports,
        askPassword: async (...question) => {
          asked.push(question);
          return answer;
        },
        onPassword: (_key, password) => accepted.push(password),
      },
    );
    opened.push(session);
    expect(await session.client.apps()).toEqual([]);
    expect(asked).toEqual([[key, { name: 'h', hippoUrl: hippo.url, userName: 'ana' }]]);
    expect(accepted).toEqual(['right']);
    // Nobody has asked for it to be kept.
    expect(await secrets.get(key)).not.toHaveProperty('password');
    await secrets.set(key, { session: { token: 'bad', expiration: hour(1) } });
    answer = undefined;
    const other = await openSession({ connection: 'h' }, { ...ports, askPassword: async () => answer });
    opened.push(other);
    await expect(other.client.apps()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('nobody shows anything unencrypted to another machine', async () => {
    const { connections, secrets, open } = world();
    const hippoUrl = 'http://hippo.invalid';
    await connections.add({ name: 'far', hippoUrl });
    await connections.add({ name: 'trusted', hippoUrl: 'http://hippo2.invalid', plainHttp: true });
    await expect(open({ connection: 'far', token: 't' })).rejects.toMatchObject({ code: 'UNENCRYPTED' });
    await expect(open({ connection: 'far', userName: 'a', password: 'p' })).rejects.toMatchObject({
      code: 'UNENCRYPTED',
    });
    await secrets.set({ origin: hippoUrl, userName: 'ana' }, { password: 'p' });
    await expect(open({ connection: 'far', userName: 'ana' })).rejects.toMatchObject({ code: 'UNENCRYPTED' });
    await open({ connection: 'far' });
    await open({ connection: 'trusted', token: 't' });
  });
});

describe("in the terminal of an editor's window", () => {
  /** A window in which one connection is in use, and which has told its address to the terminals. */
  const windowWith = (connection: string, url: string, token?: string): SessionPorts['window'] => ({
    connection: async (asked) => (asked === undefined || asked === url ? connection : undefined),
    token: async (name) => (name === connection ? token : undefined),
    bindlePassword: async () => undefined,
  });
  const openIn = async (ports: SessionPorts, wish: SessionWish = {}): Promise<OpenSession> => {
    const session = await openSession(wish, ports);
    opened.push(session);
    return session;
  };

  test("the window's connection is the one that is meant, with the window's token", async () => {
    const [local, far] = [await startHippo(), await startHippo()];
    const { connections, ports } = world(local);
    await connections.add({ name: 'far', hippoUrl: far.url });
    const inWindow = { ...ports, window: windowWith('far', far.url, 'good-window') };
    for (const wish of [{}, { url: far.url }, { connection: 'far' }]) {
      const session = await openIn(inWindow, wish);
      expect(session.connection.name).toBe('far');
      await session.client.apps();
      expect(goesAs(far)).toBe('Bearer good-window');
    }
    // What is said this time, and what the terminal itself has kept, is stronger.
    expect((await openIn(inWindow, { connection: 'local' })).connection.name).toBe('local');
    expect((await openIn(inWindow, { url: local.url })).connection.hippoUrl).toBe(local.url);
    await (await openIn(inWindow, { token: 'good-ci' })).client.apps();
    expect(goesAs(far)).toBe('Bearer good-ci');
  });

  test("the local Hippo is the window's, even where the terminal would use another", async () => {
    const [local, far] = [await startHippo(), await startHippo()];
    const { connections, ports, started } = world(local);
    await connections.add({ name: 'far', hippoUrl: far.url });
    await connections.use('far');
    const session = await openIn({ ...ports, window: windowWith('local', local.url) });
    expect(session.connection.name).toBe('local');
    expect(started()).toBe(1);
  });

  test('a token that runs out is asked for again', async () => {
    const hippo = await startHippo();
    const { connections, ports } = world();
    await connections.add({ name: 'h', hippoUrl: hippo.url });
    const tokens = ['good-first', 'bad', 'good-second'];
    const window = {
      connection: async () => 'h',
      token: async () => tokens.shift(),
      bindlePassword: async () => undefined,
    };
    const { client } = await openIn({ ...ports, window });
    expect(await client.apps()).toEqual([]);
    expect(goesAs(hippo)).toBe('Bearer good-second');
  });
});

describe('a server beside Hippo', () => {
  const at = async (
    url: string,
    wish: SessionWish,
    ports: SessionPorts,
  ): Promise<OpenSession | undefined> => {
    const session = await openSessionAt(new URL(url), wish, ports);
    if (session) opened.push(session);
    return session;
  };

  test('gets the token only where Hippo itself is', async () => {
    const [local, known, stranger] = [await startHippo(), await startHippo(), await startHippo()];
    const { connections, ports } = world(local);
    await connections.add({ name: 'h', hippoUrl: known.url });
    await connections.use('h');
    expect(await (await at(`${local.url}/v1`, {}, ports))?.client.bearer()).toBe('good-owner');
    expect(await (await at(`${known.url}/v1`, { token: 'ci' }, ports))?.client.bearer()).toBe('ci');
    expect(await at(`${stranger.url}/v1`, { token: 'ci' }, ports)).toBeUndefined();
    expect(await at(`${stranger.url}/v1`, { token: 'ci', url: known.url }, ports)).toBeUndefined();
    expect(
      await (await at(`${stranger.url}/v1`, { token: 'ci', url: stranger.url }, ports))?.client.bearer(),
    ).toBe('ci');
  });
});
