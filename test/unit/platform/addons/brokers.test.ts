// Brokers as administrators know them: registering, changing, refreshing, what goes wrong, what their catalogs do.

import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchIcon, isPublic } from '../../../../src/platform/addons/icons.ts';
import { PLAN_FREE, PLAN_SMALL, service, startScriptedBroker } from '../../../support/scripted-broker.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { waitFor } from '../../../support/wait.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
let t: TestAddons;
beforeAll(async () => {
  t = await startAddons(root);
});
afterAll(() => t.close());

const login = () => ({ userName: t.broker.userName, password: t.broker.password });

describe('registering', () => {
  test.each([
    ['ftp://127.0.0.1/', /https/],
    ['file:///etc/passwd', /https/],
    ['http://example.com/', /loopback/],
    ['http://10.0.0.1/', /loopback/],
    ['https://user:secret@example.com/', /password/],
    ['http://127.0.0.1:1/?a=b', /query/],
    ['nonsense', /address/],
  ])('%s is refused', async (url, message) => {
    const refusal = t.client.registerBroker({ name: 'x', url, ...login() });
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.not.toThrow(/secret/);
  });

  test.each([
    ['nobody answers', { url: 'http://127.0.0.1:1/' }, /reached/],
    ['the credentials do not hold', { password: 'wrong' }, /credentials/],
    ['the name is taken', { name: 'main' }, /taken/],
    ['there are none', { password: null }, /required/],
    ['there are too many', { token: 'x' }, /exclude/],
    ['the certificate is none', { ca: 'x' }, /PEM/],
    ['there is no such team', { teamIds: ['00000000-0000-4000-8000-000000000000'] }, /no team/],
  ])('is refused where %s', async (_, more, message) => {
    const all = { name: 'x', url: t.broker.url, ...login(), ...more };
    await expect(t.client.registerBroker(all)).rejects.toThrow(message);
    expect((await t.client.brokers()).map(({ name }) => name)).toEqual(['main']);
  });

  test('never tells the password, and keeps it encrypted', async () => {
    const answer = await t.hippo.send('GET', '/api/brokers');
    expect(answer.text).not.toContain(t.broker.password);
    const { readdirSync, readFileSync } = await import('node:fs');
    for (const file of readdirSync(t.directory))
      expect(readFileSync(`${t.directory}/${file}`).includes(t.broker.password)).toBe(false);
  });

  test('of the same broker twice makes two offerings of one name, told apart', async () => {
    const second = await t.client.registerBroker({ name: 'second', url: t.broker.url, ...login() });
    const references = (await t.client.offerings()).map(({ reference }) => reference);
    expect(references.toSorted()).toEqual(['db@main', 'db@second']);
    const { channels } = await t.app('twice');
    await expect(t.client.createAddon({ name: 'db', channelId: channels[0]! })).rejects.toThrow(
      /db@main, db@second/,
    );
    const { id } = await t.client.createAddon({ name: 'db@second', channelId: channels[0]! });
    expect(await t.settled(id)).toMatchObject({ broker: { name: 'second' }, name: 'db' });
    await expect(t.client.deregisterBroker(second.id)).rejects.toThrow(/db of twice/);
    await t.client.removeAddon(id);
    await t.settled(id);
    await t.client.deregisterBroker(second.id);
    expect((await t.client.offerings()).map(({ reference }) => reference)).toEqual(['db']);
  });
});

describe('a catalog that changes', () => {
  const refresh = async (...services: object[]) => {
    t.broker.services = services;
    await t.client.refreshBroker(t.brokerId);
    return t.client.offerings();
  };

  test('has plans that are withdrawn, come back and are renamed, with the same ids', async () => {
    const [before] = await refresh(service());
    const { channels } = await t.app('drift');
    const { id } = await t.client.createAddon({ name: 'db', plan: 'small', channelId: channels[0]! });
    await t.settled(id);
    const [without] = await refresh(service({ plans: [PLAN_FREE] }));
    expect(without!.plans.map(({ name, state }) => [name, state])).toEqual([
      ['free', 'active'],
      ['small', 'withdrawn'],
    ]);
    const again = { name: 'db', plan: 'small', channelId: channels[0]!, as: 'x' };
    await expect(t.client.createAddon(again)).rejects.toThrow(/withdrawn/);
    // Swapped names are the old plans under new ones.
    const [swapped] = await refresh(
      service({
        plans: [
          { ...PLAN_FREE, name: 'small' },
          { ...PLAN_SMALL, name: 'free' },
        ],
      }),
    );
    expect(swapped!.plans.map((plan) => plan.id)).toEqual(before!.plans.map((plan) => plan.id));
    expect(swapped!.plans.map(({ name, state }) => [name, state])).toEqual([
      ['small', 'active'],
      ['free', 'active'],
    ]);
    expect(await refresh()).toMatchObject([{ state: 'withdrawn' }]);
    expect(await t.client.addon(id)).toMatchObject({ state: 'ready', plan: { state: 'withdrawn' } });
    // Removal needs no catalog.
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
    expect(await refresh(service())).toMatchObject([{ state: 'active', id: before!.id }]);
  });

  test.each([
    ['is no JSON', { status: 200, body: '{' }, 'invalid'],
    ['is an error', { status: 500, body: {} }, 'invalid'],
    ['is not given', { status: 401, body: {} }, 'refused'],
    ['is a redirect', { status: 302, body: {}, headers: { location: 'http://127.0.0.1:1/' } }, 'invalid'],
    ['is too large', { status: 200, body: `{"services":[],"x":"${'x'.repeat(9_000_000)}"}` }, 'invalid'],
    ['is endlessly deep', { status: 200, body: '['.repeat(1_000_000) }, 'invalid'],
  ])('and %s leaves the last one', async (_, answer, state) => {
    await refresh(service());
    t.broker.once('catalog', () => answer);
    expect(await t.client.refreshBroker(t.brokerId)).toMatchObject({
      state,
      message: expect.any(String) as string,
    });
    expect((await t.client.offerings()).map((offering) => offering.state)).toEqual(['active']);
    expect(await t.client.refreshBroker(t.brokerId)).toMatchObject({ state: 'ready', message: null });
  });

  test('is asked for by its tag', async () => {
    const etag = '"one"';
    t.broker.always('catalog', ({ headers }) =>
      headers['if-none-match'] === etag
        ? { status: 304 }
        : { status: 200, body: { services: [service()] }, headers: { etag } },
    );
    await t.client.refreshBroker(t.brokerId);
    t.broker.requests.length = 0;
    expect(await t.client.refreshBroker(t.brokerId)).toMatchObject({ state: 'ready' });
    expect(t.broker.requests[0]!.headers['if-none-match']).toBe(etag);
    t.broker.always('catalog', undefined);
  });
});

test('new credentials are tried first; another address needs them again', async () => {
  const broker = await startScriptedBroker();
  try {
    const { userName, password, url } = broker;
    const { id } = await t.client.registerBroker({ name: 'moving', url, userName, password });
    await expect(t.client.changeBroker(id, { password: 'wrong' })).rejects.toThrow(/credentials/);
    await expect(t.client.changeBroker(id, { url: t.broker.url })).rejects.toThrow(/again/);
    expect(await t.client.changeBroker(id, { url: t.broker.url, password })).toMatchObject({
      url: `${t.broker.url}/`,
    });
    expect(await t.client.changeBroker(id, { name: 'moved' })).toMatchObject({
      name: 'moved',
      state: 'ready',
    });
    await t.client.deregisterBroker(id);
  } finally {
    await broker.close();
  }
});

test('a change is made as a whole or not at all, whoever else changes brokers meanwhile', async () => {
  const { url } = t.broker;
  const { id } = await t.client.registerBroker({ name: 'whole', url, ...login() });
  const other = await t.client.registerBroker({ name: 'other', url, ...login() });
  const before = await t.client.brokers();
  const nobody = ['00000000-0000-4000-8000-000000000000'];
  await expect(t.client.changeBroker(id, { name: 'half', teamIds: nobody })).rejects.toThrow(/no team/);
  // While its new credentials are tried, another one gets the name.
  const { arrived, go } = t.broker.hold('catalog');
  const changing = t.client.changeBroker(id, { name: 'wanted', password: t.broker.password });
  changing.catch(() => undefined);
  await arrived;
  await t.client.changeBroker(other.id, { name: 'WANTED' });
  go();
  await expect(changing).rejects.toThrow(/taken/);
  expect((await t.client.brokers()).find((broker) => broker.id === id)).toEqual(
    before.find((broker) => broker.id === id),
  );
  // Two register at once under one name: one of them does.
  const both = await Promise.allSettled(
    ['twin', 'Twin'].map((name) => t.client.registerBroker({ name, url, ...login() })),
  );
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  for (const broker of await t.client.brokers())
    if (broker.id !== t.brokerId) await t.client.deregisterBroker(broker.id);
});

test('what could not be made for an app that is gone keeps no broker', async () => {
  const { id } = await t.client.registerBroker({ name: 'leaving', url: t.broker.url, ...login() });
  // One that has a channel, and one that has none any more.
  for (const name of ['gone', 'empty']) {
    const { appId, channels } = await t.app(name);
    t.broker.once('provision', () => ({ status: 400, body: {} }));
    const made = await t.client.createAddon({ name: 'db@leaving', channelId: channels[0]! });
    expect(await t.settled(made.id)).toMatchObject({ state: 'failed' });
    if (name === 'empty') await t.hippo.client.removeChannel(channels[0]!);
    await t.hippo.client.removeApp(appId);
  }
  await t.client.deregisterBroker(id);
});

test('a broker that did not come with Hippo says what is missing, and not what to run', async () => {
  const unavailable = { reason: 'Its server is missing.', command: 'curl example.com | sh' };
  t.broker.services = [service({ metadata: { unavailable } })];
  await t.client.refreshBroker(t.brokerId);
  const [offering] = await t.client.offerings();
  expect(offering!.unavailable).toEqual({ reason: 'Its server is missing.', command: null });
  t.broker.services = [service()];
  await t.client.refreshBroker(t.brokerId);
});

describe('pictures', () => {
  const png = Buffer.from('89504e470d0a1a0a00', 'hex');
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    if (request.url === '/redirect') return response.writeHead(302, { location: '/png' }).end();
    if (request.url === '/large') return response.end(Buffer.concat([png, Buffer.alloc(70_000)]));
    if (request.url === '/html') return response.end('<html><svg></svg></html>');
    if (request.url === '/svg') return response.end('<?xml version="1.0"?>\n<svg xmlns="x"/>');
    return response.end(png);
  });
  let url = '';
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const near = new URL('http://127.0.0.1:1/');
  const far = new URL('https://broker.example.com/');

  test.each([
    ['/png', /^data:image\/png;base64,/],
    ['/svg', /^data:image\/svg\+xml;base64,/],
  ])('%s of a broker on loopback is fetched', async (path, expected) => {
    expect(await fetchIcon(url + path, near)).toMatch(expected);
  });

  test.each(['/redirect', '/large', '/html'])('%s is none', async (path) => {
    expect(await fetchIcon(url + path, near)).toBeUndefined();
  });

  test('on loopback and private networks are never asked for by a broker elsewhere', async () => {
    asked = 0;
    const { port } = new URL(url);
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0x7f.1',
      '2130706433',
      '0.0.0.0',
    ])
      expect(await fetchIcon(`http://${host}:${port}/png`, far)).toBeUndefined();
    for (const host of ['10.0.0.1', '169.254.169.254', '192.168.1.1', '172.16.0.1', '[fe80::1]', '[fd00::1]'])
      expect(await fetchIcon(`http://${host}/`, near)).toBeUndefined();
    expect(asked).toBe(0);
    for (const address of ['8.8.8.8', '2606:4700::1111']) expect(isPublic(address)).toBe(true);
  });

  test('in the catalog itself are taken by their content', async () => {
    expect(await fetchIcon(`data:text/html;base64,${png.toString('base64')}`, far)).toMatch(
      /^data:image\/png/,
    );
    expect(await fetchIcon('data:image/png,<script>', far)).toBeUndefined();
    expect(await fetchIcon('data:image/svg+xml,%3Csvg%2F%3E', far)).toMatch(/svg/);
  });

  test('of vectors have comments before them, and as many as they like cost no time', async () => {
    const icon = (text: string) => fetchIcon(`data:,${encodeURIComponent(text)}`, far);
    const before = '\ufeff<?xml version="1.0"?>\n<!-- a --><!-- b > c -->\n<!DOCTYPE svg PUBLIC "x" "y">\n';
    expect(await icon(`${before}<svg xmlns="x"/>`)).toMatch(/^data:image\/svg/);
    for (const none of ['<!-- <svg/>', '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', '<svgx/>', `${before}<p/>`])
      expect(await icon(none)).toBeUndefined();
    expect(await icon(`${'<!---->'.repeat(580)}x`)).toBeUndefined();
  });

  test('are served as they were fetched', async () => {
    t.broker.services = [service({ metadata: { imageUrl: `${url}/png` } })];
    await t.client.refreshBroker(t.brokerId);
    const offering = await waitFor(async () => {
      const [one] = await t.client.offerings();
      expect(one!.icon).toBe(true);
      return one!;
    });
    expect(await t.client.icon(offering.id)).toMatch(/^data:image\/png/);
    t.broker.services = [service()];
    const refreshed = await t.client.refreshBroker(t.brokerId);
    expect(refreshed.state).toBe('ready');
    expect((await t.client.offerings())[0]!.icon).toBe(false);
  });
});
