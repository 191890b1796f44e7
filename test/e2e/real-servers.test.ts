// Publishing to a Hippo and a Bindle server of the original makes, with their faults, as a workflow in CI does it:
// nobody is there to be asked.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { REAL_ACCOUNT, startRealHippo, type RealDialect, type RealHippo } from '../support/real-hippo.ts';
import { startReferenceServer, type ReferenceServer } from '../support/reference-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
const dir = join(folder, 'shop');
let bindle: ReferenceServer;
let real: RealHippo;

function project(name: string, version: string, text = 'a'): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'm.wasm'), '\0asm\x01\0\0\0');
  writeFileSync(join(dir, 'a.txt'), text);
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "${name}"\nversion = "${version}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["*.txt"]\n`,
  );
}

async function serve(dialect: RealDialect): Promise<void> {
  bindle = await startReferenceServer();
  real = await startRealHippo({ dialect, bindle });
}

beforeEach(() => project('team/shop', '1.0.0'));
afterEach(() => Promise.all([bindle.close(), real.close()]));

const run = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  hippo(args, {
    cwd: dir,
    env: cleanEnv(join(folder, 'home'), {
      HIPPO_URL: real.url,
      BINDLE_URL: bindle.url,
      HTTP_PROXY: real.url,
      ...REAL_ACCOUNT,
      ...env,
    }),
  });
const publish = (...args: string[]): Promise<Ran> => run(['publish', '-v', 'production', ...args]);
const registrations = (): string[] =>
  real.changes.filter((change) => /^POST \/api\/revisions? /.test(change));
const numbers = (): string[] => real.revisions.map(({ revisionNumber }) => revisionNumber);
const running = (): Record<string, string | undefined> =>
  Object.fromEntries(real.channels.map((channel) => [channel.name, real.runs(channel)]));

describe.each(['F', 'S'] as const)('a server of dialect %s', (dialect) => {
  beforeEach(() => serve(dialect));

  it('gets nothing unasked where there is no app', async () => {
    const refused = await publish();
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /There is no app for the bindles of team\/shop, and nothing was sent\.\n.*--yes/,
    );
    expect(bindle.invoices.size).toBe(0);
    expect(real.changes).toEqual([]);
  });

  it('gets app, channel and revision with --yes, each once', async () => {
    const ran = await publish('--yes');
    const domain = dialect === 'S' ? 'production.shop.hippofactory.io' : 'shop.hippofactory.io';
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining(domain) });
    expect(real.apps.map(({ name, storageId }) => [name, storageId])).toEqual([['shop', 'team/shop']]);
    expect(real.channels).toMatchObject([{ name: 'production', rangeRule: '*' }]);
    expect(numbers()).toEqual(['1.0.0']);
    // Making the app has imported it.
    expect(registrations()).toEqual([]);
    expect(running()).toEqual({ production: '1.0.0' });

    project('team/shop', '1.1.0', 'b');
    expect((await publish()).code).toBe(0);
    expect(registrations()).toHaveLength(1);
    expect((await publish()).code).toBe(0);
    expect(registrations()).toHaveLength(1);
    expect(numbers()).toEqual(['1.0.0', '1.1.0']);
    expect(running()).toEqual({ production: '1.1.0' });
  });

  it('gets development builds into the channel of their user, by push as well', async () => {
    expect((await run(['publish', '--yes'])).code).toBe(0);
    const again = await run(['push', '.', '-o', 'message']);
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^pushed: team\/shop\/1\.0\.0-ana-\d{17}\n$/),
    });
    expect(real.channels).toMatchObject([{ name: 'ana', rangeRule: 'P:*-ana-*' }]);
    expect(running()).toEqual({ ana: again.stdout.trim().split('/').at(-1) });
    project('team/shop', '2.0.0-rc.1');
    const repointed = await run(['publish', '-o', 'id']);
    expect(repointed.code).toBe(0);
    expect(real.channels).toMatchObject([{ name: 'ana', rangeRule: 'P:*-rc.1-ana-*' }]);
    expect(running()).toEqual({ ana: repointed.stdout.trim().split('/').at(-1) });
    expect(new Set(numbers()).size).toBe(numbers().length);
  });

  it('is told nothing more than it knows by a plan', async () => {
    const dry = await run(['publish', '--dry-run', '-o', 'json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({
      app: null,
      appKnown: true,
      steps: [{ type: 'create-app' }, { type: 'create-channel' }],
    });
    expect(real.changes).toEqual([]);
    expect(bindle.invoices.size).toBe(0);
  });

  it('refuses a bindle name with dots, which is said before anything is sent', async () => {
    project('example.com/shop', '1.0.0');
    const ran = await publish('--yes');
    expect(ran).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('cannot take the bindle name "example.com/shop"'),
    });
    expect(bindle.invoices.size).toBe(0);
  });

  it('is asked again after an answer that was lost, and gets nothing twice', async () => {
    const lost = new Set<string>();
    real.loses = (method, path) =>
      method === 'POST' &&
      !path.endsWith('tokens') &&
      !path.endsWith('createtoken') &&
      !lost.has(path) &&
      !!lost.add(path);
    expect((await publish('--yes')).code).toBe(0);
    project('team/shop', '1.1.0', 'b');
    const ran = await publish();
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('Trying again') });
    expect(lost.size).toBeGreaterThanOrEqual(3);
    expect(real.apps).toHaveLength(1);
    expect(real.channels).toHaveLength(1);
    expect(numbers()).toEqual(['1.0.0', '1.1.0']);
    expect(running()).toEqual({ production: '1.1.0' });
  });

  it('that fails for good gets no revision, and the message says that the bindle is stored', async () => {
    expect((await publish('--yes')).code).toBe(0);
    project('team/shop', '1.1.0', 'b');
    real.refuses = (method, path) => (method === 'POST' && path.includes('revision') ? 500 : undefined);
    const ran = await publish();
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(
      /The bindle team\/shop\/1\.1\.0 is stored, but Hippo did not take it as a revision: .*\n`hippo release team\/shop\/1\.1\.0`/,
    );
    real.refuses = () => undefined;
    expect((await run(['release', 'team/shop/1.1.0'])).code).toBe(0);
    expect(running()).toEqual({ production: '1.1.0' });
    expect(numbers()).toEqual(['1.0.0', '1.1.0']);
  });

  it('that lets nobody in any more is signed in to again', async () => {
    expect((await publish('--yes')).code).toBe(0);
    project('team/shop', '1.1.0', 'b');
    let asked = 0;
    real.refuses = () => void (asked++ % 4 === 3 && real.expireTokens());
    expect((await publish()).code).toBe(0);
    expect(numbers()).toEqual(['1.0.0', '1.1.0']);
  });

  it('has an app of that name for others already', async () => {
    real.apps.push({ id: '00000000-0000-4000-8000-000000000001', name: 'shop', storageId: 'other/shop' });
    const ran = await publish('--yes');
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('(as shop-2)') });
    expect(real.apps.map(({ name }) => name)).toEqual(['shop', 'shop-2']);
  });

  it('imports what the Bindle server has: a first publish of an older version gets a rule that takes it', async () => {
    project('team/shop', '2.0.0', 'newer');
    expect((await run(['bindle', '-v', 'production'])).code).toBe(0);
    project('team/shop', '1.5.0');
    expect((await publish('--yes')).code).toBe(0);
    expect(real.channels).toMatchObject([{ name: 'production', rangeRule: '^1.5.0' }]);
    expect(running()).toEqual({ production: '1.5.0' });
  });

  it('has one channel pinned with --channel, and its other channels stay as they are', async () => {
    expect((await publish('--yes')).code).toBe(0);
    const [production] = real.channels;
    production!.rangeRule = '^1';
    project('team/shop', '2.0.0', 'b');
    expect((await publish('--channel', 'production', '--yes')).code).toBe(0);
    expect(running()).toEqual({ production: '2.0.0' });
    expect(production).toMatchObject({ revisionSelectionStrategy: 'UseSpecifiedRevision' });
  });

  it('takes no bindles itself', async () => {
    const ran = await publish('--via', 'hippo', '--yes');
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('takes no bindles itself') });
  });

  it('with a version that others have got already: nothing is sent, and --bump finds the next free one', async () => {
    expect((await publish('--yes')).code).toBe(0);
    project('team/shop', '1.0.0', 'b');
    expect((await publish('--bump', 'patch')).code).toBe(0);
    project('team/shop', '1.0.0', 'c');
    const taken = await publish();
    expect(taken).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('with other content, and nothing was sent'),
    });
    expect(numbers()).toEqual(['1.0.0', '1.0.1']);
    const bumped = await publish('--bump', 'patch', '-o', 'id');
    expect(bumped).toMatchObject({ code: 0, stdout: 'team/shop/1.0.2\n' });
    expect(readFileSync(join(dir, 'HIPPOFACTS'), 'utf8')).toContain('version = "1.0.2"');
    expect(running()).toEqual({ production: '1.0.2' });
  });
});

describe('a server of dialect O', () => {
  beforeEach(() => serve('O'));

  it('gets the revision of an app that is there, even with dots in its name', async () => {
    project('example.com/shop', '1.0.0');
    real.apps.push({
      id: '00000000-0000-4000-8000-000000000001',
      name: 'shop',
      storageId: 'example.com/shop',
    });
    const ran = await run(['push', '.', '-v', 'production', '-o', 'message']);
    expect(ran).toMatchObject({ code: 0, stdout: 'pushed: example.com/shop/1.0.0\n' });
    expect(registrations()).toEqual([
      'POST /api/revision {"appStorageId":"example.com/shop","revisionNumber":"1.0.0"}',
    ]);
    const dry = await run(['publish', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('too old to say which channels') });
  });

  it('that has no such app says so; none is made, and the bindle is kept', async () => {
    const ran = await publish('--yes');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(
      /The bindle team\/shop\/1\.0\.0 is stored, but .* no app .*\n.*hippo create NAME team\/shop/,
    );
    expect(real.apps).toEqual([]);
    expect(bindle.invoices.has('team/shop/1.0.0')).toBe(true);
    expect((await run(['create', 'shop', 'team/shop'])).code).toBe(0);
    expect((await run(['release', 'team/shop/1.0.0'])).code).toBe(0);
    expect(numbers()).toEqual(['1.0.0']);
  });

  it('is not asked twice after an answer that was lost: it cannot be looked at', async () => {
    real.apps.push({ id: '00000000-0000-4000-8000-000000000001', name: 'shop', storageId: 'team/shop' });
    real.loses = (method, path) => method === 'POST' && path === '/api/revision';
    const ran = await publish();
    expect(ran).toMatchObject({ code: 4, stderr: expect.stringContaining('is stored, but') });
    expect(registrations()).toHaveLength(1);
  });

  it('does not let in whoever has another password', async () => {
    const denied = await run(['push', '.'], { HIPPO_PASSWORD: 'wrong-one' });
    expect(denied.code).toBe(5);
    expect(denied.stderr).not.toContain('wrong-one');
    expect(bindle.invoices.size).toBe(0);
  });
});
