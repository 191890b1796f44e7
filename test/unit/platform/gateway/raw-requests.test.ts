// What can be written to a socket and is no ordinary request: smuggling, odd targets, odd hosts, upgrades.

import type { Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { close, createEntrance, listen } from '../../../../src/platform/gateway/entrance.ts';
import { createGateway, type GatewayChannel } from '../../../../src/platform/gateway/gateway.ts';

let entrance: Server;
let port: number;
/** What reached a room, in order. */
const seen: string[] = [];

beforeAll(async () => {
  const channel: GatewayChannel = {
    id: 'one',
    name: 'production',
    appName: 'demo',
    bindle: { name: 'demo', version: '1.0.0' },
    environment: {},
  };
  const bodyOf = async (request: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  entrance = createEntrance({
    bindle: (_, response) => response.end('bindle'),
    hippo: (request, response) => {
      seen.push(`hippo ${request.method} ${request.url}`);
      response.end('hippo');
    },
    gateway: createGateway({
      channelAt: (domain) => (domain === 'demo.localhost' ? channel : undefined),
      channelById: () => undefined,
      accessLog: { watch: () => {} },
      report: () => {},
      runtime: {
        handle: async (_, __, request, response) => {
          const body = await bodyOf(request as AsyncIterable<Buffer>);
          seen.push(`${request.method} ${request.url} ${request.headers.host} ${JSON.stringify(body)}`);
          response.end(JSON.stringify(request.headers));
        },
      },
    }),
    channelOf: () => undefined,
  });
  port = await listen(entrance, 0, false);
});
afterAll(() => close(entrance, 0));

/** Writes bytes, and gives what came back when the server closes the connection or says no more for a while. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket
      .setEncoding('latin1')
      .on('data', (data: string) => (answer += data))
      .on('error', reject)
      .on('close', () => resolve(answer));
    socket.end(Buffer.from(text, 'latin1'));
  });
}

async function statusesOf(text: string): Promise<number[]> {
  seen.length = 0;
  const answer = await raw(text);
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const HOST = 'Host: demo.localhost\r\n';

describe('a request whose end is not clear', () => {
  test.each([
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n${HOST}\r\n`,
    ],
    [
      'chunks and a length',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n${HOST}\r\n`,
    ],
    ['two lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['the same length twice', `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`],
    ['a list of lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 1, 1\r\n\r\na`],
    ['a signed length', `POST / HTTP/1.1\r\n${HOST}Content-Length: +1\r\n\r\na`],
    ['a length in hexadecimal', `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x1\r\n\r\na`],
    ['a coding that hides', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    [
      'codings beyond chunked',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    ['a space before the colon', `POST / HTTP/1.1\r\n${HOST}Content-Length : 1\r\n\r\na`],
    ['a folded header', `GET / HTTP/1.1\r\n${HOST}X-A: a\r\n b\r\n\r\n`],
    ['a folded coding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
    ['lines that end in a line feed alone', `GET / HTTP/1.1\n${HOST}\n`],
    ['a header that ends in a line feed alone', `GET / HTTP/1.1\r\nHost: demo.localhost\nX: y\r\n\r\n`],
    ['a carriage return in a header', `GET / HTTP/1.1\r\n${HOST}X-A: a\rX-B: b\r\n\r\n`],
    ['a NUL in a header', `GET / HTTP/1.1\r\n${HOST}X-A: a\0b\r\n\r\n`],
    ['a chunk size that is none', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`],
    [
      'a chunk longer than its size',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n`,
    ],
    ['no host', `GET / HTTP/1.1\r\n\r\n`],
    ['two hosts', `GET / HTTP/1.1\r\n${HOST}Host: localhost\r\n\r\n`],
    ['two hosts, the API first', `GET / HTTP/1.1\r\nHost: localhost\r\n${HOST}\r\n`],
  ])('by %s is refused', async (_, text) => {
    expect(await statusesOf(text)).toEqual([400]);
    expect(seen.filter((line) => line.includes('smuggled') || line.startsWith('hippo'))).toEqual([]);
  });

  test('is none: two requests on one connection', async () => {
    const text = `POST /a HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
    expect(await statusesOf(text)).toEqual([200, 200]);
    expect(seen.toSorted()).toEqual(['GET /b demo.localhost ""', 'POST /a demo.localhost "abc"']);
  });

  test('is none: trailers, which are no headers', async () => {
    const text = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTrailer: X-T\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nX-T: late\r\nHost: localhost\r\n\r\n`;
    expect(await statusesOf(text)).toEqual([200]);
    expect(seen).toEqual(['POST / demo.localhost "a"']);
  });
});

describe('a target', () => {
  const get = (target: string, host = HOST): string =>
    `GET ${target} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;

  test.each([
    ['http://demo.localhost/a?b', '/a?b demo.localhost'],
    ['http://demo.localhost:99/a', '/a demo.localhost:99'],
    ['HTTP://demo.localhost', '/ demo.localhost'],
    ['http://demo.localhost?x', '/?x demo.localhost'],
  ])('%s is a path at its host, whatever Host says', async (target, expected) => {
    expect(await statusesOf(get(target, 'Host: localhost\r\n'))).toEqual([200]);
    expect(seen).toEqual([`GET ${expected} ""`]);
  });

  test('of the API in absolute form is the API', async () => {
    expect(await statusesOf(get('http://localhost/api/apps'))).toEqual([200]);
    expect(seen).toEqual(['hippo GET /api/apps']);
    expect(
      await statusesOf(
        `GET http://localhost/ HTTP/1.1\r\n${HOST}Origin: http://demo.localhost\r\nConnection: close\r\n\r\n`,
      ),
    ).toEqual([403]);
  });

  test.each([
    ['https://demo.localhost/', 421],
    ['http://user@demo.localhost/', 400],
    ['http://a b/', 400],
    ['http:///x', 400],
    ['ftp://demo.localhost/', 421],
    ['*', 400],
    ['demo.localhost:80', 400],
    ['/a#b', 400],
    ['/a%00b', 400],
    ['/a\x01', 400],
    ['/\xff', 400],
    ['a', 400],
  ])('%j is refused', async (target, status) => {
    expect(await statusesOf(get(target))).toEqual([status]);
    expect(seen).toEqual([]);
  });

  test.each(['/a%2Fb', '/a/../b', '/..%2f..%2fetc/passwd', '/a//b', '//demo.localhost/x', '/a\\b', '/%'])(
    '%s stays as it is',
    async (target) => {
      expect(await statusesOf(get(target))).toEqual([200]);
      expect(seen).toEqual([`GET ${target} demo.localhost ""`]);
    },
  );

  test('that is too long, or headers that are, get 431', async () => {
    expect(await statusesOf(get(`/${'x'.repeat(20_000)}`))).toEqual([431]);
    expect(await statusesOf(`GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(20_000)}\r\n\r\n`)).toEqual([431]);
    expect(await statusesOf(`GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(10_000)}\r\n`)).toEqual([431]);
  });

  test('with many small headers keeps all of them', async () => {
    const names = [...Array(1500).keys()].map((index) => `a${index}:\r\n`).join('');
    const answer = await raw(`GET / HTTP/1.1\r\n${HOST}${names}Last: here\r\nConnection: close\r\n\r\n`);
    expect(answer).toContain('"last":"here"');
  });
});

describe('a host', () => {
  const get = (host: string): string => `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  test.each([
    ['DEMO.LocalHost', 200],
    ['demo.localhost:1', 200],
    ['demo.localhost.', 200],
    ['demo.localhost.:80', 200],
    ['rebound.example', 404],
    ['demo.localhost.evil.example', 404],
    ['[::1%25eth0]', 400],
    ['demo.localhost/x', 400],
    ['demo.localhost:x', 400],
    ['a,b', 400],
    ['', 400],
  ])('%j gets %d', async (host, status) => {
    expect(await statusesOf(get(host))).toEqual([status]);
    expect(seen.filter((line) => line.startsWith('hippo'))).toEqual([]);
  });
});

describe('another protocol', () => {
  const upgrade = (to: string): string =>
    `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade, close\r\nUpgrade: ${to}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;

  test('WebSocket is refused in words, and the connection ends', async () => {
    const answer = await raw(`${upgrade('websocket')}GET /next HTTP/1.1\r\n${HOST}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 501 [^]*connection: close\r\n[^]*WebSocket/i);
    expect(seen).not.toContain('GET /next demo.localhost ""');
    expect(await statusesOf(upgrade('h2c, WebSocket'))).toEqual([501]);
    expect(await statusesOf(upgrade('websocket').replace('demo.localhost', 'localhost'))).toEqual([501]);
  });

  test('any other offer is not taken', async () => {
    expect(await statusesOf(upgrade('h2c'))).toEqual([200]);
  });

  test('a tunnel is refused', async () => {
    const answer = await raw(`CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 405 [^]*no proxy/);
  });
});
