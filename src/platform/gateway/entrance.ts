// The one HTTP server of the platform: sends each request to the API or the channel that it is for.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Gateway } from './gateway.ts';
import { destination, normalize } from './hosts.ts';

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
  /** The channel on whose own port a connection came; undefined for any other connection. */
  readonly channelOf: (socket: Socket) => string | undefined;
}

/** Bytes of a request's line and headers; more is answered 431. */
const HEADERS_LIMIT = 16 * 1024;
/** Milliseconds in which they have to be there. */
const HEADERS_TIME = 30_000;

/** Connections may be given to it that came by other ports: `emit('connection', socket)`. */
export function createEntrance({ bindle, hippo, gateway, channelOf }: EntranceOptions): Server {
  const enter = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void => {
    const refused = normalize(request) ?? refuseUpgrade(request);
    if (refused !== undefined) return refuse(response, refused.status, refused.reason);
    const channelId = channelOf(request.socket);
    if (channelId !== undefined) {
      if (awaitsContinue) response.writeContinue();
      return void gateway.handle({ channelId }, request, response);
    }
    const to = destination(request);
    if (to.kind === 'refused') return refuse(response, to.status, to.reason);
    if (to.kind === 'api' && /^\/v1(?:[/?]|$)/.test(request.url ?? ''))
      return void bindle(request, response, { awaitsContinue });
    if (awaitsContinue) response.writeContinue();
    if (to.kind === 'api') hippo(request, response);
    else void gateway.handle({ domain: to.domain }, request, response);
  };
  const server = createServer(
    {
      // Whatever flags or variables Node was started with.
      insecureHTTPParser: false,
      maxHeaderSize: HEADERS_LIMIT,
      headersTimeout: HEADERS_TIME,
      connectionsCheckingInterval: HEADERS_TIME / 6,
      // A large parcel may take longer than Node gives a request; who only waits is looked after in the rooms.
      requestTimeout: 0,
    },
    (request, response) => enter(request, response, false),
  );
  // Bounded by their bytes: Node would drop those beyond a number without a word.
  server.maxHeadersCount = 0;
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    const sentence = 'This server is no proxy.\n';
    socket.on('error', () => {});
    socket.end(
      'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\nConnection: close\r\n' +
        `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${sentence.length}\r\n\r\n${sentence}`,
    );
  });
  return server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    enter(request, response, true),
  );
}

/** Offers of other protocols may be ignored (RFC 9110 §7.8); a WebSocket client could do nothing with an answer. */
function refuseUpgrade({ headers }: IncomingMessage): { status: number; reason: string } | undefined {
  return /(?:^|[\s,])websocket(?:$|[\s,/])/i.test(headers.upgrade ?? '')
    ? {
        status: 501,
        reason: 'WebSocket connections are not supported here: use requests, or an event stream.',
      }
    : undefined;
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
  // A connection whose request has ended just now would wait for the next one.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const timer = setTimeout(() => server.closeAllConnections(), patience);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}

/** Undefined if the port is taken. */
function tryListen(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else if (error.code === 'EACCES')
        reject(new PortError(`Port ${port} needs rights that this user lacks.`));
      else reject(error);
    };
    const onListening = (): void => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    };
    // Many ports may be tried: no listener of one attempt may stay for the next.
    server.once('error', onError).once('listening', onListening);
    server.listen({ port, host: '127.0.0.1' });
  });
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('connection', 'close');
  response.end(`${reason}\n`);
}
