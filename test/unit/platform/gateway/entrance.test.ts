// The one server of the platform, and the port it gets.

import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { close, createEntrance, listen, PortError } from '../../../../src/platform/gateway/entrance.ts';
import { createGateway, type GatewayChannel } from '../../../../src/platform/gateway/gateway.ts';
import { ask } from '../../../support/platform.ts';

const servers: Server[] = [];
const reported: unknown[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => close(server, 0)));
});

function kept(server: Server): Server {
  servers.push(server);
  return server;
}

const channel: GatewayChannel = {
  id: 'one',
  name: 'production',
  appName: 'demo',
  bindle: { name: 'demo', version: '1.0.0' },
  environment: { A: 'b' },
};

/** Says who was asked, and for what. */
async function startEntrance(): Promise<string> {
  const channels = new Map([
    ['demo.localhost', channel],
    ['empty.localhost', { ...channel, bindle: undefined }],
  ]);
  const gateway = createGateway({
    channelAt: (domain) => {
      if (domain === 'broken.localhost') throw new Error('a secret of the database');
      return channels.get(domain);
    },
    channelById: (id) => [...channels.values()].find((one) => one.id === id),
    accessLog: { watch: () => {} },
    report: (error) => reported.push(error),
    runtime: {
      handle: async ({ id, environment }, { defaultHost }, request, response) => {
        response.end(`channel ${id} ${JSON.stringify(environment)} ${defaultHost} ${request.url}`);
      },
    },
  });
  const entrance = createEntrance({
    bindle: (request, response, { awaitsContinue }) =>
      response.end(`bindle ${request.url}${awaitsContinue ? ' awaits' : ''}`),
    hippo: (request, response) => response.end(`hippo ${request.url}`),
    gateway,
    channelOf: () => undefined,
  });
  return `http://127.0.0.1:${await listen(kept(entrance), 0, false)}`;
}

describe('the entrance', () => {
  test.each([
    ['/v1', 'bindle'],
    ['/v1/_i/a/1.0.0', 'bindle'],
    ['/v1?x', 'bindle'],
    ['/v10', 'hippo'],
    ['/api/apps', 'hippo'],
    ['/healthz', 'hippo'],
    ['/', 'hippo'],
  ])('brings %s to %s', async (path, room) => {
    expect((await ask((await startEntrance()) + path)).text).toBe(`${room} ${path}`);
  });

  test('brings other names to their channel, whatever the path', async () => {
    const url = await startEntrance();
    const { port } = new URL(url);
    for (const path of ['/', '/v1/_q', '/api/apps'])
      expect((await ask(url + path, { headers: { host: 'Demo.localhost:80' } })).text).toBe(
        `channel one {"A":"b"} demo.localhost:${port} ${path}`,
      );
  });

  test('says what is missing', async () => {
    const url = await startEntrance();
    const unknown = await ask(url, { headers: { host: 'unknown.localhost' } });
    expect(unknown.status).toBe(404);
    expect(unknown.text).not.toContain('demo');
    const empty = await ask(url, { headers: { host: 'empty.localhost' } });
    expect(empty).toMatchObject({ status: 503, text: expect.stringMatching(/production.*demo.*publish/) });
  });

  test('keeps to itself what goes wrong in the gateway', async () => {
    const broken = await ask(await startEntrance(), { headers: { host: 'broken.localhost' } });
    expect(broken).toMatchObject({ status: 500, text: 'The gateway could not answer.\n' });
    expect(reported).toEqual([expect.objectContaining({ message: 'a secret of the database' })]);
  });

  test('refuses what it cannot tell apart', async () => {
    const url = await startEntrance();
    expect((await ask(url, { headers: { host: 'a b' } })).status).toBe(400);
    expect((await ask(url, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  });
});

describe('a peer that waits before it sends its body', () => {
  function post(url: string, host: string): Promise<{ text: string; told: boolean }> {
    return new Promise((resolve, reject) => {
      const { port, pathname } = new URL(url);
      const headers = { host, expect: '100-continue' };
      let told = false;
      const sent = request(
        { host: '127.0.0.1', port, path: pathname, method: 'POST', headers },
        (response) => {
          response
            .setEncoding('utf8')
            .toArray()
            .then((chunks: string[]) => resolve({ text: chunks.join(''), told }))
            .catch(reject)
            .finally(() => sent.destroy());
        },
      );
      sent.on('error', reject).on('continue', () => (told = true));
      sent.flushHeaders();
    });
  }

  test('is told to go on, but by Bindle, which looks first whether it wants it', async () => {
    const url = await startEntrance();
    expect(await post(`${url}/api/apps`, 'localhost')).toEqual({ text: 'hippo /api/apps', told: true });
    expect(await post(`${url}/x`, 'demo.localhost')).toMatchObject({ told: true });
    expect(await post(`${url}/v1/_i`, 'localhost')).toEqual({ text: 'bindle /v1/_i awaits', told: false });
  });
});

describe('listening', () => {
  test('is on 127.0.0.1 only', async () => {
    const server = kept(createServer());
    await listen(server, 0, false);
    expect((server.address() as AddressInfo).address).toBe('127.0.0.1');
  });

  test('takes the next port that is free, if it may', async () => {
    const taken = await listen(kept(createServer()), 0, false);
    const next = await listen(kept(createServer()), taken, true);
    expect(next).toBeGreaterThan(taken);
    await expect(listen(createServer(), taken, false)).rejects.toThrow(PortError);
  });
});

describe('closing', () => {
  test('lets a request end, and takes no new one', async () => {
    let finish = (): void => {};
    const server = createServer((_, response) => {
      finish = () => void response.end('finished');
    });
    const url = `http://127.0.0.1:${await listen(server, 0, false)}`;
    const page = ask(url);
    await new Promise((resolve) => server.once('request', resolve));
    const closed = close(server, 10_000);
    await expect(ask(url)).rejects.toThrow();
    finish();
    expect((await page).text).toBe('finished');
    await closed;
  });

  test('cuts connections that do not end', async () => {
    const server = createServer(() => {});
    const port = await listen(server, 0, false);
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await new Promise((resolve) => server.once('request', resolve));
    const cut = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await close(server, 1);
    await cut;
  });
});
