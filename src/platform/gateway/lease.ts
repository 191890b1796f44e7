// How long a local Hippo that somebody started in passing goes on: until some time after its last client.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';

export interface Lease {
  /** Resolves when nothing was asked for the time of the lease; never for one that is kept. */
  readonly ended: Promise<void>;
  /** Seconds, or null for one that is kept. */
  readonly seconds: number | null;
  /** Requests under way: a held event stream is one. */
  readonly openRequests: number;
  /** Something is being pushed, or was just now: between two parcels there may be a pause. */
  readonly publishing: boolean;
  /** From now on it has no end. */
  keep(): void;
  stop(): void;
}

/** Milliseconds after its last request at which a push is over. */
const PUSH_PAUSE = 5000;

/** Watches a server's requests. @param seconds null for no end */
export function holdLease(server: Server, seconds: number | null): Lease {
  let open = 0;
  let pushing = 0;
  let lastPush = -Infinity;
  let length = seconds;
  let timer: NodeJS.Timeout | undefined;
  let end: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const wait = (): void => {
    clearTimeout(timer);
    // What keeps the process is its server; a timer that outlives it must not.
    if (length !== null && open === 0) timer = setTimeout(() => end(), length * 1000).unref();
  };
  const watch = (request: IncomingMessage, response: ServerResponse): void => {
    const push =
      request.method !== 'GET' &&
      request.method !== 'HEAD' &&
      /^\/(v1|api\/bindles)\b/.test(request.url ?? '');
    open++;
    if (push) pushing++;
    clearTimeout(timer);
    response.once('close', () => {
      open--;
      if (push) {
        pushing--;
        lastPush = performance.now();
      }
      wait();
    });
  };
  server.on('request', watch).on('checkContinue', watch);
  wait();
  return {
    ended,
    get seconds() {
      return length;
    },
    get openRequests() {
      return open;
    },
    get publishing() {
      return pushing > 0 || performance.now() - lastPush < PUSH_PAUSE;
    },
    keep() {
      length = null;
      clearTimeout(timer);
    },
    stop() {
      server.off('request', watch).off('checkContinue', watch);
      length = null;
      clearTimeout(timer);
    },
  };
}
