// Where the Bindle server of a Hippo is, and who we are there.

import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { HippoClient } from '../../../src/hippo/client.ts';
import { bindleAccount, bindleCredentials, bindleUrlOf } from '../../../src/session/bindle-server.ts';
import { ConnectionStore, type Connection } from '../../../src/session/connections.ts';
import { FileSecretStore } from '../../../src/session/secret-store.ts';
import { startStubHippo } from '../../support/stub-hippo.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const secrets = new FileSecretStore(join(folder, 'secrets'));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const OWN = { name: 'far', hippoUrl: 'https://hippo.example', bindleUrl: 'https://bindle.example/v1' };

function clientOf({ hippoUrl }: Connection): HippoClient {
  const client = new HippoClient({ url: hippoUrl, credentials: { type: 'bearer', token: 'hippo-token' } });
  cleanups.push(() => client.close());
  return client;
}

test('its address is what is kept, else what a Hippo of ours tells of itself', async () => {
  let body: unknown = { product: 'hippo-tools', version: '1.0.0', instance: 'i' };
  const hippo = await startStubHippo(({ path }) =>
    path === '/healthz' ? { status: 200, body } : { status: 401 },
  );
  cleanups.push(() => hippo.close());
  const platform = undefined;
  expect(await bindleUrlOf({ connection: OWN, platform }, {})).toBe(OWN.bindleUrl);
  const unknown = { connection: { name: 'far', hippoUrl: hippo.url }, platform };
  expect(await bindleUrlOf(unknown, {})).toBe(`${hippo.url}/v1`);
  body = {};
  expect(await bindleUrlOf(unknown, {})).toBeUndefined();
});

test('the token of Hippo goes to Hippo, an account to its own server, and neither anywhere else', async () => {
  const connection = { ...OWN, bindleUserName: 'pusher' };
  const session = { connection, client: clientOf(connection) };
  await secrets.set({ origin: 'https://bindle.example', userName: 'pusher' }, { password: 'p' });
  const at = async (address: string): Promise<unknown> =>
    bindleCredentials(session, new URL(address), { secrets })?.();
  expect(await at('https://hippo.example/v1')).toEqual({ type: 'bearer', token: 'hippo-token' });
  expect(await at('https://bindle.example/v1')).toEqual({ type: 'basic', username: 'pusher', password: 'p' });
  expect(await at('https://other.example/v1')).toBeUndefined();
  const nobody = { connection: OWN, client: session.client };
  expect(bindleCredentials(nobody, new URL(OWN.bindleUrl), { secrets })).toBeUndefined();
});

test('a password that is not kept is asked for, once, or comes from the window', async () => {
  const connection = { ...OWN, bindleUserName: 'somebody' };
  const session = { connection, client: clientOf(connection) };
  let asked = 0;
  const askPassword = async (): Promise<string> => `typed-${++asked}`;
  const credentials = bindleCredentials(session, new URL(OWN.bindleUrl), { secrets, askPassword });
  for (let request = 0; request < 2; request++)
    expect(await credentials?.()).toMatchObject({ password: 'typed-1' });
  const nothing = async (): Promise<undefined> => undefined;
  const window = { connection: nothing, token: nothing, bindlePassword: async () => 'of-window' };
  expect(await bindleAccount(connection, { secrets, window, askPassword })).toMatchObject({
    password: 'of-window',
  });
});

test('a password goes unencrypted only where the connection says so', async () => {
  const plain = { ...OWN, bindleUrl: 'http://bindle.example/v1', bindleUserName: 'pusher' };
  const askPassword = async (): Promise<string> => 'p';
  await expect(bindleAccount(plain, { secrets, askPassword })).rejects.toMatchObject({ code: 'UNENCRYPTED' });
  expect(await bindleAccount({ ...plain, plainHttp: true }, { secrets, askPassword })).toBeDefined();
});

test('connections are found by their Bindle server, the one in use first', async () => {
  const store = new ConnectionStore(join(folder, 'connections'));
  for (const name of ['a', 'b']) await store.add({ ...OWN, name });
  await store.add({ name: 'c', hippoUrl: 'https://hippo.example' });
  await store.use('b');
  const names = (await store.listByBindleServer('https://bindle.example')).map(({ name }) => name);
  expect(names).toEqual(['b', 'a']);
});
