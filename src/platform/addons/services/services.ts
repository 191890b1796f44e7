// The services behind host calls: finds what a guest's call is for by the credentials of its channel's add-on, keeps
// the connections, and answers every call with a response, whatever the guest or the service does.

import { join } from 'node:path';
import type { HostInterface } from '../../../addons/addons.ts';
import {
  ABI_LIMITS,
  encodeError,
  HostCallError,
  hostInterface,
  OPERATIONS,
  parseRequest,
} from '../../../addons/host-calls.ts';
import { PostgresqlServer } from './postgresql.ts';
import { RedisServer } from './redis.ts';
import { tooLarge } from './rows.ts';
import type { Service, ServiceLimits, ServiceRun } from './service.ts';
import { SqliteFile } from './sqlite-file.ts';

export interface ServicesOptions {
  /** What the channel's binding to the add-on of this name holds; undefined without one. Asked for with each call. */
  readonly credentialsOf: (channelId: string, addon: string) => Readonly<Record<string, unknown>> | undefined;
  /** Files of SQLite are `<id>.db` in it; their broker makes them. */
  readonly sqliteDirectory: string;
  /** `sqlite-process.ts` as it is on disk. */
  readonly sqliteProgram: URL;
  /** Appends a line to the log of a channel. */
  readonly log: (channelId: string, text: string) => void;
  /** Told of what is our own fault. */
  readonly report: (error: unknown) => void;
  readonly limits?: Partial<ServiceLimits>;
}

export interface ServiceCall {
  readonly channelId: string;
  readonly runId: string;
  readonly interface: HostInterface;
  readonly operation: string;
  readonly request: Uint8Array;
}

export interface Services {
  /** Bytes of the response; never rejects. The signal aborts when nobody waits, or when the time is over. */
  call(call: ServiceCall, signal: AbortSignal): Promise<Uint8Array>;
  /** No more calls of this run come: what it left open is undone. */
  runEnded(runId: string): void;
  /** Ends all connections and processes. */
  stop(): Promise<void>;
}

const MIB = 1024 * 1024;
const DEFAULT_LIMITS: ServiceLimits = {
  wait: 4000,
  statement: 5000,
  queue: 64,
  connections: 4,
  connect: 4000,
  idle: 30_000,
  memory: 384 * MIB,
};

interface Kept {
  readonly service: Service;
  /** Those that may have left something open. */
  readonly runs: Set<ServiceRun>;
  /** Calls under way. */
  calls: number;
  lastUse: number;
}

interface Run extends ServiceRun {
  /** What it uses, by the add-on's name. */
  readonly current: Map<string, Kept>;
  /** What it has used, too. */
  readonly used: Set<Kept>;
}

export function createServices(options: ServicesOptions): Services {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  /** By what tells them apart: a binding and its address, or a file. */
  const services = new Map<string, Kept>();
  const runs = new Map<string, Run>();
  /** Bindings whose service did not answer the last time: the log has it once. */
  const down = new Set<string>();
  const sweeper = setInterval(sweep, Math.max(10, limits.idle / 4)).unref();
  let stopped = false;

  function sweep(): void {
    const before = performance.now() - limits.idle;
    for (const [key, kept] of services)
      if (kept.calls === 0 && kept.runs.size === 0 && kept.lastUse < before) {
        services.delete(key);
        kept.service.close().catch(options.report);
      }
  }

  function runOf(runId: string): Run {
    const known = runs.get(runId);
    if (known !== undefined) return known;
    const run: Run = { ended: false, current: new Map(), used: new Set() };
    runs.set(runId, run);
    return run;
  }

  /** What the run uses for this add-on: until its transaction ends, what it began with. @throws HostCallError */
  function serviceOf(run: Run, { channelId, interface: name }: ServiceCall, addon: string): Kept {
    const credentials = options.credentialsOf(channelId, addon);
    if (credentials === undefined || !hostInterface(credentials).includes(name))
      throw new HostCallError(
        'not_bound',
        `This channel has no add-on ${JSON.stringify(addon)} that hippo_${name} is for.`,
      );
    const current = run.current.get(addon);
    if (current?.service.sql?.inTransaction(run)) return current;
    const kept = keep(`${channelId}\0${addon}`, credentials);
    run.current.set(addon, kept);
    run.used.add(kept);
    kept.runs.add(run);
    return kept;
  }

  function keep(binding: string, credentials: Readonly<Record<string, unknown>>): Kept {
    const { uri } = credentials as { uri: string };
    const [scheme = ''] = uri.toLowerCase().split(':', 1);
    if (scheme === 'sqlite') {
      const file = fileOf(uri);
      const kept = known(uri, () => new SqliteFile({ ...file, program: options.sqliteProgram, limits }));
      (kept.service as SqliteFile).maxBytes = maxBytesOf(credentials);
      return kept;
    }
    const Server = scheme.startsWith('redis') ? RedisServer : PostgresqlServer;
    return known(`${binding}\0${uri}`, () => new Server(uri, limits));
  }

  function known(key: string, create: () => Service): Kept {
    const kept = services.get(key);
    if (kept !== undefined) return kept;
    const fresh: Kept = { service: create(), runs: new Set(), calls: 0, lastUse: 0 };
    services.set(key, fresh);
    return fresh;
  }

  function fileOf(uri: string): { path: string } {
    const id = /^sqlite:([0-9a-f]{32})$/i.exec(uri)?.[1]?.toLowerCase();
    if (id === undefined) throw new HostCallError('unavailable', "The add-on's credentials name no file.");
    return { path: join(options.sqliteDirectory, `${id}.db`) };
  }

  async function answer(call: ServiceCall, signal: AbortSignal): Promise<Uint8Array> {
    if (stopped) throw new HostCallError('unavailable', 'The host ends.');
    const request = parseRequest(call.request);
    const { addon } = request;
    const run = runOf(call.runId);
    const kept = serviceOf(run, call, addon);
    const { service } = kept;
    kept.calls++;
    const binding = `${call.channelId}\0${addon}`;
    try {
      const response = await perform(service, run, call, request, signal);
      down.delete(binding);
      if (response.length > ABI_LIMITS.response)
        throw tooLarge(`is larger than ${ABI_LIMITS.response} bytes`);
      return response;
    } catch (error) {
      if (error instanceof HostCallError && error.code === 'unavailable' && !down.has(binding)) {
        down.add(binding);
        const { reason } = error;
        options.log(
          call.channelId,
          `The add-on ${addon} does not answer${reason === undefined ? '' : ` (${reason})`}.`,
        );
      }
      throw error;
    } finally {
      kept.calls--;
      kept.lastUse = performance.now();
    }
  }

  return {
    async call(call, signal) {
      try {
        return await within(answer(call, signal), signal);
      } catch (error) {
        if (error instanceof HostCallError) return encodeError(error);
        options.report(error);
        return encodeError(new HostCallError('internal', 'The host has failed; its log says why.'));
      }
    },
    runEnded(runId) {
      const run = runs.get(runId);
      if (run === undefined) return;
      runs.delete(runId);
      run.ended = true;
      for (const kept of run.used) {
        kept.runs.delete(run);
        kept.service.runEnded(run);
        kept.lastUse = performance.now();
      }
    },
    async stop() {
      stopped = true;
      clearInterval(sweeper);
      for (const runId of [...runs.keys()]) this.runEnded(runId);
      await Promise.all([...services.values()].map(({ service }) => service.close().catch(options.report)));
      services.clear();
    },
  };
}

function perform(
  service: Service,
  run: ServiceRun,
  { interface: name, operation }: ServiceCall,
  request: ReturnType<typeof parseRequest>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { sql } = service;
  if (name === 'kv' && service.kv !== undefined && isOneOf(OPERATIONS.kv, operation))
    return service.kv(run, request.kv(operation), signal);
  if (name === 'sql' && sql !== undefined)
    switch (operation) {
      case 'query':
        return sql.query(run, request.sqlQuery(), signal);
      case 'begin':
        return sql.begin(run, request.sqlBegin(), signal);
      case 'commit':
      case 'rollback':
        return sql.end(run, operation, signal);
    }
  throw new HostCallError('bad_request', 'There is no such host call.');
}

function isOneOf<Item extends string>(items: readonly Item[], item: string): item is Item {
  return (items as readonly string[]).includes(item);
}

/** Bytes of the plan; a file without a limit of its own gets that of the smallest. */
function maxBytesOf({ max_bytes: given }: Readonly<Record<string, unknown>>): number {
  const bytes = Number(given);
  return Number.isFinite(bytes) && bytes > 0 ? bytes : 10 * MIB;
}

/** What `work` gives, but no later than the signal. */
function within<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const over = (): void =>
      reject(new HostCallError('timeout', 'The call took too long; whether it had an effect is not known.'));
    if (signal.aborted) over();
    signal.addEventListener('abort', over, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', over));
  });
}
