// SQL on a file by host calls of real guests.

import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServices } from '../../../src/platform/addons/services/services.ts';
import { HostCallChannels, sqliteProgram, type Response } from './harness.ts';

const MIB = 1024 * 1024;
const host = new HostCallChannels({ statement: 2000, wait: 1500, memory: 256 * MIB });
beforeAll(async () => {
  await host.start({ workers: 4 });
  for (const channel of ['app', 'app2', 'other']) await host.install(channel, 'sql', 'kv');
});
afterAll(() => host.stop());

const call: HostCallChannels['call'] = (...values) => host.call(...values);
const query = (sql: string, params: unknown[] = [], more: object = {}): [string, unknown] => [
  'query',
  { addon: 'db', sql, params, ...more },
];
const begin: [string, unknown] = ['begin', { addon: 'db' }];
const commit: [string, unknown] = ['commit', { addon: 'db' }];
const rollback: [string, unknown] = ['rollback', { addon: 'db' }];
const outcome = ({ error }: Response): unknown => error && (error.sqlState ?? error.code);
const outcomes = async (...calls: [string, unknown][]): Promise<unknown[]> =>
  (await call('app', ...calls)).map(outcome);
const rowsOf = async (...calls: [string, unknown][]): Promise<unknown> =>
  (await call('app', ...calls)).at(-1)?.rows;
const fresh = (maxBytes?: number): ReturnType<HostCallChannels['sqliteFile']> => {
  const credentials = host.sqliteFile(maxBytes);
  host.bind('app', 'db', credentials);
  return credentials;
};
/** Counts to forever. */
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';

describe('a statement', () => {
  test('writes and reads rows', async () => {
    fresh();
    const responses = await call(
      'app',
      query('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)'),
      query('INSERT INTO notes (text) VALUES ($1), ($2)', ['one', 'two']),
      query('SELECT id, text, 1 + 1 AS sum FROM notes ORDER BY id'),
      query('UPDATE notes SET text = ? RETURNING id', ['three']),
    );
    expect(responses).toEqual([
      { version: 1, columns: [], rows: [], affected: 0 },
      { version: 1, columns: [], rows: [], affected: 2 },
      {
        version: 1,
        columns: [
          { name: 'id', type: 'integer' },
          { name: 'text', type: 'text' },
          { name: 'sum', type: '' },
        ],
        rows: [
          [1, 'one', 2],
          [2, 'two', 2],
        ],
        affected: 0,
      },
      { version: 1, columns: [{ name: 'id', type: 'integer' }], rows: [[1], [2]], affected: 2 },
    ]);
  });

  test('loses nothing of a value', async () => {
    fresh();
    const values: [value: unknown, type: string, back?: unknown][] = [
      [null, 'null'],
      [5, 'integer'],
      [{ bigint: '-9223372036854775808' }, 'integer'],
      [{ bigint: '9007199254740993' }, 'integer'],
      [0.1, 'real'],
      [{ float: '2' }, 'real', 2],
      [{ float: 'Infinity' }, 'real'],
      [true, 'integer', 1],
      ['Ä"\\\n🦛', 'text'],
      [{ bytes: 'AP9cJw==' }, 'blob'],
      [{ json: '{"a":12345678901234567890}' }, 'text', '{"a":12345678901234567890}'],
      [{ decimal: '1.10' }, 'text', '1.10'],
    ];
    for (const [value, type, back = value] of values)
      expect(await rowsOf(query('SELECT ?, typeof(?)', [value, value]))).toEqual([[back, type]]);
    expect(
      await outcomes(
        query('SELECT ?', [{ array: [1] }]),
        query('SELECT ?', [{ bigint: '9223372036854775808' }]),
      ),
    ).toEqual(['bad_request', 'out_of_range']);
  });

  test('takes its values by ? or by number, all of them', async () => {
    fresh();
    expect(await rowsOf(query('SELECT $2, $1, $2', ['a', 'b']))).toEqual([['b', 'a', 'b']]);
    expect(
      await rowsOf(query(`SELECT ?2, ?1, '$3', "a?" FROM (SELECT 1 AS "a?") -- ?4`, ['a', 'b'])),
    ).toEqual([['b', 'a', '$3', 1]]);
    expect(
      await outcomes(
        query('SELECT $1, ?', ['a', 'b']),
        query('SELECT $1', []),
        query('SELECT ?', ['a', 'b']),
        query('SELECT :name', ['a']),
        query('SELECT $name', ['a']),
      ),
    ).toEqual(Array(5).fill('bad_request'));
  });

  test('is told what is wrong in the words of the standard', async () => {
    fresh();
    expect(
      await outcomes(
        query('CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE NOT NULL, c INTEGER CHECK (c > 0))'),
        query(`INSERT INTO t VALUES (1, 'a', 1)`),
        query(`INSERT INTO t VALUES (1, 'b', 1)`),
        query(`INSERT INTO t VALUES (2, 'a', 1)`),
        query(`INSERT INTO t VALUES (2, NULL, 1)`),
        query(`INSERT INTO t VALUES (2, 'b', 0)`),
        query('SELEC 1'),
        query('SELECT FROM'),
        query('SELECT * FROM nowhere'),
        query('SELECT absent FROM t'),
      ),
    ).toEqual([
      undefined,
      undefined,
      '23505',
      '23505',
      '23502',
      '23514',
      'not_allowed',
      '42601',
      '42P01',
      '42703',
    ]);
  });

  test.each([
    `ATTACH DATABASE '/etc/passwd' AS a`,
    `/* a */ -- b\n ; ;\tattach '/tmp/x.db' AS a`,
    `\uFEFFATTACH '/tmp/x.db' AS a`,
    `EXPLAIN ATTACH '/tmp/x.db' AS a`,
    `EXPLAIN/**/QUERY/**/PLAN/**/ATTACH '/tmp/x.db' AS a`,
    `explain explain attach '/tmp/x.db' AS a`,
    'DETACH main',
    'VACUUM',
    `VACUUM INTO '/tmp/hippo-test-vacuum.db'`,
    `explain -- x\n vacuum into '/tmp/x.db'`,
    'PRAGMA journal_mode = OFF',
    '/**/PRAGMA/**/writable_schema = ON',
    'EXPLAIN PRAGMA max_page_count = 1000000',
    'BEGIN',
    'COMMIT',
    'END',
    'ROLLBACK',
    'SAVEPOINT call',
    'RELEASE call',
    'SELECT 1; SELECT 2',
    `SELECT 1; ATTACH '/tmp/x.db' AS a`,
    `SELECT ';' ; /* ; */ PRAGMA query_only = OFF`,
    'CREATE TEMP TABLE t (n)',
    'CREATE TEMPORARY VIEW v AS SELECT 1',
    'CREATE TABLE temp.t (n)',
    'CREATE TEMP TRIGGER g AFTER INSERT ON hippo_kv BEGIN SELECT 1; END',
    '',
    '-- nothing',
    ';;',
  ])('%j is refused', async (sql) => {
    fresh();
    expect(
      await outcomes(['set', { addon: 'db', key: 'k', value: '' }], query(sql), query('SELECT 1')),
    ).toEqual([undefined, expect.stringMatching(/^(?:not_allowed|bad_request|42601)$/), undefined]);
  });

  test.each([
    'SELECT 1;',
    'SELECT 1 ; -- over\n /* and out */ ;;',
    '\n-- first\n/* second */ SELECT 1',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'VALUES (1), (2)',
    'EXPLAIN QUERY PLAN SELECT 1',
    `SELECT * FROM pragma_table_info('hippo_kv')`,
    'CREATE TRIGGER g AFTER INSERT ON hippo_kv BEGIN SELECT 1; SELECT 2; END',
    'CREATE VIRTUAL TABLE f USING fts5(t)',
    'CREATE VIRTUAL TABLE r USING rtree(id, a, b)',
  ])('%j is allowed', async (sql) => {
    fresh();
    expect(await outcomes(['set', { addon: 'db', key: 'k', value: '' }], query(sql))).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('loads no extension and reads no file', async () => {
    fresh();
    for (const sql of [
      `SELECT load_extension('/tmp/x.so')`,
      `SELECT readfile('/etc/passwd')`,
      `SELECT writefile('/tmp/x', 'x')`,
    ])
      expect(await outcomes(query(sql))).not.toEqual([undefined]);
  });

  test('whose result is too large has no effect', async () => {
    fresh();
    expect(
      await outcomes(
        query('CREATE TABLE t (n, b)'),
        query('INSERT INTO t SELECT value, NULL FROM generate_series(1, 20)', []),
        query(
          'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20) INSERT INTO t SELECT i, 0 FROM n RETURNING n',
          [],
          { maxRows: 10 },
        ),
        query(`INSERT INTO t VALUES (1, zeroblob(4000000)) RETURNING b`),
        query('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n'),
        query(
          `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, hex(randomblob(1000)) FROM n`,
        ),
      ),
    ).toEqual([undefined, '42P01', ...Array<string>(4).fill('response_too_large')]);
    expect(await rowsOf(query('SELECT count(*) FROM t'))).toEqual([[0]]);
  });

  test('that takes too long is ended, and its file is there for the next one', async () => {
    fresh();
    expect(
      await outcomes(query('CREATE TABLE t (n)'), query(ENDLESS), query('INSERT INTO t VALUES (1)')),
    ).toEqual([undefined, 'timeout', undefined]);
    expect(await rowsOf(query('SELECT n FROM t'))).toEqual([[1]]);
  });

  test('that nobody waits for any more leaves its file to others', async () => {
    const services = createServices({
      credentialsOf: () => ({ ...credentials }),
      sqliteDirectory: host.folder,
      sqliteProgram,
      log: () => undefined,
      report: (error) => host.reported.push(error),
      // Who waited for the statement's own limit would be told that it is busy.
      limits: { statement: 60_000, wait: 20_000 },
    });
    const credentials = host.sqliteFile();
    const run = async (runId: string, sql: string, signal: AbortSignal): Promise<Response> => {
      const request = Buffer.from(JSON.stringify({ addon: 'db', sql }));
      const call = { channelId: 'c', runId, interface: 'sql', operation: 'query', request } as const;
      return JSON.parse(Buffer.from(await services.call(call, signal)).toString()) as Response;
    };
    const forever = AbortSignal.timeout(50_000);
    expect(outcome(await run('a', 'CREATE TABLE t (i)', forever))).toBeUndefined();
    expect(outcome(await run('b', ENDLESS, AbortSignal.timeout(300)))).toBe('timeout');
    services.runEnded('b');
    expect((await run('c', 'SELECT count(*) FROM t', forever)).rows).toEqual([[0]]);
    await services.stop();
  });

  test('that takes too much memory is ended', async () => {
    fresh(2000 * MIB);
    expect(
      await outcomes(
        query(
          `SELECT group_concat(b, '') FROM (WITH RECURSIVE n(i, b) AS (SELECT 1, hex(randomblob(1000000)) UNION ALL SELECT i + 1, hex(randomblob(1000000)) FROM n LIMIT 900) SELECT b FROM n ORDER BY b)`,
        ),
        query('SELECT 1'),
      ),
    ).toEqual([expect.stringMatching(/^(?:53200|54000|timeout)$/), undefined]);
  });

  test('that would make the file larger than the plan allows says so', async () => {
    const credentials = fresh(MIB);
    await call('app', query('CREATE TABLE t (b)'));
    const filled: unknown[] = [];
    while (!filled.includes('53100') && filled.length < 50)
      filled.push(...(await outcomes(query('INSERT INTO t VALUES (randomblob(100000))'))));
    expect(filled.at(-1)).toBe('53100');
    expect(
      await outcomes(query('DELETE FROM t'), query('INSERT INTO t VALUES (randomblob(100000))')),
    ).toEqual([undefined, undefined]);
    expect(statSync(host.pathOf(credentials)).size).toBeLessThanOrEqual(MIB);
    // A larger plan counts from the next call on.
    host.bind('app', 'db', { ...credentials, max_bytes: 3 * MIB });
    expect(await outcomes(query('INSERT INTO t VALUES (randomblob(1500000))'))).toEqual([undefined]);
  });
});

describe('a transaction', () => {
  test('is kept by commit only', async () => {
    fresh();
    await call('app', query('CREATE TABLE t (n)'));
    await call('app', begin, query('INSERT INTO t VALUES (1)'), commit);
    await call('app', begin, query('INSERT INTO t VALUES (2)'), rollback);
    await call('app', begin, query('INSERT INTO t VALUES (3)'));
    await expect(call('app', begin, query('INSERT INTO t VALUES (4)'), ['trap', {}])).rejects.toThrow();
    expect(await rowsOf(query('SELECT n FROM t'))).toEqual([[1]]);
  });

  test('is one at a time in a run', async () => {
    fresh();
    expect(await outcomes(commit, begin, begin, rollback, rollback)).toEqual([
      'no_transaction',
      undefined,
      'transaction_open',
      undefined,
      'no_transaction',
    ]);
  });

  test('goes on after a statement that failed, and takes keys and values', async () => {
    fresh();
    expect(
      await outcomes(
        query('CREATE TABLE t (n UNIQUE)'),
        begin,
        query('INSERT INTO t VALUES (1)'),
        query('INSERT INTO t VALUES (2), (1)'),
        ['set', { addon: 'db', key: 'k', value: 'v' }],
        query('INSERT INTO t VALUES (3)'),
        commit,
      ),
    ).toEqual([undefined, undefined, undefined, '23505', undefined, undefined, undefined]);
    expect(await rowsOf(query('SELECT n FROM t'))).toEqual([[1], [3]]);
    expect((await call('app', ['get', { addon: 'db', key: 'k' }]))[0]?.['values']).toEqual(['v']);
  });

  test('for reading writes nothing', async () => {
    fresh();
    expect(
      await outcomes(
        query('CREATE TABLE t (n)'),
        ['begin', { addon: 'db', readOnly: true }],
        query('INSERT INTO t VALUES (1)'),
        query('SELECT n FROM t'),
        commit,
        query('INSERT INTO t VALUES (1)'),
        begin,
        query('INSERT INTO t VALUES (2)'),
        commit,
      ),
    ).toEqual([undefined, undefined, '25006', ...Array<undefined>(6).fill(undefined)]);
  });

  test('keeps others from writing, not from reading, and loses its place when its time is over', async () => {
    const credentials = fresh();
    host.bind('app2', 'db', credentials);
    await call('app', query('CREATE TABLE t (n)'));
    const { signal } = new AbortController();
    const say = async (channelId: string, operation: string, request: object): Promise<Response> =>
      JSON.parse(
        Buffer.from(
          await host.services.call(
            {
              channelId,
              runId: channelId,
              interface: 'sql',
              operation,
              request: Buffer.from(JSON.stringify({ addon: 'db', ...request })),
            },
            signal,
          ),
        ).toString(),
      ) as Response;
    await say('app', 'begin', {});
    await say('app', 'query', { sql: 'INSERT INTO t VALUES (1)' });
    expect((await say('app2', 'query', { sql: 'SELECT count(*) FROM t' })).rows).toEqual([[0]]);
    const [first, second] = [
      say('app2', 'query', { sql: 'INSERT INTO t VALUES (2)' }),
      say('other-run', 'query', { sql: 'SELECT 1' }),
    ];
    expect((await second).error?.code).toBe('not_bound');
    await say('app', 'commit', {});
    expect((await first).affected).toBe(1);

    await say('app', 'begin', {});
    expect((await say('app2', 'begin', {})).error?.code).toBe('busy');
    expect((await say('app2', 'query', { sql: 'INSERT INTO t VALUES (3)' })).error?.code).toBe('busy');
    const ends = say('app', 'query', { sql: ENDLESS });
    expect((await ends).error?.code).toBe('timeout');
    expect((await say('app', 'query', { sql: 'INSERT INTO t VALUES (4)' })).error?.code).toBe(
      'transaction_lost',
    );
    expect((await say('app2', 'begin', {})).error).toBeUndefined();
    host.services.runEnded('app');
    host.services.runEnded('app2');
    expect((await say('app3', 'query', { sql: 'SELECT 1' })).error?.code).toBe('not_bound');
    expect(await rowsOf(query('SELECT n FROM t ORDER BY n'))).toEqual([[1], [2]]);
  });

  test('of many runs at once loses nothing', async () => {
    fresh();
    await call('app', query('CREATE TABLE t (n)'), query('INSERT INTO t VALUES (0)'));
    const add: [string, unknown][] = [
      begin,
      query('SELECT n FROM t'),
      query('UPDATE t SET n = n + 1'),
      commit,
    ];
    const all = await Promise.all(Array.from({ length: 20 }, () => call('app', ...add)));
    expect(all.flat().map(outcome)).toEqual(Array(80).fill(undefined));
    expect(await rowsOf(query('SELECT n FROM t'))).toEqual([[20]]);
  });
});

describe('an add-on', () => {
  test('is not within reach of another channel, by any name', async () => {
    const { uri } = fresh();
    await call('app', query('CREATE TABLE secret (n)'));
    host.bind('other', 'mine', host.sqliteFile());
    for (const addon of ['db', uri, uri.slice(7), 'app/db', '__proto__', 'toString'])
      expect((await call('other', ['query', { addon, sql: 'SELECT 1' }])).map(outcome)).toEqual([
        'not_bound',
      ]);
    expect(
      (await call('other', ['query', { addon: 'mine', sql: 'SELECT * FROM secret' }])).map(outcome),
    ).toEqual(['42P01']);
  });

  test.each([
    'sqlite:../../etc/passwd',
    'sqlite:',
    'sqlite:/etc/passwd',
    `sqlite:${'a'.repeat(31)}/`,
    'sqlite://x/y',
  ])('named %s by its broker is no file', async (uri) => {
    host.bind('app', 'db', { uri, max_bytes: MIB });
    expect(await outcomes(query('SELECT 1'))).toEqual(['unavailable']);
  });

  test('that was removed does not come back', async () => {
    host.bind('app', 'db', { uri: `sqlite:${'0'.repeat(32)}`, max_bytes: MIB });
    expect(await outcomes(query('SELECT 1'))).toEqual(['unavailable']);
    expect(() => statSync(host.pathOf({ uri: `sqlite:${'0'.repeat(32)}` }))).toThrow('ENOENT');
  });
});
