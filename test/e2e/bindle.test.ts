// Making and pushing bindles through the command, against servers that are as real ones and against our own.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTrusted } from '../../src/bindle/keys.ts';
import { sha256 } from '../support/bindles.ts';
import { cleanEnv, hippo, type Ran, type RunOptions } from '../support/cli.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import {
  startReferenceServer,
  type ReferenceOptions,
  type ReferenceServer,
} from '../support/reference-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const WASM = Buffer.from('0061736d01000000', 'hex');
const folder = temporaryFolder();
let next = 0;
let dir: string;
let home: string;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  dir = join(folder, String(next++));
  home = join(dir, '.home');
  mkdirSync(dir);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  // A command that needs a Hippo has started one.
  if (existsSync(join(home, 'platform'))) await run(['platform', 'stop']);
});

const run = (args: string[], options: RunOptions = {}): Promise<Ran> =>
  hippo(args, { cwd: dir, env: cleanEnv(home), ...options });

async function reference(options: ReferenceOptions = {}): Promise<ReferenceServer> {
  const server = await startReferenceServer(options);
  cleanups.push(() => server.close());
  return server;
}

async function platform(args?: string[]): ReturnType<typeof startLocalPlatform> {
  const started = await startLocalPlatform(home, args);
  cleanups.push(() => started.stop());
  return started;
}

function project(
  files: Record<string, string | Buffer> = {},
  patterns = ['files/**/*'],
  version = '1.0.0',
): void {
  const all = { 'm.wasm': WASM, ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "example.com/shop"\nversion = "${version}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ${JSON.stringify(patterns)}\n`,
  );
}

describe('hippo bindle', () => {
  it('pushes a version of its own for each build, signed, and prints the id', async () => {
    const server = await reference();
    project({ 'files/a.txt': 'a' });
    const ran = await run(['bindle', '-s', server.url]);
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^pushed: example\.com\/shop\/1\.0\.0-ana-\d{17}\n$/),
    });
    const [invoice] = [...server.invoices.values()];
    expect(invoice?.signature?.map(({ by, role }) => [by, role])).toEqual([
      ['ana', 'creator'],
      ['reference host', 'host'],
    ]);
    expect(server.parcels.get(sha256('a'))?.toString()).toBe('a');
    expect(statSync(join(home, 'secret_keys.toml')).mode & 0o077).toBe(0);
  });

  it('prints what it is asked to, and nothing else on standard output', async () => {
    const server = await reference();
    project();
    const args = ['bindle', '.', '-v', 'production', '-s', server.url, '-o'];
    expect((await run([...args, 'id'])).stdout).toBe('example.com/shop/1.0.0\n');
    expect((await run([...args, 'none'])).stdout).toBe('');
    expect((await run([...args, 'message'])).stdout).toBe('pushed: example.com/shop/1.0.0\n');
    expect(JSON.parse((await run([...args, 'json'])).stdout)).toMatchObject({
      id: 'example.com/shop/1.0.0',
      created: false,
      sentParcels: 0,
    });
  });

  it('takes server and user from the variables, and an empty one for none', async () => {
    const server = await reference({ htpasswd: 'bob:builder' });
    project();
    const env = cleanEnv(home, {
      BINDLE_URL: server.url,
      BINDLE_USERNAME: 'bob',
      BINDLE_PASSWORD: 'builder',
      USER: 'Bob M.',
    });
    const ran = await run(['bindle', '-o', 'id'], { env });
    expect(ran.stdout).toMatch(/1\.0\.0-Bob-M-\d{17}$/m);
    expect(ran.code).toBe(0);
    const denied = await run(['bindle'], { env: { ...env, BINDLE_PASSWORD: 'wrong-one' } });
    expect(denied).toMatchObject({ code: 5, stdout: '' });
    expect(denied.stderr).not.toContain('wrong-one');
    const half = await run(['bindle'], { env: { ...env, BINDLE_PASSWORD: '' } });
    expect(half).toMatchObject({ code: 2, stderr: expect.stringContaining('password is missing') });
  });

  it('says that content under a published version cannot change', async () => {
    const server = await reference();
    project({ 'files/a.txt': 'a' });
    const push = () => run(['bindle', '-v', 'production', '-s', server.url]);
    expect((await push()).code).toBe(0);
    expect(await push()).toMatchObject({ code: 0, stderr: expect.stringContaining('already') });
    writeFileSync(join(dir, 'files/a.txt'), 'b');
    expect(await push()).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/other content.*\n.*raise the version/),
    });
  });

  it('prints the key that the operator must add', async () => {
    const server = await reference({ strategy: 'GreedyVerification' });
    project();
    const refused = await run(['bindle', '-s', server.url]);
    expect(refused).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('does not know the key "ana"'),
    });
    server.keyring.push(...parseTrusted(refused.stderr.slice(refused.stderr.indexOf('[[key]]')), 'x'));
    expect((await run(['bindle', '-s', server.url])).code).toBe(0);
    expect(await run(['bindle', '--no-sign', '-s', server.url])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('takes signed bindles only'),
    });
  });

  it.each([
    ['nothing answers', () => Promise.resolve('http://127.0.0.1:1/v1'), /Nothing answers/],
    [
      'another server answers',
      async () => {
        const other = createServer((_req, res) =>
          res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hi</h1>'),
        );
        await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready));
        cleanups.push(() => new Promise((done) => other.close(done)));
        return `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      },
      /not as a Bindle server/,
    ],
  ])('says so when %s', async (_name, url, message) => {
    project();
    expect(await run(['bindle', '-s', await url()])).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });

  it('publishes no secret unasked', async () => {
    const server = await reference();
    project({
      'files/.env.local': 'TOKEN=1',
      'files/sub/id_rsa': 'x',
      'files/ok.txt': 'ok',
      'files/note.txt': '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n',
    });
    const ran = await run(['bindle', '-s', server.url]);
    expect(ran.code).toBe(3);
    for (const name of ['files/.env.local', 'files/sub/id_rsa', 'files/note.txt', 'files/**/*', '--allow'])
      expect(ran.stderr).toContain(name);
    expect(ran.stderr).not.toContain('files/ok.txt');
    expect(server.log).toEqual([]);
    expect((await run(['prepare', '-d', join(dir, 'out')])).code).toBe(3);
    expect(existsSync(join(dir, 'out'))).toBe(false);
    const allow = ['files/.env.local', 'files/sub/id_rsa', 'files/note.txt'].flatMap((name) => [
      '--allow',
      name,
    ]);
    expect((await run(['bindle', '-s', server.url, ...allow])).code).toBe(0);
  });

  it('makes a bindle of one module and says what it made up', async () => {
    const server = await reference();
    writeFileSync(join(dir, 'My Module.wasm'), WASM);
    const ran = await run(['bindle', 'My Module.wasm', '-s', server.url, '-v', 'production', '-o', 'id']);
    expect(ran.code).toBe(0);
    expect(ran.stdout.trim()).toMatch(/^[A-Za-z-]+\/0\.1\.0$/);
    expect(ran.stderr).toMatch(/There is no HIPPOFACTS: the bindle is named .*\n.*the version is 0\.1\.0/);
  });

  it('goes on after the server was killed in the middle, and keeps what was acknowledged', async () => {
    const data = join(dir, 'data');
    const first = await startLocalPlatform(home, ['--data', data, '--port', '0']);
    const port = new URL(first.hippoUrl).port;
    project(
      Object.fromEntries(
        Array.from({ length: 300 }, (_, index) => [`files/f${index}.bin`, Buffer.alloc(20_000, index)]),
      ),
    );
    const killed = run(['bindle', '-v', 'production', '-s', first.bindleUrl], {
      onStart: (child) =>
        child.stderr?.once('data', () => {
          process.kill(first.pid, 'SIGKILL');
        }),
    });
    expect(await killed).toMatchObject({ code: 4 });
    await first.stop();
    await platform(['--data', data, '--port', port]);
    const ran = await run(['bindle', '-v', 'production', '-s', first.bindleUrl, '-o', 'json']);
    expect(ran.code).toBe(0);
    const info = await run([
      'pull',
      'example.com/shop/1.0.0',
      '-d',
      join(dir, 'pulled'),
      '-s',
      first.bindleUrl,
      '--strategy',
      'CreativeIntegrity',
      '-o',
      'none',
    ]);
    expect(info).toMatchObject({ code: 0 });
    const [pulled] = readdirSync(join(dir, 'pulled'));
    // 256 different contents and the module.
    expect(readdirSync(join(dir, 'pulled', pulled!, 'parcels'))).toHaveLength(257);
  });

  it.skipIf(process.platform === 'win32')('finishes uploads on Ctrl-C, and a repeat goes on', async () => {
    const server = await reference();
    project(
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`files/f${index}`, `content ${index}`])),
    );
    let arrived = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let interrupt: () => void = () => undefined;
    server.intercept = async (req) => {
      if (!req.url?.includes('@')) return false;
      if (++arrived === 8) interrupt();
      await released;
      return false;
    };
    const ran = await run(['bindle', '-v', 'production', '-s', server.url], {
      onStart: (child) => {
        interrupt = () => child.kill('SIGINT');
        let said = '';
        child.stderr?.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (said.includes('Finishing 8 uploads')) release();
        });
      },
    });
    expect(ran).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringContaining('Cancelled after 8 uploaded files'),
    });
    expect([...server.parcels.values()].filter((bytes) => Buffer.isBuffer(bytes))).toHaveLength(8);
    expect([...server.parcels.values()]).not.toContain(null);
    server.intercept = undefined;
    const again = await run(['bindle', '-v', 'production', '-s', server.url, '-o', 'json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ created: false, sentParcels: 33 });
  });

  it('copies what another bindle brings to a server that lacks it', async () => {
    const [library, target] = [await reference(), await reference()];
    const lib = join(dir, 'lib');
    mkdirSync(join(lib, 'data'), { recursive: true });
    writeFileSync(join(lib, 'serve.wasm'), Buffer.concat([WASM, Buffer.from([0, 1, 0])]));
    writeFileSync(join(lib, 'data', 'mime.db'), 'types');
    writeFileSync(
      join(lib, 'HIPPOFACTS'),
      '[bindle]\nname = "lib/serve"\nversion = "1.0.0"\n[[export]]\nid = "static"\nname = "serve.wasm"\nentrypoint = "serve"\nfiles = ["data/*"]\n',
    );
    expect((await run(['bindle', lib, '-v', 'production', '-s', library.url])).code).toBe(0);
    project({ 'files/a.txt': 'a' });
    writeFileSync(
      join(dir, 'HIPPOFACTS'),
      '[bindle]\nname = "example.com/shop"\nversion = "1.0.0"\n[[handler]]\nroute = "/static/..."\nexternal.bindleId = "lib/serve/1.0.0"\nexternal.handlerId = "static"\nfiles = ["files/*"]\n',
    );
    const without = await run(['bindle', '-v', 'production', '-s', target.url]);
    expect(without).toMatchObject({ code: 3, stderr: expect.stringContaining('lib/serve/1.0.0') });
    const ran = await run(['bindle', '-v', 'production', '-s', target.url, '--external-url', library.url]);
    expect(ran.code).toBe(0);
    expect(target.parcels.get(sha256('types'))?.toString()).toBe('types');
    const main = target.invoices.get('example.com/shop/1.0.0')!.parcel![0]!;
    expect(main.label.feature?.['wagi']).toMatchObject({
      entrypoint: 'serve',
      route: '/static/...',
      file: 'false',
    });
  });

  it('does not show the credentials of one server to another', async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((req, res) => {
      seen.push(req.headers.authorization);
      res.writeHead(404, { 'content-type': 'application/toml' }).end('error = "resource not found"');
    });
    await new Promise<void>((ready) => other.listen(0, '127.0.0.1', ready));
    cleanups.push(() => new Promise((done) => other.close(done)));
    const server = await reference({ htpasswd: 'ana:secret' });
    project();
    writeFileSync(
      join(dir, 'HIPPOFACTS'),
      '[bindle]\nname = "a"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nexternal.bindleId = "lib/x/1.0.0"\nexternal.handlerId = "y"\n',
    );
    const elsewhere = `http://127.0.0.1:${(other.address() as AddressInfo).port}/v1`;
    const env = cleanEnv(home, { BINDLE_USERNAME: 'ana', BINDLE_PASSWORD: 'secret' });
    expect((await run(['bindle', '-s', server.url, '--external-url', elsewhere], { env })).code).toBe(3);
    expect(seen).toEqual([undefined]);
  });

  it('shows what a server says without letting it write over the terminal', async () => {
    const server = await reference();
    project();
    await run(['bindle', '-v', 'production', '-s', server.url]);
    const invoice = server.invoices.get('example.com/shop/1.0.0')!;
    invoice.bindle.description = 'fine\u001b[2J\u001b]0;pwned\u0007\nsigned by root: valid';
    for (const args of [['info', 'example.com/shop/1.0.0'], ['search']]) {
      const { stdout } = await run([...args, '-s', server.url]);
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      expect(stdout).not.toMatch(/^signed by root/m);
    }
  });

  it('tells a server that is down from a project that needs work', async () => {
    project();
    writeFileSync(
      join(dir, 'HIPPOFACTS'),
      '[bindle]\nname = "a"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nexternal.bindleId = "lib/x/1.0.0"\nexternal.handlerId = "y"\n',
    );
    expect((await run(['bindle', '-s', 'http://127.0.0.1:1/v1'])).code).toBe(4);
  });
});

describe('hippo prepare', () => {
  it('writes a bindle that can be pushed from its folder and from its archive', async () => {
    const server = await reference();
    project({ 'files/a.txt': 'a', 'files/b/c.txt': 'c' });
    const out = join(dir, 'out');
    const prepared = await run(['prepare', '-d', out, '-v', 'production', '--archive', '-o', 'json']);
    expect(prepared.code).toBe(0);
    const { path } = JSON.parse(prepared.stdout) as { path: string };
    expect(path).toBe(join(out, `${sha256('example.com/shop/1.0.0')}.tar.gz`));
    for (const source of [path, path.replace('.tar.gz', ''), out]) {
      server.invoices.clear();
      server.parcels.clear();
      expect(await run(['bindle', source, '-s', server.url, '-o', 'id'])).toMatchObject({
        code: 0,
        stdout: 'example.com/shop/1.0.0\n',
      });
      expect([...server.parcels.values()].filter((bytes) => Buffer.isBuffer(bytes))).toHaveLength(3);
    }
  });

  it('prints the command that pushes it, as the original does', async () => {
    project();
    const ran = await run(['prepare', '.', '-d', 'out', '-v', 'production']);
    expect(ran.stdout).toMatch(/^id: {6}example\.com\/shop\/1\.0\.0\ncommand: /);
    expect(ran.stdout).toContain(`bindle push -p ${join(dir, 'out')} example.com/shop/1.0.0`);
  });

  it('needs a folder, and leaves nothing where writing fails', async () => {
    project();
    expect((await run(['prepare', '.'])).code).toBe(2);
    writeFileSync(join(dir, 'taken'), '');
    expect(await run(['prepare', '.', '-d', 'taken/out'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: .*cannot be written/m),
    });
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'says that the disk is full and leaves nothing behind',
    async () => {
      const mount = join(dir, 'small');
      mkdirSync(mount);
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]).status !== 0) return;
      try {
        project({ 'files/big.bin': Buffer.alloc(3_000_000, 7) });
        const ran = await run(['prepare', '-d', join(mount, 'out')]);
        expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('disk is full') });
        expect(readdirSync(mount)).toEqual(['out']);
        expect(readdirSync(join(mount, 'out'))).toEqual([]);
      } finally {
        spawnSync('umount', [mount]);
      }
    },
  );
});

describe('reading', () => {
  it('finds, shows, downloads and withdraws what was pushed', async () => {
    const { bindleUrl } = await platform();
    project({ 'files/a.txt': 'a' });
    const at = ['-s', bindleUrl];
    const id = 'example.com/shop/1.0.0';
    expect((await run(['bindle', '-v', 'production', ...at])).code).toBe(0);
    expect((await run(['search', 'shop', ...at])).stdout).toBe(`${id}\n`);
    expect(await run(['search', 'nothing', ...at])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('No bindle matches'),
    });
    expect((await run(['info', id, ...at])).stdout).toMatch(
      /2 parcels, 9 B\n.*m\.wasm {2}serves \/\n.*files\/a\.txt\nsigned by ana as creator, .*: valid/,
    );
    expect(JSON.parse((await run(['info', id, '-o', 'json', ...at])).stdout)).toMatchObject({
      bindle: { name: 'example.com/shop' },
    });
    expect((await run(['pull', id, '-d', 'out', ...at])).code).toBe(0);
    const [pulled] = readdirSync(join(dir, 'out'));
    expect(readFileSync(join(dir, 'out', pulled!, 'parcels', `${sha256('a')}.dat`), 'utf8')).toBe('a');
    expect((await run(['yank', id, ...at])).stdout).toBe(`yanked: ${id}\n`);
    expect(await run(['info', id, ...at])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('yanked'),
    });
    expect((await run(['info', id, '-y', ...at])).stdout).toContain(`${id}  (yanked)`);
    expect(await run(['bindle', '-v', 'production', ...at])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('raise the version'),
    });
  });

  it('keeps nothing that is not what the invoice says', async () => {
    const server = await reference();
    project({ 'files/a.txt': 'a' });
    await run(['bindle', '-v', 'production', '-s', server.url]);
    server.parcels.set(sha256('a'), Buffer.from('b'));
    const ran = await run(['pull', 'example.com/shop/1.0.0', '-d', 'out', '-s', server.url]);
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('files/a.txt is damaged') });
    expect(readdirSync(join(dir, 'out'))).toEqual([]);
  });

  it('downloads from strangers only when told to', async () => {
    const server = await reference();
    project();
    await run(['bindle', '-v', 'production', '-s', server.url]);
    rmSync(home, { recursive: true });
    const pull = ['pull', 'example.com/shop/1.0.0', '-d', 'out', '-s', server.url];
    const refused = await run(pull);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('ana (creator)') });
    expect(await run([...pull, '--no-verify'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('warning:'),
    });
    const key = /^ {2}(\S+) {2}ana \(creator\)$/m.exec(refused.stderr)![1]!;
    await run(['key', 'trust', key, '--label', 'ana']);
    expect((await run(pull)).code).toBe(0);
    const greedy = [...pull, '--strategy', 'GreedyVerification'];
    expect((await run(greedy)).code).toBe(5);
    await run(['key', 'trust', '--host', '-s', server.url]);
    expect((await run(greedy)).code).toBe(0);
    server.invoices.get('example.com/shop/1.0.0')!.bindle.version = '1.0.0';
    server.invoices.get('example.com/shop/1.0.0')!.signature![0]!.by = 'eve';
    expect(await run(pull)).toMatchObject({ code: 5, stderr: expect.stringContaining('tampered') });
  });
});

describe('keys', () => {
  it('are created, listed, exported, imported and trusted', async () => {
    expect((await run(['key', 'list'])).stderr).toContain('hippo key create');
    const created = await run(['key', 'create', 'Ana', '--roles', 'creator,approver']);
    expect(created).toMatchObject({ code: 0, stdout: expect.stringContaining('label = "Ana"') });
    expect(await run(['key', 'create', 'Ana'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('already holds a key named "Ana"'),
    });
    expect(await run(['key', 'create', 'x', '--roles', 'boss'])).toMatchObject({ code: 2 });
    const { own } = JSON.parse((await run(['key', 'list', '-o', 'json'])).stdout) as {
      own: { key: string; roles: string[] }[];
    };
    expect(own[0]?.roles).toEqual(['creator', 'approver']);
    expect((await run(['key', 'export', 'Ana'])).stdout).toContain(own[0]!.key);
    expect(await run(['key', 'export', 'Bob'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hippo key list'),
    });
    const elsewhere = cleanEnv(join(dir, 'elsewhere'));
    const imported = await run(['key', 'import', join(home, 'secret_keys.toml')], { env: elsewhere });
    expect(imported).toMatchObject({ code: 0, stdout: 'imported: 1 key\n' });
    expect((await run(['keys', 'export'], { env: elsewhere })).stdout).toContain(own[0]!.key);
    writeFileSync(join(dir, 'ring.toml'), created.stdout);
    const third = cleanEnv(join(dir, 'third'));
    expect((await run(['key', 'trust', 'ring.toml'], { env: third })).stdout).toContain(own[0]!.key);
    expect(await run(['key', 'trust', 'nonsense'], { env: third })).toMatchObject({ code: 1 });
    const secret = /keypair = "([^"]+)"/.exec(readFileSync(join(home, 'secret_keys.toml'), 'utf8'))![1]!;
    for (const { stdout, stderr } of [created, imported]) expect(stdout + stderr).not.toContain(secret);
  });
});

describe('the command itself', () => {
  it.each([
    ['prepare'],
    ['bindle'],
    ['search'],
    ['info'],
    ['pull'],
    ['yank'],
    ['key'],
    ['platform'],
    ['new'],
  ])('explains %s', async (name) => {
    for (const args of [
      [name, '--help'],
      ['help', name],
    ]) {
      const ran = await run(args);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).toContain(`Usage: hippo ${name}`);
    }
  });

  it.each([
    [['bindel'], 2, /Did you mean bindle/],
    [['bindle', '--nope'], 2, /unknown option/],
    [['bindle', '-o', 'xml'], 2, /Allowed choices/],
    [['bindle', '-v', '1.0'], 2, /Allowed choices/],
    [[], 2, /Usage/],
    [['bindle', 'no-such-folder'], 3, /does not exist/],
    [['info', 'not-an-id'], 2, /not a bindle id/],
    [['search', '--limit', '999'], 2, /whole number from 0 to 255/],
    [['bindle', '-s', 'localhost:8080'], 2, /http:\/\//],
    [['bindle', '--ca-file', 'none.pem'], 2, /cannot be read/],
  ])('answers %j with %i', async (args, code, message) => {
    project();
    const ran = await run(args);
    expect(ran.stderr).toMatch(message);
    expect(ran.stdout).toBe('');
    expect(ran.code).toBe(code);
  });

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  it('writes a HIPPOFACTS that it accepts itself, and never over another', async () => {
    writeFileSync(join(dir, 'app.wasm'), WASM);
    mkdirSync(join(dir, 'static'));
    writeFileSync(join(dir, 'static', 'x.css'), 'x');
    expect(await run(['new', 'hippofacts', 'my-app', '-a', 'Ana <ana@example.com>'])).toMatchObject({
      code: 0,
    });
    expect((await run(['prepare', '-d', 'out', '-o', 'json', '-v', 'production'])).stdout).toContain(
      '"id":"my-app/0.1.0"',
    );
    expect(await run(['new', 'other'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not overwritten'),
    });
  });
});
