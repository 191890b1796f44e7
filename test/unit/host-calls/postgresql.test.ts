// SQL on a real PostgreSQL by host calls of real guests.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresqlPrograms, startPostgresql, type RealPostgresql } from '../../support/postgresql-server.ts';
import { HostCallChannels, type Response } from './harness.ts';

const programs = postgresqlPrograms();

describe.skipIf(programs === undefined)('with PostgreSQL (apt-get install -y postgresql)', () => {
  let server: RealPostgresql;
  const host = new HostCallChannels({ statement: 4000, wait: 4000, connections: 2 });
  const call: HostCallChannels['call'] = (...values) => host.call(...values);
  const query = (sql: string, params: unknown[] = [], more: object = {}): [string, unknown] => [
    'query',
    { addon: 'db', sql, params, ...more },
  ];
  const begin: [string, unknown] = ['begin', { addon: 'db' }];
  const commit: [string, unknown] = ['commit', { addon: 'db' }];
  const rollback: [string, unknown] = ['rollback', { addon: 'db' }];
  const rowsOf = async (...calls: [string, unknown][]): Promise<unknown> =>
    (await call('app', ...calls)).at(-1)?.rows;
  const codeOf = (response: Response | undefined): unknown => response?.error?.code;

  beforeAll(async () => {
    server = await startPostgresql(programs ?? '');
    // As a broker makes them: an owner without a login, and a login that acts as the owner.
    for (const name of ['one', 'two']) {
      await server.query(`CREATE ROLE ${name}_owner NOLOGIN`);
      await server.query(`CREATE DATABASE ${name} OWNER ${name}_owner`);
      await server.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
      await server.query(`CREATE ROLE ${name}_login LOGIN PASSWORD 'secret-${name}' IN ROLE ${name}_owner`);
      await server.query(`ALTER ROLE ${name}_login SET role = '${name}_owner'`);
    }
    await host.start({ workers: 4 });
    await host.install('app', 'sql');
    await host.install('other', 'sql');
    host.bind('app', 'db', { uri: server.uriOf('one_login', 'secret-one', 'one') });
    host.bind('other', 'db2', { uri: server.uriOf('two_login', 'secret-two', 'two') });
  }, 60_000);
  afterAll(async () => {
    await host.stop();
    await server.stop();
  });

  test('writes and reads rows', async () => {
    const responses = await call(
      'app',
      query('CREATE TABLE notes (id serial PRIMARY KEY, text text)'),
      query('INSERT INTO notes (text) VALUES ($1), ($2)', ['one', 'two']),
      query('SELECT id, text FROM notes ORDER BY id'),
    );
    expect(responses).toEqual([
      { version: 1, columns: [], rows: [], affected: 0 },
      { version: 1, columns: [], rows: [], affected: 2 },
      {
        version: 1,
        columns: [
          { name: 'id', type: 'int4' },
          { name: 'text', type: 'text' },
        ],
        rows: [
          [1, 'one'],
          [2, 'two'],
        ],
        affected: 0,
      },
    ]);
  });

  test('loses nothing of a value', async () => {
    const values: [type: string, value: unknown][] = [
      ['int8', { bigint: '9223372036854775807' }],
      ['int8', -5],
      ['numeric', { decimal: '12345678901234567890.0123456789' }],
      ['float8', 0.1],
      ['float8', { float: 'NaN' }],
      ['float8', { float: '-Infinity' }],
      ['bool', true],
      ['text', 'Ä"\\\n🦛'],
      ['bytea', { bytes: Buffer.from([0, 255, 92, 39]).toString('base64') }],
      ['json', { json: '{"a": 12345678901234567890}' }],
      ['jsonb', { json: '{"a": 12345678901234567890}' }],
      ['uuid', '0b5a1a62-3b1f-4f0e-9b34-2f31c1c1a2aa'],
      ['timestamptz', 'infinity'],
      ['timestamp', '0044-03-15 00:00:00.123456 BC'],
      ['date', '2026-11-20'],
      ['interval', '1 year 2 mons 03:04:05.000006'],
      ['text[]', { array: ['a', null, 'NULL', '', '"{,}\\'] }],
      ['int8[]', { array: [{ array: [1, 2] }, { array: [{ bigint: '9007199254740993' }, null] }] }],
      ['bytea[]', { array: [{ bytes: 'AP8=' }] }],
      ['jsonb[]', { array: [{ json: '{"b": "\\""}' }] }],
      ['int4[]', { array: [] }],
      ['inet', '10.0.0.0/8'],
      ['text', null],
    ];
    for (const [type, value] of values) {
      const [response] = await call('app', query(`SELECT $1::${type} AS v`, [value]));
      expect([type, response?.rows ?? response]).toEqual([type, [[value]]]);
      expect(response?.columns).toEqual([{ name: 'v', type }]);
    }
  });

  test('keeps a transaction, and undoes one that the run leaves open', async () => {
    await call('app', query('CREATE TABLE kept (n int)'));
    await call('app', begin, query('INSERT INTO kept VALUES (1)'), commit);
    await call('app', begin, query('INSERT INTO kept VALUES (2)'), rollback);
    await call('app', begin, query('INSERT INTO kept VALUES (3)'));
    await expect(call('app', begin, query('INSERT INTO kept VALUES (4)'), ['trap', {}])).rejects.toThrow(
      '500',
    );
    expect(await rowsOf(query('SELECT n FROM kept'))).toEqual([[1]]);
  });

  test('tells of a transaction that has failed', async () => {
    const responses = await call('app', begin, query('SELECT 1/0'), query('SELECT 1'), commit, commit);
    expect(responses.map((response) => response.error?.sqlState ?? codeOf(response))).toEqual([
      undefined,
      '22012',
      '25P02',
      'transaction_lost',
      'no_transaction',
    ]);
  });

  test('takes neither two statements nor a transaction by a statement, nor COPY', async () => {
    const codes = async (...calls: [string, unknown][]): Promise<unknown[]> =>
      (await call('app', ...calls)).map((response) => response.error?.sqlState ?? codeOf(response));
    expect(await codes(query('SELECT 1; SELECT 2'))).toEqual(['42601']);
    expect(await codes(query('BEGIN'), query('SELECT 1'))).toEqual(['not_allowed', undefined]);
    expect(await codes(query('CREATE TABLE c (t text)'), query('COPY c FROM STDIN'))).toEqual([
      undefined,
      'not_allowed',
    ]);
    expect(
      await codes(query("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100)) TO STDOUT")),
    ).toEqual(['not_allowed']);
    expect(await codes(query('  -- nothing'))).toEqual(['bad_request']);
    expect(await codes(query('SELECT 1'))).toEqual([undefined]);
  });

  test('undoes a statement whose result is too large', async () => {
    await call('app', query('CREATE TABLE large (n int, t text)'));
    const [many, wide, huge, after] = await call(
      'app',
      query('INSERT INTO large SELECT n FROM generate_series(1, 50) AS n RETURNING n', [], { maxRows: 10 }),
      query(`INSERT INTO large VALUES (1, repeat('x', 5000000)) RETURNING t`),
      query(`INSERT INTO large VALUES (1, 'x') RETURNING repeat('x', 18000000)`),
      query('SELECT count(*) FROM large'),
    );
    expect([codeOf(many), codeOf(wide), codeOf(huge)]).toEqual(Array(3).fill('response_too_large'));
    expect(after?.rows).toEqual([[0]]);
  });

  test('ends a statement that takes too long, also where it undid the limit', async () => {
    expect(codeOf((await call('app', query('SELECT pg_sleep(60)')))[0])).toBe('timeout');
    const [, late] = await call('app', query('SET statement_timeout = 0'), query('SELECT pg_sleep(60)'));
    expect(codeOf(late)).toBe('timeout');
    await expect
      .poll(
        async () =>
          (
            await server.query(
              "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%sleep(60)%' AND pid <> pg_backend_pid() AND state = 'active'",
            )
          ).rowCount,
      )
      .toBe(0);
  });

  test('has nothing of a run left for the next one', async () => {
    await call(
      'app',
      query("SET application_name = 'mine'"),
      query("SELECT set_config('my.secret', 'x', false)"),
      query('CREATE TEMP TABLE secret (n int)'),
      query('SELECT pg_advisory_lock(7)'),
      query('SET ROLE none'),
      query('LISTEN anything'),
    );
    const [settings, tables, locks, role] = await call(
      'app',
      query("SELECT current_setting('application_name'), current_setting('my.secret', true)"),
      query("SELECT count(*) FROM pg_class WHERE relname = 'secret'"),
      query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
      query('SELECT current_user'),
    );
    expect(settings?.rows?.[0]).not.toContain('mine');
    expect(settings?.rows?.[0]).not.toContain('x');
    expect([tables?.rows, locks?.rows, role?.rows]).toEqual([[[0]], [[0]], [['one_owner']]]);
  });

  test('shares few connections among many runs', async () => {
    const runs = await Promise.all(
      Array.from({ length: 20 }, () =>
        call('app', query('SELECT 1'), query('SELECT pg_sleep(0.05)'), query('SELECT 2')),
      ),
    );
    expect(runs.flat().map(codeOf)).toEqual(Array(60).fill(undefined));
    const { rows } = await server.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'one_login'",
    );
    expect(rows[0].n).toBeLessThanOrEqual(2);
  });

  test('finishes a transaction on the credentials that it began with', async () => {
    await call('app', query('CREATE TABLE IF NOT EXISTS rotated (who text)'));
    await server.query("CREATE ROLE one_login2 LOGIN PASSWORD 'secret-3' IN ROLE one_owner");
    await server.query("ALTER ROLE one_login2 SET role = 'one_owner'");
    const old = host.credentials.get('app')?.get('db') ?? {};
    const run = { channelId: 'app', runId: 'rotation', interface: 'sql' as const };
    const { signal } = new AbortController();
    const say = async (operation: string, request: object): Promise<Response> =>
      JSON.parse(
        Buffer.from(
          await host.services.call(
            { ...run, operation, request: Buffer.from(JSON.stringify({ addon: 'db', ...request })) },
            signal,
          ),
        ).toString(),
      ) as Response;
    await say('begin', {});
    await say('query', { sql: 'INSERT INTO rotated VALUES (session_user)' });
    host.bind('app', 'db', { uri: server.uriOf('one_login2', 'secret-3', 'one') });
    expect(await rowsOf(query('SELECT session_user'))).toEqual([['one_login2']]);
    await say('query', { sql: 'INSERT INTO rotated VALUES (session_user)' });
    expect((await say('commit', {})).error).toBeUndefined();
    expect((await say('query', { sql: 'SELECT session_user' })).rows).toEqual([['one_login2']]);
    host.services.runEnded('rotation');
    host.bind('app', 'db', old);
    expect(await rowsOf(query('SELECT who FROM rotated'))).toEqual([['one_login'], ['one_login']]);
  });

  test('survives a connection that the server ends', async () => {
    await call('app', query('CREATE TABLE IF NOT EXISTS ended (n int)'));
    const responses = await call(
      'app',
      begin,
      query('INSERT INTO ended VALUES (1)'),
      query('SET ROLE none'),
      query('SELECT pg_terminate_backend(pg_backend_pid())'),
      query('INSERT INTO ended VALUES (2)'),
      query('INSERT INTO ended VALUES (3)'),
    );
    expect(responses.map(codeOf)).toEqual([
      undefined,
      undefined,
      undefined,
      'unavailable',
      'transaction_lost',
      undefined,
    ]);
    expect(await rowsOf(query('SELECT n FROM ended'))).toEqual([[3]]);
  });

  test('is not within reach of another channel, by any name', async () => {
    for (const addon of ['db', 'app/db', 'app\0db', '../app/db', 'one', '__proto__', 'constructor', ''])
      expect(['not_bound', 'bad_request']).toContain(
        codeOf((await call('other', ['query', { addon, sql: 'SELECT 1' }]))[0]),
      );
    const [theirs] = await call('other', ['query', { addon: 'db2', sql: 'SELECT current_database()' }]);
    expect(theirs?.rows).toEqual([['two']]);
  });

  test('that does not answer is told of once, without its address', async () => {
    host.bind('other', 'gone', { uri: 'postgresql://u:very-secret@127.0.0.1:1/x' });
    host.bind('other', 'refused', { uri: server.uriOf('two_login', 'wrong-secret', 'two') });
    for (const addon of ['gone', 'gone', 'refused', 'refused'])
      expect(codeOf((await call('other', ['query', { addon, sql: 'SELECT 1' }]))[0])).toBe('unavailable');
    expect(host.log('other')).toEqual([
      'The add-on gone does not answer (ECONNREFUSED).',
      'The add-on refused does not answer (28P01).',
    ]);
  });
});
