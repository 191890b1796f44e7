// Keys and values of `hippo_kv` in a table of a SQLite file.

import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import {
  ABI_LIMITS,
  HostCallError,
  kvValue,
  wholeNumber,
  type KvRequest,
  type KvValue,
} from '../../../addons/host-calls.ts';
import { tooLarge } from './rows.ts';

/** `expires` is in milliseconds since 1970; null for what stays. */
const TABLE = `
  CREATE TABLE IF NOT EXISTS hippo_kv (key BLOB PRIMARY KEY, value BLOB NOT NULL, expires INTEGER) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS hippo_kv_expires ON hippo_kv (expires) WHERE expires IS NOT NULL;
`;
const ALIVE = '(expires IS NULL OR expires > ?)';

export class SqliteKeys {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws HostCallError, errors of SQLite */
  answer(request: KvRequest): object {
    const now = Date.now();
    // A guest may have dropped it.
    this.#database.exec(TABLE);
    switch (request.operation) {
      case 'get':
        return { values: this.#get(request.keys, now) };
      case 'set': {
        const { key, value, ttl, only } = request;
        if (only !== undefined && (this.#read(key, now) !== undefined) !== (only === 'present'))
          return { done: false };
        this.#removeExpired(now);
        this.#write(key, value, ttl === undefined ? null : now + ttl);
        return { done: true };
      }
      case 'delete': {
        const remove = this.#database.prepare(`DELETE FROM hippo_kv WHERE key = ? AND ${ALIVE}`);
        const deleted = request.keys.map((key) => Number(remove.run(Buffer.from(key), now).changes));
        return { deleted: deleted.reduce((sum, count) => sum + count, 0) };
      }
      case 'increment':
        return { value: wholeNumber(this.#increment(request.key, request.by, now)) };
      case 'expire': {
        const { changes } = this.#database
          .prepare(`UPDATE hippo_kv SET expires = ? WHERE key = ? AND ${ALIVE}`)
          .run(request.ttl === undefined ? null : now + request.ttl, Buffer.from(request.key), now);
        return { done: Number(changes) > 0 };
      }
      case 'list':
        return this.#list(request, now);
    }
  }

  #get(keys: readonly string[], now: number): (KvValue | null)[] {
    let bytes = 0;
    return keys.map((key) => {
      const value = this.#read(key, now)?.value;
      if (value === undefined) return null;
      bytes += value.length;
      if (bytes > ABI_LIMITS.response) throw tooLarge(`is larger than ${ABI_LIMITS.response} bytes`);
      return kvValue(value);
    });
  }

  #read(key: string, now: number): { value: Uint8Array; expires: number | null } | undefined {
    const row = this.#database
      .prepare(`SELECT value, expires FROM hippo_kv WHERE key = ? AND ${ALIVE}`)
      .get(Buffer.from(key), now);
    if (row === undefined) return undefined;
    const { value, expires } = row as { value: SQLOutputValue; expires: number | null };
    // A guest may have written to it by SQL.
    if (!(value instanceof Uint8Array))
      throw new HostCallError('wrong_type', 'The key holds no value of hippo_kv.');
    return { value, expires };
  }

  #write(key: string, value: Uint8Array, expires: number | null): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO hippo_kv (key, value, expires) VALUES (?, ?, ?)')
      .run(Buffer.from(key), value, expires);
  }

  #increment(key: string, by: bigint, now: number): bigint {
    const { value, expires = null } = this.#read(key, now) ?? {};
    const text = value === undefined ? '0' : Buffer.from(value).toString('latin1');
    if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text))
      throw new HostCallError('wrong_type', 'The value of the key is no whole number.');
    const sum = BigInt(text) + by;
    if (BigInt.asIntN(64, sum) !== sum)
      throw new HostCallError('out_of_range', 'The sum is no whole number of 64 bits.');
    this.#removeExpired(now);
    this.#write(key, Buffer.from(String(sum)), expires);
    return sum;
  }

  #list({ prefix, limit, cursor }: KvRequest & { operation: 'list' }, now: number): object {
    const after = cursor === undefined ? Buffer.alloc(0) : Buffer.from(cursor, 'base64');
    const start = Buffer.from(prefix);
    // No byte of UTF-8 is 255, so that the next one is always there.
    const end = Buffer.from(start.length === 0 ? [0xff] : start);
    if (start.length > 0) end[end.length - 1] = (end.at(-1) ?? 0) + 1;
    const rows = this.#database
      .prepare(
        `SELECT key FROM hippo_kv WHERE key > ? AND key >= ? AND key < ? AND ${ALIVE} ORDER BY key LIMIT ?`,
      )
      .all(after, start, end, now, limit + 1) as { key: Uint8Array }[];
    const keys = rows.slice(0, limit).map(({ key }) => Buffer.from(key));
    const last = keys.at(-1);
    return {
      keys: keys.map((key) => key.toString('utf8')),
      cursor: rows.length > limit && last !== undefined ? last.toString('base64') : null,
    };
  }

  #removeExpired(now: number): void {
    this.#database.prepare('DELETE FROM hippo_kv WHERE expires <= ?').run(now);
  }
}
