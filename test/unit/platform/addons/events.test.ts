// Add-ons, brokers and offerings on `/api/events`: who hears of what, and that no secret is among it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { AddonsClient } from '../../../../src/addons/client.ts';
import type { HippoClient } from '../../../../src/hippo/client.ts';
import type { HippoEvent } from '../../../../src/hippo/events.ts';
import { service, startScriptedBroker } from '../../../support/scripted-broker.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
let t: TestAddons;
beforeAll(async () => {
  t = await startAddons(root);
});
afterAll(() => t.close());

/** Listens from now on; gives what was told up to the add-on's end, or to the last change of offerings. */
async function listen(client: HippoClient): Promise<(last: HippoEvent['type']) => Promise<HippoEvent[]>> {
  const open = Promise.withResolvers<void>();
  const stream = client.events({ onOpen: open.resolve });
  const first = stream.next();
  await open.promise;
  return async (last) => {
    const told: HippoEvent[] = [];
    for (let next = await first; !next.done; next = await stream.next()) {
      told.push(next.value.event);
      if (next.value.event.type === last) break;
    }
    await stream.return(undefined);
    return told;
  };
}

const about = (told: HippoEvent[]): string[] =>
  told.map(({ type }) => type).filter((type) => /^(?:addon|broker|offerings)\./.test(type));

test('of an add-on its team and administrators hear, of a broker administrators, of offerings everybody', async () => {
  const ana = await t.hippo.account('ana');
  const bea = await t.hippo.account('bea');
  const { appId, channels } = await t.app('of-ana', ['production'], ana);
  const streams = await Promise.all([t.hippo.client, ana, bea].map(listen));
  const addons = new AddonsClient(ana);
  const { id } = await addons.createAddon({
    name: 'db',
    channelId: channels[0]!,
    parameters: { password: 'secret-parameter' },
  });
  await t.settled(id);
  await addons.rotateBinding(id, channels[0]!);
  await t.settled(id);
  await addons.removeAddon(id);
  await t.settled(id);
  t.broker.services = [service({ description: 'Another one.' })];
  t.broker.once('catalog', () => ({ status: 500, body: { description: 'secret-of-the-broker' } }));
  await t.client.refreshBroker(t.brokerId);
  // Told to everybody, and last.
  await t.client.refreshBroker(t.brokerId);

  const [owners, anas, beas] = await Promise.all(streams.map((read) => read('offerings.changed')));
  const ofAddon = ['addon.created', 'addon.changed', 'addon.deleted'];
  expect(new Set(about(owners!))).toEqual(new Set([...ofAddon, 'broker.changed', 'offerings.changed']));
  expect(new Set(about(anas!))).toEqual(new Set([...ofAddon, 'offerings.changed']));
  expect(about(beas!)).toEqual(['offerings.changed']);
  const made = anas!.filter(({ addonId }) => addonId !== undefined);
  expect(made[0]).toMatchObject({ type: 'addon.created', addonId: id, appId });
  expect(made.at(-1)).toMatchObject({ type: 'addon.deleted', addonId: id, appId });
  expect(owners!.find(({ type }) => type === 'broker.changed')).toMatchObject({ brokerId: t.brokerId });
  expect(JSON.stringify([owners, anas, beas])).not.toMatch(/secret|password/);
});

test('whoever sees another offering by now hears of it', async () => {
  const bo = await t.hippo.account('bo');
  const side = await startScriptedBroker();
  try {
    const { userName, password, url } = side;
    const { id } = await t.client.registerBroker({ name: 'side', url, userName, password });
    const told = async (change: () => Promise<unknown>): Promise<string[]> => {
      const read = await listen(bo);
      await change();
      return about(await read('offerings.changed'));
    };
    const [team] = (await t.hippo.client.whoami()).teams;
    expect(await told(() => t.client.changeBroker(id, { teamIds: [team!.id] }))).toEqual([
      'offerings.changed',
    ]);
    expect(await told(() => t.client.changeBroker(id, { teamIds: null }))).toEqual(['offerings.changed']);
    // Now it is `db@aside`.
    expect(await told(() => t.client.changeBroker(id, { name: 'aside' }))).toEqual(['offerings.changed']);
    expect(await told(() => t.client.deregisterBroker(id))).toEqual(['offerings.changed']);
  } finally {
    await side.close();
  }
});
