// Who a request comes from, as the rules of this room see it.

export interface AccountCaller {
  readonly kind: 'account';
  /** Of the account. */
  readonly id: string;
  /** User name. */
  readonly name: string;
  readonly administrator: boolean;
  /** The session whose token was sent. */
  readonly sessionId?: string;
}

/** Whoever has a deploy token: it stands for the account that made it, with one app and no more. */
export interface DeployCaller {
  readonly kind: 'deploy';
  readonly id: string;
  readonly name: string;
  readonly administrator: false;
  readonly tokenId: string;
  readonly appId: string;
}

export type Caller = AccountCaller | DeployCaller;

/** A condition on `app` that holds for those that the caller may see. */
export function visibleApps(caller: Caller): { sql: string; values: string[] } {
  if (caller.kind === 'deploy') return { sql: 'app.id = ?', values: [caller.appId] };
  return visibleTeams(caller, 'app.team_id');
}

/** A condition on a column with a team's id. */
export function visibleTeams(caller: Caller, column: string): { sql: string; values: string[] } {
  if (caller.administrator) return { sql: 'TRUE', values: [] };
  return { sql: `${column} IN (SELECT team_id FROM member WHERE account_id = ?)`, values: [caller.id] };
}
