// The invoices that the Bindle server keeps, in SQLite.

import type { Matches, Query } from '../../bindle/api.ts';
import { decodeInvoice, encodeInvoice } from '../../bindle/codec.ts';
import { formatId, type BindleId } from '../../bindle/id.ts';
import type { Invoice } from '../../bindle/invoice.ts';
import type { Database, Migration } from '../store/database.ts';
import { StoreError } from '../store/errors.ts';
import { versionMatcher } from './version-requirement.ts';

/**
 * `invoice` holds the whole invoice as JSON, which is parsed ten times as fast as TOML. `parcel` repeats what
 * an upload is checked against, so that none has to parse an invoice of thousands of parcels.
 */
export const MIGRATIONS: readonly Migration[] = [
  `CREATE TABLE invoice (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL,
     version TEXT NOT NULL,
     yanked INTEGER NOT NULL DEFAULT 0,
     json TEXT NOT NULL
   ) STRICT;
   CREATE INDEX invoice_name ON invoice (name);
   CREATE TABLE parcel (
     invoice INTEGER NOT NULL REFERENCES invoice (number) ON DELETE CASCADE,
     sha256 TEXT NOT NULL,
     size INTEGER NOT NULL,
     media_type TEXT NOT NULL,
     PRIMARY KEY (invoice, sha256)
   ) STRICT, WITHOUT ROWID;`,
  'CREATE INDEX parcel_sha256 ON parcel (sha256);',
];

export interface InvoiceState {
  /** Its number in this store. */
  number: number;
  yanked: boolean;
}

/** What an invoice says of a parcel that is to be sent or fetched. */
export interface ListedParcel {
  size: number;
  mediaType: string;
}

/** Where a page of a search begins and what it is limited to (bindle.md §1 "_q"). */
export const SEARCH_DEFAULTS = { offset: 0, limit: 50 } as const;

export class InvoiceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Stores a new invoice; false if its id is taken. @throws StoreError */
  create(invoice: Invoice): boolean {
    const { name, version } = invoice.bindle;
    try {
      this.#database.transaction(() => {
        this.#database.run(
          'INSERT INTO invoice (id, name, version, json) VALUES (?, ?, ?, ?)',
          formatId({ name, version }),
          name,
          version,
          encodeInvoice(invoice, 'json'),
        );
        const number = Number(this.#database.get('SELECT last_insert_rowid() AS number')?.['number']);
        // One digest may be listed under several names: peers go by the first.
        for (const { label } of invoice.parcel ?? [])
          this.#database.run(
            'INSERT OR IGNORE INTO parcel (invoice, sha256, size, media_type) VALUES (?, ?, ?, ?)',
            number,
            label.sha256,
            label.size,
            label.mediaType,
          );
      });
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'CONSTRAINT') return false;
      throw error;
    }
  }

  find(id: BindleId): InvoiceState | undefined {
    const row = this.#database.get('SELECT number, yanked FROM invoice WHERE id = ?', formatId(id));
    return row && { number: Number(row['number']), yanked: row['yanked'] === 1 };
  }

  read(number: number): Invoice {
    const row = this.#database.get('SELECT json FROM invoice WHERE number = ?', number);
    return decodeInvoice(String(row?.['json']), 'json');
  }

  /** Of the bindles with exactly this name that are not yanked, in the order in which they came. */
  versions(name: string): string[] {
    return this.#database
      .all('SELECT version FROM invoice WHERE name = ? AND yanked = 0 ORDER BY number', name)
      .map((row) => String(row['version']));
  }

  /** The description in a bindle's invoice. */
  description(id: BindleId): string | undefined {
    const row = this.#database.get(
      `SELECT json_extract(json, '$.bindle.description') AS description FROM invoice WHERE id = ?`,
      formatId(id),
    );
    return typeof row?.['description'] === 'string' ? row['description'] : undefined;
  }

  /** Of the bindles that are not yanked. */
  names(): string[] {
    return this.#database
      .all('SELECT DISTINCT name FROM invoice WHERE yanked = 0 ORDER BY name')
      .map((row) => String(row['name']));
  }

  /** Of all bindles, in the order in which they came. */
  ids(): BindleId[] {
    return this.#database
      .all('SELECT name, version FROM invoice ORDER BY number')
      .map((row) => ({ name: String(row['name']), version: String(row['version']) }));
  }

  /** Removes an invoice for good; its parcels stay. */
  remove(id: BindleId): void {
    this.#database.run('DELETE FROM invoice WHERE id = ?', formatId(id));
  }

  /** True if some invoice lists this digest. */
  lists(sha256: string): boolean {
    return this.#database.get('SELECT 1 FROM parcel WHERE sha256 = ? LIMIT 1', sha256) !== undefined;
  }

  /** A parcel of an invoice; undefined if the invoice does not list this digest. */
  parcel(number: number, sha256: string): ListedParcel | undefined {
    const row = this.#database.get(
      'SELECT size, media_type FROM parcel WHERE invoice = ? AND sha256 = ?',
      number,
      sha256,
    );
    return row && { size: Number(row['size']), mediaType: String(row['media_type']) };
  }

  /** Doing it twice is no error. */
  yank(number: number): void {
    const json = encodeInvoice({ ...this.read(number), yanked: true }, 'json');
    this.#database.run('UPDATE invoice SET yanked = 1, json = ? WHERE number = ?', json, number);
  }

  /**
   * The invoices whose name contains the whole of `query`, case and all, and whose version meets `version`,
   * in byte order of their ids as real servers have it: 1.10.0 comes before 1.2.0. Yanked ones are among
   * them, marked as such; like real servers it does not look at `yanked` and answers that it is false.
   */
  search(
    { query = '', version = '', ...page }: Query,
    mayRead: (name: string) => boolean = () => true,
  ): Matches {
    const { offset, limit } = { ...SEARCH_DEFAULTS, ...page };
    const matches = versionMatcher(version);
    const found = this.#database
      .all('SELECT number, name, version FROM invoice WHERE instr(name, ?) > 0 ORDER BY id', query)
      .filter((row) => matches(String(row['version'])) && mayRead(String(row['name'])));
    const rows = found.slice(offset, offset + limit);
    return {
      query,
      strict: true,
      offset,
      limit,
      total: found.length,
      more: offset + limit < found.length,
      yanked: false,
      invoices: rows.map((row) => this.read(Number(row['number']))),
    };
  }
}
