// From the headers of a request to whoever sent it, for both APIs: a bearer (JWT, owner's token, deploy token),
// or a user name and password as Bindle's clients send them.

import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Accounts } from './accounts.ts';
import { Attempts } from './attempts.ts';
import type { AccountCaller, Caller } from './caller.ts';
import { DEPLOY_PREFIX, type DeployTokens } from './deploy-tokens.ts';
import { SignInError } from './errors.ts';
import type { OwnerToken } from './owner-token.ts';
import { verifyPassword } from './passwords.ts';
import type { Sessions } from './sessions.ts';

/** A password that has held is not computed again for so many milliseconds. */
const REMEMBER = 5 * 60_000;
const MAX_REMEMBERED = 1000;

export interface AuthenticationOptions {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly deployTokens: DeployTokens;
  readonly owner: OwnerToken;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class Authentication {
  readonly #options: AuthenticationOptions;
  readonly #attempts: Attempts;
  /** Of this process alone: what is remembered is of no use elsewhere. */
  readonly #key = randomBytes(32);
  readonly #remembered = new Map<string, number>();

  constructor(options: AuthenticationOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options.now);
  }

  /**
   * @param address whom to count attempts against
   * @throws LimitedError
   */
  async identify(headers: IncomingHttpHeaders, address: string): Promise<Caller | 'anonymous' | 'refused'> {
    const { authorization } = headers;
    if (authorization === undefined) return 'anonymous';
    const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
    if (scheme.toLowerCase() === 'bearer') return (await this.#bearer(value)) ?? 'refused';
    if (scheme.toLowerCase() !== 'basic') return 'refused';
    const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, 'base64').toString('utf8')) ?? [];
    if (name === undefined || password === undefined) return 'refused';
    try {
      return await this.signIn(name, password, address);
    } catch (error) {
      if (error instanceof SignInError) return 'refused';
      throw error;
    }
  }

  /**
   * Nothing tells a wrong password from an account that does not exist: neither the words nor the time.
   * @throws SignInError, LimitedError
   */
  async signIn(userName: string, password: string, address: string): Promise<AccountCaller> {
    const account = this.#options.accounts.secret(userName);
    const remembered = this.#fingerprint(userName, password, account?.password ?? '');
    if (account && this.#isRemembered(remembered)) return account.caller;
    const good = this.#attempts.begin(userName, address);
    if (!(await verifyPassword(password, account?.password)) || !account) throw new SignInError();
    good();
    this.#remember(remembered);
    return account.caller;
  }

  async #bearer(token: string): Promise<Caller | undefined> {
    const { accounts, sessions, deployTokens, owner } = this.#options;
    if (token.startsWith(`${DEPLOY_PREFIX}_`)) return deployTokens.verify(token);
    if (owner.matches(token)) return accounts.owner();
    return sessions.verify(token);
  }

  /** Changes with the stored password; gives neither name nor password away. */
  #fingerprint(userName: string, password: string, stored: string): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([userName, password, stored]))
      .digest('base64');
  }

  #isRemembered(fingerprint: string): boolean {
    const until = this.#remembered.get(fingerprint);
    return until !== undefined && until > this.#options.now();
  }

  #remember(fingerprint: string): void {
    this.#remembered.delete(fingerprint);
    this.#remembered.set(fingerprint, this.#options.now() + REMEMBER);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
  }
}
