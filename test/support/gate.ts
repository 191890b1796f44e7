// A server in front of another that lets requests wait: for tests of what happens while something is under way.

import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Gate {
  url: string;
  /** Requests for which this is true wait from now on. */
  hold: (which: (request: IncomingMessage) => boolean) => void;
  /** How many requests wait. */
  waiting: () => number;
  /** Lets all of them pass, and those that come. */
  open: () => void;
  /** Method and path of each request, in order. */
  log: string[];
  close: () => Promise<void>;
}

/**
 * @param target the origin of a server on this machine
 * @param at the port to listen on; a free one if 0
 */
export async function startGate(target: string, at = 0): Promise<Gate> {
  const { port } = new URL(target);
  const log: string[] = [];
  const pass = new Set<() => void>();
  let held: (request: IncomingMessage) => boolean = () => false;
  const server = createServer((incoming, response) => {
    log.push(`${incoming.method} ${incoming.url}`);
    const forward = (): void => {
      const { method, url, headers } = incoming;
      const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      incoming.pipe(onward);
    };
    if (!held(incoming)) return forward();
    const enter = (): void => {
      pass.delete(enter);
      forward();
    };
    pass.add(enter);
    response.on('close', () => pass.delete(enter));
  });
  await new Promise<void>((ready) => server.listen(at, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (which) => (held = which),
    waiting: () => pass.size,
    open: () => {
      held = () => false;
      for (const enter of [...pass]) enter();
    },
    log,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
