// Orphan mitigation, a test for each row of the specification's table (reference: Open Service Broker 2.17, "Orphan
// Mitigation") and each verb, and what else brokers may answer.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AddonItem } from '../../../../src/addons/addons.ts';
import { OUTCOMES, REACTIONS, VERBS } from '../../../../src/platform/addons/outcomes.ts';
import {
  PLAN_FREE,
  service,
  type BrokerRequest,
  type BrokerVerb,
  type Script,
} from '../../../support/scripted-broker.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
let t: TestAddons;
let channelId: string;
let apps = 0;

beforeAll(async () => {
  t = await startAddons(root, {
    limits: { client: { time: 300 }, engine: { patience: 400 } },
  });
});
afterAll(() => t.close());

beforeEach(async () => {
  for (const verb of Object.keys(t.broker.slow)) delete t.broker.slow[verb as BrokerVerb];
  t.broker.requests.length = 0;
  const { channels } = await t.app(`app-${++apps}`);
  channelId = channels[0]!;
});

const answer =
  (status: number, body: unknown = {}, headers = {}): Script =>
  () => ({ status, body, headers });
const says = { description: 'the very words' };
const hang: Script = () => new Promise((resolve) => setTimeout(() => resolve('drop'), 600));

async function create(): Promise<AddonItem> {
  const { id } = await t.client.createAddon({ name: 'db', channelId });
  return (await t.settled(id))!;
}

function sent(verb: BrokerVerb): BrokerRequest[] {
  return t.broker.requests.filter((request) => request.verb === verb);
}

/** Outcome, what the broker does, and whether what it may have made is removed. */
const MAKING: [string, Script, boolean][] = [
  ['200 with a broken body', answer(200, '{'), false],
  ['200 with a body of another kind', answer(200, [1]), false],
  ['201 with a broken body', answer(201, 'no json'), true],
  ['202 with a broken body', answer(202, ''), true],
  ['202 with a huge operation', answer(202, { operation: 'x'.repeat(20_000) }), true],
  ['204', answer(204), true],
  ['206', answer(206), true],
  ['a redirect', answer(302, {}, { location: 'http://127.0.0.1:1/' }), false],
  ['400', answer(400, says), false],
  ['401', answer(401, says), false],
  ['404', answer(404, says), false],
  ['408', answer(408, says), false],
  ['409', answer(409, says), false],
  ['410', answer(410, says), false],
  ['412', answer(412, says), false],
  ['422', answer(422, says), false],
  ['422 AsyncRequired', answer(422, { error: 'AsyncRequired', ...says }), false],
  ['422 RequiresApp', answer(422, { error: 'RequiresApp', ...says }), false],
  ['422 MaintenanceInfoConflict', answer(422, { error: 'MaintenanceInfoConflict', ...says }), false],
  ['500', answer(500, says), true],
  ['503', answer(503, says), true],
  ['500 with a page', answer(500, '<html>'), true],
  ['a lost answer', () => 'lose', true],
  ['a lost request', () => 'drop', true],
  ['no answer in time', hang, true],
];

describe.each(MAKING)('%s', (_, script, removed) => {
  test(`to provision ${removed ? 'is' : 'is not'} cleaned up`, async () => {
    t.broker.once('provision', script);
    const addon = await create();
    expect(addon).toMatchObject({ state: 'failed', bindings: [] });
    expect(sent('deprovision').length > 0).toBe(removed);
    expect(sent('bind')).toEqual([]);
    expect(t.broker.instances.size).toBe(0);
    await t.client.removeAddon(addon.id);
    expect(await t.settled(addon.id)).toBeUndefined();
  });

  test(`to bind ${removed ? 'is' : 'is not'} cleaned up, and the add-on stays`, async () => {
    t.broker.once('bind', script);
    const addon = await create();
    expect(addon).toMatchObject({ state: 'ready', bindings: [{ state: 'failed', variables: [] }] });
    expect(sent('unbind').length > 0).toBe(removed);
    expect(sent('deprovision')).toEqual([]);
    const [held] = [...t.broker.instances.values()];
    expect(held!.bindings.size).toBe(0);
    expect(t.addons.variablesOf(channelId)).toEqual({});
    // Nothing is in the way of another try.
    await t.client.bindAddon(addon.id, { channelId });
    expect(await t.settled(addon.id)).toMatchObject({ bindings: [{ state: 'ready' }] });
    await t.client.removeAddon(addon.id);
    expect(await t.settled(addon.id)).toBeUndefined();
    expect(t.broker.instances.size).toBe(0);
  });

  test('to update removes nothing', async () => {
    const { id } = await create();
    t.broker.always('update', script);
    await t.client.changeAddon(id, { plan: 'small' });
    const addon = await t.settled(id);
    t.broker.always('update', undefined);
    expect(addon).toMatchObject({ plan: { name: 'free' }, bindings: [{ state: 'ready' }] });
    expect(['usable', 'attention']).toContain(addon!.state);
    expect([...sent('deprovision'), ...sent('unbind')]).toEqual([]);
    // There is a way back, and on.
    await t.client.changeAddon(id, { plan: 'small' });
    expect(await t.settled(id)).toMatchObject({ state: 'ready', plan: { name: 'small' } });
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
  });

  test('to rotate leaves the old credentials', async () => {
    const { id } = await create();
    const before = t.addons.variablesOf(channelId);
    t.broker.once('bind', script);
    await t.client.rotateBinding(id, channelId);
    expect(await t.settled(id)).toMatchObject({ bindings: [{ state: 'ready' }] });
    expect(t.addons.variablesOf(channelId)).toEqual(before);
    const [held] = [...t.broker.instances.values()];
    expect(held!.bindings.size).toBe(1);
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
  });
});

test('words of the broker stand beside the state', async () => {
  t.broker.once('provision', answer(500, says));
  const addon = await create();
  expect(addon.message).toContain('the very words');
  const operations = await t.client.operations(addon.id);
  expect(operations.map(({ kind, state }) => [kind, state])).toEqual([
    ['clean-up', 'succeeded'],
    ['bind', 'failed'],
    ['create', 'failed'],
  ]);
  expect(operations[2]!.message).toContain('the very words');
});

/** Not looked at by the broker: asked for again until it is. */
const LATER: [string, Script][] = [
  ['422 ConcurrencyError', answer(422, { error: 'ConcurrencyError' })],
  ['429', answer(429, {}, { 'retry-after': '0' })],
];

describe.each(LATER)('%s', (_, script) => {
  test.each(['provision', 'bind', 'update', 'unbind', 'deprovision'] as const)(
    'to %s: again',
    async (verb) => {
      if (verb === 'provision' || verb === 'bind') t.broker.once(verb, script);
      const { id, state } = await create();
      expect(state).toBe('ready');
      if (verb === 'update') {
        t.broker.once(verb, script);
        await t.client.changeAddon(id, { plan: 'small' });
        expect(await t.settled(id)).toMatchObject({ state: 'ready', plan: { name: 'small' } });
      }
      if (verb === 'unbind' || verb === 'deprovision') t.broker.once(verb, script);
      expect([...sent('deprovision'), ...sent('unbind')]).toEqual([]);
      await t.client.removeAddon(id);
      expect(await t.settled(id)).toBeUndefined();
      expect(sent(verb)).toHaveLength(2);
    },
  );

  test('for ever, to provision: it fails without cleaning up', async () => {
    t.broker.always('provision', script);
    const addon = await create();
    t.broker.always('provision', undefined);
    expect(addon.state).toBe('failed');
    expect(sent('deprovision')).toEqual([]);
  });
});

test('409 to update and deprovision is taken for ConcurrencyError', async () => {
  const { id } = await create();
  t.broker.once('update', answer(409));
  await t.client.changeAddon(id, { plan: 'small' });
  expect(await t.settled(id)).toMatchObject({ state: 'ready', plan: { name: 'small' } });
  t.broker.once('deprovision', answer(409));
  await t.client.removeAddon(id);
  expect(await t.settled(id)).toBeUndefined();
});

/** To a removal: it goes on until the broker has it no more. */
const REMOVING: [string, Script][] = [
  ['202 with a broken body', answer(202, 'x')],
  ['201', answer(201)],
  ['204', answer(204)],
  ['500', answer(500, says)],
  ['a lost answer', () => 'lose'],
  ['a lost request', () => 'drop'],
  ['no answer in time', hang],
];

describe.each(REMOVING)('%s', (_, script) => {
  test.each(['unbind', 'deprovision'] as const)('to %s: it goes on', async (verb) => {
    const { id } = await create();
    t.broker.once(verb, script);
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
    expect(t.broker.instances.size).toBe(0);
    expect(sent(verb).length).toBe(2);
  });
});

test.each([
  ['410', answer(410)],
  ['200 with a broken body', answer(200, 'x')],
])('%s to a removal is its end', async (_, script) => {
  const { id } = await create();
  t.broker.instances.clear();
  t.broker.once('deprovision', script);
  await t.client.removeAddon(id);
  expect(await t.settled(id)).toBeUndefined();
});

describe.each([400, 401, 403, 404, 408, 422])('%d', (status) => {
  test('to deprovision: it is kept, and can be asked for again', async () => {
    const { id } = await create();
    t.broker.once('deprovision', answer(status, says));
    await t.client.removeAddon(id);
    const addon = await t.settled(id);
    expect(addon).toMatchObject({
      state: 'usable',
      message: expect.stringContaining('very words') as string,
    });
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
  });

  test('to unbind: it is kept without credentials, and can be asked for again', async () => {
    const { id } = await create();
    t.broker.once('unbind', answer(status, says));
    await t.client.unbindAddon(id, channelId);
    expect(await t.settled(id)).toMatchObject({ state: 'ready', bindings: [{ state: 'attention' }] });
    expect(t.addons.variablesOf(channelId)).toEqual({});
    await t.client.unbindAddon(id, channelId);
    expect(await t.settled(id)).toMatchObject({ state: 'ready', bindings: [] });
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
  });
});

describe('last_operation says "failed"', () => {
  const failed = answer(200, { state: 'failed', ...says });

  test.each([
    ['provision', 'deprovision'],
    ['bind', 'unbind'],
  ] as const)('of %s: it is cleaned up', async (verb, removal) => {
    t.broker.slow[verb] = 2;
    t.broker.once('poll', failed);
    const addon = await create();
    expect(addon.state).toBe(verb === 'provision' ? 'failed' : 'ready');
    expect(sent(removal)).toHaveLength(1);
    const message = verb === 'provision' ? addon.message : addon.bindings[0]!.message;
    expect(message).toContain('the very words');
    await t.client.removeAddon(addon.id);
    expect(await t.settled(addon.id)).toBeUndefined();
  });

  test.each([
    [{}, 'usable'],
    [{ instance_usable: false }, 'failed'],
  ])('of an update with %j: nothing is removed', async (more, state) => {
    const { id } = await create();
    t.broker.slow.update = 2;
    t.broker.once('poll', answer(200, { state: 'failed', ...says, ...more }));
    await t.client.changeAddon(id, { plan: 'small' });
    expect(await t.settled(id)).toMatchObject({ state, plan: { name: 'free' } });
    expect([...sent('deprovision'), ...sent('unbind')]).toEqual([]);
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
  });

  test('of a removal: it goes on', async () => {
    const { id } = await create();
    t.broker.slow.deprovision = 2;
    t.broker.once('poll', failed);
    await t.client.removeAddon(id);
    expect(await t.settled(id)).toBeUndefined();
    expect(sent('deprovision')).toHaveLength(2);
  });
});

describe('polling goes on', () => {
  const noAnswers: [string, Script][] = [
    ['404', answer(404)],
    ['410 while it is made', answer(410)],
    ['500', answer(500)],
    ['a broken body', answer(200, '{')],
    ['a state that is none', answer(200, { state: 'perhaps' })],
    ['a lost answer', () => 'drop'],
  ];
  test.each(noAnswers)('after %s', async (_, script) => {
    t.broker.slow.provision = 1;
    t.broker.once('poll', script);
    const addon = await create();
    expect(addon.state).toBe('ready');
    await t.client.removeAddon(addon.id);
    expect(await t.settled(addon.id)).toBeUndefined();
  });

  test('until the longest time is over: then it has failed, and is cleaned up', async () => {
    t.broker.slow.provision = 1_000_000;
    t.broker.services = [service({ plans: [{ ...PLAN_FREE, maximum_polling_duration: 1 }] })];
    await t.client.refreshBroker(t.brokerId);
    const addon = await create();
    t.broker.services = [service()];
    await t.client.refreshBroker(t.brokerId);
    expect(addon.state).toBe('failed');
    expect(sent('deprovision')).toHaveLength(1);
    expect(t.broker.instances.size).toBe(0);
  });
});

test('every outcome has a reaction to every verb, and no update removes anything', () => {
  for (const outcome of OUTCOMES) for (const verb of VERBS) expect(REACTIONS[outcome][verb]).toBeDefined();
  for (const outcome of OUTCOMES) expect(REACTIONS[outcome].update).not.toBe('clean-up');
});
