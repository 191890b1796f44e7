// The commands for apps, channels and the rest, against a local Hippo, and what they say when something is wrong.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnv, hippo, type Ran, type RunOptions } from '../support/cli.ts';
import { startStubHippo, type StubHippo } from '../support/stub-hippo.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
let token: string;
/** Everything that any command has printed. */
let said = '';

beforeAll(async () => {
  mkdirSync(home);
  await run(['platform', 'start', '--detach']);
  token = readFileSync(join(home, 'platform', 'owner-token'), 'utf8').trim();
});
afterAll(async () => {
  await run(['platform', 'stop']);
});

async function run(args: string[], options: RunOptions & { vars?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
  const { vars, ...rest } = options;
  const ran = await hippo(args, { cwd: folder, env: cleanEnv(home, vars), ...rest });
  said += ran.stdout + ran.stderr;
  return ran;
}

/** Succeeds, and gives what is on standard output. */
async function ok(args: string[], options: RunOptions & { vars?: NodeJS.ProcessEnv } = {}): Promise<string> {
  const ran = await run(args, options);
  expect(ran, args.join(' ')).toMatchObject({ code: 0 });
  return ran.stdout;
}

async function json<T>(args: string[], options: RunOptions = {}): Promise<T> {
  return JSON.parse(await ok([...args, '-o', 'json'], options)) as T;
}

/** A folder of its own, with a HIPPOFACTS if a bindle name is given. */
function project(storageId?: string): { cwd: string } {
  const cwd = mkdtempSync(join(folder, 'project-'));
  if (storageId !== undefined)
    writeFileSync(join(cwd, 'HIPPOFACTS'), `[bindle]\nname = "${storageId}"\nversion = "1.0.0"\n`);
  return { cwd };
}

interface Channel {
  id: string;
  name: string;
  domain: string;
  address: string;
  rangeRule: string | null;
  revisionSelectionStrategy: string;
  activeRevision: { revisionNumber: string } | null;
}

describe('as they are written elsewhere', () => {
  test('the commands of the issue that all began with', async () => {
    const here = project();
    // There are other apps already: these commands mean the one that they make.
    await ok(['create', 'other', 'other/bindle']);
    expect(await ok(['create', 'myapp'], here)).toMatch(/^Added myapp \(ID = '[0-9a-f-]{36}'\)\n$/);
    expect(await ok(['channels', 'add', 'development'], here)).toMatch(
      /^Added development \(ID = '[0-9a-f-]{36}'\)\nhttp:\/\/myapp\.localhost:\d+\/\n$/,
    );
    const status = await json<{ app: { name: string }; channels: Channel[] }>(['status'], here);
    expect(status.app.name).toBe('myapp');
    expect(status.channels.map(({ name }) => name)).toEqual(['development']);
  });

  test('those of the CLI 0.14, with ids as it prints them', async () => {
    const here = project();
    const appId = GUID.exec(await ok(['app', 'add', 'helloworld', 'hello/world'], here))?.[0] ?? '';
    const channelId = GUID.exec(await ok(['channel', 'add', 'latest', appId], here))?.[0] ?? '';
    expect(await ok(['revision', 'add', 'hello/world', '1.0.0'], here)).toBe('Added 1.0.0\n');
    expect(await ok(['env', 'add', 'HELLO', 'world', channelId], here)).toMatch(/^Added HELLO/);
    expect(await ok(['env', 'list', channelId], here)).toContain('HELLO  world');
    expect(await ok(['e', 'rm', channelId, 'HELLO'], here)).toMatch(/^Removed HELLO/);
    expect(await ok(['channel', 'logs', channelId], here)).toBe('');
    expect(await ok(['whoami'], here)).toBe('owner\n');
    const revisions = await json<{ id: string; appId: string }[]>(
      ['revisions', 'list', '--app', appId],
      here,
    );
    const fixed = await json<Channel>(
      ['c', 'new', 'pinned', appId, '-d', 'pinned.example.com', '--revision-id', revisions[0]!.id],
      here,
    );
    expect(fixed).toMatchObject({
      domain: 'pinned.example.com',
      revisionSelectionStrategy: 'UseSpecifiedRevision',
      activeRevision: { revisionNumber: '1.0.0' },
    });
    expect(
      await run(['c', 'new', 'x', appId, '--range-rule', '*', '--revision-id', 'y'], here),
    ).toMatchObject({
      code: 2,
    });
    await ok(['channel', 'rm', channelId], here);
    await ok(['a', 'delete', appId], here);
    expect(await ok(['apps', 'list'], here)).not.toContain('helloworld');
  });

  test.each([
    'app',
    'channel',
    'revision',
    'env',
    'addons',
    'certificate',
    'team',
    'token',
    'connection',
    'platform',
  ])('%s explains itself', async (name) => {
    const { code, stdout } = await run([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Commands:');
  });
});

describe('an app', () => {
  test('gets the bindle name of the HIPPOFACTS here, one that is given, or its own', async () => {
    const apps = await Promise.all([
      json<{ storageId: string }>(['create', 'a-one'], project('example.com/facts')),
      json<{ storageId: string }>(['create', 'a-two', 'example.com/given'], project('example.com/facts')),
      json<{ storageId: string }>(['create', 'a-three'], project()),
    ]);
    expect(apps.map(({ storageId }) => storageId)).toEqual([
      'example.com/facts',
      'example.com/given',
      'a-three',
    ]);
  });

  test('has a name that fits and is free', async () => {
    await ok(['create', 'b-one']);
    for (const [name, problem] of [
      ['b-one', /./],
      ['b one', /Letters, digits/],
    ] as const) {
      const { code, stderr } = await run(['create', name]);
      expect(code).toBe(4);
      expect(stderr).toMatch(/^error: .*\n$/);
      expect(stderr).toMatch(problem);
    }
  });

  test('can be renamed and removed by name', async () => {
    await ok(['create', 'c-one']);
    expect(await ok(['app', 'rename', 'c-one', 'c-two'])).toBe('Renamed c-one to c-two\n');
    expect(await ok(['app', 'rm', 'c-two'])).toBe('Removed c-two\n');
    expect(await run(['app', 'rm', 'c-two'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no app "c-two".'),
    });
  });

  test('goes to another team', async () => {
    await ok(['create', 'd-one']);
    await ok(['team', 'add', 'd-team']);
    expect(await ok(['app', 'move', 'd-one', 'd-team'])).toBe('Moved d-one to the team d-team\n');
    expect(await run(['app', 'move', 'd-one', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hippo team list'),
    });
  });

  test('of another Hippo needs a bindle there first', async () => {
    const stub = await startStubHippo(({ method, path }) =>
      path !== '/api/apps'
        ? undefined
        : method === 'GET'
          ? { status: 401 }
          : {
              status: 400,
              body: {
                title: 'One or more validation errors occurred.',
                status: 400,
                errors: { StorageId: ['Storage ID not found in bindle server'] },
              },
            },
    );
    const { code, stderr } = await run(['create', 'shop', 'example.com/shop'], {
      vars: { HIPPO_URL: stub.url, HIPPO_TOKEN: 't' },
    });
    stub.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*"example\.com\/shop".*\nPublish first: /);
  });
});

describe('which app and channel', () => {
  const facts = project('example.com/which');
  const elsewhere = project();
  const currentOf = async (
    options: RunOptions & { vars?: NodeJS.ProcessEnv },
    ...args: string[]
  ): Promise<string> => {
    const { stdout } = await run(['channel', 'set', '--rule', '*', '-o', 'json', ...args], options);
    const { address } = JSON.parse(stdout) as Channel;
    return new URL(address).hostname;
  };

  beforeAll(async () => {
    await ok(['create', 'w-one', 'example.com/which'], elsewhere);
    for (const name of ['first', 'second']) await ok(['channel', 'add', name, 'w-one'], elsewhere);
    await ok(['create', 'w-two', 'example.com/what'], elsewhere);
    await ok(['channel', 'add', 'only', 'w-two'], elsewhere);
  });

  test('is said by options, else by variables, else chosen, else found', async () => {
    expect(await currentOf(facts, '--channel', 'second')).toBe('second-w-one.localhost');
    await ok(['use', 'w-one:first'], facts);
    expect(await currentOf(facts)).toBe('w-one.localhost');
    await ok(['use', ':second'], facts);
    expect(await currentOf(facts)).toBe('second-w-one.localhost');
    expect(await currentOf(facts, '--app', 'w-two')).toBe('w-two.localhost');
    expect(await currentOf({ ...facts, vars: { HIPPO_APP: 'w-two' } })).toBe('w-two.localhost');
    expect(await currentOf({ ...facts, vars: { HIPPO_CHANNEL: 'first' } })).toBe('w-one.localhost');
    expect(await currentOf({ ...facts, vars: { HIPPO_APP: 'w-two' } }, '--app', 'w-one')).toBe(
      'second-w-one.localhost',
    );
  });

  test('is not written into the project', () => {
    expect(readdirSync(facts.cwd)).toEqual(['HIPPOFACTS']);
    for (const file of readdirSync(join(home, 'projects')))
      if (process.platform !== 'win32')
        expect(statSync(join(home, 'projects', file)).mode & 0o777).toBe(0o600);
  });

  test('is asked for where nothing says it', async () => {
    const { code, stderr } = await run(['env', 'list'], project());
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: Nothing here says which app is meant\.\nThere are the apps .*w-one.*--app.*hippo use/,
    );
    const second = await run(['env', 'list'], project('example.com/which'));
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('first, second') });
    expect(await run(['use', 'w-one:third'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"third"'),
    });
    expect(await run(['use', 'a:b:c'])).toMatchObject({ code: 2 });
  });
});

describe('a channel', () => {
  const here = project('example.com/lines');
  const shown = async (): Promise<Channel> => {
    const channels = await json<Channel[]>(['channels', 'list', '--app', 'lines']);
    return channels.find(({ name }) => name === 'live')!;
  };
  const running = async (): Promise<string | undefined> => (await shown()).activeRevision?.revisionNumber;

  beforeAll(async () => {
    await ok(['create', 'lines'], here);
    const waiting = await run(['channel', 'add', 'live', '--rule', '^1'], here);
    expect(waiting.stderr).toContain('It runs nothing yet');
    for (const version of ['1.0.0', '1.1.0', '2.0.0']) await ok(['revision', 'add', version], here);
  });

  test('follows its rule, or stays on a revision', async () => {
    expect(await running()).toBe('1.1.0');
    expect(await ok(['channel', 'set', '--revision', '1.0.0'], here)).toContain(
      'runs 1.0.0, and stays on it',
    );
    expect(await ok(['channel', 'set', 'live', '--rule', '*'], here)).toContain(
      'runs 2.0.0, by the rule "*"',
    );
    expect(await run(['channel', 'set', '--rule', 'newest'], here)).toMatchObject({
      stderr: expect.stringContaining('is not a range rule'),
    });
    expect(await run(['channel', 'set', '--revision', '3.0.0'], here)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no revision "3\.0\.0"\.\nThe last ones are 1\.0\.0, 1\.1\.0, 2\.0\.0/),
    });
    expect(await run(['channel', 'set'], here)).toMatchObject({ code: 2 });
    expect(await run(['channel', 'set', '--rule', '*', '--revision', '1.0.0'], here)).toMatchObject({
      code: 2,
    });
  });

  test('goes back, further back, and to any revision', async () => {
    await ok(['channel', 'set', '--rule', '*'], here);
    const back = await run(['rollback'], here);
    expect(back.stdout).toMatch(/^lines:live runs 1\.1\.0 instead of 2\.0\.0\n/);
    expect(back.stderr).toContain('hippo channel set live --rule "*"');
    expect(await ok(['rollback', 'live'], here)).toContain('runs 1.0.0 instead of 1.1.0');
    expect(await run(['rollback'], here)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no revision before 1.0.0'),
    });
    expect(await ok(['rollback', 'live', '2.0.0'], here)).toContain('runs 2.0.0');
    expect(await running()).toBe('2.0.0');
  });

  test('is stopped and started, and opened', async () => {
    expect(await ok(['stop'], here)).toBe('Stopped lines:live\n');
    expect(await ok(['status'], here)).toMatch(/live.*Dead/);
    expect(await ok(['start'], here)).toMatch(/^Started lines:live\nhttp:\/\/lines\.localhost:\d+\/\n$/);
    expect(await ok(['open', '--print'], here)).toBe(`${(await shown()).address}\n`);
    expect(await ok(['open'], { ...here, vars: { DISPLAY: '', WAYLAND_DISPLAY: '' } })).toMatch(/^http:/);
  });

  test('gets another name and domain', async () => {
    await ok(['channel', 'set', '--name', 'alive', '--domain', 'lines.example.com'], here);
    const [channel] = await json<Channel[]>(['channels', 'list', '--app', 'lines']);
    expect(channel).toMatchObject({ name: 'alive', domain: 'lines.example.com' });
    await ok(['channel', 'set', '--name', 'live', '--domain', 'lines.localhost'], here);
    expect(await run(['channel', 'set', '--domain', 'no spaces'], here)).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^error: .*domain/i),
    });
  });

  test('has variables', async () => {
    await ok(['env', 'set', 'A=1', 'B=two = 2', 'C='], here);
    await ok(['env', 'add', 'A', 'one'], here);
    expect(await json(['env', 'list'], here)).toEqual([
      { key: 'A', value: 'one' },
      { key: 'B', value: 'two = 2' },
      { key: 'C', value: '' },
    ]);
    expect(await run(['env', 'rm', 'A', 'X'], here)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no variable X: nothing was removed'),
    });
    await ok(['env', 'unset', 'A', 'C'], here);
    expect(await ok(['env', 'list', '-o', 'id'], here)).toBe('B\n');
    expect(await run(['env', 'set', '=x'], here)).toMatchObject({ code: 2 });
    expect(await run(['env', 'set', '1A=x'], here)).toMatchObject({ code: 4 });
  });

  test('of which a revision is removed runs the next best', async () => {
    await ok(['channel', 'set', '--rule', '*'], here);
    expect(await ok(['revision', 'rm', '2.0.0'], here)).toBe('Removed 2.0.0 of lines\n');
    expect(await running()).toBe('1.1.0');
    expect(await run(['revision', 'add', 'nobody/knows', '1.0.0'], here)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hippo create NAME nobody/knows'),
    });
    expect(await ok(['revision', 'add', 'example.com/lines/1.2.0'], here)).toBe('Added 1.2.0\n');
    expect(await ok(['revision', 'list'], here)).toMatch(/lines +1\.2\.0 +live/);
  });
});

describe('certificates', () => {
  test('are stored, listed without their key, put on a channel and removed', async () => {
    const here = project();
    const pem = (label: string): string => `-----BEGIN ${label}-----\nMIIB\n-----END ${label}-----\n`;
    writeFileSync(join(here.cwd, 'c.pem'), pem('CERTIFICATE'));
    writeFileSync(join(here.cwd, 'k.pem'), pem('PRIVATE KEY'));
    expect(await run(['cert', 'add', 'mine', 'k.pem', 'c.pem'], here)).toMatchObject({ code: 2 });
    expect(await run(['cert', 'add', 'mine', 'none.pem', 'k.pem'], here)).toMatchObject({ code: 2 });
    await ok(['cert', 'add', 'mine', 'c.pem', 'k.pem'], here);
    expect(await ok(['certificates', 'list', '-o', 'json'], here)).not.toContain('PRIVATE KEY');
    await ok(['create', 'with-cert'], here);
    await ok(['channel', 'add', 'x', '--certificate', 'mine'], here);
    expect(await ok(['certs', 'list'], here)).toMatch(/mine +x /);
    await ok(['channel', 'set', '--certificate', ''], here);
    expect(await ok(['certs', 'list'], here)).toMatch(/mine +- /);
    await ok(['cert', 'rm', 'mine'], here);
    expect(await run(['cert', 'rm', 'mine'], here)).toMatchObject({ code: 1 });
  });
});

describe('accounts, teams and tokens', () => {
  const url = async (): Promise<string> =>
    (await json<{ hippoUrl: string }>(['platform', 'status'])).hippoUrl;
  const other = join(folder, 'other-home');
  /** The same machine, another user of it: without the file that makes one its owner. */
  const asAna = (args: string[], vars: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    run(args, { env: cleanEnv(other, vars) });

  test('an account is made, signed in, known, and signed out', async () => {
    mkdirSync(other);
    const at = await url();
    const password = 'correct horse battery';
    expect(await ok(['register', '--username', 'ana'], { vars: { HIPPO_PASSWORD: password } })).toBe(
      'Registered ana\n',
    );
    expect(await asAna(['apps', 'list', '--url', at])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('hippo login'),
    });
    expect(
      await asAna(['login', '--url', at, '--username', 'ana'], { HIPPO_PASSWORD: 'wrong one' }),
    ).toMatchObject({
      stdout: '',
      stderr: expect.stringMatching(/^error: /),
    });
    const login = await asAna(['login', '--url', at, '--username', 'ana'], { HIPPO_PASSWORD: password });
    expect(login).toMatchObject({ code: 0, stdout: 'Logged in as ana\n' });
    // From now on that is the Hippo in use, and she sees what is hers.
    expect(await asAna(['whoami'])).toMatchObject({ code: 0, stdout: 'ana\n' });
    expect(await asAna(['apps', 'list', '-o', 'id'])).toMatchObject({ code: 0, stdout: '' });
    expect((await asAna(['create', 'anas'])).code).toBe(0);
    expect((await asAna(['connection', 'test'])).stdout).toMatch(/You are: +ana\n/);
    const [file = ''] = readdirSync(join(other, 'secrets'));
    const kept = readFileSync(join(other, 'secrets', file), 'utf8');
    expect(kept).not.toContain(password);
    if (process.platform !== 'win32') expect(statSync(join(other, 'secrets', file)).mode & 0o777).toBe(0o600);
    expect(await asAna(['logout'])).toMatchObject({ code: 0, stdout: 'Logged out\n' });
    expect(readdirSync(join(other, 'secrets'))).toEqual([]);
    expect((await asAna(['whoami'])).code).toBe(5);
    expect(said).not.toContain(password);
  });

  test('a password is kept only if that is asked for, and then said', async () => {
    const at = await url();
    const login = await asAna(['login', '--url', at, '--username', 'ana', '--save-password'], {
      HIPPO_PASSWORD: 'correct horse battery',
    });
    expect(login.stderr).toContain('Your password is kept in');
    const [file = ''] = readdirSync(join(other, 'secrets'));
    const path = join(other, 'secrets', file);
    const { session, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    expect(session).toBeTruthy();
    // Once its tokens are worth nothing, the next command signs in by itself.
    writeFileSync(
      path,
      JSON.stringify({ ...rest, session: { token: 'x.y.z', expiration: '2099-01-01T00:00:00Z' } }),
    );
    expect(await asAna(['whoami'])).toMatchObject({ code: 0, stdout: 'ana\n' });
    expect(readFileSync(path, 'utf8')).not.toContain('x.y.z');
    await asAna(['logout']);
  });

  test('the owner needs no login, and asks nobody', async () => {
    expect(await run(['login'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('no need to log in'),
    });
    expect(await run(['logout'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('nothing to log out'),
    });
    expect(await asAna(['login', '--url', await url()])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--username'),
    });
  });

  test('a team has members', async () => {
    await ok(['team', 'add', 'web']);
    expect(await ok(['team', 'member', 'add', 'web', 'ana'])).toBe('Added ana to web\n');
    expect(await ok(['teams', 'list'])).toMatch(/web +.*ana/);
    expect(await ok(['team', 'member', 'list', 'web'])).toContain('ana\n');
    await ok(['create', 'webs']);
    await ok(['app', 'move', 'webs', 'web']);
    const variables = {
      HIPPO_URL: await url(),
      HIPPO_USERNAME: 'ana',
      HIPPO_PASSWORD: 'correct horse battery',
    };
    expect((await asAna(['apps', 'list'], variables)).stdout).toContain('webs');
    expect(await run(['team', 'rm', 'web'])).toMatchObject({
      code: expect.toSatisfy((code: number) => code === 4 || code === 5),
      stderr: expect.stringContaining('web'),
    });
    expect(await run(['team', 'member', 'add', 'web', 'nobody'])).toMatchObject({
      stderr: expect.stringContaining('nobody'),
    });
    await ok(['team', 'member', 'rm', 'web', 'ana']);
    expect((await asAna(['apps', 'list'], variables)).stdout).not.toContain('webs');
  });

  test('a deploy token is shown once, and is good for its app alone', async () => {
    await ok(['create', 'deployed']);
    const made = await run(['token', 'create', '--app', 'deployed', '--expires', '90d', '--name', 'ci']);
    expect(made.code).toBe(0);
    const secret = made.stdout.trim();
    expect(secret).toMatch(/^\S{20,}$/);
    expect(made.stderr).not.toContain(secret);
    const list = await ok(['tokens', 'list']);
    expect(list).toMatch(/ci +deployed +owner/);
    expect(list).not.toContain(secret);
    const vars = { HIPPO_URL: await url(), HIPPO_TOKEN: secret };
    expect((await asAna(['apps', 'list', '-o', 'json'], vars)).stdout).toMatch(/^\[\{[^}]*"deployed"/);
    expect((await asAna(['create', 'more'], vars)).code).toBe(5);
    expect((await asAna(['revision', 'add', 'deployed', '1.0.0'], vars)).code).toBe(0);
    await ok(['token', 'revoke', 'ci']);
    expect((await asAna(['apps', 'list'], vars)).code).toBe(5);
    expect(await run(['token', 'create', '--app', 'deployed', '--expires', 'never'])).toMatchObject({
      code: 2,
    });
  });
});

describe('connections', () => {
  let stub: StubHippo;
  beforeAll(async () => {
    stub = await startStubHippo(({ method, path, authorization }) => {
      if (path === '/api/account/createtoken' && method === 'POST')
        return { status: 200, body: { token: 'stub-token', expiration: '2099-01-01T00:00:00Z' } };
      if (path === '/healthz') return { status: 200, body: { Status: 'Healthy' } };
      if (path !== '/api/app') return undefined;
      if (authorization !== 'Bearer stub-token') return { status: 401 };
      return {
        status: 200,
        body: { items: [], totalItems: 0, pageIndex: 0, pageSize: 50, isLastPage: true },
      };
    });
  });
  afterAll(() => stub.close());

  test('are added, used, tested and removed; an older Hippo is one like others', async () => {
    const { vars } = { vars: { HIPPO_HOME: join(folder, 'connections-home') } };
    await ok(['connection', 'add', 'old', stub.url, '--username', 'bob', '--use'], { vars });
    expect(await run(['connection', 'add', 'old', stub.url], { vars })).toMatchObject({ code: 2 });
    expect(await ok(['connections', 'list'], { vars })).toMatch(/\* +old +http/);
    const test = await run(['connection', 'test', '-o', 'json'], { vars });
    expect(test.code).toBe(5);
    expect(JSON.parse(test.stdout)).toMatchObject({ dialect: 'S', user: null });
    const login = await run(['login', '--password-stdin'], { vars: { ...vars, HIPPO_PASSWORD: '' } });
    // Standard input is empty here, which is a password for this server.
    expect(login).toMatchObject({ code: 0, stdout: 'Logged in as bob\n' });
    expect(login.stderr).toContain('--save-password');
    expect(await ok(['apps', 'list', '-o', 'json'], { vars })).toBe('[]\n');
    expect(stub.requests.at(-1)).toMatchObject({ path: '/api/app', authorization: 'Bearer stub-token' });
    // What this server cannot do is said, and nothing is tried.
    expect(await run(['teams', 'list'], { vars })).toMatchObject({ code: 4 });
    expect(await run(['search'], { vars })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--server'),
    });
    await ok(['connection', 'rm', 'old'], { vars });
    expect(readdirSync(join(folder, 'connections-home', 'secrets'))).toEqual([]);
    expect(await run(['connection', 'use', 'old'], { vars })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is local'),
    });
    expect(said).not.toContain('stub-token');
  });

  test('send nothing secret unencrypted to another machine', async () => {
    const vars = { HIPPO_HOME: join(folder, 'plain-home') };
    await ok(['connection', 'add', 'far', 'http://hippo.invalid', '--use'], { vars });
    for (const args of [
      ['login', '--username', 'ana', '--password', 'secret-password'],
      ['apps', 'list'],
    ])
      expect(await run(args, { vars: { ...vars, HIPPO_TOKEN: 'token-1' } })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('unencrypted'),
      });
    expect(said).not.toContain('secret-password');
  });

  test('that nobody answers are said to be so', async () => {
    const { code, stderr } = await run(['apps', 'list', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^error: No Hippo answers at http:\/\/127\.0\.0\.1:1 /);
    expect(await run(['apps', 'list', '--url', 'localhost:5309'])).toMatchObject({ code: 2 });
    expect(await run(['apps', 'list', '--connection', 'nowhere'])).toMatchObject({ code: 2 });
  });
});

test('the token of the owner was never printed', () => {
  expect(token.length).toBeGreaterThan(30);
  expect(said.length).toBeGreaterThan(1000);
  expect(said).not.toContain(token);
});
