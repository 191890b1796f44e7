// Deploy tokens: what lets a CI publish one app, and nothing else, in the name of the account that made it.

import { randomUUID } from 'node:crypto';
import {
  ValidationError,
  type CreatedDeployToken,
  type DeployTokenItem,
  type NewDeployToken,
} from '../../hippo/api.ts';
import { isGiven } from '../../hippo/common.ts';
import type { Database } from '../store/database.ts';
import type { Accounts } from './accounts.ts';
import { visibleApps, type AccountCaller, type DeployCaller } from './caller.ts';
import { NotFoundError } from './errors.ts';
import { rows } from './rows.ts';
import { digestOf, newToken } from './secrets.ts';

const DAY = 24 * 3600_000;
const DEFAULT_LIFE = 90 * DAY;
const MAX_LIFE = 366 * DAY;
/** When a token was last used is kept to the minute. */
const USE_PRECISION = 60_000;
export const DEPLOY_PREFIX = 'hippo_deploy';

interface TokenRow {
  id: string;
  name: string;
  app_id: string;
  account_id: string;
  created_by: string;
  created_at: number;
  expires_at: number;
  last_used_at: number | null;
}

export interface DeployTokensOptions {
  readonly database: Database;
  readonly accounts: Accounts;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class DeployTokens {
  readonly #options: DeployTokensOptions;

  constructor(options: DeployTokensOptions) {
    this.#options = options;
  }

  /** @throws NotFoundError, ValidationError */
  create(caller: AccountCaller, { appId, name, expiration }: NewDeployToken): CreatedDeployToken {
    const { database, now } = this.#options;
    const { sql, values } = visibleApps(caller);
    const app = database.get(`SELECT name FROM app WHERE id = ? AND ${sql}`, appId, ...values);
    if (!app) throw new NotFoundError('App', appId);
    const expiresAt = isGiven(expiration) ? Date.parse(expiration) : now() + DEFAULT_LIFE;
    if (!(expiresAt > now())) throw new ValidationError('expiration', 'must be in the future');
    if (expiresAt > now() + MAX_LIFE) throw new ValidationError('expiration', 'must be within a year');
    const [id, token] = [randomUUID(), newToken(DEPLOY_PREFIX)];
    database.run(
      'INSERT INTO deploy_token VALUES (?, ?, ?, ?, ?, ?, ?, NULL)',
      id,
      name ?? String(app['name']),
      digestOf(token),
      appId,
      caller.id,
      now(),
      expiresAt,
    );
    return { id, token, expiration: new Date(expiresAt).toISOString() };
  }

  /** Those of the apps that the caller may see, newest first. */
  list(caller: AccountCaller): DeployTokenItem[] {
    const { sql, values } = visibleApps(caller);
    return rows<TokenRow>(
      this.#options.database.all(
        `SELECT deploy_token.*, account.name AS created_by FROM deploy_token
         JOIN app ON app.id = app_id JOIN account ON account.id = account_id
         WHERE ${sql} ORDER BY created_at DESC, deploy_token.id`,
        ...values,
      ),
    ).map((row) => ({
      id: row.id,
      name: row.name,
      appId: row.app_id,
      createdBy: row.created_by,
      createdAt: new Date(row.created_at).toISOString(),
      expiration: new Date(row.expires_at).toISOString(),
      lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
    }));
  }

  /** @throws NotFoundError */
  revoke(caller: AccountCaller, id: string): void {
    const { sql, values } = visibleApps(caller);
    const removed = this.#options.database.run(
      `DELETE FROM deploy_token WHERE id = ? AND app_id IN (SELECT app.id FROM app WHERE ${sql})`,
      id,
      ...values,
    );
    if (removed === 0) throw new NotFoundError('Token', id);
  }

  /** Undefined for one that is unknown, expired, or whose maker has left the app's team. */
  verify(token: string): DeployCaller | undefined {
    const { database, accounts, now } = this.#options;
    const row = database.get(
      `SELECT deploy_token.*, account.name AS created_by, account.administrator, app.team_id FROM deploy_token
       JOIN account ON account.id = account_id JOIN app ON app.id = app_id
       WHERE digest = ? AND expires_at > ?`,
      digestOf(token),
      now(),
    ) as (TokenRow & { administrator: number; team_id: string }) | undefined;
    if (!row || !(row.administrator === 1 || accounts.isMember(row.account_id, row.team_id)))
      return undefined;
    if (now() - (row.last_used_at ?? 0) > USE_PRECISION)
      database.run('UPDATE deploy_token SET last_used_at = ? WHERE id = ?', now(), row.id);
    return {
      kind: 'deploy',
      id: row.account_id,
      name: row.created_by,
      administrator: false,
      tokenId: row.id,
      appId: row.app_id,
    };
  }
}
