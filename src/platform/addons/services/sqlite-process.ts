// A process that runs SQL on one file, the path of which is its argument: one call after the other, each as long as
// it takes. Whoever started it ends it when that is too long; a thread of its own does where nobody is left to,
// and when it takes too much memory.

import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { HostCallError } from '../../../addons/host-calls.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import type { Connection, FromSqlite, SqliteCall, ToSqlite } from './sqlite-messages.ts';

/** Milliseconds between two looks at the process. */
const LOOK = 20;
/** Milliseconds for whoever started it to end it before it does so itself. */
const GRACE = 2000;

interface Watch {
  /** Bytes that the process may have. */
  readonly memory: number;
  /** Milliseconds that a call may take. */
  readonly time: number;
  /** One word: which call runs; 0 for none. */
  readonly running: Int32Array;
}

if (isMainThread) serve();
else watch(workerData as Watch);

function serve(): void {
  const [, , path = '', memory = '', time = ''] = process.argv;
  const running = new Int32Array(new SharedArrayBuffer(4));
  const watched: Watch = { memory: Number(memory), time: Number(time), running };
  new Worker(new URL(import.meta.url), { workerData: watched, env: {}, argv: [] }).unref();
  let calls = 0;
  const databases = new Map<Connection, SqliteDatabase>();

  const connection = (name: Connection, maxBytes: number): SqliteDatabase => {
    const database = databases.get(name) ?? new SqliteDatabase(path);
    databases.set(name, database);
    database.limitTo(maxBytes);
    return database;
  };

  const answer = (call: SqliteCall, maxBytes: number): FromSqlite['answer'] => {
    const within = databases.get('transaction')?.inTransaction ?? false;
    try {
      return { response: respond(call, (name) => connection(name, maxBytes)) };
    } catch (error) {
      const failure =
        error instanceof HostCallError ? error : new HostCallError('internal', 'The host has failed.');
      const { code, message, sqlState } = failure;
      const lost = within && !(databases.get('transaction')?.inTransaction ?? false);
      return {
        error: { code, message, ...(sqlState === undefined ? {} : { sqlState }) },
        ...(code === 'busy' ? { locked: true } : {}),
        ...(lost ? { lost: true } : {}),
      };
    }
  };

  process.on('disconnect', () => process.exit());
  process.on('message', ({ call, maxBytes }: ToSqlite) => {
    Atomics.store(running, 0, (calls = (calls % 1_000_000) + 1));
    const response: FromSqlite = { answer: answer(call, maxBytes) };
    Atomics.store(running, 0, 0);
    // An error means that the parent is gone, which `disconnect` reports.
    process.send?.(response, undefined, undefined, () => {});
  });
}

function respond(call: SqliteCall, connection: (name: Connection) => SqliteDatabase): Uint8Array {
  switch (call.type) {
    case 'query':
      return connection(call.connection).query(call.query);
    case 'kv':
      return connection(call.connection).kv(call.request);
    case 'begin':
      return connection('transaction').begin(call.readOnly);
    default:
      return connection('transaction').end(call.type);
  }
}

/** SQLite's own limits of memory do nothing in Node, which builds it without counting. */
function watch({ memory, time, running }: Watch): void {
  let [call, since] = [0, 0];
  setInterval(() => {
    const current = Atomics.load(running, 0);
    if (current !== call) [call, since] = [current, performance.now()];
    // Its parent would have ended it by now, if there were one.
    const stuck = call !== 0 && performance.now() - since > time + GRACE;
    if (stuck || process.memoryUsage.rss() > memory) process.kill(process.pid, 'SIGKILL');
  }, LOOK);
}
