// How requests reach brokers: certificates, proxies, and what is known of those that were not answered.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerClient, CLIENT_LIMITS } from '../../../../src/platform/addons/broker-client.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const ca = fixture('broker.pem');
const IDS = { serviceId: 's', planId: 'p' };

/** Breaks off deprovisioning when that has come. */
const broker = createTlsServer({ key: fixture('broker-key.pem'), cert: ca }, (request, response) => {
  if (request.method === 'DELETE') return void request.socket.destroy();
  response.end(JSON.stringify({ services: [] }));
});
const asked: string[] = [];
/** Whatever is asked for, there is one broker. */
const proxy = createServer((_, response) => response.end());
proxy.on('connect', (request, socket) => {
  asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
  if (request.url === 'refused.example:443') return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  const through = connect(portOf(broker), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    through.pipe(socket).pipe(through);
  });
  through.on('error', () => socket.destroy());
  socket.on('error', () => through.destroy());
});

function portOf(server: { address: Server['address'] }): number {
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  for (const server of [broker, proxy]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
afterAll(() => {
  for (const server of [broker, proxy]) {
    server.closeAllConnections();
    server.close();
  }
});

function clientOf(url: string, environment: Record<string, string>, trusted = true): BrokerClient {
  const address = { url: new URL(url), authorization: 'Basic eA==', ...(trusted ? { ca } : {}) };
  asked.length = 0;
  return new BrokerClient(address, { ...CLIENT_LIMITS, time: 20_000 }, environment);
}

/** For a name that leads nowhere by itself. */
const through = (more: Record<string, string> = {}): Record<string, string> => ({
  HTTPS_PROXY: `http://ana:secret@127.0.0.1:${portOf(proxy)}`,
  ...more,
});

describe('a proxy that the environment names', () => {
  test('leads to the broker, whose certificate is checked', async () => {
    expect(await clientOf('https://broker.example/', through()).catalog()).toMatchObject({ status: 200 });
    expect(asked).toEqual([`broker.example:443 Basic ${Buffer.from('ana:secret').toString('base64')}`]);
    const unknown = await clientOf('https://broker.example/', through(), false).catalog();
    expect(unknown).toMatchObject({ kind: 'unsent', reason: expect.stringContaining('CERT') as string });
    expect(await clientOf('https://other.example/', through()).catalog()).toMatchObject({ kind: 'unsent' });
  });

  test('is known to have taken what is not answered', async () => {
    const client = clientOf('https://broker.example/', through());
    expect(await client.deprovision('x', IDS)).toMatchObject({ kind: 'lost' });
  });

  test('that refuses has sent nothing, and its password is not told', async () => {
    const answer = await clientOf('https://refused.example/', through()).deprovision('x', IDS);
    expect(answer).toMatchObject({ kind: 'unsent' });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test.each([
    ['NO_PROXY names the broker', 'https://broker.example.invalid/', { NO_PROXY: '.example.invalid' }],
    ['the broker is on this machine', 'https://localhost:1/', {}],
    ['the broker is on this machine, by its address', 'https://127.0.0.1:1/', {}],
  ])('is not asked where %s', async (_, url, more) => {
    expect(await clientOf(url, through(more)).catalog()).toMatchObject({ kind: 'unsent' });
    expect(asked).toEqual([]);
  });
});

test('without a proxy the same is known of what is not answered', async () => {
  const trusting = clientOf(`https://127.0.0.1:${portOf(broker)}/`, {});
  // The certificate is for another name.
  expect(await trusting.deprovision('x', IDS)).toMatchObject({ kind: 'unsent' });
});
