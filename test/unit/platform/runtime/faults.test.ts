// What goes wrong in one channel stays there: hostile guests, visitors who stall, processes that die.

import { connect, type Socket } from 'node:net';
import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { compile, op, sketch } from '../../../support/wasm.ts';
import { Channels, residentMiB, runtimeProcesses, says } from './harness.ts';

const linux = process.platform === 'linux';
const MIB = 1024 * 1024;

let channels: Channels;
/** For what takes long on a busy machine, but is no fault. */
let patient: Channels;
const sockets: Socket[] = [];

beforeAll(async () => {
  channels = await Channels.start({
    time: 5000,
    grace: 500,
    idle: 800,
    workers: 2,
    queue: 3,
    total: 25_000,
    body: 64 * MIB,
  });
  patient = await Channels.start({ time: 60_000, grace: 500, workers: 2, queue: 3, body: 64 * MIB });
  await channels.install('bystander', { '/': { source: says(`'well'`) } });
  expect((await channels.visit('bystander')).text).toBe('well');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await channels.stop();
  await patient.stop();
});

async function bystanderIsWell(): Promise<void> {
  expect(await channels.visit('bystander')).toMatchObject({ status: 200, text: 'well' });
}

/** A connection on which nothing is read until the test does. */
function paused(text: string): Socket {
  const socket = connect(channels.port, '127.0.0.1');
  sockets.push(socket);
  socket.pause().on('error', () => {});
  socket.write(text);
  return socket;
}

function closed(socket: Socket): Promise<unknown> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
}

/** All that comes on a connection until its end. */
async function received(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  socket.resume();
  await closed(socket);
  return text;
}

/** Prints `megabytes` MiB of "x" after its headers. */
function prints(megabytes: number, headers = 'content-type: text/plain'): string {
  return `
    process.stdout.write('${headers}\\n\\n');
    const chunk = new ArrayBuffer(65536);
    memory.fill(changetype<usize>(chunk), 120, 65536);
    for (let i = 0; i < ${megabytes * 16}; i++) process.stdout.write(chunk);
  `;
}

describe('modules', () => {
  const _start = [...op.constant(0), ...op.drop];
  test.each([
    ['two memories', { memories: [{ pages: 1 }, { pages: 1 }], functions: [_start] }, '2 memories'],
    [
      'a memory of its own and an imported one',
      { imports: [['env', 'memory', [2, 0, 1]]] as [string, string, number[]][], functions: [_start] },
      '2 memories',
    ],
    [
      'an imported memory',
      {
        memories: [],
        imports: [['env', 'memory', [2, 0, 1]]] as [string, string, number[]][],
        functions: [_start],
      },
      'imports a memory',
    ],
    [
      'an imported table',
      { imports: [['env', 'table', [1, 0x70, 0, 1]]] as [string, string, number[]][], functions: [_start] },
      'imports a table',
    ],
    [
      'a shared memory',
      { memories: [{ flags: 3, pages: 1, maximum: 2 }], functions: [_start] },
      'shared memory',
    ],
    ['a 64-bit memory', { memories: [{ flags: 4, pages: 1 }], functions: [_start] }, '64-bit memory'],
    ['many tables', { tables: Array<number>(9).fill(1), functions: [_start] }, '9 tables'],
    ['a memory larger than any may be', { memories: [{ pages: 2000 }], functions: [_start] }, 'memory'],
    ['a table larger than any may be', { tables: [200_000], functions: [_start] }, 'table'],
    [
      'imports that nobody provides',
      { imports: [['env', 'f', [0, 0]]] as [string, string, number[]][], functions: [_start] },
      'env',
    ],
  ])('with %s are refused, and the log says why', async (name, module, reason) => {
    const channel = `module-${name.replaceAll(' ', '-')}`;
    await channels.install(channel, {
      '/bad': { bytes: sketch(module) },
      '/good': { source: says(`'good'`) },
    });
    expect(await channels.visit(channel, '/bad')).toMatchObject({ status: 500, text: '' });
    expect(channels.logs.get(channel)?.at(-1)).toContain(reason);
    expect((await channels.visit(channel, '/good')).text).toBe('good');
  });

  test('that are not even modules fail alone', async () => {
    for (const [name, bytes] of Object.entries({
      empty: Buffer.alloc(0),
      cut: (await compile(says(`'x'`))).subarray(0, 1000),
      noise: Buffer.from('0061736d01000000ffffffffffffffffffffff', 'hex'),
      endless: Buffer.from('0061736d010000000280808080808080808080', 'hex'),
    })) {
      await channels.install(name, { '/bad': { bytes }, '/good': { source: says(`'good'`) } });
      expect((await channels.visit(name, '/bad')).status).toBe(500);
      expect((await channels.visit(name, '/good')).text).toBe('good');
    }
  });
});

describe('a guest', () => {
  const grow = (instructions: number[]): Buffer =>
    sketch({
      tables: Array<number>(8).fill(1),
      functions: [op.loop(...instructions, ...op.drop)],
    });
  test.each([
    ['loops', sketch({ functions: [op.loop()] }), 504],
    ['loops in its start function', sketch({ functions: [op.loop()], start: 0 }), 504],
    ['grows its memory for ever', grow([...op.constant(1), ...op.memoryGrow()]), 504],
    [
      'grows all of its tables for ever',
      grow(
        [0, 1, 2, 3, 4, 5, 6]
          .flatMap((table) => [
            ...op.nullFunction,
            ...op.constant(10_000),
            ...op.tableGrow(table),
            ...op.drop,
          ])
          .concat([...op.nullFunction, ...op.constant(10_000), ...op.tableGrow(7)]),
      ),
      504,
    ],
    ['traps', sketch({ functions: [[0x00]] }), 500],
    ['calls itself for ever', sketch({ functions: [[0x10, 0]] }), 500],
  ])('that %s disturbs nobody', async (name, bytes, status) => {
    const channel = `guest-${name.replaceAll(' ', '-')}`;
    await channels.install(channel, { '/': { bytes } });
    // The process starts before the clock that is looked at.
    const visits = [1, 2, 3].map(() => channels.visit(channel));
    await bystanderIsWell();
    for (const page of await Promise.all(visits)) expect(page.status).toBe(status);
    await bystanderIsWell();
    if (linux) for (const pid of runtimeProcesses()) expect(residentMiB(pid)).toBeLessThan(700);
  });

  test.runIf(linux)('that leaves its memory behind each time does not fill the process', async () => {
    await channels.install('litter', {
      '/': { source: `memory.grow(1000); memory.fill(0, 0, 0); ${says(`'x'`)}` },
    });
    await channels.visit('litter');
    const mine = runtimeProcesses();
    for (let round = 0; round < 60; round++) {
      const page = await channels.visit('litter');
      expect(page.status).toBe(200);
    }
    for (const pid of mine) expect(residentMiB(pid)).toBeLessThan(700);
  });

  test('that gives the host much to hold is refused, and its process stays', async () => {
    const bindings = './node_modules/@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1';
    await patient.install(
      'greedy',
      {
        '/good': { source: says(`'good'`) },
        '/buffers': {
          source: `
          import { fd_write } from '${bindings}';
          memory.grow(1000 - memory.size());
          const out = memory.data(8);
          ${says(`fd_write(1, 100000, 7000000, out).toString()`)}
        `,
        },
        '/path': {
          source: `
          import { path_open } from '${bindings}';
          memory.grow(1000 - memory.size());
          const out = memory.data(8);
          ${says(`path_open(3, 0, 100000, 60000000, 0, 2, 0, 0, out).toString()`)}
        `,
        },
        '/files': {
          source: `
          import { path_open } from '${bindings}';
          const out = memory.data(8);
          const name = String.UTF8.encode('a.txt');
          let error = 0;
          for (let i = 0; i < 3000; i++) error = path_open(3, 0, changetype<usize>(name), 5, 0, 2, 0, 0, out);
          ${says(`error.toString()`)}
        `,
        },
      },
      { 'a.txt': 'a' },
    );
    expect((await patient.visit('greedy', '/buffers')).text).toBe('28');
    expect((await patient.visit('greedy', '/path')).text).toBe('37');
    expect((await patient.visit('greedy', '/files')).text).toBe('41');
    expect((await patient.visit('greedy', '/good')).text).toBe('good');
  });

  test('that sleeps longer than it may is ended; a short sleep is one', async () => {
    const source = (milliseconds: number): string =>
      `
      import { poll_oneoff } from './node_modules/@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1';
      const at = memory.data(64);
      store<u64>(at, 7); store<u8>(at, 0, 8); store<u32>(at, 1, 16); store<u64>(at, ${milliseconds}000000, 24);
      const events = memory.data(64);
      const count = memory.data(8);
      const error = poll_oneoff(changetype<any>(at), changetype<any>(events), 1, count);
      ${says(`error.toString() + ' ' + load<u32>(count).toString() + ' ' + load<u64>(events).toString()`)}
    `.replaceAll('changetype<any>', 'changetype<usize>');
    await channels.install('sleep', {
      '/short': { source: source(20) },
      '/long': { source: source(60_000) },
    });
    expect((await channels.visit('sleep', '/short')).text).toBe('0 1 7');
    expect((await channels.visit('sleep', '/long')).status).toBe(504);
  });

  test('that complains without end is heard up to a bound', async () => {
    await channels.install('noisy', {
      '/': {
        source: `for (let i = 0; i < 10000; i++) process.stderr.write('${'n'.repeat(99)}\\n'); ${says(`'x'`)}`,
      },
    });
    expect((await channels.visit('noisy')).text).toBe('x');
    const bytes = channels.logs.get('noisy')?.join('\n').length;
    expect(bytes).toBeGreaterThan(60_000);
    expect(bytes).toBeLessThan(70_000);
  });

  test('has clocks no finer than a millisecond', async () => {
    const source = `
      import { clock_time_get, clock_res_get } from './node_modules/@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1';
      const at = memory.data(8);
      let text = '';
      for (let clock = 0; clock < 4; clock++) {
        clock_res_get(clock, at);
        text += load<u64>(at).toString() + ' ';
        clock_time_get(clock, 1, at);
        text += (load<u64>(at) % 1000000).toString() + ' ';
      }
      ${says('text')}
    `;
    await channels.install('clocks', { '/': { source } });
    expect((await channels.visit('clocks')).text.trim()).toBe('1000000 0 '.repeat(4).trim());
  });
});

describe('output', () => {
  test('of 100 MiB passes through', async () => {
    await patient.install('large', { '/': { source: prints(100) } });
    const bytes = await new Promise<number>((resolve, reject) => {
      request({ port: patient.port, host: '127.0.0.1', headers: { host: 'large' } }, (response) => {
        let length = 0;
        response
          .on('data', (data: Buffer) => (length += data.length))
          .on('end', () => resolve(length))
          .on('error', reject);
      })
        .on('error', reject)
        .end();
    });
    expect(bytes).toBe(100 * MIB);
    if (linux) for (const pid of runtimeProcesses()) expect(residentMiB(pid)).toBeLessThan(400);
    await bystanderIsWell();
  });

  test('nobody reads is cut, and keeps neither memory nor a thread', async () => {
    await channels.install('unread', { '/': { source: prints(100) }, '/good': { source: says(`'good'`) } });
    await channels.visit('unread', '/good');
    const before = process.memoryUsage().rss;
    const accepted: Socket[] = [];
    const accept = (socket: Socket): void => void accepted.push(socket);
    channels.server.on('connection', accept);
    for (let reader = 0; reader < 4; reader++) paused('GET / HTTP/1.1\r\nhost: unread\r\n\r\n');
    await expect.poll(() => accepted.length).toBe(4);
    channels.server.off('connection', accept);
    await bystanderIsWell();
    // As soon as they are cut, others have their turn.
    expect((await channels.visit('unread', '/good')).text).toBe('good');
    await Promise.all(accepted.map(closed));
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  });

  test('of an endless guest streams until its time is over', async () => {
    await channels.install('torrent', { '/': { source: prints(1_000_000) } });
    const socket = paused('GET / HTTP/1.1\r\nhost: torrent\r\n\r\n');
    let bytes = 0;
    socket.on('data', (data: Buffer) => (bytes += data.length)).resume();
    await bystanderIsWell();
    await closed(socket);
    expect(bytes).toBeGreaterThan(MIB);
    await bystanderIsWell();
  });

  test('comes as it is printed', async () => {
    const source = `
      process.stdout.write('content-type: text/plain\\n\\nfirst');
      const until = Date.now() + 700;
      while (Date.now() < until) {}
      process.stdout.write('second');
    `;
    await channels.install('stream', { '/': { source } });
    const pieces = await new Promise<string[]>((resolve, reject) => {
      request({ port: channels.port, host: '127.0.0.1', headers: { host: 'stream' } }, (response) => {
        const all: string[] = [];
        response
          .setEncoding('utf8')
          .on('data', (data: string) => all.push(data))
          .on('end', () => resolve(all));
      })
        .on('error', reject)
        .end();
    });
    expect(pieces).toEqual(['first', 'second']);
  });

  test('that fails after it has begun is cut, not ended', async () => {
    await channels.install('half', { '/': { source: `${prints(1)} unreachable();` } });
    const text = await received(paused('GET / HTTP/1.1\r\nhost: half\r\n\r\n'));
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text.endsWith('0\r\n\r\n')).toBe(false);
  });

  test.each([
    ['without an end to its headers', `for (;;) process.stdout.write('${'x'.repeat(1000)}');`, 500],
    ['without headers', `process.stdout.write('hello\\n\\nworld');`, 500],
    ['nothing at all', '', 500],
    ['bad headers', `process.stdout.write('content-type\\nstatus 200\\n\\nx');`, 500],
    ['a bad status', `process.stdout.write('status: many\\n\\nx');`, 502],
  ])('%s is no answer', async (name, source, status) => {
    const channel = `answer-${name.replaceAll(' ', '-')}`;
    await channels.install(channel, { '/': { source } });
    expect((await channels.visit(channel)).status).toBe(status);
    await bystanderIsWell();
  });

  test('cannot end the headers of the answer, or begin another one', async () => {
    const source = `process.stdout.write('content-type: text/plain\\nx-a: 1\\r\\rx-b: 2\\nx-c: a\\u0000b\\nx\\u00e9: c\\ncontent-length: 3\\ntransfer-encoding: chunked\\n\\nHTTP/1.1 200 OK');`;
    await channels.install('inject', { '/': { source } });
    const page = await channels.visit('inject');
    expect(page.headers['x-a']).toBe('1x-b: 2');
    for (const name of ['x-b', 'x-c', 'transfer-encoding']) expect(page.headers).not.toHaveProperty(name);
    // What it announced was not true.
    expect(page).toMatchObject({ status: 200, text: 'HTTP/1.1 200 OK', headers: { 'content-length': '15' } });
  });

  test('keeps the length that it announces, if it is true', async () => {
    await channels.install('announced', {
      '/true': { source: prints(1, `content-type: text/plain\\ncontent-length: ${MIB}`) },
      '/more': { source: prints(1, `content-type: text/plain\\ncontent-length: ${MIB - 10}`) },
      '/less': { source: prints(1, `content-type: text/plain\\ncontent-length: ${MIB + 10}`) },
      '/head': { source: `process.stdout.write('content-type: a\\ncontent-length: 77\\n\\n');` },
    });
    const whole = await channels.visit('announced', '/true');
    expect(whole.headers).toMatchObject({ 'content-length': String(MIB) });
    expect(whole.text).toHaveLength(MIB);
    expect((await channels.visit('announced', '/more')).text).toHaveLength(MIB - 10);
    await expect(channels.visit('announced', '/less')).rejects.toThrow();
    const head = await channels.visit('announced', '/head', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '', headers: { 'content-length': '77' } });
    const long = await channels.visit('announced', '/true', { method: 'HEAD' });
    expect(long).toMatchObject({ status: 200, text: '', headers: { 'content-length': String(MIB) } });
  });
});

const ECHO = `
  process.stdout.write('content-type: text/plain\\nx-length: ' + process.env.get('CONTENT_LENGTH') + '\\n\\n');
  const buffer = new ArrayBuffer(65536);
  for (let n = process.stdin.read(buffer); n > 0; n = process.stdin.read(buffer))
    process.stdout.write(buffer.slice(0, n));
`;

describe('input', () => {
  beforeAll(async () => {
    for (const one of [channels, patient])
      await one.install('echo', { '/': { source: ECHO }, '/deaf': { source: says(`'deaf'`) } });
  });

  test('of many MiB passes through', async () => {
    const body = Buffer.alloc(30 * MIB, 'abcdefghij');
    const page = await patient.visit('echo', '/', { method: 'POST', body });
    expect(page.headers['x-length']).toBe(String(body.length));
    expect(page.text === body.toString()).toBe(true);
  });

  test('comes back whole, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 }),
        fc.boolean(),
        async (sizes, announced) => {
          const pieces = sizes.map((size, index) => Buffer.alloc(size, 97 + index));
          const whole = Buffer.concat(pieces);
          const headers = { host: 'echo', ...(announced ? { 'content-length': whole.length } : {}) };
          const echoed = await new Promise<Buffer>((resolve, reject) => {
            const sent = request(
              { port: patient.port, host: '127.0.0.1', method: 'POST', headers },
              (response) => {
                const got: Buffer[] = [];
                response
                  .on('data', (data: Buffer) => got.push(data))
                  .on('end', () => resolve(Buffer.concat(got)))
                  .on('error', reject);
              },
            ).on('error', reject);
            for (const piece of pieces) sent.write(piece);
            sent.end();
          });
          expect(echoed.equals(whole)).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('in chunks has a length if it is short, and none if it is long', async () => {
    for (const size of [0, 100_000, 5 * MIB]) {
      const body = Buffer.alloc(size, 'x');
      const headers = { 'transfer-encoding': 'chunked' };
      const page = await channels.visit('echo', '/', { method: 'POST', body, headers });
      expect(page.headers['x-length']).toBe(size > MIB ? '' : String(size));
      expect(page.text.length).toBe(size);
    }
  });

  test('that the guest does not read is dropped', async () => {
    const body = Buffer.alloc(30 * MIB, 'x');
    expect((await channels.visit('echo', '/deaf', { method: 'POST', body })).text).toBe('deaf');
  });

  test('that is too large is refused, announced or not', async () => {
    const body = Buffer.alloc(64 * MIB + 1, 'x');
    expect((await channels.visit('echo', '/', { method: 'POST', body })).status).toBe(413);
  });

  test('that stops coming is given up, and keeps no thread from others', async () => {
    const slow = 'POST / HTTP/1.1\r\nhost: echo\r\ncontent-length: 1000\r\n\r\nx';
    const stalled = [...Array(8).keys()].map(() => paused(slow));
    expect((await channels.visit('echo', '/deaf')).text).toBe('deaf');
    for (const socket of stalled) {
      // It is told, and then cut off.
      const text = received(socket);
      expect(await text).toMatch(/^HTTP\/1\.1 408 /);
    }
    // Nor after the guest has begun to read.
    const started = [1, 2, 3].map(() =>
      paused(`POST / HTTP/1.1\r\nhost: echo\r\ncontent-length: ${MIB}\r\n\r\n${'x'.repeat(300_000)}`),
    );
    await Promise.all(started.map(received));
    expect((await channels.visit('echo', '/deaf')).text).toBe('deaf');
  });

  test('of a visitor who goes away ends the guest', async () => {
    const begin = `POST / HTTP/1.1\r\nhost: echo\r\ncontent-length: ${MIB}\r\n\r\n${'x'.repeat(300_000)}`;
    for (const socket of [1, 2, 3, 4, 5, 6].map(() => paused(begin))) {
      socket.resume();
      await new Promise((resolve) => socket.once('data', resolve));
      socket.destroy();
    }
    expect((await channels.visit('echo', '/deaf')).text).toBe('deaf');
  });
});

describe('a channel', () => {
  test('with too many requests waiting says so', async () => {
    await channels.install('crowded', { '/': { bytes: sketch({ functions: [op.loop()] }) } });
    const pages = await Promise.all([...Array(10).keys()].map(() => channels.visit('crowded')));
    const busy = pages.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    for (const { headers } of busy) expect(headers['retry-after']).toBe('1');
    expect(pages.filter(({ status }) => status === 504).length).toBeGreaterThan(0);
    await bystanderIsWell();
  });

  test.runIf(linux)('whose process is killed says so, waits a little, and comes back', async () => {
    await channels.install('killed', { '/': { source: says(`'here'`) }, '/loop': { source: 'for (;;) {}' } });
    const others = runtimeProcesses();
    await channels.visit('killed');
    const own = (): number[] => runtimeProcesses().filter((pid) => !others.includes(pid));
    const waiting = channels.visit('killed', '/loop');
    await new Promise((resolve) => channels.server.once('request', resolve));
    for (const pid of own()) process.kill(pid, 'SIGKILL');
    expect(await waiting).toMatchObject({ status: 502, text: expect.stringContaining('ended unexpectedly') });
    const early = await channels.visit('killed');
    expect(early).toMatchObject({ status: 502, text: expect.stringContaining('SIGKILL') });
    expect(Number(early.headers['retry-after'])).toBeGreaterThan(0);
    expect(channels.status('killed')).toMatchObject({
      status: 'Dead',
      reason: expect.stringContaining('SIGKILL'),
    });
    await bystanderIsWell();
    await expect.poll(async () => (await channels.visit('killed')).text).toBe('here');
    expect(channels.status('killed')).toEqual({ status: 'Running' });
  });

  test.runIf(linux)('whose process hangs is ended by its deadline', async () => {
    await channels.install('hung', { '/': { source: says(`'here'`) } });
    const others = runtimeProcesses();
    await channels.visit('hung');
    const own = runtimeProcesses().filter((pid) => !others.includes(pid));
    for (const pid of own) process.kill(pid, 'SIGSTOP');
    expect((await channels.visit('hung')).status).toBe(504);
    await expect.poll(() => runtimeProcesses().filter((pid) => own.includes(pid))).toEqual([]);
    await expect.poll(async () => (await channels.visit('hung')).text).toBe('here');
    expect(channels.logs.get('hung')?.join()).toContain('did not end a job');
  });
});
