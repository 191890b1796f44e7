// What the control process and a process that runs SQL on a file say to each other: one call after the other.

import type { KvRequest, SqlQuery } from '../../../addons/host-calls.ts';

/** On which of the file's connections: the one for everybody's single statements, or that of the one transaction. */
export type Connection = 'shared' | 'transaction';

export type SqliteCall =
  | { readonly type: 'query'; readonly connection: Connection; readonly query: Omit<SqlQuery, 'addon'> }
  | { readonly type: 'kv'; readonly connection: Connection; readonly request: KvRequest }
  | { readonly type: 'begin'; readonly readOnly: boolean }
  | { readonly type: 'commit' | 'rollback' };

export interface ToSqlite {
  readonly call: SqliteCall;
  /** Bytes that the file may have. */
  readonly maxBytes: number;
}

export interface FromSqlite {
  readonly answer:
    | { readonly response: Uint8Array }
    /** `locked`: the transaction keeps it from writing now. `lost`: the transaction is gone with this. */
    | { readonly error: SqliteFailure; readonly locked?: true; readonly lost?: true };
}

export interface SqliteFailure {
  readonly code: string;
  readonly message: string;
  readonly sqlState?: string;
}
