// kill -9 of the control process at each step of every operation: afterwards every add-on is whole or gone, the
// broker has what the platform knows of and nothing else, and bills are right.

import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAULT_MOMENTS } from '../../src/platform/addons/faults.ts';
import { VERBS } from '../../src/platform/addons/outcomes.ts';
import { settledAddon, startAddonsPlatform, type AddonsPlatform } from '../support/addons-platform.ts';
import { startScriptedBroker, type ScriptedBroker } from '../support/scripted-broker.ts';
import { temporaryFolder } from '../support/temporary.ts';

const root = temporaryFolder();
let broker: ScriptedBroker;

beforeAll(async () => {
  broker = await startScriptedBroker();
});
afterAll(() => broker.close());

/** The user's part, up to where the platform dies: an add-on that is made, changed, rotated, detached, removed. */
async function live({ hippo, addons }: AddonsPlatform): Promise<void> {
  const { url, userName, password } = broker;
  await addons.registerBroker({ name: 'main', url, userName, password });
  const appId = await hippo.createApp({ name: 'app', storageId: 'app' });
  const channelId = await hippo.createChannel({ appId, name: 'main' });
  const other = await hippo.createChannel({ appId, name: 'other' });
  const { id } = await addons.createAddon({ name: 'db', plan: 'small', channelId });
  await settledAddon(addons, id);
  await addons.changeAddon(id, { plan: 'free' });
  await settledAddon(addons, id);
  await addons.rotateBinding(id, channelId);
  await settledAddon(addons, id);
  await addons.bindAddon(id, { channelId: other });
  await settledAddon(addons, id);
  await addons.unbindAddon(id, other);
  await settledAddon(addons, id);
  await addons.removeAddon(id);
  await settledAddon(addons, id);
}

async function settle({ addons }: AddonsPlatform): Promise<void> {
  for (const { id } of await addons.addons()) await settledAddon(addons, id);
}

/** What the platform says, what the broker has, and what channels get are the same. */
async function audit({ hippo, addons }: AddonsPlatform): Promise<void> {
  const known = await addons.addons();
  expect(known.map(({ state }) => state).filter((state) => state !== 'ready')).toEqual([]);
  expect(broker.instances.size).toBe(known.length);
  const given = new Set<string>();
  for (const { plan, bindings } of known) {
    const [held] = [...broker.instances.values()];
    expect(held!.plan).toBe(`plan-${plan.name}`);
    expect(bindings.map(({ state }) => state).filter((state) => state !== 'ready')).toEqual([]);
    expect(held!.bindings.size).toBe(bindings.length);
    for (const { credentials } of held!.bindings.values())
      given.add((credentials as { password: string }).password);
  }
  const got = new Set<string>();
  for (const { id } of await hippo.channels())
    for (const { key, value } of await addons.addonVariables(id, true))
      if (key.endsWith('_PASSWORD')) got.add(value!);
  expect(got).toEqual(given);
  // As long as it is there it is billed, and only once at a time.
  const { lines } = await addons.bill();
  expect(lines.length).toBeLessThanOrEqual(1);
}

const synchronous = VERBS.flatMap((verb) => FAULT_MOMENTS.map((moment) => `${verb}.${moment}`));
const LONG = process.env['HIPPO_TEST_ROUNDS'] !== undefined;
/** The long form dies at each; what differs from a synchronous broker is how a request goes on. */
const settled = VERBS.map((verb) => `${verb}.settled`);
const slow = [
  ...(LONG ? synchronous : settled),
  'poll.answered',
  'poll.settled',
  'fetch.answered',
  'fetch.settled',
];
const points = [
  ...synchronous.map((point) => ['a synchronous', point] as const),
  ...slow.map((point) => ['an asynchronous', point] as const),
];

describe.each(points)('with %s broker, killed at %s', (manner, point) => {
  test('everything is whole or gone', async () => {
    const data = mkdtempSync(join(root, 'data-'));
    broker.instances.clear();
    for (const verb of VERBS) {
      if (manner === 'an asynchronous') broker.slow[verb] = 2;
      else delete broker.slow[verb];
    }
    const doomed = await startAddonsPlatform(data, point);
    const died = once(doomed.platform.child, 'exit') as Promise<[number | null, string | null]>;
    await Promise.race([died, live(doomed).catch(() => died)]);
    expect((await died)[1]).toBe('SIGKILL');
    await doomed.hippo.close();

    const next = await startAddonsPlatform(data);
    try {
      await settle(next);
      await audit(next);
      for (const { id } of await next.addons.addons()) {
        await next.addons.removeAddon(id);
        expect(await settledAddon(next.addons, id)).toBeUndefined();
      }
      await audit(next);
      for (const { id } of await next.hippo.apps()) await next.hippo.removeApp(id);
    } finally {
      await next.close();
    }
  });
});
