// Which Hippo a window talks to, who it is there, and what the status bar says of it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { Connections } from '../../../src/editor/connections/connections.ts';
import { networkOf } from '../../../src/editor/connections/network.ts';
import { registerConnections } from '../../../src/editor/connections/register.ts';
import { describeStatus } from '../../../src/editor/connections/status-bar.ts';
import { findPlatform, stopPlatform } from '../../../src/session/local-platform.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { startStubHippo, type StubHippo, type StubRequest } from '../../support/stub-hippo.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const cleanups: (() => unknown)[] = [];
let count = 0;

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const hour = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

interface HippoOptions {
  /** It gives refresh tokens, and says what it is, as ours does. */
  ours?: boolean;
  password?: string;
}

/** Knows tokens `good-…`, and gives the next one for a password or a refresh token. */
async function startHippo({ ours = true, password = 'right' }: HippoOptions = {}) {
  let number = 0;
  const good = new Set<string>();
  const accounts = new Map([['ana', password]]);
  const session = () => {
    const token = `good-${++number}`;
    good.add(token);
    return {
      status: 200,
      body: { token, expiration: hour(1), ...(ours ? { refreshToken: `refresh-${number}` } : {}) },
    };
  };
  const stub = await startStubHippo(({ path, method, authorization, body }: StubRequest) => {
    const given = (body ?? {}) as Record<string, string>;
    const token = authorization?.replace('Bearer ', '') ?? '';
    if (path === '/api/auth-tokens')
      return accounts.get(given['userName'] ?? '') === given['password'] ? session() : { status: 401 };
    if (path === '/api/auth-tokens/refresh' && ours) return session();
    if (path === '/api/auth-tokens/revoke' || path === '/api/auth-tokens/logout') return { status: 204 };
    if (path === '/api/accounts' && method === 'POST') {
      accounts.set(given['userName'] ?? '', given['password'] ?? '');
      return { status: 201, body: '0f2a3b4c-0000-4000-8000-000000000000' };
    }
    if (path === '/healthz' && ours)
      return { status: 200, body: { product: 'hippo-tools', version: '0.1.0', instance: 'i' } };
    if (path === '/v1/_q')
      return { status: 200, body: { offset: 0, limit: 50, total: 0, more: false, invoices: [] } };
    if (!good.has(token)) return { status: 401 };
    if (path === '/api/apps')
      return {
        status: 200,
        body: { items: [], totalItems: 0, pageIndex: 0, pageSize: 200, isLastPage: true },
      };
    if (path === '/api/accounts/me')
      return { status: 200, body: { id: 'i', userName: 'ana', administrator: false, teams: [] } };
    return undefined;
  });
  cleanups.push(() => stub.close());
  return {
    ...stub,
    /** Every session has ended. */
    forget: () => good.clear(),
    signIns: () => stub.requests.filter(({ path }) => path === '/api/auth-tokens').length,
  };
}

function world() {
  const home = join(folder, String(count++));
  mkdirSync(home);
  const app = new FakeApp(home);
  const connections = new Connections(app);
  const feature = registerConnections(app, connections);
  cleanups.push(
    () => connections.dispose(),
    () => feature.dispose(),
  );
  const bar = () => app.statusItems.get('connection');
  return { app, connections, bar };
}

async function signedIn(hippo: StubHippo) {
  const all = world();
  await all.connections.store.add({ name: 'far', hippoUrl: hippo.url });
  await all.connections.choose('far');
  all.app.answer('ana', 'right');
  await all.app.run('hippo.signIn');
  return all;
}

describe('the connection in use', () => {
  test('is chosen in the window, else by the setting, else in the terminal', async () => {
    const { app, connections } = world();
    for (const name of ['one', 'two', 'three'])
      await connections.store.add({ name, hippoUrl: `https://${name}.example` });
    expect(await connections.current()).toEqual({ name: 'local', chosenBy: 'terminal' });
    await connections.store.use('one');
    expect((await connections.current()).name).toBe('one');
    await app.settings.set('hippo.connection', 'two', 'user');
    expect(await connections.current()).toEqual({ name: 'two', chosenBy: 'setting' });
    await connections.choose('three');
    expect(await connections.current()).toEqual({ name: 'three', chosenBy: 'window' });
    // Whoever changes the setting means it.
    await app.settings.set('hippo.connection', 'local', 'user');
    await waitFor(() => expect(connections.status.name).toBe('local'));
    await connections.choose('three');
    await connections.store.remove('three');
    expect((await connections.current()).name).toBe('local');
  });

  test('has the state that belongs to it, whatever was begun before with another one', async () => {
    const { app, connections, bar } = world();
    for (const name of ['one', 'two'])
      await connections.store.add({ name, hippoUrl: `https://${name}.example` });
    await connections.choose('one');
    await expect(
      connections.use(async () => {
        await connections.choose('two');
        throw Object.assign(new Error('Nobody there.'), { code: 'UNREACHABLE' });
      }),
    ).rejects.toThrow('Nobody there.');
    expect(bar()?.text).toBe('$(cloud) Hippo: two');
    expect(app.notifications).toEqual([]);
  });

  test('is not said to be away where its Bindle server on another machine is', async () => {
    const hippo = await startHippo();
    const { connections, bar } = await signedIn(hippo);
    await connections.store.put({
      ...(await connections.store.get('far')),
      bindleUrl: 'https://bindle.example/v1',
    });
    await connections.refresh();
    const away = Object.assign(new Error('Nobody there.'), { name: 'BindleError', code: 'UNREACHABLE' });
    const failed = connections.use(async ({ client }) => {
      await client.apps();
      throw away;
    });
    await expect(failed).rejects.toBe(away);
    expect(bar()?.label).not.toContain('does not answer');
    connections.report('far', Object.assign(new Error('Nobody there.'), { code: 'UNREACHABLE' }));
    expect(bar()?.label).toContain('does not answer');
  });

  test('is said to be connecting by who works with it, not by who only looks and tells nobody how that went', async () => {
    const hippo = await startHippo();
    const { connections, bar } = await signedIn(hippo);
    await connections.choose('local');
    await connections.choose('far');
    expect(bar()?.label).toContain('not asked yet');
    await connections.session({ ask: false });
    await connections.peek();
    expect(bar()?.label).toContain('not asked yet');
    await connections.use(async () => expect(bar()?.label).toContain('connecting'));
    expect(bar()?.label).toContain('connected');
  });

  test('that the setting names but nobody has added is said to be missing', async () => {
    const { app, connections, bar } = world();
    await app.settings.set('hippo.connection', 'nowhere', 'workspace');
    await waitFor(() => expect(bar()?.text).toBe('$(warning) Hippo: nowhere'));
    await expect(connections.session()).rejects.toMatchObject({
      code: 'NO_SUCH_CONNECTION',
      remedies: ['editConnection', 'openSettings'],
    });
  });

  test('follows what the terminal chooses', async () => {
    const { connections, bar } = world();
    await connections.store.add({ name: 'far', hippoUrl: 'https://far.example' });
    // The folder was not there when the window began to look.
    await connections.refresh();
    await connections.store.use('far');
    await waitFor(() => expect(bar()?.text).toBe('$(cloud) Hippo: far'));
  });
});

describe('signing in', () => {
  test('keeps the session with origin and user, and the connection who it was', async () => {
    const hippo = await startHippo();
    const { app, connections, bar } = await signedIn(hippo);
    expect(await connections.store.get('far')).toEqual({
      name: 'far',
      hippoUrl: hippo.url,
      bindleUrl: `${hippo.url}/v1`,
      userName: 'ana',
    });
    expect([...app.stored.keys()]).toEqual([`hippo ${hippo.url} ana`]);
    expect(bar()).toMatchObject({ text: '$(cloud) Hippo: far', warning: false });
    expect(bar()?.tooltip).toContain('Signed in as ana');
    expect(await connections.use(({ client }) => client.apps())).toEqual([]);
    expect(app.notifications).toEqual([]);
    // Neither the password nor a token gets anywhere near the log.
    app.log.info('right good-1 refresh-1');
    expect(app.lines.at(-1)).toBe('*** *** ***');
  });

  test('is offered where somebody is not signed in, and what was under way goes on', async () => {
    const hippo = await startHippo();
    const { app, connections, bar } = world();
    await connections.store.add({ name: 'far', hippoUrl: hippo.url });
    await connections.choose('far');
    const done: unknown[] = [];
    app.press(/does not know who you are/, 'Sign In');
    app.answer('ana', 'right');
    await app.guard.run('Listing apps', async () => {
      done.push(await connections.use(({ client }) => client.apps()));
    });
    expect(bar()?.text).toBe('$(key) Hippo: far');
    await waitFor(() => expect(done).toEqual([[]]));
    expect(bar()?.text).toBe('$(cloud) Hippo: far');
  });

  test('is offered for the connection that failed, whichever is chosen by then', async () => {
    const [far, near] = [await startHippo(), await startHippo()];
    const { app, connections, bar } = await signedIn(near);
    await connections.store.add({ name: 'other', hippoUrl: far.url });
    const done: unknown[] = [];
    app.press(/does not know who you are/, 'Sign In');
    app.answer('ana', 'right');
    await app.guard.run('Listing apps', async () => {
      done.push(await connections.use(({ client }) => client.apps(), { connection: 'other' }));
    });
    await waitFor(() => expect(done).toEqual([[]]));
    expect(far.signIns()).toBe(1);
    expect(app.asked.at(-1)?.title).toBe('Sign In to other');
    app.press(/is broken/, 'Edit Connection');
    app.answer(CANCEL);
    await app.guard.run('x', () =>
      connections.use(
        () => Promise.reject(Object.assign(new Error('It is broken.'), { code: 'NOT_HIPPO' })),
        {
          connection: 'other',
        },
      ),
    );
    await waitFor(() => expect(app.asked.at(-1)?.title).toBe('Edit other'));
    expect(bar()?.text).toBe('$(cloud) Hippo: far');
  });

  test('goes on by the refresh token when the session has ended', async () => {
    const hippo = await startHippo();
    const { app, connections } = await signedIn(hippo);
    hippo.forget();
    expect(await connections.use(({ client }) => client.apps())).toEqual([]);
    expect(hippo.signIns()).toBe(1);
    expect(app.unused).toBe(0);
  });

  test('asks for the password where there is no refresh token, in the middle of a call, and offers to keep it', async () => {
    const hippo = await startHippo({ ours: false });
    const { app, connections } = world();
    await connections.store.add({ name: 'far', hippoUrl: hippo.url });
    await connections.choose('far');
    app.answer('ana', 'right');
    app.press(/Keep it/, 'Keep');
    await app.run('hippo.signIn');
    await waitFor(() => expect([...app.stored.values()].join()).toContain('"password":"right"'));
    hippo.forget();
    expect(await connections.use(({ client }) => client.apps())).toEqual([]);
    expect(app.asked).toHaveLength(2);
    expect(hippo.signIns()).toBe(2);
  });

  test('does not ask again to keep it after it was declined, but for the password each time', async () => {
    const hippo = await startHippo({ ours: false });
    const { app, connections } = world();
    await connections.store.add({ name: 'far', hippoUrl: hippo.url });
    await connections.choose('far');
    app.answer('ana', 'right', 'right', 'right');
    app.press(/Keep it/, 'Never');
    await app.run('hippo.signIn');
    for (let time = 0; time < 2; time++) {
      hippo.forget();
      expect(await connections.use(({ client }) => client.apps())).toEqual([]);
    }
    expect(app.notifications.filter(({ message }) => message.includes('Keep it'))).toHaveLength(1);
    expect([...app.stored.values()].join()).not.toContain('right');
    expect(app.asked.at(-1)?.title).toBe('Sign In to far');
  });

  test('asks nobody in the background, and gives up what is closed in silence', async () => {
    const hippo = await startHippo({ ours: false });
    const { app, connections } = await signedIn(hippo);
    hippo.forget();
    const session = await connections.peek();
    await expect(session?.client.apps()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    const before = app.notifications.length;
    app.answer(CANCEL);
    expect(await app.guard.run('x', () => connections.use(({ client }) => client.apps()))).toBeUndefined();
    expect(app.notifications).toHaveLength(before);
  });

  test('shows passwords unencrypted to nobody without a word', async () => {
    const { app, connections } = world();
    await connections.store.add({ name: 'far', hippoUrl: 'http://hippo.invalid' });
    await connections.choose('far');
    app.answer(CANCEL);
    await app.run('hippo.signIn');
    expect(app.asked).toEqual([
      {
        kind: 'confirm',
        title: expect.stringContaining('hippo.invalid unencrypted') as string,
        offers: ['Allow for This Connection'],
      },
    ]);
    app.answer('Allow for This Connection', CANCEL);
    await app.run('hippo.signIn');
    expect((await connections.store.get('far')).plainHttp).toBe(true);
  });

  test('out forgets the session here and on the server', async () => {
    const hippo = await startHippo();
    const { app, connections, bar } = await signedIn(hippo);
    await app.run('hippo.signOut');
    expect(app.stored.size).toBe(0);
    expect((await connections.store.get('far')).userName).toBeUndefined();
    expect(bar()?.text).toBe('$(key) Hippo: far');
    await expect(connections.use(({ client }) => client.apps())).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
  });

  test('in another window is noticed', async () => {
    const hippo = await startHippo();
    const { app, connections, bar } = await signedIn(hippo);
    const key = { origin: hippo.url, userName: 'ana' };
    const { session = { token: '', expiration: '' } } = (await connections.secrets.get(key)) ?? {};
    connections.report('far', { code: 'UNAUTHORIZED' });
    expect(bar()?.label).toContain('not signed in');
    await connections.secrets.set(key, { session });
    await waitFor(() => expect(bar()?.label).toContain('not asked yet'));
    expect(app.notifications).toEqual([]);
  });

  test('is done at once for who registers', async () => {
    const hippo = await startHippo();
    const { app, connections } = world();
    await connections.store.add({ name: 'far', hippoUrl: hippo.url });
    await connections.choose('far');
    app.answer('bob', 'secret-1', 'other', 'secret-1');
    await app.run('hippo.register');
    expect(app.refusals).toEqual(['The two passwords differ.']);
    expect((await connections.store.get('far')).userName).toBe('bob');
    expect(await connections.use(({ client }) => client.apps())).toEqual([]);
  });
});

describe('commands', () => {
  test('add a connection, use it and say what answers there', async () => {
    const hippo = await startHippo();
    const { app, connections } = world();
    app.answer('nonsense', `${hippo.url}/`, '', 'Bad Name', 'shop');
    await app.run('hippo.connection.add');
    expect(app.refusals).toEqual([
      expect.stringContaining('https://'),
      expect.stringContaining('lower-case letters'),
    ]);
    expect(await connections.store.get('shop')).toEqual({ name: 'shop', hippoUrl: hippo.url });
    expect(connections.status).toMatchObject({ name: 'shop', state: 'signedOut' });
    expect(app.notifications.at(-1)).toMatchObject({
      message: 'shop answers: hippo-tools 0.1.0, you are not signed in, its Bindle server is not known.',
      buttons: ['Sign In'],
    });
  });

  test('say that nothing answers, with a way to change that', async () => {
    const { app, connections, bar } = world();
    await connections.store.add({ name: 'gone', hippoUrl: 'http://127.0.0.1:1' });
    await connections.choose('gone');
    await app.run('hippo.connection.test');
    expect(app.notifications).toEqual([
      {
        level: 'error',
        message: expect.stringContaining('No Hippo answers at http://127.0.0.1:1') as string,
        buttons: ['Retry', 'Edit Connection', 'View Output'],
      },
    ]);
    expect(bar()?.text).toBe('$(debug-disconnect) Hippo: gone');
  });

  test('change a connection, and take nothing along to another server', async () => {
    const [one, two] = [await startHippo(), await startHippo()];
    const { app, connections } = await signedIn(one);
    app.answer('far', two.url, '');
    await app.run('hippo.connection.edit');
    expect(await connections.store.get('far')).toEqual({ name: 'far', hippoUrl: two.url });
    expect(two.requests.some(({ authorization }) => authorization !== undefined)).toBe(false);
  });

  test('a certificate that nobody checks is shown in the status bar', async () => {
    const { app, connections, bar } = world();
    app.answer('https://127.0.0.1:1', '', '$(unlock) Accept any certificate', 'lax');
    await app.run('hippo.connection.add');
    expect((await connections.store.get('lax')).insecure).toBe(true);
    expect(bar()).toMatchObject({
      text: '$(debug-disconnect) Hippo: lax $(unlock) not verified',
      warning: true,
    });
    expect(bar()?.label).toContain('certificate not verified');
  });

  test('add a Bindle server with an account of its own, whose password is kept with its origin', async () => {
    const [hippo, bindle] = [await startHippo({ ours: false }), await startHippo()];
    const { app, connections } = world();
    app.answer(hippo.url, `${bindle.url}/v1/`, 'pusher', '', 'push-secret', 'far');
    await app.run('hippo.connection.add');
    expect(app.refusals).toEqual(['Type the password.']);
    expect(await connections.store.get('far')).toEqual({
      name: 'far',
      hippoUrl: hippo.url,
      bindleUrl: `${bindle.url}/v1`,
      bindleUserName: 'pusher',
    });
    expect([...app.stored]).toEqual([[`hippo ${bindle.url} pusher`, '{"password":"push-secret"}']]);
    const client = await (await connections.session()).bindle();
    await client.search({});
    const basic = Buffer.from('pusher:push-secret').toString('base64');
    expect(bindle.requests.at(-1)?.authorization).toBe(`Basic ${basic}`);
    await client.close();
    // The password that was given stays where none is typed.
    app.answer('far', hippo.url, `${bindle.url}/v1`, 'pusher', '');
    await app.run('hippo.connection.edit');
    expect([...app.stored.values()]).toEqual(['{"password":"push-secret"}']);
    app.answer('far', 'Remove');
    await app.run('hippo.connection.remove');
    expect(app.stored.size).toBe(0);
  });

  test('switch between them', async () => {
    const { app, connections } = world();
    await connections.store.add({ name: 'far', hippoUrl: 'https://far.example' });
    app.answer('far', 'Local Hippo');
    await app.run('hippo.connection.switch');
    expect(connections.status.name).toBe('far');
    expect(app.contextKeys.get('hippo.connection')).toBe('far');
    await app.run('hippo.connection.switch');
    expect(connections.status.name).toBe('local');
    expect(app.asked[0]?.offers.slice(0, 2)).toEqual(['Local Hippo', 'far']);
  });

  test('remove a connection with its secrets, after a question', async () => {
    const hippo = await startHippo();
    const { app, connections } = await signedIn(hippo);
    app.answer('far', CANCEL);
    await app.run('hippo.connection.remove');
    expect(app.stored.size).toBe(1);
    app.answer('far', 'Remove');
    await app.run('hippo.connection.remove');
    expect(app.stored.size).toBe(0);
    expect(await connections.store.list()).toEqual([]);
    expect(connections.status.name).toBe('local');
  });

  test('remove a connection, and leave another one to the same server signed in', async () => {
    const hippo = await startHippo();
    const { app, connections } = await signedIn(hippo);
    await connections.store.add({ name: 'same', hippoUrl: hippo.url, userName: 'ana' });
    app.answer('far', 'Remove');
    await app.run('hippo.connection.remove');
    expect(await connections.use(({ client }) => client.apps(), { connection: 'same' })).toEqual([]);
    app.answer('same', 'Remove');
    await app.run('hippo.connection.remove');
    expect(app.stored.size).toBe(0);
  });

  test('need a remote connection', async () => {
    const { app } = world();
    for (const id of ['hippo.signIn', 'hippo.signOut', 'hippo.register'] as const) await app.run(id);
    expect(app.notifications.every(({ message }) => message.includes('owner of this machine'))).toBe(true);
    await app.run('hippo.connection.remove');
    expect(app.notifications.at(-1)?.message).toContain('only the local Hippo');
  });
});

describe('a session', () => {
  test('stays good for whoever has it when another connection is chosen', async () => {
    const hippo = await startHippo();
    const { connections } = await signedIn(hippo);
    const session = await connections.session();
    await connections.choose('local');
    expect(await session.client.apps()).toEqual([]);
  });

  test('asks for the password at a Bindle server once for a window, again if it is wrong, and offers to keep it', async () => {
    const [hippo, bindle] = [await startHippo(), await startHippo()];
    const { app, connections } = await signedIn(hippo);
    const known = await connections.store.get('far');
    await connections.store.put({ ...known, bindleUrl: `${bindle.url}/v1`, bindleUserName: 'pusher' });
    const search = (): Promise<unknown> =>
      connections.use(async (session) => {
        const client = await session.bindle();
        await client.search({}).finally(() => client.close());
        const basic = bindle.requests.at(-1)?.authorization?.replace('Basic ', '') ?? '';
        if (!Buffer.from(basic, 'base64').toString().endsWith(':right'))
          throw Object.assign(new Error('It is wrong.'), { code: 'UNAUTHORIZED' });
      });
    app.answer('wrong', 'right');
    await expect(search()).rejects.toThrow('It is wrong.');
    expect(app.notifications).toEqual([]);
    app.press(/Keep it/, 'Keep');
    await search();
    await search();
    expect(app.unused).toBe(0);
    const host = new URL(bindle.url).host;
    expect(app.notifications.map(({ message }) => message)).toEqual([
      `${host} will ask for your password again in the next window. Keep it in VS Code's secret storage, to sign in by itself?`,
    ]);
    expect(app.stored.get(`hippo ${bindle.url} pusher`)).toBe('{"password":"right"}');
  });

  test('has a Bindle client that goes as the same person, and nowhere else', async () => {
    const [hippo, stranger] = [await startHippo(), await startHippo()];
    const { connections } = await signedIn(hippo);
    const own = await (await connections.session()).bindle();
    await own.search({});
    expect(hippo.requests.at(-1)).toMatchObject({ path: '/v1/_q', authorization: 'Bearer good-1' });
    const known = await connections.store.get('far');
    await connections.store.put({ ...known, bindleUrl: `${stranger.url}/v1` });
    const other = await (await connections.session()).bindle();
    await other.search({});
    expect(stranger.requests.at(-1)?.authorization).toBeUndefined();
    await Promise.all([own.close(), other.close()]);
  });
});

test('the local Hippo is started once for all who need it, without a question, and found again', async () => {
  const { app, connections, bar } = world();
  cleanups.push(async () => {
    const platform = await findPlatform(app.places.platform);
    if (platform) await stopPlatform(platform);
  });
  expect(await connections.peek()).toBeUndefined();
  expect(connections.status.state).toBe('stopped');
  const [first, second] = await Promise.all([connections.session(), connections.session()]);
  expect(await first.client.apps()).toEqual([]);
  expect(second.platform?.pid).toBe(first.platform?.pid);
  expect(app.progresses).toEqual(['Starting the local Hippo…']);
  expect(app.asked).toEqual([]);
  expect(bar()).toMatchObject({ text: '$(cloud) Local Hippo' });
  expect(connections.status.connection?.hippoUrl).toBe(first.platform?.hippoUrl);
  // Another window finds it.
  const other = new Connections(app);
  cleanups.push(() => other.dispose());
  expect((await other.peek())?.platform?.pid).toBe(first.platform?.pid);
  // It may be another one the next time.
  await stopPlatform(first.platform!);
  expect(await connections.peek()).toBeUndefined();
  const third = await connections.session();
  expect(third.platform?.instance).not.toBe(first.platform?.instance);
  expect(await third.client.apps()).toEqual([]);
});

describe('proxies and certificates', () => {
  test('are what the settings say, and otherwise left to the environment', () => {
    const app = new FakeApp(folder);
    expect(networkOf(app.settings)).toEqual({});
    app.values.set('http.proxy', 'http://proxy:3128');
    app.values.set('http.noProxy', ['.corp', 'other']);
    app.values.set('http.proxyAuthorization', 'Basic x');
    app.values.set('http.proxyStrictSSL', false);
    app.values.set('http.systemCertificates', true);
    expect(networkOf(app.settings)).toEqual({
      proxy: 'http://proxy:3128',
      noProxy: '.corp,other',
      proxyAuthorization: 'Basic x',
      strictTls: false,
      systemCertificates: true,
    });
    app.values.set('http.proxySupport', 'off');
    expect(networkOf(app.settings)).toMatchObject({ proxy: false });
  });

  test('that are not checked by a setting are shown, too', async () => {
    const { app, connections, bar } = world();
    app.values.set('http.proxyStrictSSL', false);
    await connections.store.add({ name: 'far', hippoUrl: 'https://far.example' });
    await connections.choose('far');
    expect(bar()).toMatchObject({ text: '$(cloud) Hippo: far $(unlock) not verified', warning: true });
    expect(bar()?.tooltip).toContain('http.proxyStrictSSL');
  });
});

test('every state has words for those who cannot see the icon', () => {
  const states = [
    'unknown',
    'connecting',
    'ready',
    'signedOut',
    'unreachable',
    'stopped',
    'missing',
  ] as const;
  const labels = states.map(
    (state) =>
      describeStatus({ name: 'far', connection: undefined, state, unverified: undefined, chosenBy: 'window' })
        .label,
  );
  expect(new Set(labels).size).toBe(states.length);
  expect(labels.join()).not.toContain('$(');
});
