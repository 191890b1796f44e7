// What may be asked for when, what is refused with which words, and what Hippo refuses because of add-ons.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Script } from '../../../support/scripted-broker.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
let t: TestAddons;
let [appId, production, staging] = ['', '', ''];
let apps = 0;

beforeAll(async () => {
  t = await startAddons(root);
});
afterAll(() => t.close());
beforeEach(async () => {
  const app = await t.app(`app-${++apps}`, ['production', 'staging']);
  appId = app.appId;
  [production = '', staging = ''] = app.channels;
  t.broker.requests.length = 0;
});

async function add(more: object = {}): Promise<string> {
  const { id } = await t.client.createAddon({ name: 'db', channelId: production, ...more });
  await t.settled(id);
  return id;
}

describe('making one', () => {
  test('needs a channel, unless there is only one', async () => {
    await expect(t.client.createAddon({ name: 'db' })).rejects.toMatchObject({ code: 'INVALID' });
    const only = await t.hippo.account('only');
    const { channels } = await t.app('only-app', ['main'], only);
    const answer = await t.hippo.send(
      'POST',
      '/addons',
      { name: 'db', plan: 'free' },
      { token: (await only.bearer())! },
    );
    expect(answer.status, answer.text).toBe(200);
    const made = answer.json as { id: string; bindings: { channelId: string }[] };
    expect(made.bindings).toMatchObject([{ channelId: channels[0] }]);
    await t.settled(made.id);
  });

  test.each([
    ['no offering', { name: 'nothing' }, /no offering/],
    ['no plan', { plan: 'huge' }, /there is free, small/],
    ['a name that is none', { as: '1x' }, /./],
    ['a long name', { as: 'x'.repeat(29) }, /28/],
  ])('of %s is refused', async (_, more, message) => {
    await expect(add(more)).rejects.toThrow(message);
    expect(await t.client.addons({ appId })).toEqual([]);
  });

  test('takes the free plan if none is named', async () => {
    expect(await t.client.addon(await add())).toMatchObject({ plan: { name: 'free' } });
  });

  test('twice under one name is refused, with another one offered', async () => {
    await add();
    await expect(add()).rejects.toThrow(/--as db2/);
    await expect(add({ as: 'DB', channelId: staging })).rejects.toThrow(/taken/);
    await add({ as: 'db2' });
  });

  test('again after it could not be made is possible at once', async () => {
    t.broker.once('provision', () => ({ status: 400, body: {} }));
    const failed = await add();
    expect(await t.client.addon(failed)).toMatchObject({ state: 'failed' });
    await add();
    expect((await t.client.addons({ appId })).map(({ state }) => state)).toEqual(['ready']);
  });

  test('is refused where a variable of the channel is in the way, with another name offered', async () => {
    const environmentVariables = [{ key: 'DB_URL', value: 'mine' }];
    await t.hippo.client.patchChannel(production, { environmentVariables });
    await expect(add()).rejects.toThrow(/DB_URL.*--as db2/);
    await add({ as: 'db2' });
    expect(t.addons.variablesOf(production)).toHaveProperty('DB2_URL');
  });

  test('whose variables turn out to be in the way is not attached, and nothing is left of the binding', async () => {
    const environmentVariables = [{ key: 'DB_ODD', value: 'mine' }];
    await t.hippo.client.patchChannel(production, { environmentVariables });
    const usual = t.broker.credentials;
    t.broker.credentials = () => ({ odd: 'theirs' });
    const id = await add();
    t.broker.credentials = usual;
    const addon = await t.client.addon(id);
    expect(addon).toMatchObject({ state: 'ready', bindings: [{ state: 'failed' }] });
    expect(addon.bindings[0]!.message).toMatch(/DB_ODD.*another name/);
    expect(t.addons.variablesOf(production)).toEqual({});
    await t.client.bindAddon(id, { channelId: production, as: 'other' });
    expect(await t.settled(id)).toMatchObject({ bindings: [{ state: 'ready', name: 'other' }] });
  });
});

test('a variable that an add-on gives cannot be set, what was there before stays', async () => {
  await add();
  const set = (...keys: string[]) =>
    t.hippo.client.patchChannel(production, {
      environmentVariables: keys.map((key) => ({ key, value: 'x' })),
    });
  await set('OTHER');
  await expect(set('OTHER', 'DB_PASSWORD')).rejects.toThrow(/DB_PASSWORD/);
  expect((await t.hippo.client.channel(production)).environmentVariables.map(({ key }) => key)).toEqual([
    'OTHER',
  ]);
});

describe('while it is being made', () => {
  test('changes are refused, bindings and removal wait', async () => {
    const { arrived, go } = t.broker.hold('provision');
    const { id } = await t.client.createAddon({ name: 'db', channelId: production });
    await arrived;
    await expect(t.client.changeAddon(id, { plan: 'small' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(t.client.rotateBinding(id, production)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(t.client.bindAddon(id, { channelId: production })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await t.client.bindAddon(id, { channelId: staging });
    await t.client.removeAddon(id);
    await expect(t.client.bindAddon(id, { channelId: staging })).rejects.toThrow(/being removed/);
    go();
    expect(await t.settled(id)).toBeUndefined();
    // What had not been sent never was.
    expect(t.broker.requests.map(({ verb }) => verb)).toEqual(['provision', 'deprovision']);
  });

  test('it can be abandoned: what comes back is ignored', async () => {
    const { arrived, go } = t.broker.hold('provision');
    const { id } = await t.client.createAddon({ name: 'db', channelId: production });
    await arrived;
    await t.client.abandonAddon(id);
    await expect(t.client.addon(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    go();
    await add();
  });
});

test('a second change while the first is under way is refused', async () => {
  const id = await add();
  const { arrived, go } = t.broker.hold('update');
  const changing = await t.client.changeAddon(id, { plan: 'small' });
  expect(changing).toMatchObject({ operation: { kind: 'update', plan: 'small' } });
  await arrived;
  expect(await t.client.addon(id)).toMatchObject({ state: 'changing', plan: { name: 'free' } });
  await expect(t.client.changeAddon(id, { plan: 'small' })).rejects.toThrow(/changed already/);
  go();
  expect(await t.settled(id)).toMatchObject({ state: 'ready', plan: { name: 'small' } });
  await expect(t.client.changeAddon(id, { plan: 'small' })).rejects.toThrow(/has it already|has already/);
});

test('requests tell who asks, what was before and what they are about', async () => {
  const id = await add({ parameters: { a: 1 } });
  await t.client.changeAddon(id, { plan: 'small', parameters: { b: 2 } });
  await t.settled(id);
  const [provision, bind, update] = t.broker.requests;
  expect(provision!.headers).toMatchObject({
    'x-broker-api-version': '2.17',
    'content-type': 'application/json',
  });
  const [platform, identity] = provision!.headers['x-broker-api-originating-identity']!.split(' ');
  expect(platform).toBe((provision!.body as { context: { platform: string } }).context.platform);
  expect(JSON.parse(Buffer.from(identity!, 'base64').toString())).toMatchObject({ user_name: 'owner' });
  const ids = t.broker.requests.map(({ headers }) => headers['x-broker-api-request-identity']);
  expect(new Set(ids).size).toBe(ids.length);
  expect(provision!.query).toEqual({ accepts_incomplete: 'true' });
  expect(provision!.body).toMatchObject({ parameters: { a: 1 }, space_guid: appId });
  expect(bind!.body).toMatchObject({ app_guid: appId, bind_resource: { app_guid: appId } });
  expect(update!.body).toMatchObject({
    plan_id: 'plan-small',
    parameters: { b: 2 },
    previous_values: { plan_id: 'plan-free' },
  });
  // Parameters are told to the broker alone.
  expect(JSON.stringify([await t.client.addon(id), await t.client.operations(id)])).not.toMatch(
    /"[ab]":[12]/,
  );
});

test('a broker that repeats what it was told as a secret is not quoted', async () => {
  const repeats: Script = ({ headers, body }) => {
    const { parameters } = (body ?? {}) as { parameters?: object };
    const description = `No ${headers['authorization']} of ${t.broker.password}: ${JSON.stringify(parameters)}`;
    return { status: 400, body: { description } };
  };
  const parameters = { region: 'north', admin: { password: 'hunter22', keys: [{ apiKey: 'k3yk3y' }] } };
  t.broker.once('provision', repeats);
  const failed = await add({ parameters });
  const id = await add({ as: 'other' });
  t.broker.slow.update = 1;
  t.broker.once('poll', () => ({
    status: 200,
    body: { state: 'failed', description: 'hunter22 is too weak' },
  }));
  await t.client.changeAddon(id, { parameters });
  await t.settled(id);
  delete t.broker.slow.update;
  const said = JSON.stringify([
    await t.client.operations(failed),
    await t.client.addon(id),
    await t.client.operations(id),
  ]);
  expect(said).toContain('north');
  expect(said).toContain('*** is too weak');
  for (const secret of ['hunter22', 'k3yk3y', t.broker.password, 'YnJva2Vy'])
    expect(said).not.toContain(secret);
});

describe('Hippo keeps', () => {
  test('an app as long as it has add-ons, and names them with their prices', async () => {
    const id = await add({ plan: 'small' });
    const refusal = t.hippo.client.removeApp(appId);
    await expect(refusal).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(refusal).rejects.toThrow(/db \(db small, \$0\.06\/hour\)/);
    await t.client.removeAddon(id);
    await t.settled(id);
    await t.hippo.client.removeApp(appId);
  });

  test("a channel that is an add-on's last, and detaches one that is not", async () => {
    const id = await add();
    await expect(t.hippo.client.removeChannel(production)).rejects.toThrow(/No other channel uses.*db/);
    await t.client.bindAddon(id, { channelId: staging });
    await t.settled(id);
    await t.hippo.client.removeChannel(production);
    const addon = await t.settled(id);
    expect(addon!.bindings.map(({ channelId }) => channelId)).toEqual([staging]);
    expect([...t.broker.instances.values()].at(-1).bindings.size).toBe(1);
  });
});

test('an instance that is there is taken over, and never cleaned up', async () => {
  const instance = 'made by somebody / else';
  const body = { service_id: 'service-db', plan_id: 'plan-small' };
  t.broker.instances.set(instance, {
    request: body,
    service: 'service-db',
    plan: 'plan-small',
    parameters: {},
    bindings: new Map(),
  });
  const adopt = (more: object = {}) =>
    t.client.adoptAddon({ name: 'db', plan: 'small', channelId: production, instanceId: instance, ...more });
  await expect(adopt({ instanceId: 'none' })).rejects.toThrow(/not known/);
  await expect(adopt({ plan: 'free' })).rejects.toThrow(/not the one/);
  t.broker.once('bind', () => ({ status: 500, body: {} }));
  const { id } = await adopt();
  expect(await t.settled(id)).toMatchObject({
    adopted: true,
    state: 'ready',
    bindings: [{ state: 'failed' }],
  });
  expect(t.broker.instances.has(instance)).toBe(true);
  await expect(adopt({ channelId: staging, as: 'again' })).rejects.toThrow(/already/);
  await t.client.bindAddon(id, { channelId: production });
  expect(await t.settled(id)).toMatchObject({ bindings: [{ state: 'ready' }] });
  await t.client.removeAddon(id);
  expect(await t.settled(id)).toBeUndefined();
  expect(t.broker.instances.has(instance)).toBe(false);
});

test('a dashboard is asked for anew, and told where it is elsewhere', async () => {
  const id = await add();
  const link = await t.client.dashboard(id);
  expect(link).toMatchObject({ foreign: false, url: expect.stringContaining('fresh') as string });
  t.broker.once('fetch-instance', () => ({ status: 200, body: { dashboard_url: 'https://example.com/' } }));
  expect(await t.client.dashboard(id)).toEqual({ foreign: true, url: 'https://example.com/' });
  t.broker.once('fetch-instance', () => ({ status: 200, body: { dashboard_url: 'javascript:alert(1)' } }));
  expect((await t.client.dashboard(id)).url).toMatch(/^http:\/\/127/);
});

test('everything that is done with an add-on is told of', async () => {
  const before = lastEvent();
  const id = await add();
  await t.client.removeAddon(id);
  await t.settled(id);
  const told = eventsSince(before).filter((event) => event.addonId === id);
  expect(told[0]).toMatchObject({ type: 'addon.created', appId });
  expect(told.at(-1)).toMatchObject({ type: 'addon.deleted', appId });
  expect(told.length).toBeGreaterThan(3);
  expect(JSON.stringify(told)).not.toContain('secret');
});

function lastEvent(): number {
  return eventsSince(0).length;
}

function eventsSince(count: number): { type: string; addonId?: string; appId?: string }[] {
  return t.told.slice(count) as never;
}
