// What goes on by itself: credentials that expire, answers that were lost, restarts, brokers that come back.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { PLAN_FREE, service } from '../../../support/scripted-broker.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { waitFor } from '../../../support/wait.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
const time = { offset: 0 };
let t: TestAddons;
let apps = 0;
beforeAll(async () => {
  t = await startAddons(root, { now: () => Date.now() + time.offset });
});
afterAll(() => t.close());

async function add(): Promise<{ id: string; channelId: string }> {
  const { channels } = await t.app(`app-${++apps}`);
  const channelId = channels[0]!;
  const { id } = await t.client.createAddon({ name: 'db', channelId });
  await t.settled(id);
  return { id, channelId };
}

const HOUR = 3_600_000;
const inHours = (hours: number): string => new Date(Date.now() + time.offset + hours * HOUR).toISOString();

test('credentials that expire are renewed in time, and the old ones end', async () => {
  t.broker.once('bind', ({ instance, binding }) => {
    const credentials = { password: 'first' };
    t.broker.instances.get(instance)!.bindings.set(binding, { request: {}, credentials });
    return {
      status: 201,
      body: { credentials, metadata: { expires_at: inHours(2), renew_before: inHours(1) } },
    };
  });
  const { id, channelId } = await add();
  const [binding] = (await t.client.addon(id)).bindings;
  expect(Date.parse(binding!.expiresAt!)).toBeGreaterThan(Date.now());
  time.offset += 1.5 * HOUR;
  // Looks as it does when it starts.
  await t.restart();
  await waitFor(() => expect(t.addons.variablesOf(channelId)['DB_PASSWORD']).not.toBe('first'));
  expect(await t.settled(id)).toMatchObject({ bindings: [{ state: 'ready', expiresAt: null }] });
  expect([...t.broker.instances.values()].at(-1).bindings.size).toBe(1);
});

test('those that cannot be are told of', async () => {
  t.broker.services = [service({ plans: [PLAN_FREE] })];
  await t.client.refreshBroker(t.brokerId);
  t.broker.once('bind', () => ({
    status: 201,
    body: { credentials: { password: 'x' }, metadata: { expires_at: inHours(1) } },
  }));
  const { id, channelId } = await add();
  await expect(t.client.rotateBinding(id, channelId)).rejects.toThrow(/detach/);
  time.offset += 2 * HOUR;
  await t.restart();
  await waitFor(async () => {
    const [binding] = (await t.client.addon(id)).bindings;
    expect(binding!.message).toMatch(/expired/);
  });
  t.broker.services = [service()];
  await t.client.refreshBroker(t.brokerId);
});

test('what was under way when it ended goes on after a start', async () => {
  const { channels } = await t.app('restarted');
  const arrived = Promise.withResolvers<void>();
  t.broker.once('provision', async () => {
    arrived.resolve();
    // The platform is about to end by then, and hears nothing of it.
    await new Promise((resolve) => setImmediate(resolve));
    return 'lose' as const;
  });
  const { id } = await t.client.createAddon({ name: 'db', channelId: channels[0]! });
  await arrived.promise;
  await t.restart();
  expect(await t.settled(id)).toMatchObject({ state: 'ready', bindings: [{ state: 'ready' }] });
});

test('credentials that are told once and were lost are made anew', async () => {
  t.broker.services = [service({ bindings_retrievable: false })];
  await t.client.refreshBroker(t.brokerId);
  const { channels } = await t.app('told-once');
  const arrived = Promise.withResolvers<void>();
  t.broker.once('bind', async () => {
    arrived.resolve();
    // The platform is about to end by then, and hears nothing of it.
    await new Promise((resolve) => setImmediate(resolve));
    return 'lose' as const;
  });
  // The same request again: it is there, and nothing is told.
  t.broker.once('bind', () => ({ status: 200, body: {} }));
  const { id } = await t.client.createAddon({ name: 'db', channelId: channels[0]! });
  await arrived.promise;
  await t.restart();
  expect(await t.settled(id)).toMatchObject({ state: 'ready', bindings: [{ state: 'ready' }] });
  expect(t.addons.variablesOf(channels[0]!)).toHaveProperty('DB_PASSWORD');
  expect([...t.broker.instances.values()].at(-1).bindings.size).toBe(1);
  t.broker.services = [service()];
  await t.client.refreshBroker(t.brokerId);
});

test('a removal that fails is told of, goes on, and is hurried by whoever asks again', async () => {
  const { id } = await add();
  t.broker.always('deprovision', () => ({ status: 500, body: { description: 'not today' } }));
  await t.client.removeAddon(id);
  await waitFor(async () => {
    const addon = await t.client.addon(id);
    expect(addon).toMatchObject({ state: 'attention', operation: { kind: 'remove' } });
    expect(addon.message).toMatch(/not today/);
  });
  t.broker.always('deprovision', undefined);
  await t.client.retryAddon(id);
  expect(await t.settled(id)).toBeUndefined();
});

test('a broker that is away is waited for', async () => {
  const { id, channelId } = await add();
  const moved = new URL(t.broker.url);
  await t.broker.stop();
  await t.client.changeAddon(id, { plan: 'small' });
  await waitFor(async () =>
    expect((await t.client.addon(id)).operation?.message).toMatch(/cannot be reached/),
  );
  expect(t.addons.variablesOf(channelId)).toHaveProperty('DB_URL');
  await t.broker.start(Number(moved.port));
  expect(await t.settled(id)).toMatchObject({ state: 'ready', plan: { name: 'small' } });
});
