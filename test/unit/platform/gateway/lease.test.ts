// The lease: it runs from the end of the last request on, and a held stream holds it.

import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { close, listen } from '../../../../src/platform/gateway/entrance.ts';
import { holdLease, type Lease } from '../../../../src/platform/gateway/lease.ts';

let server: Server;
let lease: Lease;
let held: ServerResponse[];
let url: string;
let over: boolean;

async function start(seconds: number | null): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  held = [];
  over = false;
  server = createServer((request, response) => {
    if (request.url === '/held' || request.method === 'POST') held.push(response.writeHead(200));
    else response.end();
    response.flushHeaders();
  });
  lease = holdLease(server, seconds);
  void lease.ended.then(() => (over = true));
  await listen(server, 0, false);
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Waits until the server has noticed what its peers did. */
async function settled(open: number): Promise<void> {
  for (let i = 0; i < 1000 && lease.openRequests !== open; i++)
    await new Promise((done) => setImmediate(done));
  expect(lease.openRequests).toBe(open);
}

async function pass(seconds: number): Promise<boolean> {
  await vi.advanceTimersByTimeAsync(seconds * 1000);
  return over;
}

afterEach(async () => {
  vi.useRealTimers();
  lease.stop();
  server.closeAllConnections();
  await close(server, 0);
});

test('ends some time after the start if nobody comes', async () => {
  await start(600);
  expect(await pass(599)).toBe(false);
  expect(await pass(2)).toBe(true);
});

test('begins anew with each request', async () => {
  await start(600);
  await pass(500);
  await (await fetch(url)).text();
  await settled(0);
  expect(await pass(500)).toBe(false);
  expect(await pass(101)).toBe(true);
});

test('does not run while a stream is held', async () => {
  await start(10);
  const abort = new AbortController();
  await fetch(`${url}/held`, { signal: abort.signal });
  await settled(1);
  expect(await pass(3600)).toBe(false);
  abort.abort();
  await settled(0);
  expect(await pass(9)).toBe(false);
  expect(await pass(2)).toBe(true);
});

test('that is kept has no end', async () => {
  await start(10);
  lease.keep();
  expect(lease.seconds).toBeNull();
  await (await fetch(url)).text();
  await settled(0);
  expect(await pass(3600)).toBe(false);
});

test('knows of a push, and for a moment after it', async () => {
  await start(null);
  expect(lease.publishing).toBe(false);
  await (await fetch(`${url}/v1/_q`)).text();
  await settled(0);
  expect(lease.publishing).toBe(false);
  await fetch(`${url}/v1/_i`, { method: 'POST', body: 'x' });
  await settled(1);
  expect(lease.publishing).toBe(true);
  held[0]?.end();
  await settled(0);
  expect(lease.publishing).toBe(true);
});
