// The port that apps know: it starts the server for those who come.

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { RedisServer } from './server.ts';

const HOST = '127.0.0.1';
const FULL = '-ERR max number of clients reached\r\n';

export interface FrontOptions {
  port: number;
  server: RedisServer;
  maxConnections: () => number;
  log: (text: string) => void;
}

export class Front {
  readonly #options: FrontOptions;
  readonly #sockets = new Set<Socket>();
  readonly #listener: Server;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#welcome(socket));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** @throws Error if the port is taken */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject).listen(this.#options.port, HOST, () => {
        this.#listener.off('error', reject);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #welcome(socket: Socket): void {
    const { server, maxConnections, log } = this.#options;
    socket.on('error', () => undefined);
    if (this.#sockets.size >= maxConnections()) {
      socket.end(FULL, () => socket.destroy());
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      server.use();
    });
    server.ready().then(
      () => this.#join(socket),
      (error: unknown) => {
        log(error instanceof Error ? error.message : String(error));
        socket.destroy();
      },
    );
  }

  #join(socket: Socket): void {
    if (socket.destroyed) return;
    const inner = connect({ host: HOST, port: this.#options.server.port, noDelay: true });
    inner.on('error', () => socket.destroy()).once('close', () => socket.destroy());
    socket.once('close', () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  }
}
