// SQL on one file, for guests: what they may say, what it may cost, and their keys and values in a table beside it.

import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import {
  encodeResponse,
  HostCallError,
  wholeNumber,
  type KvRequest,
  type SqlQuery,
  type SqlValue,
} from '../../../addons/host-calls.ts';
import { ResultRows } from './rows.ts';
import { SqliteKeys } from './sqlite-keys.ts';
import { sqliteError } from './sqlite-errors.ts';
import { isOver, readStatement, type SqliteStatement } from './sqlite-statement.ts';

const MIB = 1024 * 1024;
const PAGE_BYTES = 4096;
/** Kept of the log after it was written into the file. */
const LOG_BYTES = 4 * MIB;
/** Of a text or blob, of a statement and so on, where the runtime can set them. */
const LIMITS = {
  length: 32 * MIB,
  sqlLength: 2 * MIB,
  attach: 0,
  vdbeOp: 1_000_000,
  likePatternLength: 1000,
  triggerDepth: 100,
};
const CHANGES_ROWS = new Set(['INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'WITH']);
/** Of the authorizer (https://sqlite.org/c3ref/c_alter_table.html); no API names them in every Node. */
const ACTION = { pragma: 19, attach: 24, detach: 25 };
/** They look, and change nothing; table-valued functions and full-text search ask for them. */
const HARMLESS_PRAGMAS =
  /^(?:table_x?info|table_list|index_x?info|index_list|foreign_key_list|function_list|collation_list|module_list|pragma_list|data_version|page_size)$/i;

/** The newest parts of node:sqlite, which the oldest Node that is supported lacks. */
type Guarded = Partial<Pick<DatabaseSync, 'limits' | 'setAuthorizer' | 'enableDefensive'>>;

/** One connection. Every method but `close` throws HostCallError. */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #keys: SqliteKeys;
  #maxBytes = 0;
  /** What is prepared now is a guest's. */
  #guest = false;

  /** @throws HostCallError `unavailable` if there is no such file */
  constructor(path: string) {
    // Its broker makes it, and removes it with the add-on: here it must not come back.
    if (!existsSync(path)) throw new HostCallError('unavailable', "The add-on's file is not there.");
    this.#database = guarded(() => open(path));
    const newer: Guarded = this.#database;
    newer.setAuthorizer?.((action, name) => (this.#guest && !isHarmless(action, name) ? 1 : 0));
    this.#keys = new SqliteKeys(this.#database);
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Room for the file; what is there already stays. */
  limitTo(maxBytes: number): void {
    if (maxBytes === this.#maxBytes) return;
    guarded(() =>
      this.#database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / PAGE_BYTES))}`),
    );
    this.#maxBytes = maxBytes;
  }

  query({ sql, params, maxRows }: Omit<SqlQuery, 'addon'>): Uint8Array {
    const read = readStatement(sql);
    return this.#whole(() => {
      this.#guest = true;
      let response: Uint8Array;
      try {
        const statement = this.#database.prepare(sql);
        if (!isOver(sql.slice(statement.sourceSQL.length)))
          throw new HostCallError('not_allowed', 'A call runs one statement: make a call of each.');
        response = run(this.#database, statement, read, params, maxRows);
      } finally {
        this.#guest = false;
      }
      if (read.verb === 'CREATE' && !read.explained) this.#refuseTemporary();
      return response;
    });
  }

  kv(request: KvRequest): Uint8Array {
    return this.#whole(() => encodeResponse(this.#keys.answer(request)));
  }

  begin(readOnly: boolean): Uint8Array {
    guarded(() => {
      // Of a run that is over.
      if (this.inTransaction) this.end('rollback');
      if (readOnly) this.#database.exec('PRAGMA query_only = ON');
      this.#database.exec(readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE');
    });
    return encodeResponse({});
  }

  end(how: 'commit' | 'rollback'): Uint8Array {
    try {
      if (this.inTransaction) guarded(() => this.#database.exec(how));
    } finally {
      if (this.inTransaction) this.#database.exec('ROLLBACK');
      this.#database.exec('PRAGMA query_only = OFF');
    }
    return encodeResponse({});
  }

  close(): void {
    this.#database.close();
  }

  /** All of what `work` does or, where it fails, nothing. */
  #whole<Result>(work: () => Result): Result {
    const within = this.inTransaction;
    return guarded(() => {
      this.#database.exec(within ? 'SAVEPOINT call' : 'BEGIN');
      try {
        const result = work();
        this.#database.exec(within ? 'RELEASE call' : 'COMMIT');
        return result;
      } catch (error) {
        // SQLite has done so itself after the worst of errors.
        if (this.inTransaction) this.#database.exec(within ? 'ROLLBACK TO call; RELEASE call' : 'ROLLBACK');
        throw error;
      }
    });
  }

  /** They would be there for the runs after this one, whose connection this is too, and outside of the limit. */
  #refuseTemporary(): void {
    if (this.#database.prepare('SELECT 1 FROM temp.sqlite_schema LIMIT 1').get() !== undefined)
      throw new HostCallError('not_allowed', 'There are no temporary tables, views and triggers.');
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { enableDoubleQuotedStringLiterals: false, allowExtension: false });
  database.exec(`
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA auto_vacuum = FULL;
    PRAGMA journal_mode = WAL;
    PRAGMA journal_size_limit = ${LOG_BYTES};
    PRAGMA synchronous = NORMAL;
    PRAGMA busy_timeout = 0;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8000;
  `);
  const newer: Guarded = database;
  newer.enableDefensive?.(true);
  if (newer.limits !== undefined) Object.assign(newer.limits, LIMITS);
  return database;
}

function isHarmless(action: number, name: string | null): boolean {
  if (action === ACTION.pragma) return HARMLESS_PRAGMAS.test(name ?? '');
  return action !== ACTION.attach && action !== ACTION.detach;
}

function run(
  database: DatabaseSync,
  statement: StatementSync,
  { verb, explained, placeholders }: SqliteStatement,
  params: readonly SqlValue[],
  maxRows: number,
): Uint8Array {
  const { anonymous, numbered } = placeholders;
  const count = numbered.length > 0 ? Math.max(...numbered.map((name) => Number(name.slice(1)))) : anonymous;
  if (count !== params.length)
    throw new HostCallError(
      'bad_request',
      `The statement has ${count} parameters, and ${params.length} values were given.`,
    );
  const values = params.map(inputValue);
  const named = Object.fromEntries(numbered.map((name) => [name, values[Number(name.slice(1)) - 1] ?? null]));
  const bound = numbered.length > 0 ? ([named] as const) : values;

  const rows = new ResultRows(maxRows);
  const columns = statement.columns();
  if (columns.length === 0) {
    const { changes } = statement.run(...(bound as SQLInputValue[]));
    return rows.encode(CHANGES_ROWS.has(verb) && !explained ? Number(changes) : 0);
  }
  rows.describe(columns.map(({ name, type }) => ({ name, type: type?.toLowerCase() ?? '' })));
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  for (const row of statement.iterate(...(bound as SQLInputValue[])))
    rows.add(
      (row as unknown as SQLOutputValue[]).map((value) => {
        if (value instanceof Uint8Array || typeof value === 'string') rows.expect(value.length);
        return outputValue(value);
      }),
    );
  return rows.encode(CHANGES_ROWS.has(verb) && !explained ? changesOf(database, rows) : 0);
}

/** Of a statement that returns what it changed. */
function changesOf(database: DatabaseSync, { count }: ResultRows): number {
  // WITH … SELECT changes nothing, and leaves the number of whoever was before.
  return count === 0 ? 0 : Number(Object.values(database.prepare('SELECT changes()').get() ?? {})[0]);
}

function inputValue(value: SqlValue): SQLInputValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if ('bigint' in value) {
    const number = BigInt(value.bigint);
    if (BigInt.asIntN(64, number) !== number)
      throw new HostCallError('out_of_range', 'A whole number of SQLite has 64 bits.');
    return number;
  }
  if ('decimal' in value) return value.decimal;
  if ('float' in value) return Number(value.float);
  if ('bytes' in value) return Buffer.from(value.bytes, 'base64');
  if ('json' in value) return value.json;
  throw new HostCallError(
    'bad_request',
    'SQLite has no arrays: give {"json": …}, and read it with json_each.',
  );
}

function outputValue(value: SQLOutputValue): SqlValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : { float: String(value) };
  return { bytes: Buffer.from(value).toString('base64') };
}

/** @throws HostCallError for every error of SQLite's */
function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw sqliteError(error);
  }
}
