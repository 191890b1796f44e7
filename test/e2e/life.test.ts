// The life of the local Hippo: started in passing, found, shared, kept, stopped, killed, and what it leaves.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { ask } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

interface Status {
  running: boolean;
  hippoUrl: string;
  dataDir: string;
  tokenFile: string;
  pid: number;
  instance: string;
  leaseSeconds: number | null;
}

const folder = temporaryFolder();
let homes = 0;
const used: { home: string; data: string[] }[] = [];
const servers: Server[] = [];

/** A user of his own, with a command that knows nothing of other users. */
function user(more: NodeJS.ProcessEnv = {}) {
  const home = join(folder, `home-${homes++}`);
  mkdirSync(home);
  const mine = { home, data: [] as string[] };
  used.push(mine);
  const run = (...args: string[]): Promise<Ran> => hippo(args, { cwd: home, env: cleanEnv(home, more) });
  const status = async (...args: string[]): Promise<Status> =>
    JSON.parse((await run('platform', 'status', '-o', 'json', ...args)).stdout) as Status;
  return { home, data: join(home, 'platform'), run, status, also: mine.data };
}

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  for (const { home, data } of used.splice(0))
    for (const args of [[], ...data.map((folder) => ['--data', folder])])
      await hippo(['platform', 'stop', ...args], { env: cleanEnv(home) });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Whose parent is gone may stay as a zombie in a container.
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** From /proc: the processes whose parent is `pid`. The state and the parent follow the name, in parentheses. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const [, parent] = readFileSync(`/proc/${child}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        return Number(parent) === pid;
      } catch {
        return false;
      }
    });
}

/** One that nobody else takes meanwhile, as they take those from 5309 on. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

describe('started in passing', () => {
  test('it is found by the next command, and says so once', async () => {
    const { run, status, data } = user();
    const first = await run('search');
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(
      /^Started the local Hippo at http:\/\/localhost:\d+; it ends 10 minutes after its last use\.\nNo bindle matches on http:\/\/localhost:\d+\/v1\.\n$/,
    );
    const { pid, leaseSeconds, dataDir } = await status();
    expect({ leaseSeconds, dataDir }).toEqual({ leaseSeconds: 600, dataDir: data });
    const second = await run('search');
    expect(second.stderr).toMatch(/^No bindle matches on \S+\n$/);
    expect((await status()).pid).toBe(pid);
  });

  test('by several at once, it is one', async () => {
    const { run, status } = user();
    const all = await Promise.all(Array.from({ length: 5 }, () => run('search')));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(all.filter(({ stderr }) => stderr.includes('Started the local Hippo'))).toHaveLength(1);
    const { hippoUrl } = await status();
    for (const { stderr } of all) expect(stderr).toContain(`${hippoUrl}/v1`);
  });

  test('it ends by itself some time after its last use', async () => {
    const { run, data } = user({ HIPPO_PLATFORM_LEASE: '1' });
    expect((await run('search')).stderr).toContain('it ends 1 second after its last use');
    const { pid } = JSON.parse(readFileSync(join(data, 'running.json'), 'utf8')) as Status;
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    expect(existsSync(join(data, 'running.json'))).toBe(false);
    expect(readFileSync(join(data, 'platform.log'), 'utf8')).toContain('no client came');
  });

  test('it stays for good once somebody asks for that', async () => {
    const { run, status } = user();
    await run('search');
    const before = await status();
    const kept = await run('platform', 'start', '-o', 'json');
    expect(JSON.parse(kept.stdout)).toMatchObject({ pid: before.pid, tokenFile: before.tokenFile });
    expect(await status()).toMatchObject({ pid: before.pid, leaseSeconds: null });
    const other = await run('platform', 'start', '--port', '1');
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('runs already') });
  });

  test('it keeps its files to its user, and the token to itself', async () => {
    const { run, status, data, home } = user();
    const outputs = [
      await run('search'),
      await run('apps', 'list', '-o', 'json'),
      await run('platform', 'start', '-o', 'json'),
      await run('platform', 'status'),
      await run('platform', 'status', '-o', 'json'),
      await run('platform', 'logs'),
      await run('connection', 'list', '-o', 'json'),
    ];
    const { tokenFile } = await status();
    const token = readFileSync(tokenFile, 'utf8').trim();
    expect(token.length).toBeGreaterThan(30);
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(token);
    if (process.platform === 'win32') return;
    expect(statSync(data).mode & 0o777).toBe(0o700);
    for (const name of ['owner-token', 'running.json', 'port', 'platform.log', 'hippo.db', 'gateway.db'])
      expect([name, statSync(join(data, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(readdirSync(home)).not.toContain('owner-token');
  });

  test.runIf(process.platform === 'linux')('it inherits no password and no token', async () => {
    const { run, status } = user({
      HIPPO_PASSWORD: 'pass-1',
      BINDLE_TOKEN: 'token-2',
      HIPPO_TOKEN: 'token-3',
    });
    await run('search', '-s', '');
    await run('platform', 'start', '--detach');
    const { pid } = await status();
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environment).toContain('HIPPO_HOME');
    for (const secret of ['pass-1', 'token-2', 'token-3']) expect(environment).not.toContain(secret);
  });

  test('needs a time that is one', async () => {
    const { run } = user({ HIPPO_PLATFORM_LEASE: 'soon' });
    expect(await run('search')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('HIPPO_PLATFORM_LEASE'),
    });
  });
});

describe('stopping', () => {
  test('ends it for good, and is no error when nothing runs', async () => {
    const { run, status, data } = user();
    await run('platform', 'start', '--detach', '--port', await freePort());
    const { pid, hippoUrl } = await status();
    expect(await run('platform', 'stop')).toMatchObject({
      code: 0,
      stdout: 'The local Hippo has stopped.\n',
    });
    expect(isAlive(pid)).toBe(false);
    await expect(fetch(`${hippoUrl}/healthz`)).rejects.toThrow();
    expect(existsSync(join(data, 'running.json'))).toBe(false);
    expect(await run('platform', 'stop')).toMatchObject({
      code: 0,
      stderr: 'The local Hippo does not run.\n',
    });
    expect(await run('platform', 'status')).toMatchObject({ code: 4, stdout: '' });
    expect((await run('platform', 'status', '-o', 'json')).stdout).toBe('{"running":false}\n');
  });

  test.runIf(process.platform === 'linux')('ends what it runs, be it in an endless loop', async () => {
    const { run, status, home } = user();
    writeFileSync(join(home, 'm.wasm'), await compile('for (;;) {}'));
    writeFileSync(
      join(home, 'HIPPOFACTS'),
      '[bindle]\nname = "loop"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = "m.wasm"\n',
    );
    await run('bindle', '-v', 'production', '-o', 'none');
    await run('create', 'loop');
    expect((await run('channel', 'add', 'x')).code).toBe(0);
    const { pid, hippoUrl } = await status();
    const visit = ask(hippoUrl, { headers: { host: 'loop.localhost' } }).catch(() => undefined);
    await expect.poll(() => childrenOf(pid).length).toBe(1);
    const processes = [pid, ...childrenOf(pid)];
    expect((await run('platform', 'stop')).code).toBe(0);
    await visit;
    await expect.poll(() => processes.filter(isAlive)).toEqual([]);
  });

  test('reaches one in the foreground', async () => {
    const { run, home } = user();
    const platform = await startLocalPlatform(home, []);
    expect((await run('platform', 'stop')).code).toBe(0);
    expect(isAlive(platform.pid)).toBe(false);
    await platform.stop();
  });

  test('is for administrators', async () => {
    const { run, status } = user();
    await run('platform', 'start', '--detach');
    const { hippoUrl, pid } = await status();
    for (const path of ['', '/keep', '/stop']) {
      const method = path === '' ? 'GET' : 'POST';
      const url = `${hippoUrl}/api/platform${path}`;
      expect((await ask(url, { method })).status).toBe(401);
      const headers = { authorization: 'Bearer nonsense' };
      expect([401, 403]).toContain((await ask(url, { method, headers })).status);
    }
    expect(isAlive(pid)).toBe(true);
  });
});

describe('starting again', () => {
  test('after kill -9 finds everything that was acknowledged', async () => {
    const { run, status, data } = user();
    await run('platform', 'start', '--detach', '--port', await freePort());
    expect((await run('create', 'kept')).code).toBe(0);
    const before = await status();
    process.kill(before.pid, 'SIGKILL');
    await expect.poll(() => isAlive(before.pid)).toBe(false);
    expect(existsSync(join(data, 'running.json'))).toBe(true);
    const again = await run('apps', 'list', '-o', 'id');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('Started the local Hippo') });
    expect(again.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    const after = await status();
    expect(after.instance).not.toBe(before.instance);
    expect(after.hippoUrl).toBe(before.hippoUrl);
  });

  test('keeps the port, and takes another one when that is taken', async () => {
    const { run, status, data } = user();
    await run('platform', 'start', '--detach', '--port', await freePort());
    const { hippoUrl } = await status();
    await run('platform', 'stop');
    await run('search');
    expect((await status()).hippoUrl).toBe(hippoUrl);
    await run('platform', 'stop');
    const other = createServer((_, response) => response.end('other')).listen(
      Number(new URL(hippoUrl).port),
      '127.0.0.1',
    );
    servers.push(other);
    await new Promise((resolve) => other.once('listening', resolve));
    expect((await run('search')).code).toBe(0);
    const moved = (await status()).hippoUrl;
    expect(moved).not.toBe(hippoUrl);
    expect(readFileSync(join(data, 'port'), 'utf8').trim()).toBe(new URL(moved).port);
  });

  test('shows its token to nobody who only has its port', async () => {
    const { run, data } = user();
    await run('platform', 'start', '--detach');
    await run('platform', 'stop');
    const seen: (string | undefined)[] = [];
    const impostor = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ status: 'OK', product: 'hippo-tools', version: '0.1.0', instance: 'x' }));
    }).listen(0, '127.0.0.1');
    servers.push(impostor);
    await new Promise((resolve) => impostor.once('listening', resolve));
    const url = `http://localhost:${(impostor.address() as AddressInfo).port}`;
    const note = {
      hippoUrl: url,
      bindleUrl: `${url}/v1`,
      tokenFile: join(data, 'owner-token'),
      pid: process.pid,
      instance: 'y',
      version: '0.1.0',
    };
    writeFileSync(join(data, 'running.json'), JSON.stringify(note));
    expect((await run('search')).stderr).toContain('Started the local Hippo');
    await run('search', '-s', `${url}/v1`);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.filter((header) => header !== undefined)).toEqual([]);
  });

  test('refuses the state of a newer version in one sentence, and leaves it as it is', async () => {
    const { run, data } = user();
    await run('platform', 'start', '--detach');
    await run('platform', 'stop');
    const file = join(data, 'hippo.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 999');
    database.close();
    const refused = await run('search');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(
      /^error: .*hippo\.db was written by a newer version .*update Hippo Tools.*\.\n$/,
    );
    const again = new DatabaseSync(file, { readOnly: true });
    expect(again.prepare('PRAGMA user_version').get()).toEqual({ user_version: 999 });
    again.close();
  });

  test('after a reset begins anew; a reset asks first', async () => {
    const { run, data, home } = user();
    await run('create', 'gone');
    expect(await run('platform', 'reset')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--yes'),
    });
    expect((await run('apps', 'list', '-o', 'id')).stdout).not.toBe('');
    expect((await run('platform', 'reset', '--yes')).code).toBe(0);
    expect(readdirSync(data)).toEqual([]);
    expect((await run('apps', 'list', '-o', 'id')).stdout).toBe('');
    expect(await run('platform', 'reset', '--yes', '--data', home)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not the state of a local Hippo'),
    });
    expect(existsSync(data)).toBe(true);
  });
});

describe('with its state elsewhere', () => {
  test('it is found by its address, and as the only one that runs', async () => {
    const { run, status, home } = user();
    const platform = await startLocalPlatform(home);
    expect((await run('create', 'here', '--url', platform.hippoUrl)).code).toBe(0);
    expect((await run('whoami', '--url', platform.hippoUrl)).stdout).toBe('owner\n');
    expect((await run('whoami')).stderr).toBe('');
    expect(await status()).toMatchObject({ pid: platform.pid });
    await platform.stop();
    expect(readdirSync(join(home, 'platforms'))).toEqual([]);
    expect((await run('whoami')).stderr).toContain('Started the local Hippo');
  });

  test('each has its own', async () => {
    const { run, also, home } = user();
    const folders = [join(home, 'one'), join(home, 'two')];
    also.push(...folders);
    const urls: string[] = [];
    for (const data of folders) {
      const started = await run('platform', 'start', '--detach', '--data', data, '--port', '0', '-o', 'json');
      urls.push((JSON.parse(started.stdout) as Status).hippoUrl);
      await run('create', `app-${urls.length}`, '--url', urls.at(-1));
    }
    const apps = await Promise.all(urls.map((url) => run('apps', 'list', '-o', 'json', '--url', url)));
    expect(
      apps.map(({ stdout }) => (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)),
    ).toEqual([['app-1'], ['app-2']]);
  });

  test('it can be stopped by that', async () => {
    const { run, also, home } = user();
    const data = join(home, 'elsewhere');
    also.push(data);
    await run('platform', 'start', '--detach', '--data', data, '--port', '0');
    expect((await run('platform', 'stop', '--data', data)).stdout).toBe('The local Hippo has stopped.\n');
  });
});

test.skipIf(process.platform === 'win32')('the log is followed until Ctrl-C', async () => {
  const { run, home } = user();
  await run('platform', 'start', '--detach');
  const ran = await hippo(['platform', 'logs', '-f'], {
    env: cleanEnv(home),
    onStart: (child) => child.stdout?.once('data', () => child.kill('SIGINT')),
  });
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('is ready at'), stderr: '' });
});

test('the log can be read, and its last lines', async () => {
  const { run } = user();
  expect(await run('platform', 'logs')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('no log yet'),
  });
  await run('platform', 'start', '--detach');
  await run('platform', 'stop');
  const { stdout } = await run('platform', 'logs');
  expect(stdout).toMatch(/^\S+Z version \S+ \(process \d+\) is ready at http:\/\/localhost:\d+$/m);
  expect((await run('platform', 'logs', '-n', '1')).stdout).toMatch(/^\S+Z stops\n$/);
});

describe('an older one', () => {
  /** As if an older version had written it. */
  function age(data: string): void {
    const file = join(data, 'running.json');
    const running = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...running, version: '0.0.1' }));
  }

  test('goes on until its user has it replaced', async () => {
    const { run, status, data } = user();
    await run('platform', 'start', '--detach', '--port', await freePort());
    const before = await status();
    age(data);
    const told = await run('apps', 'list');
    expect(told).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('`hippo platform restart` replaces it'),
    });
    expect((await status()).pid).toBe(before.pid);
    const restarted = await run('platform', 'restart', '-o', 'json');
    expect(JSON.parse(restarted.stdout)).toMatchObject({ hippoUrl: before.hippoUrl });
    expect(isAlive(before.pid)).toBe(false);
    expect(await status()).toMatchObject({ leaseSeconds: null });
    expect((await run('apps', 'list')).stderr).not.toContain('older than this command');
  });

  test('is not replaced while something is pushed to it', async () => {
    const { run, status } = user();
    await run('platform', 'start', '--detach');
    const { pid, hippoUrl, tokenFile } = await status();
    // An upload that stands still.
    const upload = connect(Number(new URL(hippoUrl).port), '127.0.0.1');
    const token = readFileSync(tokenFile, 'utf8').trim();
    upload.write(
      `POST /v1/_i HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/toml\r\ncontent-length: 100\r\n\r\nbindle`,
    );
    await expect.poll(async () => (await run('platform', 'status')).stdout).toContain('a push');
    expect(await run('platform', 'restart')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Something is being pushed'),
    });
    expect(isAlive(pid)).toBe(true);
    upload.destroy();
  });
});

test('old development versions are removed, on request, and nothing else', async () => {
  const { run, home } = user();
  writeFileSync(join(home, 'm.wasm'), Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]));
  writeFileSync(
    join(home, 'HIPPOFACTS'),
    '[bindle]\nname = "pruned"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = "m.wasm"\n',
  );
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) ids.push((await run('bindle', '-o', 'id')).stdout.trim());
  ids.push((await run('bindle', '-v', 'production', '-o', 'id')).stdout.trim());
  expect(await run('platform', 'prune', '--keep', '1')).toMatchObject({ code: 2 });
  const pruned = await run('platform', 'prune', '--dev', '--keep', '2', '-o', 'json');
  expect(pruned.code).toBe(0);
  expect((JSON.parse(pruned.stdout) as { bindles: string[] }).bindles.sort()).toEqual(ids.slice(0, 2).sort());
  expect((await run('search', '-o', 'id')).stdout.trim().split('\n').sort()).toEqual(ids.slice(2).sort());
  expect((await run('platform', 'prune', '--dev')).stdout).toContain('Removed 0 development versions');
});

test('keys are recorded with the first push, and can be revoked', async () => {
  const { run, home } = user();
  writeFileSync(join(home, 'm.wasm'), Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]));
  expect((await run('key', 'recorded')).stderr).toContain('No key was seen yet');
  expect((await run('bindle', 'm.wasm')).code).toBe(0);
  const [key] = JSON.parse((await run('key', 'recorded', '-o', 'json')).stdout) as { key: string }[];
  expect((await run('key', 'revoke', key!.key)).stdout).toMatch(/^revoked: /);
  expect((await run('bindle', 'm.wasm')).code).not.toBe(0);
  expect((await run('key', 'revoke', 'nothing')).code).toBe(1);
});
