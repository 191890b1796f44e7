// A Bindle server on a port of its own and a way to send it anything, for the tests of this folder.

import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { Agent, createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { decode, encodeInvoice } from '../../../../src/bindle/codec.ts';
import { formatId } from '../../../../src/bindle/id.ts';
import type { Invoice } from '../../../../src/bindle/invoice.ts';
import {
  createBindleServer,
  type BindleServer,
  type BindleServerOptions,
} from '../../../../src/platform/bindle/server.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** The body as what its Content-Type says. */
  value: Record<string, unknown>;
}

export interface CallOptions {
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface TestServer {
  bindle: BindleServer;
  directory: string;
  port: number;
  /** Failures that the server has reported as its own. */
  errors: unknown[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** POST of an invoice as TOML. */
  create(invoice: Invoice): Promise<Answer>;
  /** POST of a parcel's content under an invoice. */
  upload(invoice: Invoice, sha256: string, body: Buffer | string): Promise<Answer>;
  /** A bare connection. */
  connect(): Promise<Socket>;
  /** How many connections the server has open. */
  connections(): Promise<number>;
  /** The names of all files that the store keeps for parcels, finished or not. */
  parcelFiles(): string[];
  close(): Promise<void>;
}

/** Call it at the top of a test file: starts servers whose directories are removed at the end. */
export function serverFactory(): (options?: Partial<BindleServerOptions>) => Promise<TestServer> {
  const root = temporaryFolder();
  return (options = {}) => startServer({ directory: mkdtempSync(join(root, 'server-')), ...options });
}

export async function startServer(options: BindleServerOptions): Promise<TestServer> {
  const errors: unknown[] = [];
  const bindle = await createBindleServer({ report: (error) => errors.push(error), ...options });
  const http = createServer({ requestTimeout: 0 });
  http.on('request', (request, response) => void bindle.handle(request, response));
  http.on('checkContinue', (request, response) => {
    void bindle.handle(request, response, { awaitsContinue: true });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const call = async (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const { headers = {}, body } = options;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request({
      port,
      host: '127.0.0.1',
      method,
      path,
      agent,
      headers: { ...length, ...headers },
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream & Received];
    return answer(response.statusCode, response.headers, await buffer(response));
  };
  return {
    bindle,
    directory: options.directory,
    port,
    errors,
    call,
    create: (invoice) =>
      call('POST', '/v1/_i', {
        headers: { 'content-type': 'application/toml' },
        body: encodeInvoice(invoice, 'toml'),
      }),
    upload: (invoice, sha256, body) => call('POST', `/v1/_i/${formatId(invoice.bindle)}@${sha256}`, { body }),
    connect: async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    connections: () => new Promise((resolve) => http.getConnections((_, count) => resolve(count))),
    parcelFiles: () => filesIn(join(options.directory, 'parcels')),
    close: async () => {
      agent.destroy();
      await closeHttp(http);
      await bindle.close();
    },
  };
}

interface Received {
  statusCode: number;
  headers: IncomingHttpHeaders;
}

function answer(status: number, headers: IncomingHttpHeaders, body: Buffer): Answer {
  const text = body.toString();
  const type = headers['content-type'];
  return {
    status,
    headers,
    body,
    text,
    get value() {
      if (type !== 'application/toml' && type !== 'application/json') throw new Error(`${type}: ${text}`);
      return decode(text, type === 'application/json' ? 'json' : 'toml') as Record<string, unknown>;
    },
  };
}

async function closeHttp(http: Server): Promise<void> {
  http.close();
  http.closeAllConnections();
  await once(http, 'close');
}

export function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

/** All that a connection gives until the server ends it. */
export async function everything(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}

/** What a connection gives until `pattern` is in it. */
export async function until(socket: Socket, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (pattern.test(text)) return text;
  }
  throw new Error(`The connection ended after ${JSON.stringify(text)}`);
}
