// Brokers that die as by kill -9 at every point of every operation: after a restart each add-on is whole or gone,
// and so is what it had in the server.

import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasServer, postgresAdmin, startBroker, type Reply, type RunningBroker } from '../support/broker.ts';
import { readTarget, type Plan } from '../support/osb-checker/checks.ts';
import { temporaryFolder } from '../support/temporary.ts';

type Verb = 'provision' | 'update' | 'bind' | 'unbind' | 'deprovision';

/** In the kit, for every broker. */
const POINTS = ['recorded', 'done', 'noted'];
/** In each broker beside these. */
const OWN_POINTS: Record<string, Partial<Record<Verb, string[]>>> = {
  sqlite: { provision: ['file'], deprovision: ['file', 'file-wal', 'file-shm'] },
  postgresql: {
    provision: ['owner', 'database', 'rights', 'opened'],
    bind: ['role'],
    unbind: ['shut', 'reassigned', 'dropped'],
    deprovision: ['dump', 'dropped', 'role'],
  },
  redis: {
    provision: ['folder', 'started'],
    update: ['applied'],
    bind: ['user', 'saved'],
    unbind: ['user', 'saved'],
    deprovision: ['stopped', 'removed'],
  },
};
/** While a server is made for the first add-on. */
const SERVER_POINTS: Record<string, string[]> = {
  postgresql: ['server.initialized', 'server.made', 'server.started'],
  redis: ['server.spawned'],
};

const VERBS: Verb[] = ['provision', 'update', 'bind', 'unbind', 'deprovision'];

describe.each(['sqlite', 'redis', 'postgresql'])('%s', (name) => {
  describe.skipIf(!hasServer(name))('on this machine', () => {
    const directory = temporaryFolder();
    let broker: RunningBroker;
    let serviceId: string;
    let plan: Plan;
    let larger: Plan;

    const start = async (fault?: string): Promise<void> => {
      broker = await startBroker(name, directory, fault === undefined ? {} : { fault });
    };
    const instance = (id: string): string => `/v2/service_instances/${id}`;
    const binding = (id: string, bindingId: string): string =>
      `${instance(id)}/service_bindings/${bindingId}`;
    const query = (): string => `service_id=${serviceId}&plan_id=${plan.id}`;
    const body = (more: object = {}): object => ({
      service_id: serviceId,
      plan_id: plan.id,
      organization_guid: 'o',
      space_guid: 's',
      ...more,
    });
    const send = (verb: Verb, id: string): Promise<Reply> => {
      const { client } = broker;
      switch (verb) {
        case 'provision':
          return client.request('PUT', instance(id), { body: body() });
        case 'update':
          return client.request('PATCH', instance(id), { body: body({ plan_id: larger.id }) });
        case 'bind':
          return client.request('PUT', binding(id, 'b'), { body: body() });
        case 'unbind':
          return client.request('DELETE', `${binding(id, 'b')}?${query()}`);
        case 'deprovision':
          return client.request('DELETE', `${instance(id)}?${query()}`);
      }
    };
    /** Until nothing is under way; the state of the last operation. */
    const settled = async (id: string, bindingId?: string): Promise<string> => {
      const path = bindingId === undefined ? instance(id) : binding(id, bindingId);
      await expect
        .poll(async () => (await broker.client.request('GET', `${path}/last_operation`)).body.state, {
          timeout: 60_000,
          interval: 20,
        })
        .not.toBe('in progress');
      return (await broker.client.request('GET', `${path}/last_operation`)).body.state;
    };
    /** What a platform does that lost the answer: it asks until it has one. */
    const finish = async (verb: Verb, id: string): Promise<number> => {
      await settled(id, verb === 'bind' || verb === 'unbind' ? 'b' : undefined);
      return (await send(verb, id)).status;
    };
    const remove = async (id: string): Promise<void> => {
      await settled(id);
      expect([200, 410]).toContain((await send('deprovision', id)).status);
    };
    const credentials = async (id: string): Promise<Record<string, string> | undefined> =>
      (await broker.client.request('GET', binding(id, 'b'))).body?.credentials;

    beforeAll(async () => {
      await start();
      const target = await readTarget(broker.client);
      serviceId = target.service.id;
      plan = target.service.plans[0] as Plan;
      larger = target.service.plans[1] as Plan;
      // The server stays while others come and go.
      expect((await send('provision', 'keeper')).status).toBe(201);
    });
    afterAll(async () => {
      await broker.stop();
    });

    const points = VERBS.flatMap((verb) =>
      [...POINTS, ...(OWN_POINTS[name]?.[verb] ?? [])].map((point) => [verb, `${verb}.${point}`] as const),
    );
    test.each(points)('%s: killed at %s', async (verb, fault) => {
      const id = fault;
      const before = VERBS.slice(0, VERBS.indexOf(verb));
      for (const earlier of before)
        if (earlier !== 'unbind') expect((await send(earlier, id)).status).toBeLessThan(300);
      const given = verb === 'bind' ? undefined : await credentials(id);
      // Its server goes on, and is found again.
      await broker.stop('SIGKILL');
      await start(fault);
      const died = once(broker.child, 'exit');
      await expect(send(verb, id)).rejects.toThrow();
      expect((await died)[1]).toBe('SIGKILL');

      await start();
      const status = await finish(verb, id);
      const expected: Record<Verb, number[]> = {
        provision: [200],
        update: [200],
        bind: [200],
        unbind: [410],
        deprovision: [410],
      };
      expect(expected[verb]).toContain(status);
      if (verb === 'bind') await expect(works(await credentials(id))).resolves.toBe(true);
      if (verb === 'unbind' && given && name !== 'sqlite') await expect(works(given)).resolves.toBe(false);
      if (verb === 'update') {
        const { body: now } = await broker.client.request('GET', instance(id));
        expect(now.plan_id).toBe(larger.id);
      }
      await remove(id);
      await audit(name, directory, 1);
    });

    test.each((SERVER_POINTS[name] ?? []).map((point) => [point]))(
      'first of all: killed at %s',
      async (fault) => {
        await remove('keeper');
        await broker.stop();
        await start(fault);
        await expect(send('provision', 'keeper')).rejects.toThrow();
        await start();
        expect(await finish('provision', 'keeper')).toBe(200);
        await audit(name, directory, 1);
      },
    );

    test('nothing is left when the last add-on is gone and the broker has stopped', async () => {
      await remove('keeper');
      await broker.stop();
      expect(existsSync(join(directory, 'place.json'))).toBe(false);
      if (name === 'sqlite') expect(readdirSync(join(directory, 'files'))).toEqual([]);
      await start();
    });
  });
});

async function works(credentials: Record<string, string> | undefined): Promise<boolean> {
  const { uri = '' } = credentials ?? {};
  if (uri.startsWith('sqlite:')) return true;
  if (uri.startsWith('redis:')) {
    const client = createClient({ url: uri, socket: { reconnectStrategy: false } }).on(
      'error',
      () => undefined,
    );
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      if (client.isOpen) client.destroy();
    }
  }
  const client = new pg.Client({ connectionString: uri }).on('error', () => undefined);
  try {
    await client.connect();
    return ((await client.query('SELECT 1')).rowCount ?? 0) === 1;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What the server has is what so many add-ons without bindings have. */
async function audit(name: string, directory: string, addons: number): Promise<void> {
  if (name === 'sqlite') {
    expect(readdirSync(join(directory, 'files'))).toHaveLength(addons);
    return;
  }
  const place = JSON.parse(readFileSync(join(directory, 'place.json'), 'utf8')) as { directory: string };
  if (name === 'redis') {
    expect(readdirSync(place.directory).filter((file) => file.startsWith('r'))).toHaveLength(addons);
    return;
  }
  const client = new pg.Client(postgresAdmin(directory));
  await client.connect();
  const names = async (sql: string): Promise<string[]> =>
    (await client.query<{ name: string }>(sql)).rows.map((row) => row.name);
  const databases = await names("SELECT datname AS name FROM pg_database WHERE datname ~ '^d[0-9a-f]{32}'");
  const roles = await names("SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^d[0-9a-f]{32}'");
  await client.end();
  expect(databases).toHaveLength(addons);
  expect(roles).toEqual(databases.map((database) => `${database}_owner`));
  expect(readdirSync(join(directory, 'dumps')).filter((file) => !file.endsWith('.dump'))).toEqual([]);
}
