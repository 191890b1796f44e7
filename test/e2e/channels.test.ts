// Channels of the local Hippo as a visitor sees them: their names and ports, what becomes of them when they are
// changed, and that what goes wrong in one leaves the others and the API alone.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { HippoClient } from '../../src/hippo/client.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { ask, startedPlatform, type Page, type RunningPlatform } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile, op, sketch } from '../support/wasm.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const data = join(folder, 'data');
const MIB = 1024 * 1024;
let platform: RunningPlatform;
let client: HippoClient;

async function start(...more: string[]): Promise<void> {
  platform = await startedPlatform('--data', data, '--port', '0', '--time-limit', '2', ...more);
  client = new HippoClient({
    url: platform.ready.hippoUrl,
    credentials: { type: 'bearer', token: platform.token },
  });
}

beforeAll(() => start());
afterAll(() => platform.stop());

/** A bindle with a module at each route. */
async function publish(
  name: string,
  handlers: Record<string, string | Buffer>,
  version = '1.0.0',
): Promise<void> {
  const project = mkdtempSync(join(folder, 'project-'));
  mkdirSync(join(project, 'build'));
  let facts = `[bindle]\nname = "${name}"\nversion = "${version}"\n`;
  for (const [index, [route, source]] of Object.entries(handlers).entries()) {
    const module = typeof source === 'string' ? await compile(source) : source;
    writeFileSync(join(project, `build/m${index}.wasm`), module);
    facts += `[[handler]]\nroute = "${route}"\nname = "build/m${index}.wasm"\n`;
  }
  writeFileSync(join(project, 'HIPPOFACTS'), facts);
  const args = ['bindle', project, '-s', platform.ready.bindleUrl, '-v', 'production', '-o', 'none'];
  const { code, stderr } = await hippo(args, { env: cleanEnv(home, { BINDLE_TOKEN: platform.token }) });
  if (code !== 0) throw new Error(stderr);
}

/** An app with a channel that takes every revision of the bindle with its name. */
async function createApp(
  name: string,
  domain?: string,
): Promise<{ id: string; domain: string; port: number }> {
  const appId = await client.createApp({ name, storageId: name });
  const id = await client.createChannel({
    appId,
    name: 'production',
    revisionSelectionStrategy: 'UseRangeRule',
    ...(domain === undefined ? {} : { domain }),
  });
  // A new port is listened on a moment later; if another program was faster, the channel has got another one.
  let port = 0;
  const answers = async (): Promise<boolean> => {
    port = (await client.channel(id)).port ?? 0;
    return ask(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
  };
  await vi.waitUntil(answers, { timeout: 20_000 });
  return { id, domain: (await client.channel(id)).domain, port };
}

function visit(domain: string, path = '/', options: Parameters<typeof ask>[1] = {}): Promise<Page> {
  return ask(platform.ready.hippoUrl + path, { ...options, headers: { ...options.headers, host: domain } });
}

function says(expression: string): string {
  return `process.stdout.write('content-type: text/plain\\n\\n' + ${expression});`;
}

/** The status of an answer on a connection of its own. */
function freshly(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

describe('a channel', () => {
  test('is served by its name, by a name of its own, and by its port with any Host and Origin', async () => {
    await publish('places', { '/': says(`process.env.get('HTTP_HOST')`) });
    const usual = await createApp('places');
    const own = await createApp('own-name', 'shop.example');
    expect(own.domain).toBe('shop.example');
    await publish('own-name', { '/': says(`'shop'`) });
    await client.registerRevision({ appStorageId: 'own-name', revisionNumber: '1.0.0' });
    expect((await visit('places.localhost')).text).toBe('places.localhost');
    expect((await visit('shop.example:1234')).text).toBe('shop');
    for (const host of ['localhost', '127.0.0.1', 'places.localhost', 'tunnel.example', '[::1]:80']) {
      const page = await ask(`http://127.0.0.1:${usual.port}/`, {
        headers: { host, origin: 'http://other.example' },
      });
      expect(page).toMatchObject({ status: 200, text: host });
    }
    // It is the app that answers there, on every path.
    expect((await ask(`http://127.0.0.1:${usual.port}/api/apps`)).status).toBe(404);
    const { urls } = await client.channel(usual.id);
    expect(urls).toEqual([
      `http://places.localhost:${new URL(platform.ready.hippoUrl).port}/`,
      `http://localhost:${usual.port}/`,
    ]);
  });

  test('keeps its port when the platform starts again, and gives it back when it goes', async () => {
    await publish('kept', { '/': says(`'kept'`) });
    const { id, port } = await createApp('kept');
    expect((await ask(`http://127.0.0.1:${port}/`)).text).toBe('kept');
    await platform.stop();
    await start();
    await expect.poll(() => ask(`http://127.0.0.1:${port}/`).then(({ text }) => text, String)).toBe('kept');
    expect((await client.channel(id)).port).toBe(port);
    await client.removeChannel(id);
    // A connection from before reaches nothing, least of all the API; a new one is not taken.
    const after = await ask(`http://127.0.0.1:${port}/api/apps`).catch(() => undefined);
    expect(after?.text ?? '').not.toContain('Hippo');
    await expect(freshly(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  test('that is stopped says so, and comes back when it is started', async () => {
    await publish('stopped', { '/': says(`'here'`) });
    const { id, domain, port } = await createApp('stopped');
    expect((await visit(domain)).text).toBe('here');
    await client.setDesiredStatus(id, 'Dead');
    for (const page of [await visit(domain), await ask(`http://127.0.0.1:${port}/`)]) {
      expect(page).toMatchObject({ status: 503, text: expect.stringContaining('stopped') });
      expect(page.text).toContain('start');
    }
    expect(await client.channelStatus(id)).toBe('Dead');
    await client.setDesiredStatus(id, 'Running');
    expect((await visit(domain)).text).toBe('here');
    expect(await client.channelStatus(id)).toBe('Running');
  });

  test('whose bindle is not whole is Dead until it is', async () => {
    const { id, domain } = await createApp('partly');
    await client.registerRevision({ appStorageId: 'partly', revisionNumber: '1.0.0' });
    expect((await visit(domain)).status).toBe(503);
    await expect.poll(() => client.channelStatus(id)).toBe('Dead');
    await publish('partly', { '/': says(`'whole'`) });
    expect((await visit(domain)).text).toBe('whole');
    expect(await client.channelStatus(id)).toBe('Running');
  });

  test('takes over a new revision without dropping a request', async () => {
    const slow = (text: string): string =>
      `const until = Date.now() + 30; while (Date.now() < until) {} ${says(`'${text}'`)}`;
    await publish('moving', { '/': slow('1.0.0') });
    const { domain } = await createApp('moving');
    const answers: Page[] = [];
    let over = false;
    const visitors = [1, 2, 3, 4].map(async () => {
      while (!over) answers.push(await visit(domain));
    });
    for (const version of ['1.0.1', '1.0.2', '1.0.3']) {
      await publish('moving', { '/': slow(version) }, version);
      await client.registerRevision({ appStorageId: 'moving', revisionNumber: version });
      await expect.poll(() => answers.at(-1)?.text).toBe(version);
    }
    over = true;
    await Promise.all(visitors);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['1.0.0', '1.0.1', '1.0.2', '1.0.3']));
  });

  test('has its complaints in its log and its visits in the access log', async () => {
    await publish('logged', { '/...': `process.stderr.write('complaint\\n'); ${says(`'x'`)}` });
    const { id, domain } = await createApp('logged');
    await visit(domain, '/a?secret=1');
    expect((await client.channelLogs(id)).at(-1)).toMatch(/^\d{4}-.*Z complaint$/);
    const file = join(data, 'logs/access.log');
    await expect
      .poll(() => readFileSync(file, 'utf8'))
      .toMatch(/^\S+Z logged:production GET \/a 200 \d+ \d+$/m);
    expect(readFileSync(file, 'utf8')).not.toContain('secret');
  });

  test('gets no WebSocket, and says so', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(platform.ready.hippoUrl).port), '127.0.0.1');
      let answer = '';
      socket.on('data', (bytes: Buffer) => (answer += bytes.toString())).on('end', () => resolve(answer));
      socket.on('error', reject);
      socket.write(
        'GET / HTTP/1.1\r\nHost: places.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
    });
    expect(text).toMatch(/^HTTP\/1\.1 501 /);
  });
});

describe('what goes wrong in a channel', () => {
  beforeAll(async () => {
    await publish('bystander', { '/': says(`'well'`) });
    await createApp('bystander');
    await visit('bystander.localhost');
  });

  async function othersAreWell(): Promise<void> {
    const [page, apps, health] = await Promise.all([
      visit('bystander.localhost'),
      client.findApps('bystander'),
      ask(`${platform.ready.hippoUrl}/healthz`),
    ]);
    expect(page).toMatchObject({ status: 200, text: 'well' });
    expect(apps).toHaveLength(1);
    expect(health.status).toBe(200);
  }

  const large = `
    process.stdout.write('content-type: text/plain\\n\\n');
    const chunk = new ArrayBuffer(65536);
    for (let i = 0; i < 1600; i++) process.stdout.write(chunk);
  `;
  const fill = op.loop(
    ...[0, 1, 2, 3].flatMap((table) => [
      ...op.nullFunction,
      ...op.constant(10_000),
      ...op.tableGrow(table),
      ...op.drop,
    ]),
  );

  test.each<[string, string | Buffer, number]>([
    ['endless-loop', 'for (;;) {}', 504],
    ['start-loop', sketch({ functions: [op.loop()], start: 0 }), 504],
    ['memory-bomb', 'for (;;) if (memory.grow(16) < 0) unreachable();', 500],
    ['table-bomb', sketch({ tables: [1, 1, 1, 1], functions: [fill] }), 504],
    [
      'many-memories',
      sketch({ memories: Array<{ pages: number }>(100).fill({ pages: 1 }), functions: [[]] }),
      500,
    ],
    ['trap', 'unreachable();', 500],
    ['no-headers', `process.stdout.write('hello');`, 500],
    ['bad-headers', `process.stdout.write('content type\\n:\\nstatus 1\\n\\nhello');`, 500],
  ])('leaves the others and the API alone: %s', async (name, source, status) => {
    await publish(name, { '/': source });
    await createApp(name);
    const pages = [1, 2, 3, 4, 5, 6].map(() => visit(`${name}.localhost`));
    await othersAreWell();
    for (const page of await Promise.all(pages)) expect(page.status).toBe(status);
    await othersAreWell();
  });

  test('leaves the others and the API alone: 100 MiB of output', async () => {
    await publish('large', { '/': large });
    await createApp('large');
    const length = new Promise<number>((resolve, reject) => {
      request(platform.ready.hippoUrl, { headers: { host: 'large.localhost' } }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => resolve(bytes));
      })
        .on('error', reject)
        .end();
    });
    await othersAreWell();
    expect(await length).toBe(100 * MIB);
  });

  test('leaves the others and the API alone: visitors who never read', async () => {
    const sockets = [...Array(12).keys()].map(() => {
      const socket = connect(Number(new URL(platform.ready.hippoUrl).port), '127.0.0.1').pause();
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nHost: large.localhost\r\n\r\n');
      return socket;
    });
    await othersAreWell();
    // All threads of the channel wait for them: nothing is piled up meanwhile.
    if (process.platform === 'linux') {
      const { pid } = platform.ready;
      for (const one of [pid, ...childrenOf(pid)]) expect(residentMiB(one)).toBeLessThan(400);
    }
    for (const socket of sockets) socket.destroy();
    await othersAreWell();
  });

  test.runIf(process.platform === 'linux')(
    'leaves the others and the API alone: kill -9 of the runtime process',
    async () => {
      const before = childrenOf(platform.ready.pid);
      await publish('shot', { '/': says(`'here'`) });
      const { id, domain } = await createApp('shot');
      await visit(domain);
      for (const pid of childrenOf(platform.ready.pid))
        if (!before.includes(pid)) process.kill(pid, 'SIGKILL');
      await expect
        .poll(() => client.channelLogs(id).then((lines) => lines.join()))
        .toContain('ended unexpectedly');
      const page = await visit(domain);
      if (page.status !== 200) expect(page.headers).toHaveProperty('retry-after');
      await othersAreWell();
      await expect.poll(async () => (await visit(domain)).text).toBe('here');
    },
  );
});

test.runIf(process.platform === 'linux')('a channel that nobody visits has no process', async () => {
  await platform.stop();
  await start('--idle', '0.2');
  expect((await visit('bystander.localhost')).text).toBe('well');
  await expect.poll(() => childrenOf(platform.ready.pid)).toEqual([]);
  expect((await visit('bystander.localhost')).text).toBe('well');
});

/** From /proc: the processes whose parent is `pid`. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        // The fields after the name, which is in parentheses and may hold anything.
        const [state, parent] =
          readFileSync(`/proc/${child}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        return Number(parent) === pid && state !== 'Z';
      } catch {
        return false;
      }
    });
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
