// A loopback port of its own for each channel, kept from one start to the next.

import { createServer, type Server } from 'node:http';
import { createServer as createListener, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ChannelPorts, PORT_MIGRATIONS } from '../../../../src/platform/gateway/ports.ts';
import { openDatabase } from '../../../../src/platform/store/database.ts';
import { ask } from '../../../support/platform.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const folder = temporaryFolder();
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

/** Ports whose connections go to a server that says which channel they are for. */
function start(name: string): { ports: ChannelPorts; stop: () => void; reported: unknown[] } {
  const database = openDatabase(join(folder, `${name}.db`), PORT_MIGRATIONS);
  const reported: unknown[] = [];
  const server: Server = createServer((request, response) =>
    response.end(`${ports.channelOf(request.socket)} ${request.headers.host}`),
  );
  const ports = new ChannelPorts({
    database,
    connected: (socket: Socket) => server.emit('connection', socket),
    report: (error) => reported.push(error),
  });
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    ports.close();
    server.closeAllConnections();
    database.close();
  };
  cleanup.push(stop);
  return { ports, stop, reported };
}

function visit(port: number): Promise<{ text: string }> {
  return ask(`http://127.0.0.1:${port}/`, { headers: { host: 'any.example' } });
}

test('each channel has one, which is another for each, and known at once', async () => {
  const { ports } = start('each');
  const numbers = ['a', 'b', 'c'].map((id) => ports.portOf(id));
  expect(new Set(numbers).size).toBe(3);
  for (const [index, id] of ['a', 'b', 'c'].entries()) {
    expect(await ports.open(id)).toBe(numbers[index]);
    expect(await visit(numbers[index]!)).toMatchObject({ text: `${id} any.example` });
  }
});

test('it is the same after a restart, and goes with its channel', async () => {
  const first = start('kept');
  const a = await first.ports.open('a');
  const b = await first.ports.open('b');
  const c = await first.ports.open('c');
  first.ports.remove('c');
  await expect(visit(c)).rejects.toThrow();
  first.stop();
  await expect(visit(a)).rejects.toThrow();
  const second = start('kept');
  // b went while nobody was there to be told.
  await second.ports.openAll(['a', 'c', 'd']);
  expect(second.ports.portOf('a')).toBe(a);
  expect((await visit(a)).text).toBe('a any.example');
  await expect(visit(b)).rejects.toThrow();
});

test('it is another one, and kept, if somebody else has taken it', async () => {
  const first = start('taken');
  const port = await first.ports.open('a');
  first.stop();
  const other = createListener().listen(port, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  cleanup.push(() => other.close());
  expect((other.address() as AddressInfo).port).toBe(port);
  const second = start('taken');
  const next = await second.ports.open('a');
  expect(next).not.toBe(port);
  expect((await visit(next)).text).toBe('a any.example');
  second.stop();
  expect(await start('taken').ports.open('a')).toBe(next);
});

test('a channel that is removed while its port is opened has none', async () => {
  const { ports } = start('removed');
  const opening = ports.open('a');
  const port = ports.portOf('a');
  ports.remove('a');
  await opening;
  await expect(visit(port)).rejects.toThrow();
});
