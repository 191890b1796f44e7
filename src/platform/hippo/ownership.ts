// Whose a bindle name is, and whose a key that signs: both are theirs who came first.

import { randomUUID } from 'node:crypto';
import type { Invoice } from '../../bindle/invoice.ts';
import { checkSignature, SignatureError } from '../../bindle/signing.ts';
import type { KeyItem } from '../../hippo/api.ts';
import type { Database } from '../store/database.ts';
import type { Accounts } from './accounts.ts';
import { visibleApps, type AccountCaller, type Caller } from './caller.ts';
import { NotFoundError } from './errors.ts';
import { rows } from './rows.ts';

export interface OwnershipOptions {
  readonly database: Database;
  readonly accounts: Accounts;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class Ownership {
  readonly #options: OwnershipOptions;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Whether somebody may push, complete and yank bindles of this name. */
  mayWrite(caller: Caller, name: string): boolean {
    const { database, accounts } = this.#options;
    const owner = this.#ownerOf(name);
    if (caller.kind === 'deploy') {
      const app = database.get('SELECT storage_id, team_id FROM app WHERE id = ?', caller.appId);
      return app?.['storage_id'] === name && (owner === undefined || owner === app['team_id']);
    }
    return owner === undefined || caller.administrator || accounts.isMember(caller.id, owner);
  }

  /** Where reading is not open to all: a name that nobody owns yet is everybody's who has an account. */
  mayRead(caller: Caller, name: string): boolean {
    const owner = this.#ownerOf(name);
    return owner === undefined || this.mayWrite(caller, name);
  }

  /** Where reading is not open to all: whether a team's apps may run bindles of this name. */
  mayServe(teamId: string, name: string): boolean {
    const owner = this.#ownerOf(name);
    return owner === undefined || owner === teamId;
  }

  /** The signatures of a new bindle: all hold, and none is by the key of somebody else. @throws SignatureError */
  checkSignatures(caller: Caller, invoice: Invoice): void {
    for (const one of invoice.signature ?? []) {
      checkSignature(invoice, one);
      if (one.role !== 'host') this.#demandKey(caller, one.key);
    }
  }

  /**
   * Makes a name theirs who push it first, and the keys that signed. To be called right before the bindle is
   * stored.
   * @returns false if another team was faster
   * @throws SignatureError if another account was
   */
  claim(caller: Caller, invoice: Invoice): boolean {
    const { database, now } = this.#options;
    return database.transaction(() => {
      const { name } = invoice.bindle;
      if (!this.mayWrite(caller, name)) return false;
      database.run('INSERT OR IGNORE INTO bindle_name VALUES (?, ?)', name, this.#teamFor(caller, name));
      for (const { key, by, role } of invoice.signature ?? []) {
        if (role === 'host') continue;
        this.#demandKey(caller, key);
        database.run(
          'INSERT OR IGNORE INTO signing_key VALUES (?, ?, ?, ?, ?, NULL)',
          randomUUID(),
          key,
          by,
          caller.id,
          now(),
        );
      }
      return true;
    });
  }

  /** True if an account owns the name by one of its teams: what it registers is meant for all who use it. */
  owns(caller: Caller, name: string): boolean {
    const owner = this.#ownerOf(name);
    return caller.kind === 'account' && owner !== undefined && this.mayWrite(caller, name);
  }

  /** The name goes to another team, if the old one owns it. */
  move(name: string, fromTeam: string, toTeam: string): void {
    this.#options.database.run(
      'UPDATE bindle_name SET team_id = ? WHERE name = ? AND team_id = ?',
      toTeam,
      name,
      fromTeam,
    );
  }

  /** The keys of the account; for an administrator, of all. */
  keys(caller: AccountCaller): KeyItem[] {
    interface KeyRow {
      id: string;
      key: string;
      label: string;
      user_name: string;
      first_seen_at: number;
      revoked_at: number | null;
    }
    return rows<KeyRow>(
      this.#options.database.all(
        `SELECT signing_key.*, account.name AS user_name FROM signing_key JOIN account ON account.id = account_id
         WHERE ? OR account_id = ? ORDER BY first_seen_at, signing_key.id`,
        Number(caller.administrator),
        caller.id,
      ),
    ).map((row) => ({
      id: row.id,
      key: row.key,
      label: row.label,
      userName: row.user_name,
      firstSeenAt: new Date(row.first_seen_at).toISOString(),
      revokedAt: row.revoked_at === null ? null : new Date(row.revoked_at).toISOString(),
    }));
  }

  /** Doing it twice is no error. @throws NotFoundError */
  revokeKey(id: string): void {
    const { database, now } = this.#options;
    const sql = 'UPDATE signing_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?';
    if (database.run(sql, now(), id) === 0) throw new NotFoundError('Key', id);
  }

  #ownerOf(name: string): string | undefined {
    const row = this.#options.database.get('SELECT team_id FROM bindle_name WHERE name = ?', name);
    return row && String(row['team_id']);
  }

  /** That of the app whose bindles these are, else the account's own. */
  #teamFor(caller: Caller, name: string): string {
    const { database, accounts } = this.#options;
    const { sql, values } = visibleApps(caller);
    const app = database.get(
      `SELECT team_id FROM app WHERE storage_id = ? AND ${sql} ORDER BY name LIMIT 1`,
      name,
      ...values,
    );
    return app ? String(app['team_id']) : accounts.firstTeam(caller.id);
  }

  #demandKey(caller: Caller, key: string): void {
    const row = this.#options.database.get(
      'SELECT account_id, revoked_at FROM signing_key WHERE key = ?',
      key,
    );
    if (!row) return;
    if (row['revoked_at'] !== null)
      throw new SignatureError('KEY_REVOKED', `key ${key} has been revoked: sign with another one`);
    if (row['account_id'] !== caller.id)
      throw new SignatureError(
        'KEY_OF_ANOTHER',
        `key ${key} belongs to another account: sign with a key of your own`,
      );
  }
}
