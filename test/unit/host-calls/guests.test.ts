// What guests can pass to their host, and when they may call it at all.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runtimeProcesses, says } from '../platform/runtime/harness.ts';
import { HostCallChannels, relay } from './harness.ts';

const host = new HostCallChannels({ statement: 1500, wait: 300, idle: 300 });
beforeAll(() => host.start({ time: 10_000, workers: 4 }));
afterAll(() => host.stop());

/** AssemblyScript with the functions at hand, and a request that is good. */
const guest = (main: string): string => `
  @external('hippo_sql', 'query') declare function query(pointer: usize, length: i32): i32;
  @external('hippo_sql', 'begin') declare function begin(pointer: usize, length: i32): i32;
  @external('hippo_host', 'version') declare function version(): i32;
  @external('hippo_host', 'length') declare function length(handle: i32): i32;
  @external('hippo_host', 'read') declare function read(handle: i32, pointer: usize, length: i32): i32;
  @external('hippo_host', 'close') declare function close(handle: i32): i32;
  const good = String.UTF8.encode('{"addon":"db","sql":"SELECT 1"}');
  const at = changetype<usize>(good);
  const size = good.byteLength;
  const out: string[] = [];
  function say(number: i32): void { out.push(number.toString()); }
  ${main}
  process.stdout.write('content-type: text/plain\\n\\n' + out.join(' '));
`;

async function run(channel: string, main: string): Promise<string> {
  if (!host.credentials.has(channel)) host.bind(channel, 'db', host.sqliteFile());
  await host.channels.install(channel, { '/': { source: guest(main) } });
  const page = await host.channels.visit(channel);
  expect([page.status, host.log(channel)]).toEqual([200, []]);
  return page.text;
}

describe('a guest', () => {
  test('is told of pointers and lengths that are not its own', async () => {
    const text = await run(
      'pointers',
      `
      const end = memory.size() * 65536;
      say(query(end, 1));
      say(query(end - 1, 2));
      say(query(0xffffffff, -1));
      say(query(1, 0xffffffff));
      say(query(0x80000000, 0x7fffffff));
      say(query(0, 0xfffffff0));
      const handle = query(at, size);
      say(read(handle, end - 1, 2));
      say(read(handle, 0xfffffff0, 0xfffffff0));
      say(read(handle, at, 0));
      memory.grow(40);
      say(query(0, 2000000));
    `,
    );
    expect(text).toBe('-1 -1 -1 -1 -1 -1 -1 -1 0 -2');
  });

  test('is told of handles that are not its own', async () => {
    const text = await run(
      'handles',
      `
      for (let handle = -2; handle < 40; handle++) if (length(handle) != -3) say(handle);
      const handle = query(at, size);
      const bytes = new ArrayBuffer(10);
      say(handle);
      say(read(handle, changetype<usize>(bytes), 10));
      say(close(handle));
      say(close(handle));
      say(length(handle));
      say(read(handle, at, 1));
      for (let n = 0; n < 16; n++) query(at, size);
      say(query(at, size));
      say(close(5));
      say(query(at, size));
      say(version());
    `,
    );
    expect(text).toBe('1 10 0 -3 -3 -3 -4 0 18 1');
    // The next run begins anew.
    expect((await host.channels.visit('handles')).text).toBe(text);
  });

  test('reads its response in parts', async () => {
    const text = await run(
      'parts',
      `
      const handle = query(at, size);
      const whole = length(handle);
      const bytes = new ArrayBuffer(whole + 3);
      let read_ = 0;
      for (let n = 1; n > 0; read_ += n) n = read(handle, changetype<usize>(bytes) + read_, 3);
      say(i32(read_ == whole));
      out.push(String.UTF8.decode(bytes.slice(0, whole)));
    `,
    );
    expect(text).toBe(`1 {"version":1,"columns":[{"name":"1","type":""}],"rows":[[1]],"affected":0}`);
  });

  test('is told what is wrong with its request', async () => {
    await host.install('requests', 'sql', 'kv');
    host.bind('requests', 'db', host.sqliteFile());
    const bad = [
      '',
      '{',
      'null',
      '[]',
      '"text"',
      '{}',
      '{"addon":5}',
      '{"addon":""}',
      '{"addon":"db"}',
      '{"addon":"db","sql":5}',
      '{"addon":"db","sql":"SELECT ?","params":{}}',
      '{"addon":"db","sql":"SELECT ?","params":[{}]}',
      '{"addon":"db","sql":"SELECT ?","params":[{"bigint":5}]}',
      '{"addon":"db","sql":"SELECT ?","params":[{"bigint":"5","decimal":"5"}]}',
      '{"addon":"db","sql":"SELECT ?","params":[{"bytes":"?"}]}',
      '{"addon":"db","sql":"SELECT ?","params":[{"__proto__":"5"}]}',
      '{"addon":"db","sql":"SELECT ?","params":[{"toString":"5"}]}',
      '{"addon":"db","sql":"SELECT ?","params":["\\ud800"]}',
      '{"addon":"db","sql":"SELECT ?","params":["\\u0000"]}',
      '{"addon":"db","sql":"SELECT \\u0000 1"}',
      '{"addon":"db","sql":"SELECT 1","maxRows":0}',
      '{"addon":"db","sql":"SELECT 1","maxRows":1e9}',
      '{"addon":"db","sql":"SELECT 1","version":2}',
      `{"addon":"db","sql":"SELECT ?","params":[${'{"array":['.repeat(5000)}${']}'.repeat(5000)}]}`,
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      JSON.stringify({ addon: 'db', sql: 'SELECT 1', params: Array(1001).fill(1) }),
    ];
    const responses = await host.call(
      'requests',
      ...bad.map((request): [string, string] => ['query', request]),
    );
    expect(responses.map(({ error }) => error?.code)).toEqual(bad.map(() => 'bad_request'));
    const [ok] = await host.call('requests', [
      'query',
      '{"addon":"db","sql":"SELECT 1","version":1,"later":{},"params":null}',
    ]);
    expect(ok?.rows).toEqual([[1]]);
  });

  test('that passes random bytes gets an answer, whatever they are', async () => {
    const text = await run(
      'random',
      `
      let seed: u32 = 12345;
      const next = (): u32 => { seed = seed * 1664525 + 1013904223; return seed; };
      let positive = 0;
      for (let n = 0; n < 2000; n++) {
        let handle = n % 4 == 0 ? query(next(), next()) : query(next() % 100000, next() % 300);
        if (n % 10 == 0) handle = begin(at, next() % 64);
        if (handle > 0) { positive++; read(handle, next(), next()); length(next()); close(handle); close(next()); }
      }
      say(i32(positive > 100));
    `,
    );
    expect(text).toBe('1');
  });

  test('may call with numbers of other types, which ends it alone', async () => {
    host.bind('types', 'db', host.sqliteFile());
    const source = `
      @external('hippo_sql', 'query') declare function query(pointer: i64, length: i64): i64;
      query(1, 2);
    `;
    await host.channels.install('types', { '/': { source } });
    expect((await host.channels.visit('types')).status).toBe(500);
    expect(host.log('types').join()).toMatch(/main\.wasm failed: /);
  });

  test('has its input while it calls', async () => {
    await host.install('input', 'sql');
    host.bind('input', 'db', host.sqliteFile());
    const source = guest(`
      const buffer = new ArrayBuffer(16384);
      let total = 0;
      for (let n = process.stdin.read(buffer); n > 0; n = process.stdin.read(buffer)) {
        total += n;
        const handle = query(at, size);
        if (handle < 0) unreachable();
        close(handle);
      }
      say(total);
    `);
    await host.channels.install('input', { '/': { source } });
    const page = await host.channels.visit('input', '/', { method: 'POST', body: 'x'.repeat(300_000) });
    expect(page.text).toBe('300000');
  });
});

describe('a channel', () => {
  test('without an add-on says which one the module needs', async () => {
    await host.channels.install('bare', {
      '/sql': { source: relay(['sql']) },
      '/kv': { source: relay(['kv']) },
      '/plain': { source: says(`'plain'`) },
      '/unknown': { source: `@external('hippo_sql', 'drop') declare function drop(): void; drop();` },
      '/host': { source: `@external('hippo_host', 'version') declare function version(): i32; version();` },
    });
    const status = async (path: string): Promise<number> => (await host.channels.visit('bare', path)).status;
    expect([await status('/sql'), await status('/kv'), await status('/plain')]).toEqual([500, 500, 200]);
    expect(await status('/host')).toBe(500);
    expect(host.log('bare')).toEqual([
      'GET /sql: main.wasm failed: it imports hippo_sql, which needs an add-on with a database on this channel: hippo addons add postgresql',
      'GET /kv: main.wasm failed: it imports hippo_kv, which needs an add-on that keeps keys and values on this channel: hippo addons add redis',
      'GET /host: main.wasm failed: it imports hippo_host, which needs an add-on on this channel: hippo addons add postgresql',
    ]);
    host.bind('bare', 'cache', { uri: 'redis://127.0.0.1:1' });
    expect([await status('/sql'), await status('/kv'), await status('/unknown')]).toEqual([500, 200, 500]);
    host.bind('bare', 'db', host.sqliteFile());
    expect(await status('/unknown')).toBe(500);
    expect(host.log('bare').at(-1)).toBe(
      'GET /unknown: main.wasm failed: it imports drop from hippo_sql, which version 1 of the host calls does not have',
    );
    expect([await status('/sql'), await status('/kv')]).toEqual([200, 200]);
  });

  test('has what is bound with the next request, in the same process', async () => {
    await host.install('late', 'sql');
    expect((await host.channels.visit('late')).status).toBe(500);
    const before = runtimeProcesses();
    host.bind('late', 'db', host.sqliteFile());
    const select: [string, unknown] = ['query', { addon: 'db', sql: 'SELECT 1' }];
    expect((await host.call('late', select))[0]?.rows).toEqual([[1]]);
    host.credentials.get('late')?.delete('db');
    expect((await host.channels.visit('late')).status).toBe(500);
    expect(runtimeProcesses()).toEqual(before);
  });

  test('prints its routes without host calls', async () => {
    host.bind('routes', 'db', host.sqliteFile());
    const source = `
      @external('hippo_sql', 'query') declare function query(pointer: usize, length: i32): i32;
      const good = String.UTF8.encode('{"addon":"db","sql":"SELECT 1"}');
      export function _routes(): void {
        if (query(changetype<usize>(good), good.byteLength) == -5) process.stdout.write('/one one\\n');
      }
      export function _start(): void { ${says(`'base'`)} }
      export function one(): void { ${says(`(query(changetype<usize>(good), good.byteLength) > 0).toString()`)} }
    `;
    await host.channels.install('routes', { '/': { source, reactor: true } });
    expect((await host.channels.visit('routes', '/one')).text).toBe('true');
  });

  test('ends a guest by its deadline, also in a host call and in a transaction', async () => {
    await host.install('slow', 'sql');
    host.bind('slow', 'db', host.sqliteFile());
    const query = (sql: string): [string, unknown] => ['query', { addon: 'db', sql }];
    await host.call('slow', query('CREATE TABLE t (n)'));
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
    const begin: [string, unknown] = ['begin', { addon: 'db' }];
    const runs = await Promise.allSettled([
      host.call('slow', begin, query('INSERT INTO t VALUES (1)'), ['spin', {}]),
      host.call('slow', ...Array<[string, unknown]>(10).fill(query(endless))),
    ]);
    expect(runs.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    // The statement of a run that is over has its time, too.
    await expect
      .poll(async () => (await host.call('slow', query('INSERT INTO t VALUES (2)')))[0]?.affected)
      .toBe(1);
    expect((await host.call('slow', query('SELECT n FROM t')))[0]?.rows).toEqual([[2]]);
  });

  test('whose process is killed in a transaction leaves nothing of it', async () => {
    await host.install('killed', 'sql');
    const file = host.sqliteFile();
    host.bind('killed', 'db', file);
    host.bind('watcher', 'db', file);
    const query = (sql: string): [string, unknown] => ['query', { addon: 'db', sql }];
    const others = runtimeProcesses();
    await host.call('killed', query('CREATE TABLE t (n)'));
    const [pid = 0] = runtimeProcesses().filter((one) => !others.includes(one));

    const watch = async (operation: string, request: object = {}): Promise<string> => {
      const bytes = Buffer.from(JSON.stringify({ addon: 'db', ...request }));
      const call = {
        channelId: 'watcher',
        runId: 'watch',
        interface: 'sql',
        operation,
        request: bytes,
      } as const;
      return Buffer.from(await host.services.call(call, new AbortController().signal)).toString();
    };
    const begun = async (): Promise<boolean> => {
      const response = await watch('begin');
      host.services.runEnded('watch');
      return response.includes('busy');
    };
    const running = host.call('killed', ['begin', { addon: 'db' }], query('INSERT INTO t VALUES (1)'), [
      'spin',
      {},
    ]);
    running.catch(() => undefined);
    await expect.poll(begun).toBe(true);
    process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toThrow();
    expect(await watch('begin')).not.toContain('error');
    expect(await watch('query', { sql: 'SELECT count(*) FROM t' })).toContain('[[0]]');
    host.services.runEnded('watch');
  });
});
