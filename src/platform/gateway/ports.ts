// A loopback port of its own for each channel, the same at each start: on it every Host and Origin reaches the app,
// since resolvers need not know `*.localhost` and remote editors forward only ports of localhost (design.md,
// decision 6).

import { createServer, type Server, type Socket } from 'node:net';
import type { Database, Migration } from '../store/database.ts';

export const PORT_MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE channel_port (
    channel_id TEXT PRIMARY KEY,
    port INTEGER NOT NULL UNIQUE
  ) STRICT;
  `,
];

/** Above the ports that the APIs look for, below those that systems give to outgoing connections. */
const FIRST_PORT = 5500;
const LAST_PORT = 32_000;

export interface ChannelPortsOptions {
  /** With `PORT_MIGRATIONS`. */
  readonly database: Database;
  /** Gets each connection to a channel's port; `channelOf` knows it. */
  readonly connected: (socket: Socket) => void;
  /** Told of what goes wrong with a listener. */
  readonly report: (error: unknown) => void;
}

interface ChannelPort {
  port: number;
  server: Server | undefined;
  /** Resolves when it is listened on. */
  ready: Promise<void>;
  removed: boolean;
}

export class ChannelPorts {
  readonly #options: ChannelPortsOptions;
  readonly #ports = new Map<string, ChannelPort>();
  /** What the database holds: it has no other user. */
  readonly #kept = new Map<string, number>();
  readonly #taken = new Set<number>();
  readonly #connections = new WeakMap<Socket, string>();
  /** Platforms beside each other should not all begin with the same one. */
  #next = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
  #closed = false;

  constructor(options: ChannelPortsOptions) {
    this.#options = options;
    // What a loss of power takes is only a number: the channel gets another one.
    options.database.execute('PRAGMA synchronous = NORMAL');
    for (const row of options.database.all('SELECT channel_id, port FROM channel_port')) {
      const { channel_id: id, port } = row as { channel_id: string; port: number };
      this.#kept.set(id, port);
      this.#taken.add(port);
    }
  }

  /**
   * The port of a channel: that of the last time or, for a new channel, a free one, kept from now on. It is
   * listened on from the first call on, a moment later; should it be taken by then, the channel gets another one.
   */
  portOf(channelId: string): number {
    return this.#portOf(channelId).port;
  }

  /** The same, when it is listened on. */
  async open(channelId: string): Promise<number> {
    const port = this.#portOf(channelId);
    await port.ready;
    return port.port;
  }

  /** Opens the ports of these channels, and forgets those of all others. */
  async openAll(channelIds: readonly string[]): Promise<void> {
    const known = new Set(channelIds);
    for (const id of [...this.#kept.keys()]) if (!known.has(id)) this.#forget(id);
    // One after the other: many are opened while visitors are waiting already.
    for (const id of channelIds) if (!this.#closed) await this.open(id);
  }

  /**
   * The channel on whose port a connection came, even if the channel is gone by now: such a connection must
   * never be taken for one to the APIs. Undefined for any other.
   */
  channelOf(socket: Socket): string | undefined {
    return this.#connections.get(socket);
  }

  /** Frees the port of a channel that is gone. Requests that came by it may end. */
  remove(channelId: string): void {
    this.#forget(channelId);
    const port = this.#ports.get(channelId);
    this.#ports.delete(channelId);
    if (port !== undefined) this.#stop(port);
  }

  close(): void {
    this.#closed = true;
    for (const port of this.#ports.values()) this.#stop(port);
  }

  #portOf(channelId: string): ChannelPort {
    const known = this.#ports.get(channelId);
    if (known !== undefined) return known;
    const number = this.#kept.get(channelId) ?? this.#keepNext(channelId);
    const port: ChannelPort = { port: number, server: undefined, ready: Promise.resolve(), removed: false };
    this.#ports.set(channelId, port);
    if (!this.#closed) port.ready = this.#listen(channelId, port).catch(this.#options.report);
    return port;
  }

  async #listen(channelId: string, port: ChannelPort): Promise<void> {
    for (let tries = LAST_PORT - FIRST_PORT; tries > 0; tries--) {
      const server = await tryListen(port.port, (socket) => {
        this.#connections.set(socket, channelId);
        this.#options.connected(socket);
      });
      if (port.removed) return void server?.close();
      if (server !== undefined) {
        server.on('error', this.#options.report);
        port.server = server;
        return;
      }
      port.port = this.#keepNext(channelId);
    }
    throw new Error(
      `No port from ${FIRST_PORT} to ${LAST_PORT} is free for a channel: stop what listens there.`,
    );
  }

  /** Gives the channel another port: none of another channel, even of one that does not listen yet. */
  #keepNext(channelId: string): number {
    do this.#next = this.#next < LAST_PORT ? this.#next + 1 : FIRST_PORT;
    while (this.#taken.has(this.#next));
    const port = this.#next;
    this.#options.database.run(
      'INSERT INTO channel_port VALUES (?, ?) ON CONFLICT (channel_id) DO UPDATE SET port = excluded.port',
      channelId,
      port,
    );
    this.#taken.delete(this.#kept.get(channelId) ?? 0);
    this.#taken.add(port);
    this.#kept.set(channelId, port);
    return port;
  }

  #stop(port: ChannelPort): void {
    port.removed = true;
    port.server?.close();
  }

  #forget(channelId: string): void {
    this.#options.database.run('DELETE FROM channel_port WHERE channel_id = ?', channelId);
    this.#taken.delete(this.#kept.get(channelId) ?? 0);
    this.#kept.delete(channelId);
  }
}

/** Undefined if the port cannot be had. */
function tryListen(port: number, connected: (socket: Socket) => void): Promise<Server | undefined> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, connected);
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}
