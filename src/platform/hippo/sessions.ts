// Sessions: the tokens that signing in gives. The token itself is a JWT of half an hour (hippo-api.md §1); a
// refresh token, which can be used once, gives the next pair. A session that has ended takes its tokens along.

import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Session } from '../../hippo/api.ts';
import type { Database } from '../store/database.ts';
import type { Accounts } from './accounts.ts';
import type { AccountCaller } from './caller.ts';
import { digestOf, newToken } from './secrets.ts';

const ISSUER = 'hippo-tools';
const AUDIENCE = 'hippo';
const TOKEN_LIFE = 30 * 60_000;
const SESSION_LIFE = 30 * 24 * 3600_000;
/**
 * Two commands that share a session may refresh it in the same moment. Later than this, a refresh token that
 * comes a second time has been stolen, from one side or the other, and ends the session.
 */
const REUSE_GRACE = 30_000;

export interface SessionsOptions {
  readonly database: Database;
  readonly accounts: Accounts;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  async create(caller: AccountCaller): Promise<Session> {
    const { database, now } = this.#options;
    const id = randomUUID();
    const refreshToken = database.transaction(() => {
      database.run('DELETE FROM session WHERE expires_at < ?', now());
      database.run('INSERT INTO session VALUES (?, ?, ?)', id, caller.id, now() + SESSION_LIFE);
      return this.#addRefreshToken(id);
    });
    return this.#session(caller, id, refreshToken);
  }

  /** Undefined for a refresh token that is not, or no longer, good. */
  async refresh(refreshToken: string): Promise<Session | undefined> {
    const { database, accounts, now } = this.#options;
    const next = database.transaction(() => {
      const found = this.#find(refreshToken);
      if (!found) return undefined;
      if (found.usedAt !== null && found.usedAt + REUSE_GRACE < now()) {
        database.run('DELETE FROM session WHERE id = ?', found.sessionId);
        return undefined;
      }
      database.run('UPDATE session SET expires_at = ? WHERE id = ?', now() + SESSION_LIFE, found.sessionId);
      database.run(
        'UPDATE refresh_token SET used_at = coalesce(used_at, ?) WHERE digest = ?',
        now(),
        digestOf(refreshToken),
      );
      return { ...found, refreshToken: this.#addRefreshToken(found.sessionId) };
    });
    const caller = next && accounts.caller(next.accountId);
    return caller && this.#session(caller, next.sessionId, next.refreshToken);
  }

  /** Ends the session of a refresh token; one that is unknown has none. */
  end(refreshToken: string): void {
    const { database } = this.#options;
    const found = this.#find(refreshToken);
    if (found) database.run('DELETE FROM session WHERE id = ?', found.sessionId);
  }

  /** Who a token was given to; undefined if it is not one of ours, has expired or its session has ended. */
  async verify(token: string): Promise<AccountCaller | undefined> {
    const { database, accounts, key, now } = this.#options;
    const verified = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'sub', 'sid'],
    }).catch(() => undefined);
    if (!verified) return undefined;
    const { sub, sid } = verified.payload;
    const sessionId = String(sid);
    const session = database.get('SELECT account_id FROM session WHERE id = ?', sessionId);
    if (sub === undefined || session?.['account_id'] !== sub) return undefined;
    const caller = accounts.caller(sub);
    return caller && { ...caller, sessionId };
  }

  #find(refreshToken: string): { sessionId: string; accountId: string; usedAt: number | null } | undefined {
    return this.#options.database.get(
      `SELECT session.id AS sessionId, session.account_id AS accountId, used_at AS usedAt
       FROM refresh_token JOIN session ON session.id = session_id WHERE digest = ? AND expires_at >= ?`,
      digestOf(refreshToken),
      this.#options.now(),
    ) as { sessionId: string; accountId: string; usedAt: number | null } | undefined;
  }

  #addRefreshToken(sessionId: string): string {
    const { database, now } = this.#options;
    // One that is long used would be refused anyway; the newest of them keeps watch over the session.
    database.run(
      `DELETE FROM refresh_token WHERE session_id = ?1 AND used_at < ?2
       AND used_at < (SELECT max(used_at) FROM refresh_token WHERE session_id = ?1)`,
      sessionId,
      now() - REUSE_GRACE,
    );
    const token = newToken('hippo_refresh');
    database.run('INSERT INTO refresh_token VALUES (?, ?, NULL)', digestOf(token), sessionId);
    return token;
  }

  async #session(caller: AccountCaller, sessionId: string, refreshToken: string): Promise<Session> {
    const { key, now } = this.#options;
    const issuedAt = Math.floor(now() / 1000);
    const expiresAt = issuedAt + TOKEN_LIFE / 1000;
    const token = await new SignJWT({ sid: sessionId, unique_name: caller.name, nameid: caller.id })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(caller.id)
      .setJti(randomUUID())
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(key);
    return {
      token,
      expiration: new Date(expiresAt * 1000).toISOString(),
      refreshToken,
      refreshExpiration: new Date(now() + SESSION_LIFE).toISOString(),
    };
  }
}
