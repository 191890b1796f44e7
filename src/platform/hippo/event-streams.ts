// What goes on as long as somebody listens: server-sent events (WHATWG HTML §9.2). A stream of `/api/events` is a place in the log: a peer that reads slowly
// costs no memory, and one that comes back with Last-Event-ID misses nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { AccountCaller } from './caller.ts';
import type { EventLog } from './event-log.ts';

/** Tells both sides that the other is there. */
const HEARTBEAT = 15_000;
/** What a client waits before it comes back. */
const RETRY = 1000;

export interface StreamOptions {
  /** Who is listening, asked again at each heartbeat; undefined ends the stream. */
  readonly identify: () => Promise<AccountCaller | undefined>;
}

export class EventStreams {
  readonly #log: EventLog;
  readonly #open = new Set<ServerResponse>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** How many are held now. */
  get count(): number {
    return this.#open.size;
  }

  /** Answers the request with a stream; returns at once. */
  open(
    request: IncomingMessage,
    response: ServerResponse,
    caller: AccountCaller,
    { identify }: StreamOptions,
  ): void {
    const log = this.#log;
    let who = caller;
    let position = startOf(request, log);
    let blocked = false;
    begin(response);
    response.write(`retry: ${RETRY}\n\n`);
    if (position === undefined) {
      position = log.last();
      const json = JSON.stringify({ type: 'reset', at: new Date().toISOString() });
      response.write(frame(position, 'reset', json));
    }
    let next = position;
    const send = (): void => {
      try {
        while (!blocked && !response.destroyed) {
          const { events, upTo } = log.read(who, next);
          for (const { id, json } of events) {
            const { type } = JSON.parse(json) as { type: string };
            blocked = !response.write(frame(id, type, json)) || blocked;
          }
          if (upTo === next) return;
          next = upTo;
        }
      } catch {
        // Nothing can be read now: whoever comes back goes on from where they were.
        response.destroy();
      }
    };
    const heartbeat = setInterval(() => {
      identify().then(
        (found) => {
          if (found === undefined) return response.end();
          who = found;
          if (!blocked) response.write(': here\n\n');
          return undefined;
        },
        () => response.end(),
      );
    }, HEARTBEAT);
    const unlisten = log.listen(send);
    this.#open.add(response);
    response.on('drain', () => {
      blocked = false;
      send();
    });
    response.once('close', () => {
      clearInterval(heartbeat);
      unlisten();
      this.#open.delete(response);
    });
    send();
  }

  /**
   * Answers with lines as they come, each of them one event; a peer that reads slowly makes the lines wait.
   * @throws what asking for the lines throws
   */
  follow(response: ServerResponse, lines: (signal: AbortSignal) => AsyncIterable<string>): void {
    const controller = new AbortController();
    const source = lines(controller.signal);
    begin(response);
    response.flushHeaders();
    this.#open.add(response);
    const heartbeat = setInterval(() => {
      if (!response.writableNeedDrain) response.write(': here\n\n');
    }, HEARTBEAT);
    response.once('close', () => {
      controller.abort();
      clearInterval(heartbeat);
      this.#open.delete(response);
    });
    const text = async function* (): AsyncGenerator<string> {
      for await (const line of source) yield `data: ${JSON.stringify(line)}\n\n`;
    };
    // However it ends, the peer sees the end of the stream.
    pipeline(text, response).catch(() => response.destroy());
  }

  /** Ends them all; clients come back to whoever answers then. */
  close(): void {
    for (const response of this.#open) response.end();
  }
}

function begin(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
}

/** Where to begin; undefined if what was missed is not kept any more. */
function startOf(request: IncomingMessage, log: EventLog): number | undefined {
  const given = request.headers['last-event-id'];
  if (given === undefined) return log.last();
  const id = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : -1;
  return log.reaches(id) ? id : undefined;
}

function frame(id: number, type: string, json: string): string {
  return `id: ${id}\nevent: ${type}\ndata: ${json}\n\n`;
}
