// One connection to a PostgreSQL: nothing that the server sends, or does not send, gets out of it but as an error.

import net from 'node:net';
import type { Duplex } from 'node:stream';
import pg from 'pg';
import { ABI_LIMITS, HostCallError, type SqlQuery } from '../../../addons/host-calls.ts';
import type { PostgresqlAddress } from './postgresql-address.ts';
import { PostgresqlFrames } from './postgresql-frames.ts';
import { PostgresqlStatement, type SessionStatus, type Wire } from './postgresql-statement.ts';
import type { ServiceLimits } from './service.ts';

/** Bytes that may come for one statement: a byte takes two in PostgreSQL's text, and one row is read whole. */
const MAX_INPUT = 4 * ABI_LIMITS.response;
/** Milliseconds for the server to end a statement itself before the connection is ended. */
const GRACE = 500;
/** CancelRequest (PostgreSQL 55.7). */
const CANCEL = 80_877_102;

export class PostgresqlSession {
  status: SessionStatus = 'I';
  readonly #client: pg.Client;
  readonly #address: PostgresqlAddress;
  readonly #limits: ServiceLimits;
  #alive = true;
  #received = 0;

  /** Told when it has ended, whoever ended it. */
  ended: () => void = () => undefined;

  private constructor(address: PostgresqlAddress, limits: ServiceLimits) {
    this.#address = address;
    this.#limits = limits;
    this.#client = new pg.Client({
      ...address,
      stream: () => this.#guard(new net.Socket(), address.ssl === false),
      connectionTimeoutMillis: limits.connect,
      statement_timeout: limits.statement,
      application_name: 'hippo',
    });
    this.#wire.on('sslconnect', () => this.#guard(this.#wire.stream, true));
    // What comes while nothing runs; a statement hears of it by itself.
    this.#client.on('error', () => this.destroy());
    this.#client.on('end', () => {
      this.#alive = false;
      this.ended();
    });
  }

  /** @throws HostCallError `unavailable`, `busy` if the server takes no more connections */
  static async open(address: PostgresqlAddress, limits: ServiceLimits): Promise<PostgresqlSession> {
    const session = new PostgresqlSession(address, limits);
    try {
      await session.#client.connect();
      return session;
    } catch (error) {
      session.destroy();
      const { code } = error as { code?: string };
      if (code === '53300')
        throw new HostCallError('busy', 'The add-on has too many connections at this moment.', code);
      // The message has addresses and names.
      throw new HostCallError('unavailable', 'The add-on does not answer.', undefined, code ?? 'no answer');
    }
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** @throws HostCallError */
  async run(query: Omit<SqlQuery, 'addon'>): Promise<Uint8Array> {
    const statement = new PostgresqlStatement(query);
    this.#received = 0;
    const lost = Promise.withResolvers<never>();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#cancel();
      this.destroy();
    }, this.#limits.statement + GRACE);
    const ended = (): void => lost.reject(this.#whyEnded(late));
    this.#client.once('end', ended);
    try {
      if (!this.#alive) throw this.#whyEnded(false);
      this.#client.query(statement);
      this.status = await Promise.race([statement.done, lost.promise]);
      return statement.response;
    } finally {
      clearTimeout(timer);
      this.#client.off('end', ended);
    }
  }

  /** A statement of ours. @throws HostCallError */
  async say(sql: string): Promise<void> {
    await this.run({ sql, params: [], maxRows: 1 });
  }

  /**
   * As new, for another run (PostgreSQL: DISCARD). The role that a login acts as is of the session's start, which
   * DISCARD ALL does not go back to. @throws HostCallError
   */
  async reset(): Promise<void> {
    if (this.status !== 'I') await this.say('ROLLBACK');
    await this.say('DISCARD ALL');
    await this.say('RESET ROLE');
  }

  destroy(): void {
    this.#alive = false;
    this.#wire.stream.destroy();
  }

  get #wire(): Wire {
    return (this.#client as unknown as { connection: Wire }).connection;
  }

  #whyEnded(late: boolean): HostCallError {
    if (late)
      return new HostCallError('timeout', `The statement took longer than ${this.#limits.statement} ms.`);
    if (this.#received > MAX_INPUT)
      return new HostCallError(
        'response_too_large',
        `The result is much larger than ${ABI_LIMITS.response} bytes: ask for less, with LIMIT.`,
      );
    return new HostCallError(
      'unavailable',
      'The connection to the add-on ended; whether there was an effect is not known.',
    );
  }

  /**
   * What the client throws at bytes that are not PostgreSQL's would be nobody's to catch.
   * @param plain the stream has messages, and not what TLS makes of them
   */
  #guard<Stream extends Duplex>(stream: Stream, plain: boolean): Stream {
    const frames = new PostgresqlFrames();
    const emit = stream.emit.bind(stream);
    stream.emit = (event: string, ...values: unknown[]): boolean => {
      try {
        if (event !== 'data') return emit(event, ...values);
        const [chunk] = values as [Buffer];
        this.#received += chunk.length;
        if (this.#received > MAX_INPUT) return stream.destroy() !== undefined;
        const messages = plain ? frames.push(chunk) : chunk;
        return messages === undefined || emit('data', messages);
      } catch (error) {
        stream.destroy(error as Error);
        return true;
      }
    };
    return stream;
  }

  /** The server would go on, and notice only when it has something to say. */
  #cancel(): void {
    const { processID, secretKey } = this.#client as unknown as { processID?: number; secretKey?: number };
    if (typeof processID !== 'number' || typeof secretKey !== 'number') return;
    const message = Buffer.alloc(16);
    [16, CANCEL, processID, secretKey].forEach((word, at) => message.writeInt32BE(word | 0, at * 4));
    const { host, port } = this.#address;
    const socket = host.startsWith('/') ? net.connect(`${host}/.s.PGSQL.${port}`) : net.connect(port, host);
    socket.setTimeout(this.#limits.connect, () => socket.destroy());
    socket.on('error', () => undefined).end(message);
  }
}
