// What is asked for while something else is being done: nothing is left behind, and there is always a way on.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BrokerVerb } from '../../../support/scripted-broker.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { waitFor } from '../../../support/wait.ts';
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
  for (const verb of Object.keys(t.broker.slow)) delete t.broker.slow[verb as BrokerVerb];
  t.broker.instances.clear();
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

function sent(verb: BrokerVerb): number {
  return t.broker.requests.filter((request) => request.verb === verb).length;
}

/** Ids of the bindings that the broker has of its only instance. */
function heldBindings(): string[] {
  const [held] = [...t.broker.instances.values()];
  return [...(held?.bindings.keys() ?? [])];
}

describe('while credentials change', () => {
  test('a channel is detached: neither the old ones nor the new ones are left', async () => {
    const id = await add();
    const { arrived, go } = t.broker.hold('bind');
    await t.client.rotateBinding(id, production);
    await arrived;
    await t.client.unbindAddon(id, production);
    go();
    expect(await t.settled(id)).toMatchObject({ state: 'ready', bindings: [] });
    expect(heldBindings()).toEqual([]);
    expect(t.addons.variablesOf(production)).toEqual({});
  });

  test('its channel is deleted: the same', async () => {
    const id = await add();
    await t.client.bindAddon(id, { channelId: staging });
    await t.settled(id);
    const { arrived, go } = t.broker.hold('bind');
    await t.client.rotateBinding(id, production);
    await arrived;
    await t.hippo.client.removeChannel(production);
    go();
    expect(await t.settled(id)).toMatchObject({ bindings: [{ channelId: staging }] });
    await waitFor(() => expect(heldBindings()).toHaveLength(1));
  });
});

describe('while its plan changes', () => {
  test('what is attached comes after it, and what is removed is removed then', async () => {
    const id = await add();
    const { arrived, go } = t.broker.hold('update');
    await t.client.changeAddon(id, { plan: 'small' });
    await arrived;
    await t.client.bindAddon(id, { channelId: staging });
    expect(sent('bind')).toBe(1);
    await t.client.removeAddon(id);
    go();
    expect(await t.settled(id)).toBeUndefined();
    // What had not been sent never was.
    expect(sent('bind')).toBe(1);
    expect(t.broker.instances.size).toBe(0);
  });
});

describe('an app that goes while an add-on is on its way to it', () => {
  test('gets none', async () => {
    const { arrived, go } = t.broker.hold('fetch-instance');
    t.broker.instances.set('theirs', {
      request: {},
      service: 'service-db',
      plan: 'plan-free',
      parameters: {},
      bindings: new Map(),
    });
    const adopting = t.client.adoptAddon({
      name: 'db',
      plan: 'free',
      channelId: production,
      instanceId: 'theirs',
    });
    adopting.catch(() => undefined);
    await arrived;
    await t.hippo.client.removeApp(appId);
    go();
    await expect(adopting).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(sent('bind')).toBe(0);
  });
});

describe('a broker that never comes to an end', () => {
  test('keeps nobody from removing: asked again, the removal no longer waits for it', async () => {
    t.broker.slow.provision = 1_000_000;
    const { id } = await t.client.createAddon({ name: 'db', channelId: production });
    await waitFor(() => expect(sent('poll')).toBeGreaterThan(1));
    expect(await t.client.removeAddon(id)).toMatchObject({ state: 'creating' });
    const polls = sent('poll');
    await waitFor(() => expect(sent('poll')).toBeGreaterThan(polls));
    expect(sent('deprovision')).toBe(0);
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
    expect(t.broker.instances.size).toBe(0);
  });
});

describe('a change after which nothing works', () => {
  const broken = { status: 500, body: { description: 'it is broken', instance_usable: false } };

  test('can be followed by another one, and nothing is attached meanwhile', async () => {
    const id = await add();
    t.broker.once('update', () => broken);
    await t.client.changeAddon(id, { plan: 'small' });
    expect(await t.settled(id)).toMatchObject({ state: 'failed', plan: { name: 'free' } });
    await expect(t.client.bindAddon(id, { channelId: staging })).rejects.toThrow(/does not work: change it/);
    await expect(t.client.rotateBinding(id, production)).rejects.toThrow(/does not work/);
    // Back to the plan that it has.
    await t.client.changeAddon(id, { plan: 'free' });
    expect(await t.settled(id)).toMatchObject({ state: 'ready', message: null, plan: { name: 'free' } });
  });

  test('is different from one that could not be made', async () => {
    t.broker.once('provision', () => ({ status: 400, body: {} }));
    const id = await add();
    await expect(t.client.changeAddon(id, { plan: 'small' })).rejects.toThrow(/only be removed/);
  });
});

test.each(['javascript:alert(1)', 'file:///etc/passwd', 'no address'])(
  'an instance whose dashboard is at %s is taken over without it',
  async (url) => {
    t.broker.instances.set('theirs', {
      request: {},
      service: 'service-db',
      plan: 'plan-free',
      parameters: {},
      bindings: new Map(),
    });
    t.broker.once('fetch-instance', () => ({ status: 200, body: { dashboard_url: url } }));
    const adoption = { name: 'db', plan: 'free', channelId: production, instanceId: 'theirs' };
    const { id } = await t.client.adoptAddon(adoption);
    expect(await t.settled(id)).toMatchObject({ dashboard: false });
    await t.client.abandonAddon(id);
  },
);

test('an instance is taken over once, by whichever of two names its broker is asked', async () => {
  const { url, userName, password } = t.broker;
  const second = await t.client.registerBroker({ name: 'second', url, userName, password });
  await add({ name: 'db@main' });
  const [instanceId = ''] = [...t.broker.instances.keys()];
  const adopting = t.client.adoptAddon({
    name: 'db@second',
    plan: 'free',
    channelId: staging,
    as: 'again',
    instanceId,
  });
  await expect(adopting).rejects.toThrow(/is the add-on db of app-\d+ already/);
  await t.client.deregisterBroker(second.id);
});

test('whoever asks is told to the broker with every request that they cause', async () => {
  const id = await add();
  t.broker.requests.length = 0;
  await t.client.dashboard(id);
  await t.client.removeAddon(id);
  await t.settled(id);
  expect(t.broker.requests.length).toBeGreaterThan(2);
  for (const { headers } of t.broker.requests)
    expect(headers['x-broker-api-originating-identity']).toMatch(/^hippo /);
});
