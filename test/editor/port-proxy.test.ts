// The proxy through which windows on the web reach the ports of this machine.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startProxy } from '../../.dev/port-proxy.mjs';
import { ask } from '../support/platform.ts';

interface Seen {
  method: string | undefined;
  url: string | undefined;
  host: string | undefined;
  origin: string | undefined;
  cookie: string | undefined;
  body: string;
}

let vscode: Server;
let app: Server;
let proxy: Awaited<ReturnType<typeof startProxy>>;

beforeEach(async () => {
  vscode = await serve('vscode');
  app = await serve('app');
  proxy = await startProxy(portOf(vscode));
});
afterEach(async () => {
  await proxy.close();
  for (const server of [vscode, app]) server.close();
});

/** Answers with what it was asked, and echoes what comes after an upgrade. */
async function serve(name: string): Promise<Server> {
  const server = createServer((request, response) => {
    void seen(request).then((body) => {
      response.writeHead(request.url === '/missing' ? 404 : 200, {
        server: name,
        'set-cookie': ['a=1', 'b=2'],
      });
      response.end(JSON.stringify(body));
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n');
    socket.write(`${name} ${request.url} ${request.headers.host}\n`);
    socket.write(head);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function seen(request: IncomingMessage): Promise<Seen> {
  const { method, url, headers } = request;
  const body = (await request.setEncoding('utf8').toArray()).join('');
  return { method, url, host: headers.host, origin: headers.origin, cookie: headers.cookie, body };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

const ownPort = () => new URL(proxy.origin).port;
const appHost = () => `127.0.0.1:${portOf(app)}`;

test('everything else is VS Code, which is told the name that the browser uses', async () => {
  const { status, headers, text } = await ask(`${proxy.origin}/static/a.js?x=1`);
  expect({ status, server: headers['server'] }).toEqual({ status: 200, server: 'vscode' });
  expect(JSON.parse(text)).toMatchObject({ url: '/static/a.js?x=1', host: `127.0.0.1:${ownPort()}` });
});

test('the key to secrets is for VS Code alone', async () => {
  const secretKey = Buffer.alloc(32, 7);
  const keeping = await startProxy(portOf(vscode), { secretKey });
  const path = '/mint-key';
  expect(await ask(keeping.origin + path)).toMatchObject({ status: 200, text: secretKey.toString() });
  const host = `${portOf(app)}.localhost:${new URL(keeping.origin).port}`;
  expect((await ask(keeping.origin + path, { headers: { host } })).headers).toMatchObject({ server: 'app' });
  await keeping.close();
  expect((await ask(proxy.origin + path)).headers).toMatchObject({ server: 'vscode' });
});

describe('a port by its path', () => {
  test.each([
    ['', '/'],
    ['/', '/'],
    ['/a/b?c=%20d', '/a/b?c=%20d'],
    ['?q=1', '/?q=1'],
  ])('%s', async (path, url) => {
    const { headers, text } = await ask(`${proxy.origin}/proxy/${portOf(app)}${path}`, {
      method: 'POST',
      body: 'some text',
      headers: { origin: 'http://elsewhere.example' },
    });
    expect(headers).toMatchObject({ server: 'app', 'set-cookie': ['a=1', 'b=2'] });
    expect(JSON.parse(text)).toEqual({
      method: 'POST',
      url,
      host: appHost(),
      // It is for whoever listens there to refuse strangers.
      origin: 'http://elsewhere.example',
      body: 'some text',
    });
  });

  test('its status is passed on', async () => {
    expect(await ask(`${proxy.origin}/proxy/${portOf(app)}/missing`)).toMatchObject({ status: 404 });
  });

  test('it does not get the key to VS Code', async () => {
    const cookie = async (sent: string) => {
      const { text } = await ask(`${proxy.origin}/proxy/${portOf(app)}/`, { headers: { cookie: sent } });
      return (JSON.parse(text) as Seen).cookie;
    };
    expect(await cookie('a=1; vscode-tkn=secret; b=2')).toBe('a=1; b=2');
    expect(await cookie('vscode-tkn=secret')).toBeUndefined();
  });

  test('a page moves to an origin of its own', async () => {
    const path = `/proxy/${portOf(app)}/a?b=1`;
    expect(await ask(proxy.origin + path, { headers: { 'sec-fetch-dest': 'document' } })).toMatchObject({
      status: 307,
      headers: { location: `http://${portOf(app)}.localhost:${ownPort()}/a?b=1` },
    });
  });

  test('what is no port is for VS Code to answer', async () => {
    expect(await ask(`${proxy.origin}/proxy/65536/`)).toMatchObject({ headers: { server: 'vscode' } });
  });

  test('a port on which nothing listens', async () => {
    const server = await serve('gone');
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await ask(`${proxy.origin}/proxy/${port}/`)).toMatchObject({
      status: 502,
      text: `Nothing answers on port ${port} of this machine.\n`,
    });
  });
});

describe('a port by its name', () => {
  test('gets every path, and its own pages are no strangers to it', async () => {
    const host = `${portOf(app)}.localhost:${ownPort()}`;
    const { text } = await ask(`${proxy.origin}/proxy/1/x`, { headers: { host, origin: `http://${host}` } });
    expect(JSON.parse(text)).toMatchObject({
      url: '/proxy/1/x',
      host: appHost(),
      origin: `http://${appHost()}`,
    });
  });

  test('the pages of others are', async () => {
    const host = `${portOf(app)}.localhost:${ownPort()}`;
    const origin = `http://1.localhost:${ownPort()}`;
    const { text } = await ask(proxy.origin, { headers: { host, origin } });
    expect(JSON.parse(text)).toMatchObject({ origin });
  });
});

test.each(['evil.example', '127.0.0.1.evil.example', 'x.localhost', '65536.localhost'])(
  'no other name: "%s"',
  async (host) => {
    expect(await ask(proxy.origin, { headers: { host } })).toMatchObject({ status: 421 });
  },
);

test.each([
  ['VS Code', () => '/socket', () => `vscode /socket 127.0.0.1:${ownPort()}\n`],
  ['a port', () => `/proxy/${portOf(app)}/socket`, () => `app /socket ${appHost()}\n`],
])('an upgraded connection to %s', async (_, path, greeting) => {
  const socket = connect(Number(ownPort()), '127.0.0.1').setEncoding('utf8');
  socket.write(`GET ${path()} HTTP/1.1\r\nHost: 127.0.0.1:${ownPort()}\r\n`);
  socket.write('Connection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ');
  let received = '';
  socket.on('data', (text: string) => (received += text));
  await expect.poll(() => received).toContain('early');
  socket.write('later');
  await expect.poll(() => received).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n/);
  await expect.poll(() => received.split('\r\n\r\n')[1]).toBe(`${greeting()}early later`);
  socket.end();
  await new Promise((resolve) => socket.once('close', resolve));
});
