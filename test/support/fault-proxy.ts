// A server in front of others that stops one request: before the other has seen it, or before its answer is told.

import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Where = 'before' | 'after';

/** A request that waits. */
export interface Stopped {
  /** Method and path. */
  what: string;
  /** Sends the request on, or the answer. */
  pass: () => void;
  /** Breaks the connection off: the request is never sent on, or the answer is lost. */
  drop: () => void;
}

export interface FaultProxy {
  url: string;
  /** Method and path of each request since `stopAt` or `rest`. */
  log: () => readonly string[];
  /**
   * Lets all requests pass but the n-th from now on, counted from 0.
   * @returns that request, once it waits
   */
  stopAt: (n: number, where: Where) => Promise<Stopped>;
  /** Lets all requests pass. */
  rest: () => void;
  close: () => Promise<void>;
}

/** @param targetOf the address of the server on this machine to which a path belongs */
export async function startFaultProxy(targetOf: (path: string) => string): Promise<FaultProxy> {
  let log: string[] = [];
  let stop: { n: number; where: Where; told: (stopped: Stopped) => void } | undefined;

  const server = createServer((incoming, response) => {
    const what = `${incoming.method} ${incoming.url}`;
    const here = stop?.n === log.push(what) - 1 ? stop : undefined;
    const drop = (): void => void response.destroy();
    const { port } = new URL(targetOf(incoming.url ?? '/'));
    if (here?.where === 'before') here.told({ what, drop, pass: () => forward(port, incoming, response) });
    else forward(port, incoming, response, here && ((pass) => here.told({ what, drop, pass })));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log: () => log,
    stopAt: (n, where) => {
      log = [];
      return new Promise((told) => (stop = { n, where, told }));
    },
    rest: () => {
      log = [];
      stop = undefined;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** @param hold gets the answer's way on; without it the answer goes on by itself */
function forward(
  port: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  hold?: (pass: () => void) => void,
): void {
  const { method, url, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    void answer.toArray().then((chunks: Buffer[]) => {
      const pass = (): void => {
        response.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(chunks));
      };
      if (hold) hold(pass);
      else pass();
    });
  });
  onward.on('error', () => response.destroy());
  incoming.pipe(onward);
}
