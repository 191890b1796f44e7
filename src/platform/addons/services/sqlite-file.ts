// The control process's side of one SQLite file: a process of its own runs the SQL, is started on demand, and is
// ended when a statement takes too long. One transaction at a time; single statements go on beside it, and those
// that it keeps from writing wait for its end.

import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HostCallError, type HostCallErrorCode, type KvRequest } from '../../../addons/host-calls.ts';
import { Mutex } from './mutex.ts';
import { busy, type Service, type ServiceLimits, type ServiceRun, type SqlService } from './service.ts';
import type { Connection, FromSqlite, SqliteCall, ToSqlite } from './sqlite-messages.ts';

export interface SqliteFileOptions {
  /** `sqlite-process.ts` as it is on disk. */
  readonly program: URL;
  readonly path: string;
  readonly limits: ServiceLimits;
}

/** MiB of the process's own heap: rows on their way. */
const HEAP_MIB = 128;
/** Milliseconds more for the first call, in which the process comes up. */
const START_TIME = 10_000;
/** Milliseconds. */
const LOCK_WAIT = 10;
/** Milliseconds for a statement that nobody waits for any more; to start the process again takes longer. */
const ABANDON_TIME = 200;
const { setTimeout: startTimer } = globalThis;

export class SqliteFile implements Service {
  readonly sql: SqlService;
  /** Bytes that the file may have; the plan may change. */
  maxBytes = 0;
  readonly #options: SqliteFileOptions;
  /** Of the process, which does one thing after the other. */
  readonly #turn: Mutex;
  /** Held by the transaction. */
  readonly #writer: Mutex;
  #child: ChildProcess | undefined;
  #owner: ServiceRun | undefined;
  /** Runs whose transaction is gone, until they have been told. */
  readonly #lost = new WeakSet<ServiceRun>();

  constructor(options: SqliteFileOptions) {
    this.#options = options;
    this.#turn = new Mutex(options.limits.queue);
    this.#writer = new Mutex(options.limits.queue);
    this.sql = {
      query: (run, { sql, params, maxRows }, signal) =>
        this.#statement(
          run,
          (connection) => ({ type: 'query', connection, query: { sql, params, maxRows } }),
          signal,
        ),
      begin: (run, { readOnly }, signal) => this.#begin(run, readOnly, signal),
      end: (run, how, signal) => this.#end(run, how, signal),
      inTransaction: (run) => this.#owner === run || this.#lost.has(run),
    };
  }

  kv(run: ServiceRun, request: KvRequest, signal: AbortSignal): Promise<Uint8Array> {
    return this.#statement(run, (connection) => ({ type: 'kv', connection, request }), signal);
  }

  runEnded(run: ServiceRun): void {
    this.#lost.delete(run);
    if (this.#owner !== run) return;
    this.#leave(run);
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async #statement(
    run: ServiceRun,
    call: (connection: Connection) => SqliteCall,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    this.#throwIfLost(run);
    if (this.#owner === run) return this.#call(run, call('transaction'), signal);
    const until = performance.now() + this.#options.limits.wait;
    for (;;) {
      try {
        return await this.#call(run, call('shared'), signal);
      } catch (error) {
        const left = until - performance.now();
        if (!(error instanceof LockedError) || left <= 0) throw error;
        // Nobody here: somebody else has the file.
        if (!this.#writer.held) await setTimeout(LOCK_WAIT);
        // Its turn comes when the transaction has ended; others may begin one before.
        else if (await this.#writer.acquire(left, signal)) this.#writer.release();
        else throw error;
      }
    }
  }

  async #begin(run: ServiceRun, readOnly: boolean, signal: AbortSignal): Promise<Uint8Array> {
    this.#throwIfLost(run);
    if (this.#owner === run)
      throw new HostCallError('transaction_open', 'The transaction is open already: end it first.');
    if (!(await this.#writer.acquire(this.#options.limits.wait, signal))) throw busy();
    this.#owner = run;
    try {
      const response = await this.#call(run, { type: 'begin', readOnly }, signal);
      if (run.ended) this.#leave(run);
      return response;
    } catch (error) {
      this.#leave(run);
      throw error;
    }
  }

  async #end(run: ServiceRun, how: 'commit' | 'rollback', signal: AbortSignal): Promise<Uint8Array> {
    this.#throwIfLost(run);
    if (this.#owner !== run) throw new HostCallError('no_transaction', 'No transaction is open.');
    try {
      return await this.#call(run, { type: how }, signal);
    } finally {
      this.#leave(run);
    }
  }

  /** The run's transaction is over; what is left of it is rolled back. */
  #leave(run: ServiceRun): void {
    if (this.#owner !== run) return;
    this.#owner = undefined;
    const release = (): void => this.#writer.release();
    // Without a process there is nothing left of it.
    this.#rollBack().then(release, release);
  }

  async #rollBack(): Promise<void> {
    await this.#turn.acquireSurely();
    try {
      if (this.#child !== undefined) await this.#exchange({ type: 'rollback' });
    } finally {
      this.#turn.release();
    }
  }

  #throwIfLost(run: ServiceRun): void {
    if (this.#lost.delete(run))
      throw new HostCallError('transaction_lost', 'The transaction was ended, and nothing of it was kept.');
  }

  /** @throws HostCallError, LockedError */
  async #call(run: ServiceRun, call: SqliteCall, signal: AbortSignal): Promise<Uint8Array> {
    if (!(await this.#turn.acquire(this.#options.limits.wait, signal))) throw busy();
    try {
      // The transaction may be gone by now.
      if ('connection' in call && call.connection === 'transaction') this.#throwIfLost(run);
      const { answer } = await this.#exchange(call, { run, signal });
      if ('response' in answer) return answer.response;
      if (answer.locked) throw new LockedError();
      if (answer.lost) this.#lose();
      const { code, message, sqlState } = answer.error;
      throw new HostCallError(code as HostCallErrorCode, message, sqlState);
    } finally {
      this.#turn.release();
    }
  }

  /**
   * To the process and back.
   * @param caller who may cease to wait for it
   * @throws HostCallError if the process ends, or has to be ended, before it answers
   */
  #exchange(call: SqliteCall, caller?: { run: ServiceRun; signal: AbortSignal }): Promise<FromSqlite> {
    const { statement } = this.#options.limits;
    const started = this.#child === undefined;
    const child = (this.#child ??= this.#start());
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = startTimer(
        () => {
          late = true;
          child.kill('SIGKILL');
        },
        started ? statement + START_TIME : statement,
      );
      let forNobody: NodeJS.Timeout | undefined;
      // What is for nobody does not keep others waiting, unless one of them would lose its transaction.
      const abandoned = (): void => {
        forNobody = startTimer(() => {
          if (this.#owner === undefined || this.#owner === caller?.run) child.kill('SIGKILL');
        }, ABANDON_TIME);
      };
      if (caller?.signal.aborted) abandoned();
      else caller?.signal.addEventListener('abort', abandoned, { once: true });
      const settle = (): void => {
        clearTimeout(timer);
        clearTimeout(forNobody);
        caller?.signal.removeEventListener('abort', abandoned);
        child.off('message', answered).off('exit', gone).off('error', gone);
      };
      const answered = (message: unknown): void => {
        settle();
        resolve(message as FromSqlite);
      };
      const gone = (_code: unknown, signal?: NodeJS.Signals | null): void => {
        settle();
        this.#forget(child);
        if (late) reject(new HostCallError('timeout', `The statement took longer than ${statement} ms.`));
        else if (signal === 'SIGKILL')
          reject(new HostCallError('sql', 'The statement took too much memory.', '53200'));
        else reject(new HostCallError('unavailable', "The add-on's process has ended."));
      };
      child.on('message', answered).on('exit', gone).on('error', gone);
      child.send({ call, maxBytes: this.maxBytes } satisfies ToSqlite, () => {});
    });
  }

  #start(): ChildProcess {
    const { program, path, limits } = this.#options;
    const child = fork(fileURLToPath(program), [path, String(limits.memory), String(limits.statement)], {
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      env: inherited('SystemRoot', 'ELECTRON_RUN_AS_NODE'),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      windowsHide: true,
    } as Parameters<typeof fork>[2]);
    child.on('exit', () => this.#forget(child)).on('error', () => this.#forget(child));
    return child;
  }

  #forget(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#lose();
  }

  /** Whoever has the transaction is told with its next call. */
  #lose(): void {
    const run = this.#owner;
    if (run === undefined) return;
    this.#owner = undefined;
    if (!run.ended) this.#lost.add(run);
    this.#writer.release();
  }
}

/** The call may succeed when the transaction has ended. */
class LockedError extends HostCallError {
  constructor() {
    super('busy', 'A transaction of another request writes at this moment: try again.');
  }
}

function inherited(...names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
