import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase, type Migration } from '../../../../src/platform/store/database.ts';
import { withoutExperimentalWarnings } from '../../../../src/platform/store/sqlite.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const root = temporaryFolder();
const temporaryDirectory = (): string => mkdtempSync(join(root, 'test-'));

const FIRST: Migration = 'CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT';
const SECOND: Migration = (database) => {
  database.execute('ALTER TABLE note ADD COLUMN length INTEGER');
  for (const row of database.all('SELECT id, text FROM note'))
    database.run('UPDATE note SET length = ? WHERE id = ?', String(row['text']).length, Number(row['id']));
};
const texts = (file: string, migrations: readonly Migration[]): unknown[] => {
  const database = openDatabase(file, migrations);
  const rows = database.all('SELECT text FROM note ORDER BY id');
  database.close();
  return rows.map((row) => row['text']);
};
const caught = (work: () => unknown): { code?: string; message: string } => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('a database', () => {
  it('keeps what was written', () => {
    const file = join(temporaryDirectory(), 'a.db');
    const database = openDatabase(file, [FIRST]);
    expect(database.run('INSERT INTO note (text) VALUES (?), (?)', 'one', 'two')).toBe(2);
    expect(database.get('SELECT text FROM note WHERE id = ?', 2)).toMatchObject({ text: 'two' });
    expect(database.get('SELECT text FROM note WHERE id = ?', 3)).toBeUndefined();
    database.close();
    expect(texts(file, [FIRST])).toEqual(['one', 'two']);
  });

  it('writes ahead and through to the disk', () => {
    const database = openDatabase(join(temporaryDirectory(), 'a.db'), []);
    expect(database.get('PRAGMA journal_mode')).toMatchObject({ journal_mode: 'wal' });
    expect(database.get('PRAGMA synchronous')).toMatchObject({ synchronous: 2 });
    expect(database.get('PRAGMA foreign_keys')).toMatchObject({ foreign_keys: 1 });
    database.close();
  });

  it('does a transaction whole or not at all', () => {
    const file = join(temporaryDirectory(), 'a.db');
    const database = openDatabase(file, [FIRST]);
    const insert = (text: string) => database.run('INSERT INTO note (text) VALUES (?)', text);
    expect(database.transaction(() => insert('one'))).toBe(1);
    expect(() =>
      database.transaction(() => {
        insert('two');
        throw new Error('changed my mind');
      }),
    ).toThrow('changed my mind');
    expect(caught(() => database.transaction(() => [insert('three'), insert('one')]))).toMatchObject({
      code: 'CONSTRAINT',
    });
    expect(database.transaction(() => insert('four'))).toBe(1);
    database.close();
    expect(texts(file, [FIRST])).toEqual(['one', 'four']);
  });

  it('names the file in its errors', () => {
    const file = join(temporaryDirectory(), 'a.db');
    const database = openDatabase(file, [FIRST]);
    expect(caught(() => database.run('SELECT nonsense'))).toMatchObject({ name: 'StoreError', code: 'IO' });
    expect(caught(() => database.run('SELECT nonsense')).message).toContain(file);
    database.close();
  });

  it('refuses what is no database', () => {
    const file = join(temporaryDirectory(), 'a.db');
    writeFileSync(file, 'this is a text, and long enough to be looked at as a database header');
    expect(caught(() => openDatabase(file, [FIRST]))).toMatchObject({ code: 'CORRUPT' });
  });

  it('says so when the file cannot be there', () => {
    const file = join(temporaryDirectory(), 'not', 'there', 'a.db');
    expect(caught(() => openDatabase(file, [FIRST]))).toMatchObject({ code: 'IO' });
  });
});

describe('a schema', () => {
  it('is brought up to date, after a copy', () => {
    const file = join(temporaryDirectory(), 'a.db');
    const database = openDatabase(file, [FIRST]);
    database.run('INSERT INTO note (text) VALUES (?)', 'old');
    database.close();
    const migrated = openDatabase(file, [FIRST, SECOND]);
    expect(migrated.get('SELECT * FROM note')).toMatchObject({ text: 'old', length: 3 });
    migrated.close();
    expect(texts(`${file}.v1`, [FIRST])).toEqual(['old']);
    expect(existsSync(`${file}.v1.part`)).toBe(false);
  });

  it('is not copied when it is new or of today', () => {
    const file = join(temporaryDirectory(), 'a.db');
    openDatabase(file, [FIRST, SECOND]).close();
    openDatabase(file, [FIRST, SECOND]).close();
    expect([0, 1, 2].filter((version) => existsSync(`${file}.v${version}`))).toEqual([]);
  });

  it('goes through every version in between, and replaces an older copy', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'a.db');
    writeFileSync(`${file}.v1`, 'left by somebody');
    openDatabase(file, [FIRST]).close();
    const third: Migration = 'CREATE INDEX by_length ON note (length)';
    const database = openDatabase(file, [FIRST, SECOND, third]);
    expect(database.get('PRAGMA user_version')).toMatchObject({ user_version: 3 });
    database.close();
    expect(texts(`${file}.v1`, [FIRST])).toEqual([]);
  });

  it('stays as it was when a step fails, and can be tried again', () => {
    const file = join(temporaryDirectory(), 'a.db');
    const database = openDatabase(file, [FIRST]);
    database.run('INSERT INTO note (text) VALUES (?)', 'old');
    database.close();
    const error = caught(() => openDatabase(file, [FIRST, SECOND, 'CREATE TABLE note (id)']));
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED' });
    expect(error.message).toMatch(/from schema 1 to 3 and is as it was/);
    expect(texts(file, [FIRST])).toEqual(['old']);
    expect(texts(file, [FIRST, SECOND])).toEqual(['old']);
  });

  it('of a newer version is refused in one sentence and left alone', () => {
    const file = join(temporaryDirectory(), 'a.db');
    openDatabase(file, [FIRST, SECOND]).close();
    const error = caught(() => openDatabase(file, [FIRST]));
    expect(error).toMatchObject({ code: 'NEWER_SCHEMA' });
    expect(error.message).toMatch(/^[^\n]*newer version of Hippo Tools[^\n]*\.$/);
    expect(texts(file, [FIRST, SECOND])).toEqual([]);
  });
});

describe('loading', () => {
  it('drops experimental warnings and no others, and only meanwhile', () => {
    const seen: unknown[] = [];
    const recorder = (warning: string | Error): void => void seen.push(String(warning));
    const original = Object.getOwnPropertyDescriptor(process, 'emitWarning')!;
    process.emitWarning = recorder;
    try {
      const loaded = withoutExperimentalWarnings(() => {
        // As Node 22 does while it loads node:sqlite.
        process.emitWarning('SQLite is an experimental feature', 'ExperimentalWarning');
        process.emitWarning('two', { type: 'ExperimentalWarning' });
        process.emitWarning(Object.assign(new Error('three'), { name: 'ExperimentalWarning' }));
        process.emitWarning('four', 'DeprecationWarning');
        process.emitWarning('five');
        process.emitWarning(new Error('six'));
        return 'a module';
      });
      expect(loaded).toBe('a module');
      expect(() =>
        withoutExperimentalWarnings(() => {
          throw new Error('no such module');
        }),
      ).toThrow('no such module');
      process.emitWarning('seven', 'ExperimentalWarning');
    } finally {
      Object.defineProperty(process, 'emitWarning', original);
    }
    expect(seen).toEqual(['four', 'five', 'Error: six', 'seven']);
  });
});
