// The platform's port is the same at each start: apps and clients have its address in their bookmarks.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { listen, PortError } from './entrance.ts';

/**
 * Listens on 127.0.0.1 on the port that stands in `file` or, if there is none or it is taken, on the next free
 * one from `first` on, and keeps that in the file.
 * @returns the port
 * @throws PortError
 */
export async function listenOnKeptPort(server: Server, file: string, first: number): Promise<number> {
  const kept = readPort(file);
  if (kept !== undefined) {
    try {
      return await listen(server, kept, false);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
    }
  }
  const port = await listen(server, first, true);
  keepPort(file, port);
  return port;
}

/** The next start without a wish takes this one. */
export function keepPort(file: string, port: number): void {
  writeFileSync(file, `${port}\n`, { mode: 0o600 });
}

/** Undefined also for anything that is no port: this file is a convenience. */
function readPort(file: string): number | undefined {
  try {
    const port = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(port) && port > 0 && port <= 65535 ? port : undefined;
  } catch {
    return undefined;
  }
}
