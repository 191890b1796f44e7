// Keys and values by host calls of real guests: the same over Redis and over a SQLite file.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { redisProgram, startRedis, type RealRedis } from '../../support/redis-server.ts';
import { HostCallChannels, type Response } from './harness.ts';

const program = redisProgram();
const host = new HostCallChannels({ statement: 2000 });
beforeAll(async () => {
  await host.start();
  await host.install('app', 'kv');
});
afterAll(() => host.stop());

const say = (operation: string, request: object): [string, unknown] => [
  operation,
  { addon: 'cache', ...request },
];
const call = async (...calls: [string, unknown][]): Promise<Response[]> =>
  (await host.call('app', ...calls)).map(({ version: _, ...response }) => response as Response);
const codeOf = (response: Response | undefined): unknown => response?.error?.code;

let redis: RealRedis | undefined;
beforeAll(async () => {
  if (program !== undefined) redis = await startRedis(program, 'maxmemory 20mb');
}, 30_000);
afterAll(() => redis?.stop());

describe.each([
  ['a SQLite file', true, () => host.sqliteFile()],
  ['Redis (apt-get install -y redis-server)', program !== undefined, () => ({ uri: redis?.uri ?? '' })],
] as const)('over %s', (_, here, credentials) => {
  describe.skipIf(!here)('keys', () => {
    beforeAll(() => host.bind('app', 'cache', credentials()));

    test('are set, read and deleted', async () => {
      expect(
        await call(
          say('get', { key: 'a' }),
          say('set', { key: 'a', value: 'Ä🦛' }),
          say('set', { key: 'b', value: { bytes: 'AP8=' } }),
          say('set', { key: 'e', value: '' }),
          say('get', { keys: ['a', 'b', 'c', 'e'] }),
          say('delete', { keys: ['a', 'c', 'e'] }),
          say('get', { key: 'a' }),
        ),
      ).toEqual([
        { values: [null] },
        { done: true },
        { done: true },
        { done: true },
        { values: ['Ä🦛', { bytes: 'AP8=' }, null, ''] },
        { deleted: 2 },
        { values: [null] },
      ]);
    });

    test('are set only where they are absent, or present', async () => {
      expect(
        await call(
          say('set', { key: 'only', value: '1', only: 'present' }),
          say('set', { key: 'only', value: '2', only: 'absent' }),
          say('set', { key: 'only', value: '3', only: 'absent' }),
          say('get', { key: 'only' }),
          say('set', { key: 'only', value: '4', only: 'present' }),
          say('get', { key: 'only' }),
        ),
      ).toEqual([
        { done: false },
        { done: true },
        { done: false },
        { values: ['2'] },
        { done: true },
        { values: ['4'] },
      ]);
    });

    test('go when their time is over', async () => {
      await call(
        say('set', { key: 'short', value: 'x', ttl: 0.001 }),
        say('set', { key: 'long', value: 'x', ttl: 1000 }),
        say('set', { key: 'kept', value: 'x', ttl: 0.2 }),
        say('expire', { key: 'kept' }),
      );
      const keys = { keys: ['short', 'long', 'kept'] };
      await expect.poll(async () => (await call(say('get', keys)))[0]?.['values']).toEqual([null, 'x', 'x']);
      expect(
        await call(say('expire', { key: 'long', ttl: 0.001 }), say('expire', { key: 'nobody', ttl: 1 })),
      ).toEqual([{ done: true }, { done: false }]);
      await expect.poll(async () => (await call(say('get', keys)))[0]?.['values']).toEqual([null, null, 'x']);
    });

    test('count, in 64 bits', async () => {
      const responses = await call(
        say('increment', { key: 'n' }),
        say('increment', { key: 'n', by: -3 }),
        say('increment', { key: 'n', by: { bigint: '9223372036854775807' } }),
        say('increment', { key: 'n', by: 2 }),
        say('get', { key: 'n' }),
        say('set', { key: 'n', value: 'no number' }),
        say('increment', { key: 'n' }),
      );
      expect(responses.slice(0, 3)).toEqual([
        { value: 1 },
        { value: -2 },
        { value: { bigint: '9223372036854775805' } },
      ]);
      expect(codeOf(responses[3]) ?? responses[3]).toEqual({ value: { bigint: '9223372036854775807' } });
      expect(responses[4]).toEqual({ values: ['9223372036854775807'] });
      expect(codeOf(responses[6])).toBe('wrong_type');
      await call(say('set', { key: 'n', value: '9223372036854775807' }));
      expect(codeOf((await call(say('increment', { key: 'n' })))[0])).toBe('out_of_range');
    });

    test('are listed by prefix, in parts', async () => {
      const names = Array.from({ length: 250 }, (_, n) => `list*[${n}]`);
      await call(
        ...names.map((key) => say('set', { key, value: '' })),
        say('set', { key: 'listed', value: '' }),
        say('set', { key: 'listX[1]', value: '' }),
      );
      const found = new Set<string>();
      let cursor: unknown = null;
      do {
        const [part] = await call(say('list', { prefix: 'list*[', limit: 100, cursor }));
        for (const key of part?.['keys'] as string[]) found.add(key);
        cursor = part?.['cursor'];
      } while (cursor !== null);
      expect([...found].sort()).toEqual([...names].sort());
      expect(await call(say('list', { prefix: 'no such' }))).toEqual([{ keys: [], cursor: null }]);
    });

    test('have bounds', async () => {
      const value = 'x'.repeat(512 * 1024);
      const keys = Array.from({ length: 9 }, (_, n) => `large${n}`);
      await call(...keys.map((key) => say('set', { key, value })));
      const responses = await call(
        say('get', { keys }),
        say('get', { keys: keys.slice(0, 7) }),
        say('set', { key: 'k', value: `${value}x` }),
        say('set', { key: 'k'.repeat(1025), value: '' }),
        say('set', { key: '', value: '' }),
        say('set', { key: 'k', value: '', ttl: -1 }),
        say('list', { limit: 1001 }),
        say('get', { keys: Array(1001).fill('k') }),
        say('list', { cursor: 'x'.repeat(10_000) }),
        say('delete', { keys }),
      );
      expect(responses.map(codeOf)).toEqual([
        'response_too_large',
        undefined,
        ...Array<string>(7).fill('bad_request'),
        undefined,
      ]);
    });
  });
});

describe('over a SQLite file', () => {
  beforeEach(() => host.bind('app', 'cache', host.sqliteFile(200_000)));

  test('a full file says so, and takes something again when there is room', async () => {
    const value = 'x'.repeat(60_000);
    const set = (key: string): [string, unknown] => say('set', { key, value });
    const responses = await call(
      set('a'),
      set('b'),
      set('c'),
      set('d'),
      say('delete', { keys: ['a', 'b'] }),
      set('d'),
    );
    expect(responses.map(codeOf)).toEqual([
      undefined,
      undefined,
      expect.anything(),
      'full',
      undefined,
      undefined,
    ]);
  });

  test('keys are not for SQL where the add-on is not', async () => {
    expect(codeOf((await call(['get', { addon: 'other', key: 'a' }]))[0])).toBe('not_bound');
  });
});

describe.skipIf(program === undefined)('over Redis (apt-get install -y redis-server)', () => {
  test('a full server says so', async () => {
    host.bind('app', 'cache', { uri: redis?.uri ?? '' });
    const value = 'x'.repeat(500_000);
    const codes: unknown[] = [];
    while (!codes.includes('full') && codes.length < 100)
      codes.push(codeOf((await call(say('set', { key: `full${codes.length}`, value })))[0]));
    expect(codes.at(-1)).toBe('full');
  });

  test('a server that ends and comes back is unavailable meanwhile', async () => {
    const mine = await startRedis(program ?? '');
    host.bind('app', 'cache', { uri: mine.uri });
    expect(await call(say('set', { key: 'a', value: '1' }))).toEqual([{ done: true }]);
    await mine.stop();
    const responses = await call(say('get', { key: 'a' }), say('get', { key: 'a' }));
    expect(responses.map(codeOf)).toEqual(['unavailable', 'unavailable']);
    expect(
      host.log('app').filter((line) => line.startsWith('The add-on cache does not answer')),
    ).toHaveLength(1);
    expect(host.log('app').join()).not.toContain(new URL(mine.uri).password);
  });
});
