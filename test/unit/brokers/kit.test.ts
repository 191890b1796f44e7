// The frame of the brokers, with a driver that does what the test says: every verb both ways, what goes wrong, and
// what a restart finds.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BrokerStore } from '../../../src/platform/brokers/kit/store.ts';
import { CHECKS, readTarget } from '../../support/osb-checker/checks.ts';
import type { Reply } from '../../support/broker.ts';
import { scripted, VERBS, type Scripted } from './scripted-broker.ts';

const HOUR = 3_600_000;
const QUERY = 'service_id=service-id&plan_id=plan-1';
const BODY = {
  service_id: 'service-id',
  plan_id: 'plan-1',
  organization_guid: 'o',
  space_guid: 's',
};
type Verb = (typeof VERBS)[number];

function send({ client }: Scripted, verb: Verb, mode: 'sync' | 'async' = 'sync'): Promise<Reply> {
  const query = mode === 'async' ? 'accepts_incomplete=true' : '';
  const instance = '/v2/service_instances/i';
  const binding = `${instance}/service_bindings/b`;
  switch (verb) {
    case 'provision':
      return client.request('PUT', `${instance}?${query}`, { body: BODY });
    case 'update':
      return client.request('PATCH', `${instance}?${query}`, { body: { ...BODY, plan_id: 'plan-2' } });
    case 'deprovision':
      return client.request('DELETE', `${instance}?${QUERY}&${query}`);
    case 'bind':
      return client.request('PUT', `${binding}?${query}`, { body: BODY });
    case 'unbind':
      return client.request('DELETE', `${binding}?${QUERY}&${query}`);
  }
}

/** What has to be there before. */
const BEFORE: Record<Verb, Verb[]> = {
  provision: [],
  update: ['provision'],
  bind: ['provision'],
  unbind: ['provision', 'bind'],
  deprovision: ['provision', 'bind'],
};
const pathOf = (verb: Verb): string =>
  verb === 'bind' || verb === 'unbind'
    ? '/v2/service_instances/i/service_bindings/b'
    : '/v2/service_instances/i';

async function prepared(broker: Scripted, verb: Verb): Promise<void> {
  for (const earlier of BEFORE[verb]) expect((await send(broker, earlier)).status).toBe(201);
}

describe('a broker that does everything slowly', () => {
  test.each(CHECKS.map((check) => [check.name, check] as const))('%s', async (_, check) => {
    const { client } = await scripted({ act: () => new Promise((resolve) => setTimeout(resolve, 5)) });
    await check.run({ ...(await readTarget(client, { size: 3 })), use: () => undefined });
  });
});

describe.each(VERBS)('%s', (verb) => {
  test('asynchronously: 202, the same again, a poll, and the end', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    let slow = false;
    const broker = await scripted({ act: () => (slow ? gate : undefined) });
    await prepared(broker, verb);
    slow = true;
    const first = await send(broker, verb, 'async');
    expect(first.status).toBe(202);
    expect(first.body.credentials).toBeUndefined();
    const again = await send(broker, verb, 'async');
    expect([again.status, again.body.operation]).toEqual([202, first.body.operation]);
    const sync = await send(broker, verb);
    expect([sync.status, sync.body.error]).toEqual([422, 'ConcurrencyError']);
    const poll = (): Promise<Reply> =>
      broker.client.request(
        'GET',
        `${pathOf(verb)}/last_operation?${QUERY}&operation=${first.body.operation}`,
      );
    expect((await poll()).body.state).toBe('in progress');
    for (const other of VERBS.filter((each) => each !== verb)) {
      const reply = await send(broker, other, 'async');
      // An instance that is there is there, also while it is bound.
      const isThere = other === 'provision' && (verb === 'bind' || verb === 'unbind');
      expect(isThere ? [200] : [404, 409, 410, 422], `${other}: ${reply.text}`).toContain(reply.status);
    }
    go();
    await expect.poll(async () => (await poll()).body.state).toBe('succeeded');
  });

  test('what fails is told with its reason, hides what only the log may say, and leaves nothing half done', async () => {
    let failing: string | undefined;
    const broker = await scripted({
      act: (asked) => {
        if (asked === failing) throw new Error('the password is hunter2');
      },
    });
    await prepared(broker, verb);
    failing = verb;
    const reply = await send(broker, verb);
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain('hunter2');
    expect(broker.log.join('\n')).toContain('hunter2');
    const { body } = await broker.client.request('GET', `${pathOf(verb)}/last_operation`);
    expect(body.state).toBe('failed');
    failing = undefined;
    if (verb === 'provision') {
      expect(broker.done.at(-1)).toBe('deprovision i discard');
      expect((await broker.client.request('GET', pathOf(verb))).status).toBe(404);
    }
    if (verb === 'bind') expect(broker.done.at(-1)).toBe('unbind b');
    if (verb === 'update') {
      expect(reply.body).toMatchObject({ instance_usable: true, update_repeatable: true });
      expect(broker.done.at(-1)).toBe('update i plan-1');
      expect((await broker.client.request('GET', pathOf(verb))).body.plan_id).toBe('plan-1');
    }
    // And the same once more works.
    expect((await send(broker, verb)).status).toBe(verb === 'provision' || verb === 'bind' ? 201 : 200);
  });

  test('what was under way at its death is done after a restart', async () => {
    let stuck = false;
    const script = { act: () => (stuck ? new Promise<void>(() => undefined) : undefined) };
    const broker = await scripted(script);
    await prepared(broker, verb);
    stuck = true;
    const first = await send(broker, verb, 'async');
    expect(first.status).toBe(202);
    stuck = false;
    const next = await broker.restart();
    const poll = (): Promise<Reply> =>
      next.client.request('GET', `${pathOf(verb)}/last_operation?operation=${first.body.operation}`);
    await expect.poll(async () => (await poll()).body.state).toBe('succeeded');
    expect(next.done.length).toBeGreaterThan(0);
  });
});

test('after a removal polls are answered for a while, then with 410, and the id can be used again', async () => {
  const broker = await scripted({ act: () => undefined });
  await send(broker, 'provision');
  await send(broker, 'bind');
  await send(broker, 'deprovision');
  for (const verb of ['provision', 'bind'] as const) {
    const { body } = await broker.client.request('GET', `${pathOf(verb)}/last_operation`);
    expect(body.state).toBe('succeeded');
  }
  broker.later(HOUR);
  for (const verb of ['provision', 'bind'] as const)
    expect((await broker.client.request('GET', `${pathOf(verb)}/last_operation`)).status).toBe(410);
  expect((await send(broker, 'provision')).status).toBe(201);
});

test('parameters stay until others are given, and an update is refused with the reason', async () => {
  const script: Parameters<typeof scripted>[0] = { act: () => undefined };
  const broker = await scripted(script);
  const path = '/v2/service_instances/i';
  await broker.client.request('PUT', path, { body: { ...BODY, parameters: { size: 1 } } });
  await send(broker, 'update');
  expect((await broker.client.request('GET', path)).body).toMatchObject({
    plan_id: 'plan-2',
    parameters: { size: 1 },
  });
  for (const size of [0, 'text', null])
    expect(
      (
        await broker.client.request('PATCH', path, {
          body: { service_id: 'service-id', parameters: { size } },
        })
      ).status,
    ).toBe(400);
  script.refusal = 'It is too full.';
  const { status, body } = await broker.client.request('PATCH', path, { body: BODY });
  expect([status, body.description]).toEqual([422, 'It is too full.']);
  expect((await broker.client.request('GET', path)).body.plan_id).toBe('plan-2');
});

test('what the machine lacks is in the catalog and in the refusal', async () => {
  const broker = await scripted({ act: () => undefined, missing: 'Redis is not here.' });
  const { body } = await broker.client.request('GET', '/v2/catalog');
  expect(body.services[0].metadata.unavailable).toEqual({
    reason: 'Redis is not here.',
    command: 'sudo get it',
  });
  const reply = await send(broker, 'provision');
  expect([reply.status, reply.body.description]).toEqual([
    422,
    'Redis is not here. This gets it: sudo get it',
  ]);
  expect(broker.done).toEqual([]);
});

test('a dashboard shows what there is, escaped, until its link expires', async () => {
  const broker = await scripted({ act: () => undefined });
  const path = '/v2/service_instances/i';
  await broker.client.request('PUT', path, { body: { ...BODY, context: { instance_name: '<i>shop</i>' } } });
  await send(broker, 'bind');
  const { dashboard_url: link } = (await broker.client.request('GET', path)).body;
  const page = await (await fetch(link)).text();
  expect(page).toContain('Nearly full.');
  expect(page).not.toContain('<i>');
  expect(page).not.toContain('1 <b>');
  expect(page).toContain('hippo addons rotate');
  expect(page).not.toContain('secret-');
  broker.later(2 * HOUR);
  const late = await fetch(link);
  expect([late.status, await late.text()]).toEqual([403, expect.stringContaining('has expired')]);
});

test('only one broker has a folder', async () => {
  const { directory } = await scripted({ act: () => undefined });
  expect(() => BrokerStore.open(join(directory, 'broker.db'))).toThrow(/Another broker is running/);
});
