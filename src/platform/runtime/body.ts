// The body of a request: read ahead a little before anything else waits for it, then piece by piece, with a
// deadline for a visitor who stops sending.

import type { IncomingMessage } from 'node:http';

export interface BodyLimits {
  /** Bytes. */
  readonly body: number;
  /** Milliseconds in which a visitor has to send something more. */
  readonly idle: number;
}

/** The visitor's request cannot be taken; `status` says how. */
export class BodyError extends Error {
  readonly code: 'BODY_TOO_LARGE' | 'BODY_STALLED';
  readonly status: 408 | 413;
  constructor(status: BodyError['status'], message: string) {
    super(message);
    this.name = 'BodyError';
    this.status = status;
    this.code = status === 413 ? 'BODY_TOO_LARGE' : 'BODY_STALLED';
  }
}

/** The visitor has gone before the end of the body. */
export class VisitorGoneError extends Error {
  readonly code = 'VISITOR_GONE';
  constructor() {
    super('The visitor closed the connection.');
    this.name = 'VisitorGoneError';
  }
}

/** Bytes that are read before a guest is started: a slow visitor with a short body keeps no thread waiting. */
const AHEAD = 256 * 1024;

export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #limits: BodyLimits;
  readonly #iterator: AsyncIterator<Buffer>;
  readonly #declared: number | undefined;
  #ahead: Buffer[] = [];
  #received = 0;
  #ended = false;
  #closed = Promise.withResolvers<undefined>();

  constructor(request: IncomingMessage, limits: BodyLimits) {
    this.#limits = limits;
    this.#iterator = (request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)[
      Symbol.asyncIterator
    ]();
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
    this.#declared = coding === undefined ? Number(length ?? 0) : undefined;
    this.#ended = this.#declared === 0;
  }

  /** Bytes of all of it; undefined as long as that is not known. */
  get length(): number | undefined {
    return this.#declared ?? (this.#ended ? this.#received : undefined);
  }

  /** True if there is nothing to read, known before or after it was read ahead. */
  get empty(): boolean {
    return this.length === 0;
  }

  /** Reads what comes first: all of a short body. @throws BodyError, VisitorGoneError */
  async readAhead(): Promise<void> {
    this.#check(this.#declared ?? 0);
    while (!this.#ended && this.#received < AHEAD) {
      const chunk = await this.#next();
      if (chunk !== undefined) this.#ahead.push(chunk);
    }
  }

  /** What was read ahead, then the rest. @throws BodyError, VisitorGoneError */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let chunk = this.#ahead.shift(); chunk !== undefined; chunk = this.#ahead.shift()) yield chunk;
    while (!this.#ended) {
      const chunk = await this.#next();
      if (chunk !== undefined) yield chunk;
    }
  }

  /** Nobody reads it any more; whoever is waiting for it gets its end. */
  close(): void {
    this.#ended = true;
    this.#ahead = [];
    this.#closed.resolve(undefined);
  }

  async #next(): Promise<Buffer | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const seconds = this.#limits.idle / 1000;
        reject(new BodyError(408, `No more of the request's body came for ${seconds} seconds.`));
      }, this.#limits.idle);
    });
    try {
      const read = this.#iterator.next();
      // It fails after a stall too, when nobody listens.
      read.catch(() => {});
      const result = await Promise.race([read, stalled, this.#closed.promise]);
      if (result === undefined || result.done === true) {
        this.#ended = true;
        return undefined;
      }
      this.#received += result.value.length;
      this.#check(this.#received);
      return result.value;
    } catch (error) {
      throw error instanceof BodyError ? error : new VisitorGoneError();
    } finally {
      clearTimeout(timer);
    }
  }

  #check(bytes: number): void {
    if (bytes > this.#limits.body)
      throw new BodyError(413, `A request's body may have up to ${this.#limits.body} bytes.`);
  }
}

/**
 * Lets a connection end well when the answer is there before the whole body is: what still comes is read and
 * dropped, for `patience` milliseconds, since a visitor who is cut off while sending may never see the answer.
 */
export function dropRest(request: IncomingMessage, patience: number): void {
  if (request.complete || request.destroyed) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, patience);
  request.once('close', () => clearTimeout(timer));
  request.on('error', () => {}).on('end', () => clearTimeout(timer));
  request.resume();
}
