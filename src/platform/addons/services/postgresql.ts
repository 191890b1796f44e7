// A PostgreSQL for the guests of one binding: a few connections, each kept by a run from its first statement to its
// end unless another run waits for one, and as new before the next run gets it.

import { encodeResponse, HostCallError, type SqlQuery } from '../../../addons/host-calls.ts';
import { postgresqlAddress, type PostgresqlAddress } from './postgresql-address.ts';
import { PostgresqlSession } from './postgresql-session.ts';
import { busy, type Service, type ServiceLimits, type ServiceRun, type SqlService } from './service.ts';

/** What a run has here. */
interface Client {
  readonly run: ServiceRun;
  session: PostgresqlSession | undefined;
  /** Between `begin` and the end. */
  transaction: boolean;
  /** Its transaction is gone, and it was not told. */
  lost: boolean;
  /** A statement is under way. */
  working: boolean;
}

type Waiter = (session: PostgresqlSession | undefined) => void;

export class PostgresqlServer implements Service {
  readonly sql: SqlService;
  readonly #address: PostgresqlAddress;
  readonly #limits: ServiceLimits;
  readonly #clients = new Map<ServiceRun, Client>();
  readonly #idle: PostgresqlSession[] = [];
  readonly #sessions = new Set<PostgresqlSession>();
  readonly #waiting: Waiter[] = [];
  /** Sessions that are being opened. */
  #opening = 0;
  /** Fewer than the limit where the server takes no more. */
  #most: number;

  /** @throws HostCallError `unavailable` if the URI names no server */
  constructor(uri: string, limits: ServiceLimits) {
    this.#address = postgresqlAddress(uri);
    this.#limits = limits;
    this.#most = limits.connections;
    this.sql = {
      query: (run, query, signal) => this.#query(this.#clientOf(run), query, signal),
      begin: (run, { readOnly }, signal) => this.#begin(this.#clientOf(run), readOnly, signal),
      end: (run, how) => this.#end(this.#clientOf(run), how),
      inTransaction: (run) => {
        const client = this.#clients.get(run);
        return client !== undefined && (client.transaction || client.lost);
      },
    };
  }

  runEnded(run: ServiceRun): void {
    const client = this.#clients.get(run);
    if (client === undefined) return;
    this.#clients.delete(run);
    // What is under way lets go of the session at its end.
    if (!client.working) this.#detach(client);
  }

  async close(): Promise<void> {
    for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    for (const session of this.#sessions) session.destroy();
  }

  #clientOf(run: ServiceRun): Client {
    const known = this.#clients.get(run);
    if (known !== undefined) return known;
    const client: Client = { run, session: undefined, transaction: false, lost: false, working: false };
    this.#clients.set(run, client);
    return client;
  }

  async #query(client: Client, query: SqlQuery, signal: AbortSignal): Promise<Uint8Array> {
    return this.#work(client, signal, async (session) => {
      const response = await session.run(query);
      if (session.status === 'I') client.transaction = false;
      else if (!client.transaction)
        throw new HostCallError('not_allowed', 'A transaction is opened by begin, not by a statement.');
      return response;
    });
  }

  async #begin(client: Client, readOnly: boolean, signal: AbortSignal): Promise<Uint8Array> {
    return this.#work(client, signal, async (session) => {
      if (client.transaction)
        throw new HostCallError('transaction_open', 'The transaction is open already: end it first.');
      await session.say(readOnly ? 'BEGIN READ ONLY' : 'BEGIN');
      client.transaction = true;
      return encodeResponse({});
    });
  }

  async #end(client: Client, how: 'commit' | 'rollback'): Promise<Uint8Array> {
    if (!client.transaction && !client.lost)
      throw new HostCallError('no_transaction', 'No transaction is open.');
    return this.#work(client, undefined, async (session) => {
      client.transaction = false;
      const failed = session.status === 'E';
      await session.say(failed ? 'ROLLBACK' : how);
      if (failed && how === 'commit') throw transactionLost();
      return encodeResponse({});
    });
  }

  /** Does something in the run's session. @param signal for what has no session yet @throws HostCallError */
  async #work(
    client: Client,
    signal: AbortSignal | undefined,
    work: (session: PostgresqlSession) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    if (client.lost) {
      client.lost = false;
      throw transactionLost();
    }
    client.working = true;
    try {
      client.session ??= await this.#acquire(signal);
      if (client.run.ended) throw busy();
      return await work(client.session);
    } finally {
      client.working = false;
      this.#settle(client);
    }
  }

  /** After a statement: the session is let go if it is gone, or nobody's, or somebody else's turn. */
  #settle(client: Client): void {
    const { session } = client;
    if (session === undefined) return;
    if (!session.alive) {
      client.session = undefined;
      client.lost = client.transaction;
      client.transaction = false;
    } else if (
      client.run.ended ||
      (!client.transaction && (session.status !== 'I' || this.#waiting.length > 0))
    )
      this.#detach(client);
  }

  /** @throws HostCallError `busy`, `unavailable` */
  async #acquire(signal: AbortSignal | undefined): Promise<PostgresqlSession> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#sessions.size + this.#opening < this.#most) {
      try {
        return await this.#open();
      } catch (error) {
        if (!(error instanceof HostCallError) || error.code !== 'busy' || this.#sessions.size === 0)
          throw error;
        // It takes no more than there are.
        this.#most = this.#sessions.size;
      }
    }
    const waiting = this.#wait(signal);
    // One that a run keeps and does not use.
    const spare = [...this.#clients.values()].find(
      ({ session, working, transaction }) => session !== undefined && !working && !transaction,
    );
    if (spare !== undefined) this.#detach(spare);
    const session = await waiting;
    if (session === undefined) throw busy();
    return session;
  }

  async #open(): Promise<PostgresqlSession> {
    this.#opening++;
    try {
      const session = await PostgresqlSession.open(this.#address, this.#limits);
      session.ended = () => this.#ended(session);
      this.#sessions.add(session);
      return session;
    } finally {
      this.#opening--;
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<PostgresqlSession | undefined> {
    if (this.#waiting.length >= this.#limits.queue || signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const waiter: Waiter = (session) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        resolve(session);
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        waiter(undefined);
      };
      const timer = setTimeout(giveUp, this.#limits.wait);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** The session is reset, and then the next one's who waits. */
  #detach(client: Client): void {
    const { session } = client;
    client.session = undefined;
    client.transaction = false;
    if (session === undefined) return;
    session.reset().then(
      () => {
        const waiter = this.#waiting.shift();
        if (waiter === undefined) this.#idle.push(session);
        else waiter(session);
      },
      () => session.destroy(),
    );
  }

  #ended(session: PostgresqlSession): void {
    this.#sessions.delete(session);
    this.#most = this.#limits.connections;
    const index = this.#idle.indexOf(session);
    if (index >= 0) this.#idle.splice(index, 1);
    // A run that keeps it hears of it with its next call.
    for (const client of this.#clients.values())
      if (client.session === session && !client.working) this.#settle(client);
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) this.#open().then(waiter, () => waiter(undefined));
  }
}

function transactionLost(): HostCallError {
  return new HostCallError('transaction_lost', 'The transaction was ended, and nothing of it was kept.');
}
