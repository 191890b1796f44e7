// One request and its answer: the body goes to the guest as it is read, the answer to the visitor as it is
// printed, and whoever makes the other wait is given up after a while.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostInterface } from '../../addons/addons.ts';
import type { StringMap } from '../../bindle/invoice.ts';
import { AnswerError, AnswerReader } from './answer.ts';
import type { Handler } from './app.ts';
import { RequestBody, VisitorGoneError, type BodyLimits } from './body.ts';
import type { Instance } from './instance.ts';
import type { JobIo, JobOutcome } from './job.ts';
import { LineBuffer } from './line-buffer.ts';
import { cgiEnvironment, commandLine, type CgiRequest, type CgiServer } from './request.ts';

export interface ExchangeLimits extends BodyLimits {
  /** Milliseconds that a handler may take. */
  readonly time: number;
  /** Milliseconds that the whole exchange may take, whoever is slow. */
  readonly total: number;
}

export interface Exchange {
  readonly instance: Instance;
  readonly handler: Handler;
  readonly server: CgiServer;
  /** The app's own variables. */
  readonly environment: StringMap;
  /** What the run may use of the channel's add-ons. */
  readonly interfaces: readonly HostInterface[];
  readonly hostCalls: Pick<JobIo, 'call' | 'callsOver'>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly limits: ExchangeLimits;
  /** Gets lines for the channel's log. */
  readonly log: (text: string) => void;
}

/**
 * Runs the handler and answers.
 * @throws BodyError, BusyError, RuntimeGoneError before the answer has begun; after that the connection is cut
 */
export async function answerByHandler(exchange: Exchange): Promise<void> {
  const { request, response, limits } = exchange;
  const body = new RequestBody(request, limits);
  const over = new AbortController();
  const gone = (): void => {
    if (!response.writableFinished) over.abort(new VisitorGoneError());
  };
  response.once('close', gone);
  const timer = setTimeout(() => over.abort(new ExchangeTooLongError(limits.total)), limits.total);
  try {
    await body.readAhead();
    await run(exchange, body, over.signal);
  } catch (error) {
    if (error instanceof VisitorGoneError) return void response.destroy();
    if (response.headersSent) {
      exchange.log(`${nameOf(exchange)}: the answer was cut: ${(error as Error).message}`);
      return void response.destroy();
    }
    throw error;
  } finally {
    clearTimeout(timer);
    response.off('close', gone);
    body.close();
  }
}

class ExchangeTooLongError extends Error {
  readonly code = 'EXCHANGE_TOO_LONG';
  constructor(milliseconds: number) {
    super(`it took longer than ${milliseconds / 1000} seconds in all`);
    this.name = 'ExchangeTooLongError';
  }
}

async function run(exchange: Exchange, body: RequestBody, signal: AbortSignal): Promise<void> {
  const { instance, handler, server, environment, interfaces, request, response, limits, log } = exchange;
  const cgi: CgiRequest = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    httpVersion: request.httpVersion,
    headers: request.headers,
    contentLength: body.length,
    remoteAddress: request.socket.remoteAddress ?? '',
  };
  const answer = new AnswerWriter(response, cgi.method, limits.idle);
  const complaints = new LineBuffer(log);
  const outcome = await instance
    .run(
      handler,
      {
        args: commandLine(cgi, handler.argv),
        environment: cgiEnvironment(cgi, handler.path, server, environment),
        interfaces,
      },
      {
        stdout: (chunk) => answer.write(chunk),
        stderr: (chunk) => complaints.add(chunk),
        ...(body.empty ? {} : { stdin: body }),
        ...exchange.hostCalls,
      },
      signal,
    )
    .finally(() => complaints.end());
  if (outcome.end === 'failed') log(`${nameOf(exchange)} failed: ${outcome.reason}`);
  if (outcome.end === 'timed-out') log(`${nameOf(exchange)} was ended after ${limits.time} ms.`);
  answer.end(outcome, limits.time);
}

/** A path without its query, which may hold what is nobody's business. */
function nameOf({ request, handler }: Exchange): string {
  return `${request.method} ${request.url?.split('?', 1)[0]}: ${handler.name}`;
}

/** The answer of one handler, as it comes. */
class AnswerWriter {
  readonly #response: ServerResponse;
  readonly #reader = new AnswerReader();
  readonly #withoutBody: boolean;
  readonly #idle: number;
  /** Bytes of the body that still fit into the length that was announced. */
  #left = Infinity;

  /** @param idle milliseconds in which the visitor has to take something */
  constructor(response: ServerResponse, method: string, idle: number) {
    this.#response = response;
    this.#withoutBody = method === 'HEAD';
    this.#idle = idle;
  }

  /** A promise if the visitor is slower. @throws AnswerError */
  write(chunk: Uint8Array): Promise<void> | undefined {
    const body = this.#reader.push(chunk);
    const { head } = this.#reader;
    if (head === undefined) return undefined;
    if (!this.#response.headersSent) {
      this.#writeHead();
      // A body that is longer than announced from the start has no length that can be believed.
      if (head.contentLength !== undefined && head.contentLength >= body.length) {
        this.#response.setHeader('content-length', head.contentLength);
        this.#left = head.contentLength;
      }
      if (body.length === 0 || this.#withoutBody) this.#response.flushHeaders();
    }
    return this.#writeBody(body);
  }

  end(outcome: JobOutcome, timeLimit: number): void {
    const response = this.#response;
    const begun = response.headersSent;
    if (outcome.end !== 'finished') {
      if (begun) return void response.destroy();
      if (outcome.end === 'failed') return reply(response, 500, '');
      return reply(response, 504, `The handler did not answer within ${timeLimit / 1000} seconds.\n`);
    }
    const body = this.#reader.push(outcome.rest);
    if (this.#reader.head === undefined) throw new AnswerError();
    if (begun) {
      void this.#writeBody(body)?.catch(() => {});
      // A visitor who was promised more must not take this for all.
      if (this.#left > 0 && this.#left < Infinity && !this.#withoutBody) return void response.destroy();
    } else this.#writeWhole(body);
    response.end();
    // Until the last byte is taken; after that Node looks after the connection.
    if (!response.writableFinished) response.socket?.setTimeout(this.#idle);
  }

  #writeWhole(body: Uint8Array): void {
    this.#writeHead();
    const announced = this.#withoutBody && body.length === 0 ? this.#reader.head?.contentLength : undefined;
    const length = announced ?? body.length;
    if (length > 0 && this.#reader.head?.status !== 204) this.#response.setHeader('content-length', length);
    if (!this.#withoutBody) this.#response.write(body);
  }

  #writeHead(): void {
    const { status, headers } = this.#reader.head ?? { status: 500, headers: new Map<string, string>() };
    this.#response.statusCode = status;
    for (const [name, value] of headers) this.#response.setHeader(name, value);
  }

  #writeBody(body: Uint8Array): Promise<void> | undefined {
    const fitting = body.length > this.#left ? body.subarray(0, this.#left) : body;
    this.#left -= fitting.length;
    if (fitting.length === 0 || this.#withoutBody || this.#response.destroyed) return undefined;
    if (this.#response.write(fitting)) return undefined;
    return this.#drained();
  }

  /** Node ends the connection if the visitor takes nothing for so long. */
  #drained(): Promise<void> {
    const response = this.#response;
    response.socket?.setTimeout(this.#idle);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        response.off('drain', drained).off('close', closed);
        response.socket?.setTimeout(0);
      };
      const drained = (): void => {
        settle();
        resolve();
      };
      const closed = (): void => {
        settle();
        reject(new VisitorGoneError());
      };
      response.on('drain', drained).on('close', closed);
    });
  }
}

/** Answers in words; an answer that has begun is cut. */
export function reply(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy();
  response.statusCode = status;
  if (text !== '') response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(text);
}
