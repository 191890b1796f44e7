// Answers the HTTP requests of channels by running their apps' handlers: one runtime process a channel, started by
// its first request, ended when it has nothing to do, and started again, with growing patience, when it dies.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatId, type BindleId } from '../../bindle/id.ts';
import type { HostInterface } from '../../addons/addons.ts';
import type { StringMap } from '../../bindle/invoice.ts';
import { HEALTH_PATH } from '../../hippofacts/routes.ts';
import { AnswerError } from './answer.ts';
import { BodyError, dropRest } from './body.ts';
import { Completeness } from './completeness.ts';
import { answerByHandler, reply, type ExchangeLimits } from './exchange.ts';
import { BusyError } from './gate.ts';
import { RuntimeGoneError, type RuntimePrograms } from './guest-process.ts';
import { BindleIncompleteError, Instance, type BindleSource, type InstanceLimits } from './instance.ts';
import type { GuestCall, JobIo } from './job.ts';
import { pathOf, type CgiServer } from './request.ts';
import { Restarts } from './restarts.ts';

export interface RuntimeOptions extends BindleSource {
  readonly programs: RuntimePrograms;
  /** Appends lines to the log of a channel. */
  readonly log: (channelId: string, text: string) => void;
  /** Told of each change of what `status` says of a channel. */
  readonly statusChanged?: (channelId: string) => void;
  /**
   * Answers a guest's host call with the bytes of its response, also where it fails. The signal aborts when nobody
   * waits for it any more or, with a `TimeoutError`, when its time is over.
   */
  readonly hostCall?: (call: HostCall, signal: AbortSignal) => Promise<Uint8Array>;
  /** Told when a run that made host calls is over, however it ended. */
  readonly runEnded?: (runId: string) => void;
  readonly limits?: Partial<Limits>;
}

export interface HostCall extends GuestCall {
  readonly channelId: string;
  /** One request's; no two have the same. */
  readonly runId: string;
}

export interface Limits extends InstanceLimits, ExchangeLimits {
  /** Milliseconds that one host call may take, and at most half of a handler's time. */
  readonly call: number;
  /** Milliseconds without a request after which a runtime process is ended. */
  readonly unused: number;
  /** Runtime processes at the same time. */
  readonly processes: number;
}

/** What a channel runs now. When it changes, the next request gets the new one. */
export interface RunningChannel {
  readonly id: string;
  readonly bindle: BindleId;
  readonly environment: StringMap;
  /** What its handlers reach by host calls. */
  readonly addons?: readonly { readonly name: string; readonly interface: readonly HostInterface[] }[];
}

export interface RuntimeStatus {
  /** `Running`: it answers, or would. `Pending`: it is being started. `Dead`: it cannot, now. */
  readonly status: 'Running' | 'Pending' | 'Dead';
  /** What is wrong, in a sentence; with `Dead` only. */
  readonly reason?: string;
}

export interface Runtime {
  /** Answers the request; never rejects. */
  handle(
    channel: RunningChannel,
    server: CgiServer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void>;
  /**
   * How the channel is, running this bindle. Starts nothing; whether the bindle is whole is looked up meanwhile
   * where that is not known, and `statusChanged` says if it is not.
   */
  status(channel: Pick<RunningChannel, 'id' | 'bindle'>): RuntimeStatus;
  /** The channel is gone, or not to run any more: its process ends with its last request. */
  release(channelId: string): void;
  /** Ends every runtime process. */
  stop(): Promise<void>;
}

const MIB = 1024 * 1024;
const DEFAULT_LIMITS: Limits = {
  time: 30_000,
  call: 10_000,
  grace: 5000,
  total: 300_000,
  idle: 15_000,
  unused: 300_000,
  workers: 4,
  queue: 256,
  processes: 32,
  stderr: 64 * 1024,
  body: 256 * MIB,
};

/** Milliseconds for the rest of a body that nobody wants. */
const PATIENCE = 5000;

/** What a channel runs, and how many requests are at it. */
interface Slot {
  readonly channelId: string;
  readonly bindle: string;
  /** The bindle's name, which all channels of an app share. */
  readonly appName: string;
  readonly instance: Promise<Instance>;
  readonly startedAt: number;
  started: boolean;
  requests: number;
  /** It ends with its last request. */
  retired: boolean;
  /** Runs while there is no request. */
  unused: NodeJS.Timeout | undefined;
}

/** The process died and is not started again yet. */
class RestartingError extends Error {
  readonly code = 'RESTARTING';
  readonly seconds: number;
  constructor(reason: string, milliseconds: number) {
    const seconds = Math.ceil(milliseconds / 1000);
    super(
      `The channel's runtime process ended unexpectedly (${reason}) and can be started again in ${seconds} s: try again then.`,
    );
    this.name = 'RestartingError';
    this.seconds = seconds;
  }
}

export function createRuntime(options: RuntimeOptions): Runtime {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const slots = new Map<string, Slot>();
  /** Those in `slots`, and retired ones that still answer. */
  const alive = new Set<Slot>();
  const completeness = new Completeness(options);
  const restarts = new Map<string, { bindle: string; restarts: Restarts }>();
  const statusChanged = (channelId: string): void => options.statusChanged?.(channelId);

  function restartsOf(channelId: string, bindle: string): Restarts {
    const known = restarts.get(channelId);
    if (known?.bindle === bindle) return known.restarts;
    // Another bindle has done nothing wrong yet.
    const fresh = new Restarts();
    restarts.set(channelId, { bindle, restarts: fresh });
    return fresh;
  }

  /** @throws RestartingError, BusyError */
  function slotOf(channel: RunningChannel): Slot {
    const bindle = formatId(channel.bindle);
    const current = slots.get(channel.id);
    if (current?.bindle === bindle) return current;
    const wait = restartsOf(channel.id, bindle).wait(performance.now());
    if (wait !== undefined) throw new RestartingError(wait.reason, wait.milliseconds);
    makeRoom(channel.bindle.name);
    const slot = start(channel, bindle);
    slots.set(channel.id, slot);
    if (current !== undefined) retire(current);
    statusChanged(channel.id);
    return slot;
  }

  function start({ id, bindle }: RunningChannel, name: string): Slot {
    const log = (text: string): void => options.log(id, text);
    const slot: Slot = {
      channelId: id,
      bindle: name,
      appName: bindle.name,
      instance: Instance.start(bindle, { ...options, limits, log }),
      startedAt: performance.now(),
      started: false,
      requests: 0,
      retired: false,
      unused: undefined,
    };
    alive.add(slot);
    const gone = (reason: string | undefined): void => {
      alive.delete(slot);
      clearTimeout(slot.unused);
      if (slots.get(id) === slot) slots.delete(id);
      if (reason !== undefined) {
        log(`The runtime process ended unexpectedly: ${reason}.`);
        const now = performance.now();
        restartsOf(id, name).died(reason, now - slot.startedAt, now);
      }
      statusChanged(id);
    };
    slot.instance.then(
      ({ ended }) => {
        slot.started = true;
        statusChanged(id);
        void ended.then(gone);
      },
      (error: unknown) =>
        gone(error instanceof RuntimeGoneError ? 'it died while it was started' : undefined),
    );
    return slot;
  }

  /**
   * The process that nobody has used for the longest time goes first. The channels of one app have half of all
   * processes at most, so that an app that hangs leaves room for the others. @throws BusyError
   */
  function makeRoom(appName: string): void {
    const own = [...alive].filter((slot) => slot.appName === appName);
    const crowded = own.length >= Math.max(1, limits.processes / 2);
    if (!crowded && alive.size < limits.processes) return;
    const oldest = [...slots.values()].find(
      (slot) => slot.requests === 0 && slot.started && (!crowded || slot.appName === appName),
    );
    if (oldest === undefined)
      throw new BusyError(
        crowded
          ? 'The channels of this app are all at work: try again in a moment.'
          : 'All that this machine runs at once is at work: try again in a moment.',
      );
    dismiss(oldest);
  }

  /** No new request gets it. */
  function dismiss(slot: Slot): void {
    slots.delete(slot.channelId);
    retire(slot);
  }

  function enter(slot: Slot): void {
    slot.requests++;
    clearTimeout(slot.unused);
    // Last in the order of use.
    slots.delete(slot.channelId);
    slots.set(slot.channelId, slot);
  }

  function leave(slot: Slot): void {
    slot.requests--;
    if (slot.requests > 0) return;
    if (slot.retired) void stop(slot);
    else slot.unused = setTimeout(() => dismiss(slot), limits.unused).unref();
  }

  async function answer(
    channel: RunningChannel,
    server: CgiServer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const path = pathOf(request.url ?? '/');
    if (path === HEALTH_PATH) return reply(response, 200, 'OK');
    const slot = slotOf(channel);
    enter(slot);
    try {
      const instance = await slot.instance;
      const handler = instance.match(path);
      if (handler === undefined) return reply(response, 404, 'Nothing in this app answers this path.\n');
      const { environment, addons = [] } = channel;
      await answerByHandler({
        instance,
        handler,
        server,
        environment,
        interfaces: [...new Set(addons.flatMap((addon) => addon.interface))],
        hostCalls: hostCallsOf(channel.id),
        request,
        response,
        limits,
        log: (text) => options.log(channel.id, text),
      });
    } finally {
      leave(slot);
    }
  }

  /** Of one run. */
  function hostCallsOf(channelId: string): Pick<JobIo, 'call' | 'callsOver'> {
    const { hostCall } = options;
    if (hostCall === undefined) return {};
    const runId = randomUUID();
    const time = Math.min(limits.call, limits.time / 2);
    return {
      async call(call, signal) {
        const over = new AbortController();
        const timer = setTimeout(
          () => over.abort(new DOMException('The host call took too long.', 'TimeoutError')),
          time,
        );
        signal.addEventListener('abort', () => over.abort(signal.reason), { once: true });
        return hostCall({ ...call, channelId, runId }, over.signal).finally(() => clearTimeout(timer));
      },
      callsOver: () => options.runEnded?.(runId),
    };
  }

  function refuse(channelId: string, response: ServerResponse, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const { status, retryAfter, known, expected } = refusalOf(error);
    if (!expected) options.log(channelId, message);
    if (retryAfter !== undefined && !response.headersSent) response.setHeader('retry-after', retryAfter);
    reply(response, status, known ? `${message}\n` : 'The channel could not answer; its log says why.\n');
  }

  return {
    async handle(channel, server, request, response) {
      try {
        await answer(channel, server, request, response);
      } catch (error) {
        refuse(channel.id, response, error);
      }
      if (response.writableFinished) dropRest(request, PATIENCE);
      else response.once('finish', () => dropRest(request, PATIENCE));
    },
    status({ id, bindle }) {
      const name = formatId(bindle);
      const slot = slots.get(id);
      if (slot?.bindle === name) return { status: slot.started ? 'Running' : 'Pending' };
      const known = restarts.get(id);
      const wait = known?.bindle === name ? known.restarts.wait(performance.now()) : undefined;
      const reason =
        wait === undefined
          ? completeness.problem(bindle, () => statusChanged(id))
          : new RestartingError(wait.reason, wait.milliseconds).message;
      return reason === undefined ? { status: 'Running' } : { status: 'Dead', reason };
    },
    release(channelId) {
      restarts.delete(channelId);
      const slot = slots.get(channelId);
      if (slot !== undefined) dismiss(slot);
    },
    async stop() {
      await Promise.all([...alive].map(stop));
    },
  };
}

/** Ends it with its last request. */
function retire(slot: Slot): void {
  slot.retired = true;
  clearTimeout(slot.unused);
  if (slot.requests === 0) void stop(slot);
}

function stop({ instance }: Slot): Promise<void> {
  return instance.then(
    (started) => started.stop(),
    () => {},
  );
}

interface Refusal {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
  /** The message is for visitors too. */
  readonly known: boolean;
  /** The log has its cause already, or it is the visitor's own. */
  readonly expected?: true;
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof BindleIncompleteError) return { status: 503, known: true };
  if (error instanceof BusyError) return { status: 503, retryAfter: 1, known: true };
  if (error instanceof RuntimeGoneError) return { status: 502, retryAfter: 1, known: true, expected: true };
  if (error instanceof RestartingError)
    return { status: 502, retryAfter: error.seconds, known: true, expected: true };
  if (error instanceof BodyError) return { status: error.status, known: true, expected: true };
  if (error instanceof AnswerError) return { status: 500, known: true };
  return { status: 502, known: false };
}
