// Answers the HTTP requests of channels by running their apps' handlers: one runtime process a channel,
// started by its first request.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { formatId, type BindleId } from '../../bindle/id.ts';
import type { StringMap } from '../../bindle/invoice.ts';
import { AnswerError, parseAnswer } from './answer.ts';
import type { Handler } from './app.ts';
import { RuntimeGoneError } from './guest-process.ts';
import type { Outcome } from './guest.ts';
import { BindleIncompleteError, Instance, type InstanceOptions } from './instance.ts';
import type { RuntimeLimits } from './messages.ts';
import { cgiEnvironment, commandLine, pathOf, type CgiRequest, type CgiServer } from './request.ts';

export interface RuntimeOptions extends Omit<InstanceOptions, 'limits' | 'log'> {
  /** Appends lines to the log of a channel. */
  readonly log: (channelId: string, text: string) => void;
  readonly limits?: Partial<Limits>;
}

export interface Limits extends RuntimeLimits {
  /** Bytes of a request's body. */
  readonly requestBody: number;
}

/** What a channel runs now. When it changes, the next request gets the new one. */
export interface RunningChannel {
  readonly id: string;
  readonly bindle: BindleId;
  readonly environment: StringMap;
}

export interface Runtime {
  /** Answers the request; never rejects. */
  handle(
    channel: RunningChannel,
    server: CgiServer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void>;
  /** The channel is gone: its process ends with its last request. */
  release(channelId: string): void;
  /** Ends every runtime process. */
  stop(): Promise<void>;
}

const MIB = 1024 * 1024;
const DEFAULT_LIMITS: Limits = {
  time: 30_000,
  workers: 4,
  stdout: 32 * MIB,
  stderr: 64 * 1024,
  requestBody: 32 * MIB,
};

/** What a channel runs, and how many requests are at it. */
interface Slot {
  readonly bindle: string;
  readonly instance: Promise<Instance>;
  requests: number;
  /** It ends with its last request. */
  retired: boolean;
}

export function createRuntime(options: RuntimeOptions): Runtime {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const slots = new Map<string, Slot>();
  /** Those in `slots`, and retired ones that still answer. */
  const alive = new Set<Slot>();

  function slotOf(channel: RunningChannel): Slot {
    const bindle = formatId(channel.bindle);
    const current = slots.get(channel.id);
    if (current?.bindle === bindle) return current;
    const log = (text: string): void => options.log(channel.id, text);
    const instance = Instance.start(channel.bindle, { ...options, limits, log });
    const slot: Slot = { bindle, instance, requests: 0, retired: false };
    slots.set(channel.id, slot);
    alive.add(slot);
    if (current !== undefined) retire(current);
    // One that did not start, or has died, is started anew by the next request.
    const forget = (): void => {
      alive.delete(slot);
      if (slots.get(channel.id) === slot) slots.delete(channel.id);
    };
    void instance.then(({ ended }) => ended.then(forget), forget);
    return slot;
  }

  async function answer(
    channel: RunningChannel,
    server: CgiServer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const path = pathOf(request.url ?? '/');
    if (path === '/healthz') return reply(response, 200, 'OK');
    const slot = slotOf(channel);
    slot.requests++;
    try {
      await answerBy(await slot.instance, path, channel, server, request, response);
    } finally {
      slot.requests--;
      if (slot.retired && slot.requests === 0) void stop(slot);
    }
  }

  async function answerBy(
    instance: Instance,
    path: string,
    channel: RunningChannel,
    server: CgiServer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const handler = instance.match(path);
    if (handler === undefined) return reply(response, 404, 'Nothing in this app answers this path.\n');
    const body = await readBody(request, limits.requestBody);
    if (body === undefined) {
      response.setHeader('connection', 'close');
      return reply(response, 413, `A request's body may have up to ${limits.requestBody} bytes.\n`);
    }
    const cgi: CgiRequest = {
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      httpVersion: request.httpVersion,
      headers: request.headers,
      contentLength: body.length,
      remoteAddress: request.socket.remoteAddress ?? '',
    };
    const outcome = await instance.run(handler, {
      args: commandLine(cgi, handler.argv),
      environment: cgiEnvironment(cgi, handler.path, server, channel.environment),
      stdin: body,
    });
    log(channel.id, handler, `${cgi.method} ${path}`, outcome);
    respond(response, outcome, limits.time);
  }

  function log(channelId: string, handler: Handler, request: string, outcome: Outcome): void {
    if (outcome.end !== 'timed-out' && outcome.stderr.length > 0)
      options.log(channelId, Buffer.from(outcome.stderr).toString('utf8'));
    if (outcome.end === 'failed')
      options.log(channelId, `${request}: ${handler.name} failed: ${outcome.reason}`);
    if (outcome.end === 'timed-out')
      options.log(channelId, `${request}: ${handler.name} was ended after ${limits.time} ms.`);
  }

  return {
    async handle(channel, server, request, response) {
      try {
        await answer(channel, server, request, response);
      } catch (error) {
        const known = error instanceof BindleIncompleteError || error instanceof RuntimeGoneError;
        const message = known ? error.message : 'The channel could not answer; its log says why.';
        options.log(channel.id, error instanceof Error ? error.message : String(error));
        reply(response, error instanceof BindleIncompleteError ? 503 : 502, `${message}\n`);
      }
    },
    release(channelId) {
      const slot = slots.get(channelId);
      if (slot === undefined) return;
      slots.delete(channelId);
      retire(slot);
    },
    async stop() {
      await Promise.all([...alive].map(stop));
    },
  };
}

/** Ends it with its last request. */
function retire(slot: Slot): void {
  slot.retired = true;
  if (slot.requests === 0) void stop(slot);
}

function stop({ instance }: Slot): Promise<void> {
  return instance.then(
    (started) => started.stop(),
    () => {},
  );
}

/** A failed handler says nothing to the visitor: what it said is in the channel's log. */
function respond(response: ServerResponse, outcome: Outcome, timeLimit: number): void {
  if (outcome.end === 'timed-out')
    return reply(response, 504, `The handler did not answer within ${timeLimit / 1000} seconds.\n`);
  if (outcome.end === 'failed') return reply(response, 500, '');
  try {
    const { status, headers, body } = parseAnswer(outcome.stdout);
    response.statusCode = status;
    for (const [name, value] of headers) response.setHeader(name, value);
    if (body.length > 0) response.setHeader('content-length', body.length);
    response.end(body);
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    reply(response, 500, `${error.message}\n`);
  }
}

function reply(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy();
  response.statusCode = status;
  if (text !== '') response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(text);
}

/** Undefined if there is more than `limit` bytes. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
