// scaffold/hostcalls/assemblyscript, as an app uses it.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { HostCallChannels } from './harness.ts';

const host = new HostCallChannels();
beforeAll(() => host.start());
afterAll(() => host.stop());

async function run(channel: string, main: string): Promise<string> {
  const source = `
    import { Database, HostError, Kind, Store, Value } from './scaffold/hostcalls/assemblyscript/hippo';
    const out: string[] = [];
    function say(text: string): void { out.push(text); }
    function codeOf(error: HostError | null): string { return error === null ? '-' : error.code + ' ' + error.sqlState; }
    ${main}
    process.stdout.write('content-type: text/plain\\n\\n' + out.join('\\n'));
  `;
  await host.channels.install(channel, { '/': { source } });
  const page = await host.channels.visit(channel);
  expect([page.status, host.log(channel)]).toEqual([200, []]);
  return page.text;
}

test('SQL', async () => {
  host.bind('sql', 'db', host.sqliteFile());
  const text = await run(
    'sql',
    `
    const db = new Database('db');
    say(codeOf(db.query('CREATE TABLE t (a, b, c, d, e, f)').error));
    say(codeOf(db.begin()));
    const inserted = db.query('INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)', [
      Value.integer(i64.MIN_VALUE),
      Value.float(0.5),
      Value.of('"Ä\\\\\\n\\u0001🦛'),
      Value.none(),
      Value.blob(Uint8Array.wrap(String.UTF8.encode('\\0bytes'))),
      Value.float(Infinity),
    ]);
    say(inserted.affected.toString());
    say(codeOf(db.commit()));
    const result = db.query('SELECT a, b, c, d, e, f FROM t');
    const row = result.rows[0];
    say(result.columns[1].name);
    say((row[0].integer == i64.MIN_VALUE).toString());
    say(row[1].float.toString());
    say(row[2].text);
    say(row[3].isNull.toString());
    say(String.UTF8.decode(row[4].bytes.buffer).length.toString() + ' ' + (row[4].kind == Kind.Bytes).toString());
    say(row[5].float.toString());
    say(Value.array([row[0], row[3], row[4], Value.of('a'), Value.bool(true)]).toString());
    say(codeOf(db.query('SELECT * FROM nowhere').error));
    say(codeOf(new Database('other').query('SELECT 1').error));
    say(codeOf(db.rollback()));
  `,
  );
  expect(text.split('\n').map((line) => line.trim())).toEqual([
    '-',
    '-',
    '1',
    '-',
    'b',
    'true',
    '0.5',
    '"Ä\\',
    '\u0001🦛',
    'true',
    '6 true',
    'Infinity',
    '[-9223372036854775808, NULL, \\x006279746573, a, true]',
    'sql 42P01',
    'not_bound',
    'no_transaction',
  ]);
});

test('keys and values', async () => {
  host.bind('keys', 'cache', host.sqliteFile());
  const text = await run(
    'keys',
    `
    const cache = new Store('cache');
    say((cache.get('a') === null).toString());
    say(cache.set('a', 'Ä"\\n').toString());
    say(cache.get('a')!);
    cache.setBytes('b', decoded());
    say(cache.getBytes('b')!.length.toString() + ' ' + cache.getBytes('b')![3].toString());
    say(cache.increment('n').toString() + ' ' + cache.increment('n', -5).toString());
    say(cache.increment('n', i64.MAX_VALUE).toString());
    say(cache.expire('a', 100).toString() + cache.expire('none', 1).toString() + cache.expire('a', 0).toString());
    say(cache.delete('a').toString() + cache.delete('a').toString());
    const list = cache.list('', '', 1);
    say(list.keys.join() + ' ' + cache.list('', list.cursor).keys.join());
    cache.increment('b');
    say(codeOf(cache.error));
    function decoded(): Uint8Array {
      const bytes = new Uint8Array(5);
      bytes[3] = 255;
      return bytes;
    }
  `,
  );
  expect(text).toBe(
    [
      'true',
      'true',
      'Ä"\n',
      '5 255',
      '1 -4',
      '9223372036854775803',
      'truefalsetrue',
      'truefalse',
      'b n',
      'wrong_type ',
    ].join('\n'),
  );
});
