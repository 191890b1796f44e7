// SQLite databases with a schema version: the one place that knows node:sqlite, whose API may still change.

import { existsSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { fileError, StoreError, type StoreErrorCode } from './errors.ts';
import { loadSqlite } from './sqlite.ts';

/** One step from one schema version to the next: SQL, or a function where SQL does not suffice. */
export type Migration = string | ((database: Database) => void);

export type Value = SQLInputValue;
export type Row = Record<string, unknown>;

/**
 * Opens a database, made if it is not there, and brings its schema up to date: version n is what the first n
 * migrations give, so that migrations are only ever added at the end. Before an older database is changed it
 * is copied to `<file>.v<version>`; all steps are one transaction.
 *
 * What a call has changed when it returns survives a kill of the process and, as far as the disk is honest,
 * a loss of power (WAL, synchronous=FULL).
 * @throws StoreError `NEWER_SCHEMA`, `MIGRATION_FAILED`, `CORRUPT`, `NO_SQLITE`, `DISK_FULL`, `IO`
 */
export function openDatabase(file: string, migrations: readonly Migration[]): Database {
  const sqlite = loadSqlite();
  const connection = translated(file, () => new sqlite.DatabaseSync(file));
  try {
    const database = new Database(file, connection);
    database.execute('PRAGMA busy_timeout = 5000');
    // Looked at first: a database that is refused is not changed, not even in its journal mode.
    const version = schemaVersion(database);
    if (version > migrations.length)
      throw new StoreError(
        'NEWER_SCHEMA',
        `${file} was written by a newer version of Hippo Tools (schema ${version}, this version knows ${migrations.length}): update Hippo Tools or use another data directory.`,
      );
    database.execute('PRAGMA journal_mode = WAL');
    database.execute('PRAGMA synchronous = FULL');
    database.execute('PRAGMA foreign_keys = ON');
    if (version < migrations.length) migrate(database, version, migrations);
    return database;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The schema version of a database that is left as it is; 0 if there is none. @throws StoreError */
export function schemaVersionOf(file: string): number {
  if (!existsSync(file)) return 0;
  const sqlite = loadSqlite();
  const database = new Database(
    file,
    translated(file, () => new sqlite.DatabaseSync(file)),
  );
  try {
    return schemaVersion(database);
  } finally {
    database.close();
  }
}

/** An open database. Calls block: statements are short and the disk is local. */
export class Database {
  readonly file: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Use `openDatabase`. */
  constructor(file: string, connection: DatabaseSync) {
    this.file = file;
    this.#connection = connection;
  }

  /** Runs statements that take no values and give no rows. @throws StoreError */
  execute(sql: string): void {
    translated(this.file, () => this.#connection.exec(sql));
  }

  /** Runs one statement; gives the number of rows it changed. @throws StoreError, `CONSTRAINT` among others */
  run(sql: string, ...values: Value[]): number {
    return translated(this.file, () => Number(this.#statement(sql).run(...values).changes));
  }

  /** The first row, if there is one. @throws StoreError */
  get(sql: string, ...values: Value[]): Row | undefined {
    return translated(this.file, () => this.#statement(sql).get(...values));
  }

  /** All rows. @throws StoreError */
  all(sql: string, ...values: Value[]): Row[] {
    return translated(this.file, () => this.#statement(sql).all(...values));
  }

  /**
   * Runs `work` as one transaction: all of it or, if it throws, nothing. It must not be asynchronous, since
   * other work would then come into the same transaction.
   */
  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    this.execute('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.execute('COMMIT');
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, a full disk for one.
      if (this.#connection.isTransaction) this.execute('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }
}

function schemaVersion(database: Database): number {
  return Number(database.get('PRAGMA user_version')?.['user_version']);
}

function migrate(database: Database, version: number, migrations: readonly Migration[]): void {
  if (version > 0) copy(database, `${database.file}.v${version}`);
  try {
    database.transaction(() => {
      for (const step of migrations.slice(version)) {
        if (typeof step === 'string') database.execute(step);
        else step(database);
      }
      database.execute(`PRAGMA user_version = ${migrations.length}`);
    });
  } catch (cause) {
    throw new StoreError(
      'MIGRATION_FAILED',
      `${database.file} could not be brought from schema ${version} to ${migrations.length} and is as it was (${(cause as Error).message}).`,
      { cause },
    );
  }
}

/** A whole copy, which a copy of the file alone would not be: part of the data may be in the WAL. */
function copy(database: Database, target: string): void {
  const unfinished = `${target}.part`;
  try {
    rmSync(unfinished, { force: true });
    database.run('VACUUM INTO ?', unfinished);
    renameSync(unfinished, target);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw fileError(`${database.file} could not be copied to ${target} before the update`, cause);
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean something to a caller. */
const CODES: Readonly<Record<number, StoreErrorCode>> = {
  5: 'BUSY',
  6: 'BUSY',
  11: 'CORRUPT',
  13: 'DISK_FULL',
  19: 'CONSTRAINT',
  26: 'CORRUPT',
};

/** Runs a call to node:sqlite and turns its errors into StoreErrors. */
export function translated<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const { code, errcode, message } = cause as { code?: string; errcode?: number; message: string };
    if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) throw cause;
    // The low byte is the primary code; the rest of an extended code says more about it.
    throw new StoreError(CODES[errcode & 0xff] ?? 'IO', `The database ${file} says: ${message}.`, { cause });
  }
}
