// The life of an add-on by the API, with a broker that does as it should.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryFolder } from '../../../support/temporary.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
let t: TestAddons;

beforeAll(async () => {
  t = await startAddons(root);
});
afterAll(() => t.close());

describe.each(['sync', 'async'])('by a broker that is %s', (manner) => {
  beforeAll(() => {
    if (manner === 'async')
      Object.assign(t.broker.slow, { provision: 2, bind: 2, unbind: 2, deprovision: 2, update: 2 });
  });

  test('an add-on is made, bound, changed, rotated, shared and removed', async () => {
    const { client, broker } = t;
    const { appId, channels } = await t.app(`life-${manner}`, ['production', 'staging']);
    const [production = '', staging = ''] = channels;
    const made = await client.createAddon({ name: 'db', plan: 'free', channelId: production });
    expect(made).toMatchObject({ name: 'db', appId, state: 'creating', plan: { name: 'free' } });
    const ready = await t.settled(made.id);
    expect(ready).toMatchObject({
      state: 'ready',
      message: null,
      dashboard: manner === 'sync',
      bindings: [{ channelId: production, state: 'ready', name: 'db' }],
    });
    expect(ready!.bindings[0]!.variables.toSorted()).toEqual(['DB_PASSWORD', 'DB_PORT', 'DB_URL']);
    const first = t.addons.variablesOf(production);
    expect(first).toMatchObject({ DB_PORT: '5432', DB_URL: expect.stringMatching(/^db:/) as string });

    await client.rotateBinding(made.id, production);
    await t.settled(made.id);
    const second = t.addons.variablesOf(production);
    expect(second['DB_PASSWORD']).not.toBe(first['DB_PASSWORD']);
    const [held] = [...broker.instances.values()];
    expect(held!.bindings.size).toBe(1);

    await client.bindAddon(made.id, { channelId: staging, as: 'main' });
    await t.settled(made.id);
    expect(Object.keys(t.addons.variablesOf(staging))).toContain('MAIN_URL');

    await client.changeAddon(made.id, { plan: 'small' });
    expect(await t.settled(made.id)).toMatchObject({ state: 'ready', plan: { name: 'small' } });
    expect(held!.plan).toBe('plan-small');

    await client.unbindAddon(made.id, staging);
    expect((await t.settled(made.id))!.bindings).toHaveLength(1);
    expect(t.addons.variablesOf(staging)).toEqual({});

    await client.removeAddon(made.id);
    expect(await t.settled(made.id)).toBeUndefined();
    expect(t.addons.variablesOf(production)).toEqual({});
    expect(broker.instances.size).toBe(0);
  });
});
