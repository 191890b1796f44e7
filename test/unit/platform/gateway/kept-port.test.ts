// The port: the same again, another one if it is taken.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { listen } from '../../../../src/platform/gateway/entrance.ts';
import { keepPort, listenOnKeptPort } from '../../../../src/platform/gateway/kept-port.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const folder = temporaryFolder();
const servers: Server[] = [];
const server = (): Server => {
  const made = createServer();
  servers.push(made);
  return made;
};
afterEach(() => servers.splice(0).forEach((made) => made.close()));

async function freePort(): Promise<number> {
  const port = await listen(server(), 0, false);
  const used = servers.pop();
  await new Promise((resolve) => used?.close(resolve));
  return port;
}

test('is kept from the first start on', async () => {
  const file = join(folder, 'first');
  const first = await freePort();
  const port = await listenOnKeptPort(server(), file, first);
  expect(port).toBeGreaterThanOrEqual(first);
  expect(readFileSync(file, 'utf8')).toBe(`${port}\n`);
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await listenOnKeptPort(server(), file, await freePort())).toBe(port);
});

test('that is taken gives way to the next free one, which is kept then', async () => {
  const file = join(folder, 'taken');
  const other = server();
  const taken = await listen(other, 0, false);
  keepPort(file, taken);
  const port = await listenOnKeptPort(server(), file, taken);
  expect(port).not.toBe(taken);
  expect(readFileSync(file, 'utf8')).toBe(`${port}\n`);
  expect((other.address() as AddressInfo).port).toBe(taken);
});

test('is found behind many that are taken, with no listener left from any attempt', async () => {
  const first = await freePort();
  let taken = 0;
  for (let port = first; taken < 15; port++, taken++)
    await listen(server(), port, false).catch(() => undefined);
  const found = server();
  const before = found.listenerCount('listening');
  expect(await listenOnKeptPort(found, join(folder, 'many'), first)).toBeGreaterThanOrEqual(first + 15);
  expect([found.listenerCount('listening'), found.listenerCount('error')]).toEqual([before, 0]);
});

test.each(['', 'x', '-1', '0', '70000', '1.5'])('kept as %j is none', async (text) => {
  const file = join(folder, 'odd');
  writeFileSync(file, text);
  const first = await freePort();
  expect(await listenOnKeptPort(server(), file, first)).toBeGreaterThanOrEqual(first);
});
