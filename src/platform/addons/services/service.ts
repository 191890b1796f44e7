// What each kind of service behind the add-ons does for guests, and the run on whose behalf it does it.

import { HostCallError, type KvRequest, type SqlBegin, type SqlQuery } from '../../../addons/host-calls.ts';

/** One run of a guest. Its identity is what services keep its transactions by. */
export interface ServiceRun {
  /** No more calls come; what is under way is for nobody. */
  ended: boolean;
}

/**
 * Every method answers with the bytes of a response, and throws HostCallError. The signal aborts when nobody waits any
 * more: a service then ends what it does as soon as it can.
 */
export interface Service {
  readonly sql?: SqlService;
  kv?(run: ServiceRun, request: KvRequest, signal: AbortSignal): Promise<Uint8Array>;
  /** Undoes what the run has left open. */
  runEnded(run: ServiceRun): void;
  /** Ends it with the transactions that are open; nothing new comes. */
  close(): Promise<void>;
}

export interface SqlService {
  query(run: ServiceRun, query: SqlQuery, signal: AbortSignal): Promise<Uint8Array>;
  begin(run: ServiceRun, begin: SqlBegin, signal: AbortSignal): Promise<Uint8Array>;
  /** `commit` or `rollback`. */
  end(run: ServiceRun, how: 'commit' | 'rollback', signal: AbortSignal): Promise<Uint8Array>;
  /** True between `begin` and the end, also where the transaction was lost and nobody has been told. */
  inTransaction(run: ServiceRun): boolean;
}

export interface ServiceLimits {
  /** Milliseconds for which a call waits for its turn; then the add-on is busy. */
  readonly wait: number;
  /** Milliseconds that one statement may take. */
  readonly statement: number;
  /** Calls that may wait for one service. */
  readonly queue: number;
  /** Connections to one server for one binding. */
  readonly connections: number;
  /** Milliseconds to get a connection. */
  readonly connect: number;
  /** Milliseconds without a call after which a service is closed. */
  readonly idle: number;
  /** Bytes of memory of a process that runs SQL on a file. */
  readonly memory: number;
}

export function busy(): HostCallError {
  return new HostCallError('busy', 'Too many use the add-on at this moment: try again.');
}
