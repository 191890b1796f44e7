// A Hippo of another kind: answers what it is told to, and remembers what it was asked.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubRequest {
  method: string;
  path: string;
  authorization: string | undefined;
  body: unknown;
}

export interface StubAnswer {
  status: number;
  body?: unknown;
}

export interface StubHippo {
  url: string;
  requests: StubRequest[];
  close(): void;
}

/** @param answer undefined for 404 */
export async function startStubHippo(
  answer: (request: StubRequest) => StubAnswer | undefined,
): Promise<StubHippo> {
  const requests: StubRequest[] = [];
  const server = createServer((request, response) => {
    void read(request).then((asked) => {
      requests.push(asked);
      const { status, body } = answer(asked) ?? { status: 404 };
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, close: () => void server.close() };
}

async function read(request: IncomingMessage): Promise<StubRequest> {
  const text = (await request.setEncoding('utf8').toArray()).join('');
  return {
    method: request.method ?? '',
    path: request.url?.split('?', 1)[0] ?? '',
    authorization: request.headers.authorization,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}
