// Servers that are killed under their broker, and ports of theirs that other programs take meanwhile: all is there
// again by itself, and strangers are told no password.

import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SqliteDatabase } from '../../src/platform/addons/services/sqlite-database.ts';
import { hasServer, startBroker, type Reply, type RunningBroker } from '../support/broker.ts';
import { readTarget, type Plan } from '../support/osb-checker/checks.ts';
import { postgresqlPrograms, startPostgresql } from '../support/postgresql-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A broker with one add-on, and what is done to it. */
function oneAddon(name: string) {
  const directory = temporaryFolder();
  let broker: RunningBroker;
  let ids: { service_id: string; plan_id: string };
  const body = (): object => ({ ...ids, organization_guid: 'o', space_guid: 's' });
  const bind = (id: string): Promise<Reply> =>
    broker.client.request('PUT', `/v2/service_instances/i/service_bindings/${id}`, { body: body() });
  /** What is noted of the add-on; a broker that runs lets nobody read it. */
  const facts = (): Record<string, unknown> => {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    const database = new DatabaseSync(join(directory, 'broker.db'), { readOnly: true });
    const row = database.prepare('SELECT facts FROM instances').get();
    database.close();
    return JSON.parse(String(row?.['facts'])) as Record<string, unknown>;
  };
  const start = async (): Promise<void> => {
    broker = await startBroker(name, directory);
  };
  return {
    bind,
    restart: async (meanwhile: (facts: Record<string, unknown>) => Promise<void>): Promise<void> => {
      await broker.stop();
      await meanwhile(facts());
      await start();
    },
    open: async (): Promise<string> => {
      await start();
      const { service } = await readTarget(broker.client);
      ids = { service_id: service.id, plan_id: (service.plans[0] as Plan).id };
      expect((await broker.client.request('PUT', '/v2/service_instances/i', { body: body() })).status).toBe(
        201,
      );
      const { credentials } = (await bind('first')).body;
      return credentials.uri;
    },
    close: async (): Promise<void> => {
      await broker.client.request(
        'DELETE',
        `/v2/service_instances/i?service_id=${ids.service_id}&plan_id=${ids.plan_id}`,
      );
      await broker.stop();
    },
    log: (): string => readFileSync(join(directory, 'broker.log'), 'utf8'),
    /** In the server's own folder. */
    file: (...names: string[]): string =>
      join(
        (JSON.parse(readFileSync(join(directory, 'place.json'), 'utf8')) as { directory: string }).directory,
        ...names,
      ),
  };
}

/** Listens where a server of ours did, asks for a password as theirs may be asked for, and keeps what it hears. */
async function stranger(port: number): Promise<{ heard: () => string[]; leave: () => Promise<void> }> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    // AuthenticationCleartextPassword of PostgreSQL; to Redis's clients it is an error.
    socket.on('data', (data) => {
      heard.push(data.toString('latin1'));
      if (heard.length < 10) socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
    });
  });
  await expect
    .poll(() =>
      once(server.listen(port, '127.0.0.1'), 'listening').then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  return {
    heard: () => heard,
    leave: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.skipIf(!hasServer('postgresql'))('postgresql', () => {
  const { open, close, bind, file, log, restart } = oneAddon('postgresql');
  let uri: string;
  beforeAll(async () => void (uri = await open()));
  afterAll(close);

  const works = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: uri }).on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query('SELECT 1')).rowCount === 1;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  test('a server that is killed with connections open is there for the next that is done', async () => {
    const client = new pg.Client({ connectionString: uri }).on('error', () => undefined);
    await client.connect();
    const working = client.query('SELECT sum(i) FROM generate_series(1, 1e9) AS i').catch(() => undefined);
    process.kill(Number.parseInt(readFileSync(file('data/postmaster.pid'), 'utf8'), 10), 'SIGKILL');
    const { status, body } = await bind('after');
    expect([status, body.description], log()).toEqual([201, undefined]);
    expect(await works()).toBe(true);
    await working;
  });

  test('a port that another program takes is told, and had again when that is gone', async () => {
    let other: Awaited<ReturnType<typeof stranger>> | undefined;
    const { port } = new URL(uri);
    await restart(async () => void (other = await stranger(Number(port))));
    const { status, body } = await bind('meanwhile');
    await other?.leave();
    expect([status, body.description]).toEqual([
      500,
      expect.stringContaining(`Another program has taken port ${port}`),
    ]);
    expect(other?.heard()).toEqual([]);
    await expect.poll(works, { timeout: 20_000 }).toBe(true);
  });
});

const programs = postgresqlPrograms();
describe.skipIf(programs === undefined)('a PostgreSQL that config.json names', () => {
  test('gets databases that are closed to others, dumped, and gone in the end whatever was left in them', async () => {
    const server = await startPostgresql(String(programs), { max_prepared_transactions: 5 });
    onTestFinished(() => server.stop());
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'config.json'), JSON.stringify({ server: server.uri }));
    const { client, stop } = await startBroker('postgresql', directory);
    const { service } = await readTarget(client);
    const ids = { service_id: service.id, plan_id: (service.plans[0] as Plan).id };
    const body = { ...ids, organization_guid: 'o', space_guid: 's' };
    const path = '/v2/service_instances/i';
    expect((await client.request('PUT', path, { body })).status).toBe(201);
    const { credentials } = (await client.request('PUT', `${path}/service_bindings/b`, { body })).body;
    const tenant = new pg.Client({ connectionString: credentials.uri });
    await tenant.connect();
    await tenant.query('CREATE TABLE t (i int)');
    await tenant.query(
      "BEGIN; LOCK TABLE pg_catalog.pg_description IN ACCESS SHARE MODE; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left'",
    );
    await tenant.end();
    const query = new URLSearchParams(ids).toString();
    const removed = await client.request('DELETE', `${path}?${query}`);
    expect([removed.status, removed.body]).toEqual([200, {}]);
    const { body: last } = await client.request('GET', `${path}/last_operation?${query}`);
    expect(last.description).toMatch(/^Removed\. A dump is kept for 7 days/);
    await stop();
    const left = 'SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles';
    const names = (await server.query(left)).rows.map(({ datname }) => String(datname));
    expect(names.filter((name) => /^d[0-9a-f]{32}/.test(name))).toEqual([]);
    const open =
      "SELECT has_database_privilege('public', datname, 'CONNECT') AS open FROM pg_database WHERE datname IN ('postgres', 'template1')";
    expect((await server.query(open)).rows).toEqual([{ open: false }, { open: false }]);
  });
});

describe.skipIf(!hasServer('redis'))('redis', () => {
  const { open, close, bind, restart } = oneAddon('redis');
  let uri: string;
  beforeAll(async () => void (uri = await open()));
  afterAll(close);

  const works = async (): Promise<boolean> => {
    const client = createClient({ url: uri, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      if (client.isOpen) client.destroy();
    }
  };

  test.each(['port', 'serverPort'])('%s: taken by another program, and had again', async (which) => {
    let port = 0;
    let other: Awaited<ReturnType<typeof stranger>> | undefined;
    await restart(async (facts) => {
      port = Number(facts[which]);
      other = await stranger(port);
    });
    const { status, body } = await bind(`meanwhile-${which}`);
    await other?.leave();
    expect([status, body.description]).toEqual([
      500,
      expect.stringContaining(`Another program has taken port ${port}`),
    ]);
    expect(other?.heard()).toEqual([]);
    await expect.poll(works, { timeout: 20_000 }).toBe(true);
  });
});

describe('sqlite', () => {
  test('what was deleted does not count, though the file still has it', async () => {
    const directory = temporaryFolder();
    const { client, stop } = await startBroker('sqlite', directory);
    const { service } = await readTarget(client);
    const ids = (at: number): object => ({ service_id: service.id, plan_id: service.plans[at]?.id });
    const path = '/v2/service_instances/i';
    const body = { ...ids(1), organization_guid: 'o', space_guid: 's' };
    expect((await client.request('PUT', path, { body })).status).toBe(201);
    const files = join(directory, 'files');
    const [file = ''] = readdirSync(files);
    // As the platform does it for guests, which goes on.
    const database = new SqliteDatabase(join(files, file));
    database.limitTo(128 * 1024 * 1024);
    const run = (sql: string): unknown => database.query({ sql, params: [], maxRows: 1 });
    run('CREATE TABLE big (a)');
    for (let megabytes = 0; megabytes < 24; megabytes++) run('INSERT INTO big VALUES (zeroblob(1048576))');
    const refused = await client.request('PATCH', path, { body: ids(0) });
    expect([refused.status, refused.body.description]).toEqual([
      422,
      expect.stringMatching(
        /^It has 2\d.* MB, and plan free allows 16 MB: delete something first, or choose/,
      ),
    ]);
    run('DELETE FROM big');
    expect((await client.request('PATCH', path, { body: ids(0) })).status).toBe(200);
    database.close();
    await stop();
  });
});
