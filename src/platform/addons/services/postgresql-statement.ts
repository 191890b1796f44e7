// One statement on its way through the extended protocol (PostgreSQL 55.2.3): its rows are read as they come and, where
// they become too many, dropped, and the statement undone.

import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Submittable } from 'pg';
import { HostCallError, type SqlQuery } from '../../../addons/host-calls.ts';
import { parameterOf, typeOf } from './postgresql-values.ts';
import { ResultRows } from './rows.ts';

/** Of a session: idle, in a transaction, in one that has failed. */
export type SessionStatus = 'I' | 'T' | 'E';

/** What is used of pg's connection: its types lack some of it, and want arguments that it does not take. */
export interface Wire extends EventEmitter {
  readonly stream: Duplex;
  parse(query: { readonly text: string }): void;
  bind(config: { readonly values: readonly (string | Buffer | null)[]; readonly statement?: string }): void;
  describe(message: { readonly type: 'P'; readonly name: string }): void;
  execute(config: { readonly rows: number }): void;
  flush(): void;
  sync(): void;
  sendCopyFail(message: string): void;
}

interface ServerError extends Error {
  readonly code?: string;
}

/** No name that a session prepares anything by: to bind it fails, and with it the transaction. */
const NOTHING = 'hippo: this statement failed';

export class PostgresqlStatement implements Submittable {
  /** Settles when the session is ready again, or will never be. */
  readonly done: Promise<SessionStatus>;
  readonly #query: Omit<SqlQuery, 'addon'>;
  readonly #rows: ResultRows;
  readonly #done = Promise.withResolvers<SessionStatus>();
  #reads: readonly ReturnType<typeof typeOf>['read'][] = [];
  #affected = 0;
  #failure: HostCallError | undefined;
  #wire: Wire | undefined;

  constructor(query: Omit<SqlQuery, 'addon'>) {
    this.#query = query;
    this.#rows = new ResultRows(query.maxRows);
    this.done = this.#done.promise;
  }

  /** The response. @throws HostCallError */
  get response(): Uint8Array {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#rows.encode(this.#affected);
  }

  submit(connection: unknown): void {
    const wire = connection as Wire;
    this.#wire = wire;
    wire.parse({ text: this.#query.sql });
    wire.bind({ values: this.#query.params.map(parameterOf) });
    wire.describe({ type: 'P', name: '' });
    // One more than wanted: then there are too many.
    wire.execute({ rows: this.#query.maxRows + 1 });
    // Not `sync`, which ends the statement's own transaction: it may turn out to be too much.
    wire.flush();
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    const types = fields.map(({ dataTypeID }) => typeOf(dataTypeID));
    this.#reads = types.map(({ read }) => read);
    this.#try(() =>
      this.#rows.describe(fields.map(({ name }, at) => ({ name, type: types[at]?.name ?? '' }))),
    );
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    this.#try(() => {
      for (const text of fields) this.#rows.expect(text === null ? 0 : text.length / 2);
      this.#rows.add(fields.map((text, at) => (text === null ? null : (this.#reads[at]?.(text) ?? text))));
    });
  }

  handlePortalSuspended(): void {
    this.#finish();
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#affected = Number(/^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(text)?.[1] ?? 0);
    this.#finish();
  }

  handleEmptyQuery(): void {
    this.#failure ??= new HostCallError('bad_request', 'There is no statement.');
    this.#finish();
  }

  handleCopyInResponse(): void {
    this.#failure ??= noCopy();
    this.#wire?.sendCopyFail('there is no COPY here');
  }

  handleCopyData(): void {
    this.#failure ??= noCopy();
  }

  /** The server's, or the connection's, which has no code. The client hands over no more after it. */
  handleError(error: ServerError): void {
    this.#failure ??= errorOf(error);
    const wire = this.#wire;
    if (wire === undefined) return;
    wire.once('readyForQuery', ({ status }: { status: SessionStatus }) => this.#done.resolve(status));
    wire.sync();
  }

  handleReadyForQuery(): void {
    // Said by the event itself, which has the status.
  }

  #finish(): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    if (this.#failure === undefined) {
      wire.once('readyForQuery', ({ status }: { status: SessionStatus }) => this.#done.resolve(status));
      return wire.sync();
    }
    // The server has done it: an error undoes it. What comes of this goes to handleError.
    wire.bind({ statement: NOTHING, values: [] });
    wire.flush();
  }

  #try(work: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof HostCallError)) throw error;
      this.#failure = error;
    }
  }
}

function noCopy(): HostCallError {
  return new HostCallError('not_allowed', 'There is no COPY here: insert, and select.');
}

/** SQLSTATE (PostgreSQL appendix A). */
function errorOf({ message, code }: ServerError): HostCallError {
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code))
    return new HostCallError(
      'unavailable',
      'The connection to the add-on ended; whether there was an effect is not known.',
    );
  if (code === '57014') return new HostCallError('timeout', 'The statement took too long.', code);
  if (code === '53100') return new HostCallError('full', "The add-on's plan has no more room.", code);
  if (code === '53300')
    return new HostCallError('busy', 'The add-on has too many connections at this moment.', code);
  if (/^57P/.test(code)) return new HostCallError('unavailable', 'The add-on ends this connection.', code);
  return new HostCallError('sql', message.slice(0, MAX_MESSAGE), code);
}

/** Characters. */
const MAX_MESSAGE = 2000;
