// The one HTTP server of the platform: sends each request to the API or the channel that it is for.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Gateway } from './gateway.ts';
import { destination } from './hosts.ts';

export interface EntranceOptions {
  /** Bindle's API, all paths below `/v1`. A peer that `awaitsContinue` sends no body before it is told to. */
  readonly bindle: (
    request: IncomingMessage,
    response: ServerResponse,
    options: { awaitsContinue: boolean },
  ) => unknown;
  /** Hippo's API, all other paths. */
  readonly hippo: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly gateway: Gateway;
}

export function createEntrance({ bindle, hippo, gateway }: EntranceOptions): Server {
  const enter = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void => {
    const to = destination(request);
    if (to.kind === 'refused') return refuse(response, to.status, to.reason);
    if (to.kind === 'api' && /^\/v1(?:[/?]|$)/.test(request.url ?? ''))
      return void bindle(request, response, { awaitsContinue });
    if (awaitsContinue) response.writeContinue();
    if (to.kind === 'api') hippo(request, response);
    else void gateway.handle(to.domain, request, response);
  };
  // A large parcel may take longer than Node gives a request; who only waits is looked after in the rooms.
  const server = createServer({ requestTimeout: 0 }, (request, response) => enter(request, response, false));
  return server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    enter(request, response, true),
  );
}

/**
 * Listens on 127.0.0.1, on `port` or, with `orNext`, on the next one that is free.
 * @returns the port
 * @throws PortError
 */
export async function listen(server: Server, port: number, orNext: boolean): Promise<number> {
  const last = orNext ? port + 100 : port;
  for (let candidate = port; candidate <= last; candidate++) {
    const bound = await tryListen(server, candidate);
    if (bound !== undefined) return bound;
  }
  throw new PortError(
    orNext
      ? `No port from ${port} to ${last} is free: give one with --port.`
      : `Port ${port} is taken: stop what listens there, or give another one with --port.`,
  );
}

export class PortError extends Error {
  readonly code = 'NO_PORT';
  constructor(message: string) {
    super(message);
    this.name = 'PortError';
  }
}

/** Answers what is under way, then ends; connections that are still open after `patience` ms are cut. */
export async function close(server: Server, patience: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), patience);
  await closed;
  clearTimeout(timer);
}

/** Undefined if the port is taken. */
function tryListen(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else if (error.code === 'EACCES')
        reject(new PortError(`Port ${port} needs rights that this user lacks.`));
      else reject(error);
    };
    server.once('error', onError);
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('connection', 'close');
  response.end(`${reason}\n`);
}
