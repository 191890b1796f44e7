// Channels over HTTP: their handlers run in processes of their own, and what goes wrong in one stays there.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Channels, runtimeProcesses, says } from './harness.ts';

let channels: Channels;

beforeAll(async () => {
  channels = await Channels.start({ time: 3000, workers: 2, body: 1_000_000 });
});
afterAll(() => channels.stop());

const install: Channels['install'] = (...values) => channels.install(...values);
const visit: Channels['visit'] = (...values) => channels.visit(...values);

const ECHO = `
  process.stdout.write('content-type: text/plain\\nx-length: ' + process.env.get('CONTENT_LENGTH') + '\\n\\n');
  const buffer = new ArrayBuffer(65536);
  for (let n = process.stdin.read(buffer); n > 0; n = process.stdin.read(buffer))
    process.stdout.write(buffer.slice(0, n));
`;

describe('a channel', () => {
  test('answers by the handler of the first route that takes the path', async () => {
    await install('routes', {
      '/': { source: says(`'home'`) },
      '/shop/...': { source: says(`'shop' + process.env.get('PATH_INFO')`) },
      '/...': { source: says(`'rest'`) },
    });
    expect((await visit('routes')).text).toBe('home');
    expect((await visit('routes', '/shop/a?b=c')).text).toBe('shop/a');
    expect((await visit('routes', '/shopping')).text).toBe('rest');
  });

  test('answers 404 where no route takes the path', async () => {
    await install('only-home', { '/': { source: says(`'home'`) } });
    expect((await visit('only-home', '/other')).status).toBe(404);
  });

  test('answers /healthz itself, whatever the app says, and without starting it', async () => {
    await install('health', { '/healthz': { source: says(`'mine'`) }, '/...': { source: says(`'mine'`) } });
    expect(await visit('health', '/healthz')).toMatchObject({ status: 200, text: 'OK' });
    expect(await visit('never-installed', '/healthz')).toMatchObject({ status: 200, text: 'OK' });
  });

  test('gets bodies of every size up to the limit', async () => {
    await install('echo', { '/': { source: ECHO } });
    for (const size of [0, 1, 70_000, 1_000_000]) {
      const body = 'x'.repeat(size);
      const page = await visit('echo', '/', { method: 'POST', body });
      expect(page).toMatchObject({ status: 200, headers: { 'x-length': String(size) } });
      expect(page.text === body).toBe(true);
    }
    expect((await visit('echo', '/', { method: 'POST', body: 'x'.repeat(1_000_001) })).status).toBe(413);
  });

  test('sets the length of its answers, for HEAD too', async () => {
    await install('length', { '/': { source: says(`'12345'`) } });
    expect((await visit('length')).headers['content-length']).toBe('5');
    const head = await visit('length', '/', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe('5');
  });

  test('can redirect, set a status and several cookies', async () => {
    await install('headers', {
      '/r': { source: `process.stdout.write('location: /there\\n\\n');` },
      '/s': {
        source: `process.stdout.write('status: 418 Teapot\\nset-cookie: a=1\\nset-cookie: b=2\\n\\nshort');`,
      },
    });
    expect(await visit('headers', '/r')).toMatchObject({ status: 302, headers: { location: '/there' } });
    expect(await visit('headers', '/s')).toMatchObject({
      status: 418,
      headers: { 'set-cookie': ['a=1', 'b=2'] },
      text: 'short',
    });
  });

  test('sees its variables as they are at the moment of the request', async () => {
    await install('variables', { '/': { source: says(`process.env.get('NAME')`) } });
    channels.environments.set('variables', { NAME: 'one' });
    expect((await visit('variables')).text).toBe('one');
    channels.environments.set('variables', { NAME: 'two' });
    expect((await visit('variables')).text).toBe('two');
  });

  test("sees nothing of the host's environment", async () => {
    process.env['HIPPO_TEST_SECRET'] = 'secret';
    await install('secrets', {
      '/': {
        source: says(`process.env.has('HIPPO_TEST_SECRET').toString() + process.env.has('PATH').toString()`),
      },
    });
    expect((await visit('secrets')).text).toBe('falsefalse');
    delete process.env['HIPPO_TEST_SECRET'];
  });

  test('may have entrypoints and a command line', async () => {
    const source = `
      export function _start(): void { ${says(`process.argv.join('|')`)} }
      export function other(): void { ${says(`'other'`)} }
    `;
    await install('entry', {
      '/default': { source, reactor: true },
      '/other': { source, reactor: true, entrypoint: 'other' },
      '/argv': { source, reactor: true, argv: 'app ${ARGS}' },
    });
    expect((await visit('entry', '/default?a=1&b')).text).toBe('/default|a=1|b');
    expect((await visit('entry', '/other')).text).toBe('other');
    expect((await visit('entry', '/argv?a=1&b')).text).toBe('app|a=1|b');
  });

  test('may print routes of its own', async () => {
    const source = `
      export function _routes(): void { process.stdout.write('/one one\\n/two/... two\\n'); }
      export function _start(): void { ${says(`'base'`)} }
      export function one(): void { ${says(`'one ' + process.env.get('X_MATCHED_ROUTE')`)} }
      export function two(): void { ${says(`'two ' + process.env.get('PATH_INFO')`)} }
    `;
    await install('printed', { '/base/...': { source, reactor: true } });
    expect((await visit('printed', '/base/one')).text).toBe('one /base/one');
    expect((await visit('printed', '/base/two/x')).text).toBe('two /x');
    expect((await visit('printed', '/base/three')).text).toBe('base');
    await install('misprinted', {
      '/': {
        source: `
          export function _routes(): void { process.stdout.write('nonsense'); }
          export function _start(): void { ${says(`'base'`)} }
        `,
        reactor: true,
      },
    });
    expect((await visit('misprinted')).text).toBe('base');
    expect(channels.logs.get('misprinted')?.[0]).toContain('_routes');
  });

  test('runs the new bindle from the next request on', async () => {
    await install('moving', { '/': { source: says(`'old'`) } }, {}, '1.0.0');
    expect((await visit('moving')).text).toBe('old');
    await install('moving', { '/': { source: says(`'new'`) } }, {}, '2.0.0');
    expect((await visit('moving')).text).toBe('new');
  });

  test('lets requests of the old bindle end when a new one comes', async () => {
    const slow = `
      const until = Date.now() + 400;
      while (Date.now() < until) {}
      ${says(`'old'`)}
    `;
    await install('overlap', { '/': { source: slow } }, {}, '1.0.0');
    const old = visit('overlap');
    await new Promise((resolve) => channels.server.once('request', resolve));
    await install('overlap', { '/': { source: says(`'new'`) } }, {}, '2.0.0');
    expect((await visit('overlap')).text).toBe('new');
    expect((await old).text).toBe('old');
  });

  test('that is released ends its last request, and can come back', async () => {
    await install('released', { '/': { source: says(`'here'`) } });
    const last = visit('released');
    await new Promise((resolve) => channels.server.once('request', resolve));
    channels.runtime.release('released');
    channels.runtime.release('never-there');
    expect((await last).text).toBe('here');
    expect((await visit('released')).text).toBe('here');
  });
});

describe('what is not there', () => {
  test('is named, and looked for again with the next request', async () => {
    expect(await visit('absent')).toMatchObject({
      status: 503,
      text: expect.stringContaining('absent/1.0.0'),
    });
    await install('absent', { '/': { source: says(`'here'`) } });
    const [digest = ''] = channels.invoices.get('absent/1.0.0')!.parcel!.map(({ label }) => label.sha256);
    const module = channels.parcels.get(digest)!;
    channels.parcels.delete(digest);
    expect(await visit('absent')).toMatchObject({ status: 503, text: expect.stringContaining(digest) });
    channels.parcels.set(digest, module);
    expect(await visit('absent')).toMatchObject({ status: 200, text: 'here' });
  });
});

describe('a handler that fails', () => {
  test.each([
    ['by a trap', 'unreachable();', 'unreachable'],
    ['with an exit code', 'process.exit(7);', 'exit code 7'],
    ['in its start function', 'let x: i32[] = []; x[5];', 'exit code 255'],
  ])('%s is a 500 without words, and the log has them', async (name, source, reason) => {
    const channel = `fails-${name.replaceAll(' ', '-')}`;
    await install(channel, { '/': { source: `process.stderr.write('last words\\n'); ${source}` } });
    expect(await visit(channel)).toMatchObject({ status: 500, text: '' });
    expect(channels.logs.get(channel)?.[0]).toContain('last words');
    expect(channels.logs.get(channel)?.at(-1)).toContain(reason);
    expect(channels.logs.get(channel)?.at(-1)).toContain('GET /: main.wasm');
  });

  test('to be WebAssembly is one too, and others of the app still answer', async () => {
    await install('half', {
      '/bad': { bytes: Buffer.from('not wasm') },
      '/good': { source: says(`'good'`) },
    });
    expect((await visit('half', '/bad')).status).toBe(500);
    expect((await visit('half', '/good')).text).toBe('good');
  });

  test('to say what its answer is: 500 with the reason', async () => {
    await install('mute', { '/': { source: `process.stdout.write('hello');` } });
    expect(await visit('mute')).toMatchObject({ status: 500, text: expect.stringContaining('content-type') });
  });
});

describe('a hostile handler', () => {
  test.each([
    ['loops', 'for (;;) {}'],
    ['loops in calls', 'function f(n: i32): i32 { return n > 0 ? f(n - 1) + f(n - 1) : 1; } f(100);'],
    ['sleeps', `@external('wasi_snapshot_preview1', 'sched_yield') declare function y(): i32; for (;;) y();`],
  ])('that %s is ended, and the channel goes on', async (name, source) => {
    const channel = `hostile-${name.replaceAll(' ', '-')}`;
    await install(channel, { '/bad': { source }, '/good': { source: says(`'good'`) } });
    // More of them than there are workers.
    const bad = [1, 2, 3].map(() => visit(channel, '/bad'));
    for (const page of await Promise.all(bad)) expect(page.status).toBe(504);
    expect((await visit(channel, '/good')).text).toBe('good');
    expect(channels.logs.get(channel)?.[0]).toContain('3000 ms');
  });

  test('that loops while it is instantiated is ended as well', async () => {
    // (module (memory (export "memory") 1) (func $loop (loop (br 0))) (start $loop) (export "_start" (func $loop)))
    const bytes = Buffer.from(
      '0061736d01000000' +
        '010401600000' +
        '03020100' +
        '0503010001' +
        '071302066d656d6f72790200065f73746172740000' +
        '080100' +
        '0a09010700' +
        '03400c000b0b',
      'hex',
    );
    await install('start-loop', { '/': { bytes } });
    expect((await visit('start-loop')).status).toBe(504);
  });

  test('that takes all memory fails, and others do not notice', async () => {
    const bomb = `for (;;) if (memory.grow(16) < 0) unreachable();`;
    await install('bomb', { '/bad': { source: bomb }, '/good': { source: says(`'good'`) } });
    expect((await visit('bomb', '/bad')).status).toBe(500);
    expect((await visit('bomb', '/good')).text).toBe('good');
    const size = `let pages = memory.size(); while (memory.grow(1) >= 0) pages++; ${says('pages.toString()')}`;
    await install('size', { '/': { source: size } });
    expect(Number((await visit('size')).text)).toBeLessThanOrEqual(1024);
  });

  test('has no other file than those of its bindle', async () => {
    const source = `
      import { path_open } from './node_modules/@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1';
      const out = memory.data(4);
      function tries(path: string): string {
        const name = String.UTF8.encode(path);
        let result = '';
        for (let fd = 3; fd < 6; fd++)
          result += path_open(fd, 0, changetype<usize>(name), name.byteLength, 0, 2, 0, 0, out).toString() + ' ';
        return result;
      }
      ${says(`tries('a.txt') + tries('/etc/passwd') + tries('etc/passwd') + tries('../../etc/passwd')`)}
    `;
    await install('files', { '/': { source } }, { 'a.txt': 'a' });
    const [own, ...others] = (await visit('files')).text.trim().split(' ');
    expect(own).toBe('0');
    expect(others.slice(3).filter((error) => error === '0')).toEqual([]);
  });
});

describe('many', () => {
  test('requests at once are all answered', async () => {
    await install('busy', { '/...': { source: says(`process.env.get('QUERY_STRING')`) } });
    const numbers = [...Array(60).keys()].map(String);
    const pages = await Promise.all(numbers.map((number) => visit('busy', `/?${number}`)));
    expect(pages.map(({ text }) => text)).toEqual(numbers);
  });

  test('first requests at once start one process', async () => {
    await install('first', { '/': { source: says(`'here'`) } });
    const pages = await Promise.all([1, 2, 3, 4].map(() => visit('first')));
    expect(pages.map(({ text }) => text)).toEqual(['here', 'here', 'here', 'here']);
  });
});

describe.runIf(process.platform === 'linux')('processes', () => {
  let few: Channels;
  beforeAll(async () => {
    few = await Channels.start({ processes: 2, unused: 60_000 });
    for (const name of ['a', 'b', 'c']) await few.install(name, { '/': { source: says(`'${name}'`) } });
  });
  afterAll(() => few.stop());

  test('are so many at the same time: the one that was used last goes last', async () => {
    const others = runtimeProcesses();
    const own = (): number[] => runtimeProcesses().filter((pid) => !others.includes(pid));
    expect((await few.visit('a')).text).toBe('a');
    const [first] = own();
    expect((await few.visit('b')).text).toBe('b');
    expect((await few.visit('a')).text).toBe('a');
    expect((await few.visit('c')).text).toBe('c');
    await expect.poll(() => own().length).toBe(2);
    expect(own()).toContain(first);
    expect((await few.visit('b')).text).toBe('b');
  });

  test('are left for others by an app whose channels all hang', async () => {
    const shared = await Channels.start({ processes: 4, time: 4000 });
    try {
      await shared.install('hog', { '/': { source: 'for (;;) {}' } });
      await shared.install('modest', { '/': { source: says(`'well'`) } });
      const hanging = ['hog.1', 'hog.2', 'hog.3', 'hog.4'].map((channel) => shared.visit(channel));
      // Half of all processes are its own, and no more.
      expect(await Promise.race(hanging)).toMatchObject({
        status: 503,
        text: expect.stringContaining('this app'),
      });
      expect((await shared.visit('modest')).text).toBe('well');
      await Promise.all(hanging);
    } finally {
      await shared.stop();
    }
  });

  test('end when nobody has used them for a while', async () => {
    const lazy = await Channels.start({ unused: 100 });
    try {
      await lazy.install('lazy', { '/': { source: says(`'x'`) } });
      const others = runtimeProcesses();
      for (let round = 0; round < 2; round++) {
        expect((await lazy.visit('lazy')).text).toBe('x');
        await expect.poll(() => runtimeProcesses().filter((pid) => !others.includes(pid))).toEqual([]);
        // That is no failure: the next visitor need not wait.
        expect(lazy.status('lazy')).toEqual({ status: 'Running' });
      }
    } finally {
      await lazy.stop();
    }
  });
});

describe('the status', () => {
  test('is what a visitor would find', async () => {
    await install('state', { '/': { source: says(`'x'`) } });
    channels.status('state');
    await expect.poll(() => channels.status('state')).toEqual({ status: 'Running' });
    const visiting = visit('state');
    await new Promise((resolve) => channels.server.once('request', resolve));
    expect(channels.status('state')).toEqual({ status: 'Pending' });
    await visiting;
    expect(channels.status('state')).toEqual({ status: 'Running' });
  });

  test('is Dead with a reason where the bindle is not whole, and somebody is told', async () => {
    channels.status('nowhere');
    await expect
      .poll(() => channels.status('nowhere'))
      .toEqual({ status: 'Dead', reason: expect.stringContaining('nowhere/1.0.0') });
    expect(channels.changes).toContain('nowhere');
    await install('nowhere', { '/': { source: says(`'x'`) } });
    await expect.poll(() => channels.status('nowhere'), { timeout: 5000 }).toEqual({ status: 'Running' });
  });
});
