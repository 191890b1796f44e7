// Services that misbehave: the guest is told, and the host goes on.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServices, type Services } from '../../../src/platform/addons/services/services.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { runs } from '../../support/runs.ts';
import { sqliteProgram, type Response } from './harness.ts';

const folder = temporaryFolder();
const reported: unknown[] = [];
const log: string[] = [];
let uri = '';
let services: Services;
let server: Server;
/** What the service does with a new connection. */
let behave: (socket: Socket) => void;

const open = (limits: object): Services =>
  createServices({
    credentialsOf: () => ({ uri }),
    sqliteDirectory: folder,
    sqliteProgram,
    log: (_, text) => log.push(text),
    report: (error) => reported.push(error),
    limits,
  });

beforeAll(async () => {
  services = open({ connect: 300, statement: 300, wait: 300 });
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    behave(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  await services.stop();
  server.close();
  expect(reported).toEqual([]);
});

let runId = 0;
async function call(
  name: 'sql' | 'kv',
  operation: string,
  request: object,
  to: Services = services,
): Promise<Response> {
  const call = {
    channelId: 'c',
    runId: String(++runId),
    interface: name,
    operation,
    request: Buffer.from(JSON.stringify({ addon: 'a', ...request })),
  };
  const signal = AbortSignal.timeout(to === services ? 3000 : 60_000);
  const response = JSON.parse(Buffer.from(await to.call(call, signal)).toString()) as Response;
  to.runEnded(call.runId);
  return response;
}

function serve(scheme: string, how: (socket: Socket) => void): void {
  behave = how;
  const { port } = server.address() as { port: number };
  // Another database each time: nothing is kept from the last one.
  uri = `${scheme}://user:password@127.0.0.1:${port}/${++runId}`;
}

const message = (type: string, ...parts: (number[] | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const READY = message('Z', 'I');
const WELCOME = Buffer.concat([message('R', [0, 0, 0, 0]), message('K', [0, 0, 0, 1, 0, 0, 0, 2]), READY]);
const COLUMN = message(
  'T',
  [0, 1],
  'c\0',
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0],
);
/** Welcomes, and answers whatever comes after that with this. */
const answering =
  (answer: (socket: Socket) => void) =>
  (socket: Socket): void => {
    socket.once('data', () => {
      socket.write(WELCOME);
      socket.once('data', () => answer(socket));
    });
  };

const query = (): Promise<Response> => call('sql', 'query', { sql: 'SELECT 1' });

describe('a PostgreSQL that', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['ends at once', (socket) => socket.destroy()],
    ['says nothing', () => undefined],
    ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['welcomes with zeros', (socket) => socket.write(Buffer.alloc(1000))],
    ['wants an unknown authentication', (socket) => socket.write(message('R', [0, 0, 0, 99]))],
    ['wants SASL that there is not', (socket) => socket.write(message('R', [0, 0, 0, 10], 'NONE\0\0'))],
    ['goes on with SASL that was not begun', (socket) => socket.write(message('R', [0, 0, 0, 11], 'x'))],
    ['is ready without a question', answering((socket) => socket.write(Buffer.concat([READY, READY])))],
    ['answers nothing', answering(() => undefined)],
    ['ends in the middle', answering((socket) => socket.end(COLUMN.subarray(0, 10)))],
    ['sends a message of no type', answering((socket) => socket.write(message('!', 'x')))],
    [
      'sends a row of negative lengths',
      answering((socket) => socket.write(Buffer.concat([COLUMN, message('D', [127, 255, 128, 0, 0, 0])]))),
    ],
    [
      'sends a row without columns',
      answering((socket) => socket.write(message('D', [0, 1, 0, 0, 0, 1, 65]))),
    ],
    ['sends lengths below zero', answering((socket) => socket.write(Buffer.from([68, 255, 255, 255, 255])))],
    ['fails without words', answering((socket) => socket.write(message('E', [0])))],
    ['asks for a copy', answering((socket) => socket.write(message('G', [0, 0, 0])))],
    ['copies for ever', answering((socket) => flood(socket, message('d', 'x'.repeat(10_000))))],
    [
      'sends rows for ever',
      answering((socket) => flood(socket, COLUMN, message('D', [0, 1, 0, 0, 0, 1, 65]))),
    ],
    [
      'sends one row of a gigabyte',
      answering((socket) =>
        flood(socket, Buffer.from([68, 63, 255, 255, 255, 0, 1, 63, 255, 255, 0]), Buffer.alloc(65536, 'x')),
      ),
    ],
    [
      'sends notices for ever',
      answering((socket) => flood(socket, message('N', `SERROR\0M${'x'.repeat(1000)}\0\0`))),
    ],
  ])('%s', async (_, how) => {
    serve('postgresql', how);
    const { error } = await query();
    expect(['unavailable', 'response_too_large', 'timeout', 'sql', 'not_allowed']).toContain(error?.code);
    expect(JSON.stringify(error)).not.toContain('password');
    expect(process.memoryUsage.rss() / 1e6).toBeLessThan(600);
  });

  test('sends random bytes', async () => {
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
    const types = 'RKZTDCEGHWdncs123tNASI!';
    for (let n = 0; n < runs(60); n++) {
      const answers = Buffer.concat(
        Array.from({ length: 1 + random(5) }, () =>
          message(
            types.charAt(random(types.length)),
            Array.from({ length: random(40) }, () => random(4) * random(86)),
          ),
        ),
      );
      serve(
        'postgresql',
        answering((socket) => void socket.end(answers)),
      );
      expect(await query()).toHaveProperty('version', 1);
    }
  });
});

describe('a Redis that', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['ends at once', (socket) => socket.destroy()],
    ['says nothing', () => undefined],
    ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    [
      'answers everything with an error',
      (socket) => socket.on('data', () => socket.write('-ERR no\r\n-ERR no\r\n')),
    ],
    [
      'answers everything with OK',
      (socket) => socket.on('data', () => socket.write('+OK\r\n+OK\r\n+OK\r\n')),
    ],
    ['answers with arrays', (socket) => socket.on('data', () => socket.write('*2\r\n$1\r\na\r\n*-1\r\n'))],
    [
      'answers with garbage',
      (socket) => socket.on('data', () => socket.write('\0\r\n:x\r\n$-9\r\n*99999999\r\n')),
    ],
    ['answers more than was asked', (socket) => socket.on('data', () => socket.write(':1\r\n'.repeat(1000)))],
    [
      'promises lists in lists',
      (socket) => socket.on('data', () => socket.write('*30000000\r\n'.repeat(1000))),
    ],
    [
      'opens lists for ever',
      (socket) => socket.on('data', () => flood(socket, Buffer.from('*1\r\n'.repeat(1000)))),
    ],
    [
      'says a line without end',
      (socket) => socket.on('data', () => flood(socket, Buffer.from('-'), Buffer.alloc(65536, 'x'))),
    ],
    [
      'sends a text of a gigabyte',
      (socket) =>
        socket.on('data', () => flood(socket, Buffer.from('$1000000000\r\n'), Buffer.alloc(65536, 'x'))),
    ],
    [
      'sends texts for ever',
      (socket) =>
        socket.on('data', () =>
          flood(socket, Buffer.from('*99999\r\n'), Buffer.from(`$60000\r\n${'x'.repeat(60_000)}\r\n`)),
        ),
    ],
  ])('%s', async (_, how) => {
    serve('redis', how);
    for (const [operation, request] of [
      ['get', { key: 'a' }],
      ['increment', { key: 'a' }],
      ['list', { prefix: 'a' }],
      ['set', { key: 'a', value: 'b' }],
    ] as const)
      expect(await call('kv', operation, request)).toHaveProperty('version', 1);
    expect(process.memoryUsage.rss() / 1e6).toBeLessThan(600);
  });

  test('would say more than anybody wants is told of as that', async () => {
    const welcome = '+OK\r\n';
    serve('redis', (socket) =>
      socket.on('data', (data) => {
        const isList = data.includes('SCAN');
        if (!isList) return void socket.write(welcome.repeat(data.toString().match(/^\*/gm)?.length ?? 1));
        flood(
          socket,
          Buffer.from('*2\r\n$1\r\n0\r\n*1000\r\n'),
          Buffer.from(`$60000\r\n${'x'.repeat(60_000)}\r\n`),
        );
      }),
    );
    const patient = open({ statement: 60_000, connect: 60_000 });
    expect((await call('kv', 'list', { prefix: '' }, patient)).error?.code).toBe('response_too_large');
    await patient.stop();
  });
});

test('the log has one line for each that does not answer', async () => {
  log.length = 0;
  serve('postgresql', (socket) => socket.destroy());
  await Promise.all([query(), query(), query()]);
  await query();
  expect(log.length).toBeLessThanOrEqual(1);
});

function flood(socket: Socket, first: Buffer, more: Buffer = first): void {
  socket.write(first);
  const go = (): void => {
    while (!socket.destroyed && socket.write(more));
    if (!socket.destroyed) socket.once('drain', go);
  };
  go();
}
