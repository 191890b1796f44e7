// What a broker must not forget: instances, bindings and operations, in SQLite. What a call has written when it
// returns survives kill -9.

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { JsonObject } from '../../../addons/osb.ts';
import type { Verb } from './definition.ts';

/** `failed`: what was begun has been removed again. */
export type State = 'creating' | 'ready' | 'failed' | 'removing' | 'removed';

export interface StoredInstance {
  id: string;
  planId: string;
  organization: string;
  space: string;
  parameters: JsonObject;
  context: JsonObject;
  facts: JsonObject;
  state: State;
  /** Milliseconds since 1970. */
  createdAt: number;
  removedAt: number | null;
}

export interface StoredBinding {
  instanceId: string;
  id: string;
  parameters: JsonObject;
  /** What makes a repeated request the same one. */
  request: JsonObject;
  facts: JsonObject;
  /** Sealed. */
  secret: string;
  state: State;
  createdAt: number;
  removedAt: number | null;
}

export interface Operation {
  id: string;
  instanceId: string;
  bindingId: string | null;
  verb: Verb;
  /** Of an update: the instance's new plan and parameters. */
  request: JsonObject;
  state: 'in progress' | 'succeeded' | 'failed';
  description: string;
  startedAt: number;
  endedAt: number | null;
}

const SCHEMA = `
  CREATE TABLE instances (
    id TEXT PRIMARY KEY,
    planId TEXT NOT NULL,
    organization TEXT NOT NULL,
    space TEXT NOT NULL,
    parameters TEXT NOT NULL,
    context TEXT NOT NULL,
    facts TEXT NOT NULL,
    state TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    removedAt INTEGER
  ) STRICT;
  CREATE TABLE bindings (
    instanceId TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    parameters TEXT NOT NULL,
    request TEXT NOT NULL,
    facts TEXT NOT NULL,
    secret TEXT NOT NULL,
    state TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    removedAt INTEGER,
    PRIMARY KEY (instanceId, id)
  ) STRICT;
  CREATE TABLE operations (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    instanceId TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    bindingId TEXT,
    verb TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    description TEXT NOT NULL,
    startedAt INTEGER NOT NULL,
    endedAt INTEGER
  ) STRICT;
  CREATE INDEX operationsOfInstance ON operations (instanceId, number);
  CREATE INDEX openOperations ON operations (state) WHERE state = 'in progress';
`;
const VERSION = 1;

type Row = Record<string, unknown>;

export class BrokerStore {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Opens the file, or makes it, for this process alone.
   * @throws Error if another broker has it, if a newer version wrote it, or if it cannot be read
   */
  static open(file: string): BrokerStore {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    const database = new DatabaseSync(file);
    try {
      // The claim on the folder: it goes when the process does, in whatever way.
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      database.exec('PRAGMA foreign_keys = ON; BEGIN EXCLUSIVE');
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
      if (version > VERSION)
        throw new Error(`${file} was written by a newer version of Hippo Tools: update it first.`);
      if (version === 0) database.exec(`${SCHEMA} PRAGMA user_version = ${VERSION}`);
      database.exec('COMMIT');
      return new BrokerStore(database);
    } catch (cause) {
      database.close();
      if (((cause as { errcode?: number }).errcode ?? 0) % 256 === 5)
        throw new Error(`Another broker is running on ${file}: stop it first, or choose another folder.`, {
          cause,
        });
      throw cause;
    }
  }

  close(): void {
    this.#database.close();
  }

  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  instance(id: string): StoredInstance | undefined {
    return this.#get('SELECT * FROM instances WHERE id = ?', instanceOf, id);
  }

  /** Those that are not removed, first made first. */
  instances(): StoredInstance[] {
    return this.#all("SELECT * FROM instances WHERE state <> 'removed' ORDER BY createdAt, id", instanceOf);
  }

  /** In place of one that was removed, if it has the same id. */
  addInstance(instance: StoredInstance): void {
    this.#run('DELETE FROM instances WHERE id = ?', instance.id);
    this.#insert('instances', { ...instance });
  }

  setInstance(id: string, change: Partial<StoredInstance>): void {
    this.#update('instances', change, 'id = ?', id);
  }

  binding(instanceId: string, id: string): StoredBinding | undefined {
    return this.#get('SELECT * FROM bindings WHERE instanceId = ? AND id = ?', bindingOf, instanceId, id);
  }

  /** Those that are not removed, first made first. */
  bindings(instanceId: string): StoredBinding[] {
    return this.#all(
      "SELECT * FROM bindings WHERE instanceId = ? AND state <> 'removed' ORDER BY createdAt, id",
      bindingOf,
      instanceId,
    );
  }

  /** In place of one that was removed, if it has the same id. */
  addBinding(binding: StoredBinding): void {
    this.#run('DELETE FROM bindings WHERE instanceId = ? AND id = ?', binding.instanceId, binding.id);
    this.#insert('bindings', { ...binding });
  }

  setBinding(instanceId: string, id: string, change: Partial<StoredBinding>): void {
    this.#update('bindings', change, 'instanceId = ? AND id = ?', instanceId, id);
  }

  addOperation(operation: Operation): void {
    this.#insert('operations', { ...operation });
  }

  setOperation(id: string, change: Partial<Operation>): void {
    this.#update('operations', change, 'id = ?', id);
  }

  operation(id: string): Operation | undefined {
    return this.#get('SELECT * FROM operations WHERE id = ?', operationOf, id);
  }

  /** The newest of an instance (`bindingId` null) or of a binding. */
  lastOperation(instanceId: string, bindingId: string | null): Operation | undefined {
    return this.#get(
      'SELECT * FROM operations WHERE instanceId = ? AND bindingId IS ? ORDER BY number DESC LIMIT 1',
      operationOf,
      instanceId,
      bindingId,
    );
  }

  /** The newest of an instance and its bindings, newest first. */
  lastOperations(instanceId: string, count: number): Operation[] {
    return this.#all(
      'SELECT * FROM operations WHERE instanceId = ? ORDER BY number DESC LIMIT ?',
      operationOf,
      instanceId,
      count,
    );
  }

  /** Those in progress, first begun first. */
  openOperations(): Operation[] {
    return this.#all("SELECT * FROM operations WHERE state = 'in progress' ORDER BY number", operationOf);
  }

  /** Forgets what was removed before that time, with its operations; and of each instance all but the newest ones. */
  prune(before: number, operationsKept: number): void {
    this.transaction(() => {
      this.#run("DELETE FROM instances WHERE state = 'removed' AND removedAt < ?", before);
      this.#run("DELETE FROM bindings WHERE state = 'removed' AND removedAt < ?", before);
      this.#run(
        `DELETE FROM operations WHERE endedAt < ? AND (
           SELECT count(*) FROM operations AS newer
           WHERE newer.instanceId = operations.instanceId AND newer.number > operations.number) >= ?`,
        before,
        operationsKept,
      );
    });
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values);
  }

  #get<T>(sql: string, read: (row: Row) => T, ...values: SQLInputValue[]): T | undefined {
    const row = this.#database.prepare(sql).get(...values);
    return row && read(row);
  }

  #all<T>(sql: string, read: (row: Row) => T, ...values: SQLInputValue[]): T[] {
    return this.#database
      .prepare(sql)
      .all(...values)
      .map(read);
  }

  #insert(table: string, row: object): void {
    const columns = Object.keys(row);
    this.#run(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      ...Object.values(row).map(stored),
    );
  }

  #update(table: string, change: object, where: string, ...keys: string[]): void {
    const columns = Object.keys(change).map((column) => `${column} = ?`);
    this.#run(
      `UPDATE ${table} SET ${columns.join(', ')} WHERE ${where}`,
      ...Object.values(change).map(stored),
      ...keys,
    );
  }
}

function stored(value: unknown): SQLInputValue {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as SQLInputValue);
}

function json(row: Row, ...columns: string[]): Row {
  const parsed = columns.map((column) => [column, JSON.parse(String(row[column])) as unknown]);
  return { ...row, ...(Object.fromEntries(parsed) as Row) };
}

function instanceOf(row: Row): StoredInstance {
  return json(row, 'parameters', 'context', 'facts') as unknown as StoredInstance;
}

function bindingOf(row: Row): StoredBinding {
  return json(row, 'parameters', 'request', 'facts') as unknown as StoredBinding;
}

function operationOf(row: Row): Operation {
  return json(row, 'request') as unknown as Operation;
}
