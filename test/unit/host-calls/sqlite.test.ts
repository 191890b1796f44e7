// SQL on a file by host calls of real guests.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostCallChannels } from './harness.ts';

const host = new HostCallChannels();
beforeAll(async () => {
  await host.start();
  await host.install('app', 'sql', 'kv');
});
afterAll(() => host.stop());

const call: HostCallChannels['call'] = (...values) => host.call(...values);
const query = (sql: string, params: unknown[] = []): [string, unknown] => [
  'query',
  { addon: 'db', sql, params },
];

describe('a statement', () => {
  test('writes and reads rows', async () => {
    host.bind('app', 'db', host.sqliteFile());
    const responses = await call(
      'app',
      query('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)'),
      query('INSERT INTO notes (text) VALUES ($1), ($2)', ['one', 'two']),
      query('SELECT id, text FROM notes ORDER BY id'),
    );
    expect(responses).toEqual([
      { version: 1, columns: [], rows: [], affected: 0 },
      { version: 1, columns: [], rows: [], affected: 2 },
      {
        version: 1,
        columns: [
          { name: 'id', type: 'integer' },
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
});
