// Troubles of the platform's own: state that cannot be written, a clock that is set back, prices that cannot be read.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { PLAN_FREE, PLAN_SMALL, service } from '../../../support/scripted-broker.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { waitFor } from '../../../support/wait.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
const time = { offset: 0 };
let t: TestAddons;
afterEach(async () => {
  time.offset = 0;
  t.reported.length = 0;
  await t.close();
});

test('state that cannot be written does not make the broker be asked without end', async () => {
  t = await startAddons(root, { limits: { engine: { longestPause: 3_600_000 } } });
  t.broker.slow.provision = 1_000_000;
  const { channels } = await t.app('full', ['production', 'other']);
  const { id } = await t.client.createAddon({ name: 'db', channelId: channels[0]! });
  const polls = () => t.broker.requests.filter(({ verb }) => verb === 'poll').length;
  await waitFor(() => expect(polls()).toBeGreaterThan(0));
  const beside = new DatabaseSync(join(t.directory, 'addons.db'));
  beside.exec(`PRAGMA busy_timeout = 5000;
    CREATE TRIGGER full BEFORE UPDATE ON operation WHEN NEW.addon_id = '${id}'
    BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END`);
  await waitFor(() => expect(t.reported).not.toEqual([]));
  const before = polls();
  // What others want is done meanwhile.
  delete t.broker.slow.provision;
  const other = await t.client.createAddon({ name: 'db', channelId: channels[1]!, as: 'other' });
  expect(await t.settled(other.id)).toMatchObject({ state: 'ready' });
  expect(polls() - before).toBeLessThan(2);
  expect(t.reported.length).toBeLessThan(3);
  beside.exec('DROP TRIGGER full');
  beside.close();
  t.broker.slow.provision = 1;
  t.broker.always('poll', () => ({ status: 200, body: { state: 'succeeded' } }));
  await t.client.retryAddon(id);
  expect(await t.settled(id)).toMatchObject({ state: 'ready' });
});

test('a clock that is set back keeps nothing from going on', async () => {
  t = await startAddons(root, { now: () => Date.now() + time.offset });
  t.broker.slow.provision = 20;
  const { channels } = await t.app('back');
  const { id } = await t.client.createAddon({ name: 'db', channelId: channels[0]! });
  await waitFor(() => expect(t.broker.requests.some(({ verb }) => verb === 'poll')).toBe(true));
  time.offset = -30 * 24 * 3_600_000;
  expect(await t.settled(id)).toMatchObject({ state: 'ready', bindings: [{ state: 'ready' }] });
  await t.client.removeAddon(id);
  expect(await t.settled(id)).toBeUndefined();
  for (const { cents } of (await t.client.bill()).lines) expect(cents).toBeGreaterThanOrEqual(0);
});

test('prices that cannot be read any more after a start are those that held before', async () => {
  t = await startAddons(root);
  const file = join(t.directory, 'prices.toml');
  const free = { ...PLAN_FREE, name: 'given' };
  t.broker.services = [service({ plans: [free, PLAN_SMALL] })];
  writeFileSync(file, '[db]\ngiven = [{ amount = 1, currency = "usd", unit = "HOURLY" }]\nsmall = []\n');
  await t.client.refreshBroker(t.brokerId);
  const plans = async () => {
    const [offering] = await t.client.offerings();
    return offering!.plans.map((plan) => [plan.name, plan.free, plan.costs.map(({ amount }) => amount)]);
  };
  const prices = [
    ['given', false, [1_000_000]],
    ['small', true, []],
  ];
  expect(await plans()).toEqual(prices);
  writeFileSync(file, '[db\n');
  await t.restart();
  await t.client.refreshBroker(t.brokerId);
  expect(await plans()).toEqual(prices);
  expect(t.reported.map(String).join()).toMatch(/prices\.toml is not used/);
  // Without the file the broker's own hold.
  writeFileSync(file, '');
  expect(await plans()).toEqual([
    ['given', true, []],
    ['small', false, [60_000]],
  ]);
});
