// Tenants who mean harm: what they try with the credentials of their own add-on reaches nobody else's, and undoes none
// of its limits; and secrets stand nowhere but in credentials.

import type { EventEmitter } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { hasServer, startBroker, type RunningBroker } from '../support/broker.ts';
import { readTarget, type Plan } from '../support/osb-checker/checks.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface AddOn {
  id: string;
  uri: string;
  username: string;
  password: string;
  port: number;
}

/** A broker with an add-on for each of two tenants. */
function tenants(name: string, config: object = {}) {
  const directory = temporaryFolder();
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
  const made: string[] = [];
  let running: RunningBroker | undefined;
  let plans: Plan[] = [];
  let serviceId = '';
  const broker = (): RunningBroker => running as RunningBroker;
  const body = (plan: string): object => ({
    service_id: serviceId,
    plan_id: plans.find((each) => each.name === plan)?.id,
    organization_guid: 'o',
    space_guid: 's',
  });
  const path = (id: string): string => `/v2/service_instances/${encodeURIComponent(id)}`;

  beforeAll(async () => {
    running = await startBroker(name, directory);
    const { service } = await readTarget(running.client);
    [serviceId, plans] = [service.id, service.plans];
  });
  afterAll(async () => {
    const query = `service_id=${serviceId}&plan_id=${plans[0]?.id}`;
    for (const id of made) await broker().client.request('DELETE', `${path(id)}?${query}`);
    await broker().stop();
  });
  return {
    directory,
    broker,
    add: async (id: string, plan = 'free'): Promise<AddOn> => {
      made.push(id);
      await broker().client.request('PUT', path(id), { body: body(plan) });
      const { body: bound } = await broker().client.request('PUT', `${path(id)}/service_bindings/b`, {
        body: body(plan),
      });
      return { id, ...bound.credentials };
    },
    bind: async (id: string, binding: string): Promise<AddOn> => {
      const { body: bound } = await broker().client.request(
        'PUT',
        `${path(id)}/service_bindings/${binding}`,
        {
          body: body('free'),
        },
      );
      return { id, ...bound.credentials };
    },
    change: async (id: string, plan: string) =>
      broker().client.request('PATCH', path(id), { body: body(plan) }),
    dashboard: async (id: string): Promise<string> => {
      const { body: instance } = await broker().client.request('GET', path(id));
      return (await fetch(instance.dashboard_url)).text();
    },
  };
}

async function sql(uri: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: uri });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(async () => {
    await client.end().catch(() => undefined);
  });
  return client;
}

/** SQLSTATE of what it fails with; undefined if it does not. */
async function failure(client: pg.Client, text: string): Promise<string | undefined> {
  return client.query(text).then(
    () => undefined,
    (error: { code?: string }) => error.code ?? 'broken off',
  );
}

/** Its id in every server (pg_proc.dat). */
const PG_SLEEP = 2626;

/** By the message that is beside statements (PostgreSQL 55.2.7). SQLSTATE of what it fails with. */
function callFunction(client: pg.Client, id: number, argument: number): Promise<string | undefined> {
  const { connection } = client as unknown as {
    connection: EventEmitter & { stream: { write: (bytes: Buffer) => void } };
  };
  const body = Buffer.alloc(24);
  body.writeInt32BE(id, 0);
  // One argument in binary form, of eight bytes; the result as well.
  [1, 1, 1].forEach((word, at) => body.writeInt16BE(word, 4 + 2 * at));
  body.writeInt32BE(8, 10);
  body.writeDoubleBE(argument, 14);
  body.writeInt16BE(1, 22);
  const head = Buffer.from('F\0\0\0\0');
  head.writeInt32BE(body.length + 4, 1);
  return new Promise((resolve) => {
    connection.once('errorMessage', ({ code }: { code?: string }) => resolve(code));
    connection.once('readyForQuery', () => resolve(undefined));
    connection.stream.write(Buffer.concat([head, body]));
  });
}

describe.skipIf(!hasServer('postgresql'))('postgresql', () => {
  const { broker, directory, add, bind, change, dashboard } = tenants('postgresql', {
    sampleSeconds: 0.2,
    dumpDays: 1,
  });
  let ana: AddOn;
  let ben: AddOn;
  beforeAll(async () => {
    ana = await add('ana');
    ben = await add('ben');
    const client = new pg.Client({ connectionString: ben.uri });
    await client.connect();
    await client.query("CREATE TABLE secrets (a text); INSERT INTO secrets VALUES ('of ben')");
    await client.query("SELECT lo_from_bytea(4711, 'of ben')");
    await client.end();
  });

  test("another's database, and those of nobody, let nobody in", async () => {
    const { pathname: other } = new URL(ben.uri);
    for (const database of [other.slice(1), 'postgres', 'template1']) {
      const url = new URL(ana.uri);
      url.pathname = database;
      await expect(sql(url.href)).rejects.toMatchObject({ code: '42501' });
    }
    const wrong = new URL(ana.uri);
    wrong.password = 'wrong';
    await expect(sql(wrong.href)).rejects.toMatchObject({ code: '28P01' });
  });

  test('files, programs, other servers, roles and settings of the server are refused', async () => {
    const client = await sql(ana.uri);
    const owner = `${new URL(ben.uri).pathname.slice(1)}_owner`;
    for (const text of [
      "COPY (SELECT 1) TO PROGRAM 'id'",
      "COPY (SELECT 1) TO '/tmp/hippo-hostile'",
      'CREATE TABLE passwords (a text)',
      "COPY passwords FROM '/etc/passwd'",
      "SELECT pg_read_file('/etc/passwd')",
      "SELECT pg_read_binary_file('postgresql.conf')",
      "SELECT pg_ls_dir('.')",
      "SELECT lo_import('/etc/passwd')",
      "SELECT lo_export(1, '/tmp/hippo-hostile')",
      'CREATE EXTENSION dblink',
      'CREATE EXTENSION postgres_fdw',
      'CREATE EXTENSION file_fdw',
      'CREATE EXTENSION adminpack',
      'CREATE EXTENSION plpython3u',
      'CREATE LANGUAGE c',
      "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/lib/x86_64-linux-gnu/libc.so.6', 'getpid'",
      "LOAD '/lib/x86_64-linux-gnu/libc.so.6'",
      "ALTER SYSTEM SET log_statement = 'all'",
      'SET log_statement = none',
      'SET temp_file_limit = -1',
      'SELECT pg_reload_conf()',
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> session_user LIMIT 1',
      'CREATE ROLE evil SUPERUSER',
      'ALTER ROLE CURRENT_USER CREATEROLE',
      'ALTER ROLE SESSION_USER CONNECTION LIMIT -1',
      `SET ROLE ${owner}`,
      'SET ROLE hippo_admin',
      'SET SESSION AUTHORIZATION hippo_admin',
      'SELECT rolpassword FROM pg_authid',
      'SELECT * FROM pg_shadow',
      'CREATE DATABASE more',
      "CREATE TABLESPACE t LOCATION '/tmp'",
      "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p",
      "SELECT pg_create_physical_replication_slot('s')",
      "SELECT pg_logical_emit_message(true, 'a', 'b') FROM pg_authid",
      'CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ]) {
      const code = await failure(client, text);
      if (text.startsWith('CREATE TABLE p')) expect(code).toBeUndefined();
      else expect(code, text).toMatch(/^(42501|0A000|58P01|42602|22023|42704)$/);
    }
  });

  test("others' statements are not seen, nor are their large objects", async () => {
    const other = await sql(ben.uri);
    await other.query("SELECT 'what ben asks'");
    const client = await sql(ana.uri);
    const { rows } = await client.query<{ query: string }>('SELECT query FROM pg_stat_activity');
    expect(JSON.stringify(rows)).not.toContain('what ben asks');
    expect(await failure(client, 'SELECT lo_get(4711)')).toBe('42704');
  });

  test('the number of connections holds, and cannot be lifted', async () => {
    const client = await sql(ana.uri);
    const { database } = client;
    for (const text of [
      `ALTER DATABASE ${database} CONNECTION LIMIT -1`,
      `ALTER DATABASE ${database} OWNER TO CURRENT_USER`,
      `ALTER DATABASE ${database} WITH IS_TEMPLATE true`,
      `GRANT CONNECT ON DATABASE ${database} TO PUBLIC; SELECT pg_read_file('x')`,
    ])
      expect(await failure(client, text), text).toBe('42501');
    const more = [];
    for (let count = 0; count < 4; count++) more.push(await sql(ana.uri));
    await expect(sql(ana.uri)).rejects.toMatchObject({ code: '53300' });
    const second = await bind('ana', 'second');
    await expect(sql(second.uri)).rejects.toMatchObject({ code: '53300' });
  });

  test('rotation overlaps, what one binding makes the next alters, and what is revoked is cut off', async () => {
    const client = await sql(ben.uri);
    await client.query('CREATE TABLE mine (a int)');
    await client.query('SET ROLE NONE');
    await client.query('CREATE TABLE made_as_oneself (a int)');
    const next = await sql((await bind('ben', 'next')).uri);
    await next.query('ALTER TABLE mine ADD b int');
    const other = await bind('ben', 'other');
    const cut = await sql(other.uri);
    await cut.query('SET ROLE NONE');
    await cut
      .query('CREATE TABLE left_behind (a int); GRANT SELECT ON left_behind TO PUBLIC WITH GRANT OPTION')
      .catch(() => undefined);
    await cut.query('CREATE TABLE IF NOT EXISTS left_behind (a int)');
    const { service } = await readTarget(broker().client);
    const query = `service_id=${service.id}&plan_id=${service.plans[0]?.id}`;
    const { status } = await broker().client.request(
      'DELETE',
      `/v2/service_instances/ben/service_bindings/other?${query}`,
    );
    expect(status).toBe(200);
    expect(await failure(cut, 'SELECT 1')).toBeDefined();
    await expect(sql(other.uri)).rejects.toMatchObject({ code: '28P01' });
    await next.query('DROP TABLE left_behind');
  });

  test('rights that another gave to my roles keep nobody from removing them', async () => {
    const guest = await add('guest');
    const client = await sql(ben.uri);
    const role = new URL(guest.uri).username;
    const database = new URL(guest.uri).pathname.slice(1);
    await client.query(`GRANT SELECT ON secrets TO "${role}", "${database}_owner"`);
    await client.query(`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "${role}"`);
    const { service } = await readTarget(broker().client);
    const query = `service_id=${service.id}&plan_id=${service.plans[0]?.id}`;
    const { status } = await broker().client.request('DELETE', `/v2/service_instances/guest?${query}`);
    expect(status).toBe(200);
    expect(readdirSync(join(directory, 'dumps'))).toContain(`${database}.dump`);
  });

  test('statements over time are ended, whatever their session says of timeouts', async () => {
    const client = await sql(ben.uri);
    await client.query('SET statement_timeout = 0');
    expect(await failure(client, 'SELECT pg_sleep(60)')).toBe('57014');
    const stubborn = await sql(ben.uri);
    const code = await failure(
      stubborn,
      `DO $$ BEGIN LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$`,
    );
    expect(code).toBe('57P01');
  });

  test('a function over time that no statement calls is ended, too', async () => {
    await expect(callFunction(await sql(ben.uri), PG_SLEEP, 60)).resolves.toBe('57014');
  });

  test("many locks end who holds them, and not others' work", async () => {
    const client = await sql(ana.uri);
    const other = await sql(ben.uri);
    await client
      .query('SELECT count(pg_advisory_lock(i)) FROM generate_series(1, 1000000) AS i')
      .catch(() => undefined);
    await expect
      .poll(() => failure(other, 'CREATE TABLE crowded (a int PRIMARY KEY); DROP TABLE crowded'), {
        timeout: 20_000,
      })
      .toBeUndefined();
    await expect.poll(() => failure(client, 'SELECT 1'), { timeout: 20_000 }).toBeDefined();
    // Those that are not too many stay.
    const modest = await sql(ana.uri);
    await modest.query('SELECT count(pg_advisory_lock(i)) FROM generate_series(1, 2000) AS i');
    expect(await failure(modest, 'SELECT pg_sleep(2.5)')).toBeUndefined();
  });

  test('storage: warned, closed, cleaned up; opened by a larger plan', async () => {
    const full = await add('full');
    const client = await sql(full.uri);
    await client.query('CREATE TABLE big (a text); ALTER TABLE big ALTER a SET STORAGE EXTERNAL');
    await client.query('CREATE TABLE keep AS SELECT 1 AS a');
    await client.query(
      'CREATE FUNCTION sly() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$INSERT INTO keep VALUES (2)$$',
    );
    await client.query(
      'GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC',
    );
    const fill = (megabytes: number): Promise<unknown> =>
      client.query("INSERT INTO big SELECT repeat('x', 1024 * 1024) FROM generate_series(1, $1)", [
        megabytes,
      ]);
    await fill(54);
    expect(await dashboard('full')).toContain('nearly all of its storage');
    await fill(12);
    await fill(10).catch(() => undefined);
    await expect.poll(() => dashboard('full'), { timeout: 60_000 }).toContain('is closed');
    await expect.poll(() => failure(client, 'SELECT 1'), { timeout: 20_000 }).toBeDefined();

    const again = await sql(full.uri);
    for (const text of [
      'INSERT INTO keep VALUES (2)',
      'UPDATE keep SET a = 3',
      'CREATE TABLE more (a int)',
      'CREATE TEMP TABLE more (a int)',
      'SELECT sly()',
      "SELECT lo_from_bytea(0, 'x')",
      `SET ROLE ${again.database}_owner`,
    ])
      expect(await failure(again, text), text).toBe('42501');
    expect((await again.query('SELECT a FROM keep')).rows).toEqual([{ a: 1 }]);
    await again.query('DELETE FROM big');
    await expect.poll(() => dashboard('full'), { timeout: 60_000 }).not.toContain('is closed');
    const open = await sql(full.uri);
    await open.query('INSERT INTO keep VALUES (2)');

    await open
      .query("INSERT INTO big SELECT repeat('x', 1024 * 1024) FROM generate_series(1, 80)")
      .catch(() => undefined);
    await expect.poll(() => dashboard('full'), { timeout: 60_000 }).toContain('is closed');
    expect((await change('full', 'small')).status).toBe(200);
    const larger = await sql(full.uri);
    await larger.query("INSERT INTO big SELECT repeat('x', 1024 * 1024) FROM generate_series(1, 80)");
    expect((await change('full', 'free')).status).toBe(422);
  });

  test('a larger plan drops no connection', async () => {
    const client = await sql(ben.uri);
    await client.query('CREATE TEMP TABLE mine_alone AS SELECT 1 AS a');
    expect((await change('ben', 'medium')).status).toBe(200);
    expect((await client.query('SELECT a FROM mine_alone')).rows).toEqual([{ a: 1 }]);
  });

  test('secrets stand in no log, argument, environment or error', () => searchSecrets(broker(), [ana, ben]));
});

describe.skipIf(!hasServer('redis'))('redis', () => {
  const { broker, add, bind } = tenants('redis', { idleSeconds: 1 });
  let ana: AddOn;
  let ben: AddOn;
  beforeAll(async () => {
    [ana, ben] = [await add('ana'), await add('ben')];
  });

  async function redis(uri: string) {
    const client = createClient({ url: uri, socket: { reconnectStrategy: false } }).on(
      'error',
      () => undefined,
    );
    await client.connect();
    onTestFinished(() => {
      if (client.isOpen) client.destroy();
    });
    return client;
  }

  test("another's server knows neither password nor key", async () => {
    const owner = await redis(ben.uri);
    await owner.set('secret', 'of ben');
    const client = await redis(ana.uri);
    expect(await client.get('secret')).toBeNull();
    const url = new URL(ana.uri);
    url.port = String(ben.port);
    await expect(redis(url.href)).rejects.toThrow(/WRONGPASS/);
    const nobody = new URL(ben.uri);
    [nobody.username, nobody.password] = ['', ''];
    await expect(redis(nobody.href).then((each) => each.get('secret'))).rejects.toThrow(/NOAUTH/);
  });

  test('commands that run the server are refused', async () => {
    const client = await redis(ana.uri);
    for (const command of [
      'CONFIG GET *',
      'CONFIG SET maxmemory 0',
      'DEBUG SLEEP 0',
      'MODULE LOAD /tmp/x.so',
      'SHUTDOWN NOSAVE',
      'SAVE',
      'BGSAVE',
      'REPLICAOF 127.0.0.1 1',
      'SLAVEOF 127.0.0.1 1',
      'ACL LIST',
      'ACL SETUSER evil on nopass +@all ~*',
      'ACL GETUSER hippo',
      'ACL LOAD',
      'MIGRATE 127.0.0.1 1 key 0 1',
      'CLIENT KILL TYPE normal',
      'CLIENT LIST',
      'MONITOR',
      'SYNC',
      'FAILOVER',
      'CLUSTER RESET',
      'SCRIPT KILL',
      'BGREWRITEAOF',
      'LATENCY RESET',
      'SLOWLOG GET',
    ])
      await expect(client.sendCommand(command.split(' ')), command).rejects.toThrow(
        /NOPERM|not allowed|disabled/,
      );
    await expect(
      client.eval("return redis.call('CONFIG', 'GET', 'requirepass')", { keys: [], arguments: [] }),
    ).rejects.toThrow();
    await expect(client.eval("return os.execute('id')", { keys: [], arguments: [] })).rejects.toThrow();
  });

  test('memory and connections hold', async () => {
    const client = await redis(ana.uri);
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let count = 0; count < 24; count++) await client.set(`key${count}`, megabyte);
    // The free plan forgets what is used least.
    expect(await client.dbSize()).toBeLessThan(16);
    const more = [];
    for (let count = 0; count < 9; count++) more.push(await redis(ana.uri));
    await expect(redis(ana.uri)).rejects.toThrow();
  });

  test('scripts that do not end are ended, and what was written before is kept', async () => {
    const client = await redis(ben.uri);
    await client.set('before', '1');
    await expect(client.eval('while true do end', { keys: [], arguments: [] })).rejects.toThrow(/killed/i);
    await new Promise<void>((resolve) => {
      client.once('end', resolve).once('error', () => resolve());
      void client
        .eval("redis.call('set', 'x', '1') while true do end", { keys: [], arguments: [] })
        .catch(() => undefined);
    });
    const next = await redis(ben.uri);
    expect(await next.get('before')).toBe('1');
  });

  test('it sleeps when nobody is there, and wakes with what it held; rotation overlaps', async () => {
    const rested = await add('rested');
    const client = await redis(rested.uri);
    await client.set('kept', '1');
    const second = await bind('rested', 'second');
    client.destroy();
    const dashboard = async (): Promise<string> => {
      const { body } = await broker().client.request('GET', '/v2/service_instances/rested');
      return (await fetch(body.dashboard_url)).text();
    };
    await expect.poll(dashboard, { timeout: 20_000 }).toContain('sleeps');
    expect(await (await redis(second.uri)).get('kept')).toBe('1');
    expect(await (await redis(rested.uri)).get('kept')).toBe('1');
  });

  test('secrets stand in no log, argument, environment or error', () => searchSecrets(broker(), [ana, ben]));
});

describe('dashboards', () => {
  const { broker, add } = tenants('sqlite');

  test('links are signed, expire, and are for one add-on; pages run nothing', async () => {
    await add('<script>alert(1)</script>');
    const path = `/v2/service_instances/${encodeURIComponent('<script>alert(1)</script>')}`;
    const { body } = await broker().client.request('GET', path);
    const page = await fetch(body.dashboard_url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await page.text()).not.toContain('<script');
    const link = new URL(body.dashboard_url);
    for (const change of [
      () => link.searchParams.set('expires', String(Date.now() + 1e12)),
      () => link.searchParams.delete('signature'),
      () => (link.pathname = '/dashboard/another'),
    ]) {
      change();
      const refused = await fetch(link);
      expect(refused.status).toBe(403);
      await refused.text();
    }
  });
});

/** In the broker's folder, in what any process was started with, and in what the broker says of mistakes. */
async function searchSecrets(broker: RunningBroker, addOns: readonly AddOn[]): Promise<void> {
  const secrets = [...addOns.map(({ password }) => password), broker.client.credentials.password];
  const expectNone = (text: string, where: string): void => {
    for (const secret of secrets) expect(text.includes(secret), `a secret in ${where}`).toBe(false);
  };
  for (const name of readdirSync(broker.directory, { recursive: true }) as string[]) {
    const file = join(broker.directory, name);
    if (statSync(file).isFile() && name !== 'credentials.json')
      expectNone(readFileSync(file, 'latin1'), name);
  }
  const { directory } = JSON.parse(readFileSync(join(broker.directory, 'place.json'), 'utf8')) as {
    directory: string;
  };
  for (const name of readdirSync(directory, { recursive: true }) as string[])
    if (/log|conf|acl|aof$/.test(name) && statSync(join(directory, name)).isFile())
      expectNone(readFileSync(join(directory, name), 'latin1'), name);
  if (process.platform === 'linux')
    for (const pid of readdirSync('/proc').filter((each) => /^\d+$/.test(each)))
      for (const kind of ['cmdline', 'environ'])
        try {
          expectNone(readFileSync(`/proc/${pid}/${kind}`, 'latin1'), `${kind} of ${pid}`);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
        }
  for (const credentials of [null, broker.client.credentials]) {
    const { text } = await broker.client.request('PUT', '/v2/service_instances/ana', {
      body: { parameters: secrets },
      credentials,
    });
    expectNone(text, 'an error');
  }
  expectNone(broker.stderr(), 'stderr');
}
