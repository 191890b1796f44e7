// Ports of servers, which stay the same for as long as credentials name them.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what systems give to outgoing connections (Linux from 32768, others from 49152). */
const FIRST = 20_000;
const LAST = 32_767;
const TRIES = 200;

/** A port on 127.0.0.1 that nobody listens on. @throws Error if none was found */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
  throw new Error('This machine has no free port for a server.');
}

/** Nobody listens on this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
