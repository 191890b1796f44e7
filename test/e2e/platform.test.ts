// The local Hippo as a process: its life, its doors, and an app that is published to it and answers.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HippoClient } from '../../src/hippo/client.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { ask, startedPlatform, startPlatform, type RunningPlatform } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();

describe('life', () => {
  test('says where it is, keeps nothing when ephemeral, and leaves nothing behind', async () => {
    const platform = await startedPlatform('--ephemeral', '--port', '0');
    const { hippoUrl, bindleUrl, dataDir, pid } = platform.ready;
    expect(pid).toBe(platform.child.pid);
    expect(bindleUrl).toBe(`${hippoUrl}/v1`);
    expect(existsSync(dataDir)).toBe(true);
    expect((await ask(`${hippoUrl}/healthz`)).status).toBe(200);
    expect(await platform.stop('SIGINT')).toBe(0);
    expect(existsSync(dataDir)).toBe(false);
    expect(platform.stderr()).toBe('');
  });

  test('ends when its standard input does, if asked to', async () => {
    const platform = await startedPlatform('--ephemeral', '--port', '0', '--until-stdin-ends');
    const ended = new Promise((resolve) => platform.child.once('exit', resolve));
    platform.child.stdin?.end();
    expect(await ended).toBe(0);
    expect(existsSync(platform.ready.dataDir)).toBe(false);
  });

  test('keeps its state in a folder, and refuses one that is in use', async () => {
    const data = join(folder, 'kept');
    const first = await startedPlatform('--data', data, '--port', '0');
    await owner(first).createApp({ name: 'kept', storageId: 'kept' });
    expect(await startPlatform('--data', data, '--port', '0')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^hippo platform: Another Hippo platform is running on .*\.\n$/),
    });
    expect(await first.stop()).toBe(0);
    const second = await startedPlatform('--data', data, '--port', '0');
    expect(await owner(second).findApps('kept')).toHaveLength(1);
    await second.stop();
    expect(readdirSync(data)).toContain('hippo.db');
  });

  test('starts again after it was killed', async () => {
    const data = join(folder, 'killed');
    const first = await startedPlatform('--data', data, '--port', '0');
    await owner(first).createApp({ name: 'here', storageId: 'here' });
    await first.stop('SIGKILL');
    const second = await startedPlatform('--data', data, '--port', '0');
    expect(await owner(second).findApps('here')).toHaveLength(1);
    await second.stop();
  });

  test('refuses a port that is taken, and what it does not understand, in one sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    expect(await startPlatform('--ephemeral', '--port', String(port))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^hippo platform: Port \d+ is taken: .*\.\n$/),
    });
    other.close();
    for (const args of [
      ['--port', '99999'],
      ['--port', 'x'],
      ['--ephemeral', '--data', folder],
      ['--nonsense'],
    ])
      expect(await startPlatform(...args)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^[^\n]+\n$/),
      });
  });
});

describe('an app', () => {
  const home = join(folder, 'home');
  const project = join(folder, 'project');
  let platform: RunningPlatform;
  let client: HippoClient;
  let appId: string;

  beforeAll(async () => {
    platform = await startedPlatform('--data', join(folder, 'apps'), '--port', '0');
    client = owner(platform);
    mkdirSync(join(project, 'files'), { recursive: true });
    writeFileSync(join(project, 'main.wasm'), await compile(MAIN));
    writeFileSync(join(project, 'files/note.txt'), 'a note');
    await publish('1.0.0');
    appId = await client.createApp({ name: 'demo', storageId: 'demo' });
  });
  afterAll(() => platform.stop());

  async function publish(version: string): Promise<void> {
    writeFileSync(
      join(project, 'HIPPOFACTS'),
      `[bindle]\nname = "demo"\nversion = "${version}"\n[[handler]]\nroute = "/..."\nname = "main.wasm"\nfiles = ["files/*"]\n` +
        `[annotations]\nfor = "${version}"\n`,
    );
    const { code, stderr } = await hippo(
      ['bindle', project, '-s', platform.ready.bindleUrl, '-v', 'production', '-o', 'none'],
      { env: cleanEnv(home, { BINDLE_TOKEN: platform.token }) },
    );
    expect(stderr).not.toContain('Warning');
    expect(code).toBe(0);
  }

  function visit(domain: string, path = '/'): ReturnType<typeof ask> {
    return ask(platform.ready.hippoUrl + path, { headers: { host: domain } });
  }

  test('answers under the name of its channel', async () => {
    const id = await client.createChannel({
      appId,
      name: 'production',
      revisionSelectionStrategy: 'UseRangeRule',
    });
    const channel = await client.channel(id);
    // The app took over the version that was there before it.
    expect(channel).toMatchObject({
      domain: 'demo.localhost',
      rangeRule: '*',
      activeRevision: { revisionNumber: '1.0.0' },
    });
    expect(await client.channelStatus(id)).toBe('Running');
    expect(await visit('demo.localhost', '/somewhere?x=1')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      text: expect.stringContaining('PATH_INFO=/somewhere'),
    });
    expect((await visit('demo.localhost:1234')).status).toBe(200);
    expect((await visit('DEMO.localhost')).status).toBe(200);
  });

  test('shows the variables of the channel, and those of its own request', async () => {
    const [channel] = (await client.findApps('demo'))[0]!.channels;
    await client.patchChannel(channel!.id, {
      environmentVariables: [
        { key: 'COLOUR', value: 'grün' },
        { key: 'SERVER_SOFTWARE', value: 'mine' },
      ],
    });
    const { text } = await visit('demo.localhost');
    expect(text).toContain('COLOUR=grün\n');
    expect(text).toContain('SERVER_SOFTWARE=WAGI/1\n');
  });

  test('moves to a better revision without being told', async () => {
    const id = await client.createChannel({
      appId,
      name: 'one',
      revisionSelectionStrategy: 'UseRangeRule',
      rangeRule: '1.x',
    });
    await publish('1.1.0');
    await client.registerRevision({ appStorageId: 'demo', revisionNumber: '1.1.0' });
    await publish('2.0.0');
    await client.registerRevision({ appStorageId: 'demo', revisionNumber: '2.0.0' });
    const { domain, activeRevision } = await client.channel(id);
    expect(domain).toBe('one-demo.localhost');
    expect(activeRevision?.revisionNumber).toBe('1.1.0');
    expect((await visit(domain)).status).toBe(200);
  });

  test.runIf(process.platform === 'linux')('whose process is killed answers by a new one', async () => {
    expect((await visit('demo.localhost')).status).toBe(200);
    const processes = childrenOf(platform.ready.pid);
    expect(processes.length).toBeGreaterThan(0);
    for (const pid of processes) process.kill(pid, 'SIGKILL');
    // A request may still come before its death is known: 502, and the next one finds a new process.
    await expect.poll(async () => (await visit('demo.localhost')).status).toBe(200);
    expect(childrenOf(platform.ready.pid)).not.toEqual(processes);
  });

  test('without a revision says what to do', async () => {
    await client.createChannel({
      appId,
      name: 'later',
      revisionSelectionStrategy: 'UseRangeRule',
      rangeRule: '9.x',
    });
    const { status, text } = await visit('later-demo.localhost');
    expect(status).toBe(503);
    expect(text).toContain('publish');
  });

  test('whose bindle is not there says so', async () => {
    await client.registerRevision({ appStorageId: 'demo', revisionNumber: '9.0.0' });
    const { status, text } = await visit('later-demo.localhost');
    expect(status).toBe(503);
    expect(text).toContain('demo/9.0.0');
  });

  test('that nobody knows is not found, and nothing is listed', async () => {
    const { status, text } = await visit('nobody.localhost');
    expect(status).toBe(404);
    expect(text).not.toContain('demo');
    // The APIs are not served under other names: a page that points its own name at 127.0.0.1 gets nothing.
    expect((await visit('rebound.example', '/api/apps')).status).toBe(404);
    expect((await visit('rebound.example', '/v1/_q')).status).toBe(404);
  });

  test("another origin's page gets nothing from the APIs", async () => {
    for (const path of ['/api/apps', '/v1/_q', '/healthz']) {
      const foreign = await ask(platform.ready.hippoUrl + path, {
        headers: { origin: 'http://demo.localhost' },
      });
      expect(foreign.status).toBe(403);
      expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
    }
    const { port } = new URL(platform.ready.hippoUrl);
    const same = {
      host: `localhost:${port}`,
      origin: `http://localhost:${port}`,
      authorization: `Bearer ${platform.token}`,
    };
    expect((await ask(`${platform.ready.hippoUrl}/api/apps`, { headers: same })).status).toBe(200);
  });
});

test.runIf(process.platform === 'linux')('a platform that is killed leaves no process behind', async () => {
  const platform = await startedPlatform('--data', join(folder, 'orphans'), '--port', '0');
  const client = owner(platform);
  const project = join(folder, 'orphan');
  mkdirSync(project);
  writeFileSync(join(project, 'main.wasm'), await compile('for (;;) {}'));
  writeFileSync(
    join(project, 'HIPPOFACTS'),
    '[bindle]\nname = "loop"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = "main.wasm"\n',
  );
  const args = ['bindle', project, '-s', platform.ready.bindleUrl, '-v', 'production', '-o', 'none'];
  await hippo(args, { env: cleanEnv(join(folder, 'home'), { BINDLE_TOKEN: platform.token }) });
  const appId = await client.createApp({ name: 'loop', storageId: 'loop' });
  await client.createChannel({ appId, name: 'x', revisionSelectionStrategy: 'UseRangeRule' });
  const visit = expect(
    ask(platform.ready.hippoUrl, { headers: { host: 'loop.localhost' } }),
  ).rejects.toThrow();
  await expect.poll(() => childrenOf(platform.ready.pid).length).toBe(1);
  const processes = childrenOf(platform.ready.pid);
  await platform.stop('SIGKILL');
  await visit;
  await expect.poll(() => processes.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

function owner({ ready, token }: RunningPlatform): HippoClient {
  return new HippoClient({ url: ready.hippoUrl, credentials: { type: 'bearer', token } });
}

/** From /proc: the processes whose parent is `pid`. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
}

/** Undefined if there is no such process. */
function parentOf(pid: number): number | undefined {
  try {
    // The second field, in parentheses, may hold anything.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

/** Prints its environment. */
const MAIN = `
  process.stdout.write('content-type: text/plain\\n\\n');
  const keys = process.env.keys();
  for (let i = 0; i < keys.length; i++) process.stdout.write(keys[i] + '=' + process.env.get(keys[i]) + '\\n');
`;
