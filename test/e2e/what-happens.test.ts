// What a publish says and returns where it does not go well: the table in the README, row by row, to servers of the
// original makes and with nobody there to be asked.

import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../support/bindles.ts';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { REAL_ACCOUNT, startRealHippo, type RealHippo } from '../support/real-hippo.ts';
import { startReferenceServer, type ReferenceServer } from '../support/reference-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
const dir = join(folder, 'shop');
const APP = '00000000-0000-4000-8000-000000000001';
let bindle: ReferenceServer;
let real: RealHippo;

beforeEach(async () => {
  bindle = await startReferenceServer();
  real = await startRealHippo({ dialect: 'F', bindle });
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  writeFileSync(join(dir, 'm.wasm'), '\0asm\x01\0\0\0');
  project('1.0.0');
});
afterEach(() => Promise.all([bindle.close(), real.close()]));

function project(version: string, more = ''): void {
  const handler = `[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["*.txt"]\n`;
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "team/shop"\nversion = "${version}"\n${handler}${more}`,
  );
  writeFileSync(join(dir, 'a.txt'), version);
}

function app(channels: Record<string, string> = { production: '*' }): void {
  real.apps.push({ id: APP, name: 'shop', storageId: 'team/shop' });
  for (const [name, rangeRule] of Object.entries(channels))
    real.channels.push({
      id: APP.replace(/1$/, String(real.channels.length + 2)),
      appId: APP,
      name,
      domain: `${name}.shop.hippofactory.io`,
      revisionSelectionStrategy: 'UseRangeRule',
      rangeRule,
      activeRevisionId: null,
    });
}

function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return hippo(args, {
    cwd: dir,
    env: cleanEnv(join(folder, 'home'), {
      HIPPO_URL: real.url,
      BINDLE_URL: bindle.url,
      HTTP_PROXY: real.url,
      ...REAL_ACCOUNT,
      ...env,
    }),
  });
}
const publish = (...args: string[]): Promise<Ran> => run(['publish', '-v', 'production', ...args]);

const sent = (): string[] => bindle.log.filter((line) => line.startsWith('POST'));
function expectNothingSent(): void {
  expect(sent()).toEqual([]);
  expect(real.changes).toEqual([]);
}

describe('the same content again', () => {
  it('is a success that sends nothing, and completes a release that was not', async () => {
    expect((await run(['bindle', '-v', 'production'])).code).toBe(0);
    app();
    bindle.log.length = 0;
    for (const registered of [1, 1]) {
      const ran = await publish('-o', 'json');
      expect(ran.code).toBe(0);
      expect(JSON.parse(ran.stdout)).toMatchObject({ created: false, sentParcels: 0 });
      expect(real.revisions).toHaveLength(registered);
    }
    expect(sent()).toEqual(['POST /v1/_i', 'POST /v1/_i']);
  });
});

describe('a project that needs work', () => {
  it.each([
    [
      'a mistake in HIPPOFACTS',
      () => project('1.0.0', 'colour = "red"\n'),
      /HIPPOFACTS:8:1: error: .*colour/,
    ],
    ['a missing module', () => rmSync(join(dir, 'm.wasm')), /HIPPOFACTS:6:8: error: .*m\.wasm/],
    [
      'what looks like a secret',
      () => writeFileSync(join(dir, 'key.txt'), '-----BEGIN RSA PRIVATE KEY-----\n'),
      /error: .*key\.txt/,
    ],
    ['no HIPPOFACTS', () => rmSync(join(dir, 'HIPPOFACTS')), /There is no HIPPOFACTS in .*hippo new/],
    ['two of them', () => writeFileSync(join(dir, 'hippofacts.toml'), ''), /several manifests/],
    ['what is no text', () => writeFileSync(join(dir, 'HIPPOFACTS'), Buffer.from([0xff, 0xfe])), /not UTF-8/],
  ])('because of %s: 3', async (_what, spoil, words) => {
    app();
    spoil();
    const ran = await publish();
    expect(ran).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(words) });
    expectNothingSent();
  });

  it('because its build fails: 3', async () => {
    app();
    const ran = await publish('--build', 'exit 9');
    expect(ran).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('The build failed (exit code 9), so nothing was published.'),
    });
    expectNothingSent();
  });

  it('because its version is taken or yanked: 3', async () => {
    app();
    expect((await publish()).code).toBe(0);
    writeFileSync(join(dir, 'a.txt'), 'other');
    real.changes.length = bindle.log.length = 0;
    expect(await publish()).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /team\/shop\/1\.0\.0 is on the server already, with other content, and nothing was sent\.\n.*--bump/,
      ),
    });
    bindle.invoices.get('team/shop/1.0.0')!.yanked = true;
    expect(await publish()).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        'team/shop/1.0.0 is on the server already, and yanked, and nothing was sent.',
      ),
    });
    expectNothingSent();
  });

  it('because nothing can be raised in it: 3', async () => {
    app();
    project('one');
    expect(await publish('--bump', 'patch')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('has no semantic version'),
    });
    expectNothingSent();
  });

  it.runIf(process.platform !== 'win32' && process.getuid?.() !== 0)(
    'because it cannot be written: 3',
    async () => {
      app();
      chmodSync(join(dir, 'HIPPOFACTS'), 0o444);
      expect(await publish('--bump', 'patch')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('cannot be written'),
      });
      expectNothingSent();
    },
  );
});

describe('apps and channels', () => {
  it('no app: 1, and what --yes would make', async () => {
    expect(await publish()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /There is no app for the bindles of team\/shop, and nothing was sent\.\nGive --yes to make the app shop/,
      ),
    });
    expectNothingSent();
  });

  it('several apps, or not the one that was named: 2', async () => {
    app();
    real.apps.push({ id: APP.replace(/1$/, '9'), name: 'shop-2', storageId: 'team/shop' });
    expect(await publish()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Several apps .*: shop and shop-2\.\n.*--app/),
    });
    expect(await publish('--app', 'other')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no app "other"'),
    });
    expectNothingSent();
    expect((await publish('--app', 'shop')).code).toBe(0);
  });

  it('no channel that takes the version: 0, and what --yes would do', async () => {
    app({ staging: '^0' });
    expect(await publish()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(
        'warning: No channel will run 1.0.0; --yes would make the channel production with the rule "*".',
      ),
    });
    expect(real.revisions).toHaveLength(1);
    expect(real.channels).toHaveLength(1);
  });

  it('channels of others that change: 0, and they are named', async () => {
    app({ production: '*', staging: '*' });
    expect(await publish()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('This changes what shop:production and shop:staging run.'),
    });
  });

  it('a name of a channel that cannot be one: 2', async () => {
    app();
    expect(await publish('--channel', 'not a name')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no channel "not a name"'),
    });
    expectNothingSent();
  });
});

describe('the Bindle server', () => {
  it('is away: 4', async () => {
    app();
    const { url } = bindle;
    await bindle.close();
    expect(await publish()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`Nothing answers at ${new URL(url).origin}`),
    });
    bindle = await startReferenceServer();
    expect(real.changes).toEqual([]);
  });

  it('fails: 4', async () => {
    app();
    bindle.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(500, { 'content-type': 'application/toml' }).end('error = "out of order"');
      return true;
    };
    expect(await publish()).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/Trying again[^]*out of order/),
    });
    expect(real.changes).toEqual([]);
  });

  it('is none: 4', async () => {
    app();
    expect(await publish('--server', `${real.url}/v1`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('not as a Bindle server'),
    });
    expect(real.changes).toEqual([]);
  });

  it('has a parcel that is stuck: 4', async () => {
    app();
    bindle.parcels.set(sha256('1.0.0'), null);
    expect(await publish()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('a.txt is stuck on the server'),
    });
    expect(real.changes).toEqual([]);
  });

  it('wants another password or a known key: 5', async () => {
    app();
    await bindle.close();
    bindle = await startReferenceServer({ htpasswd: 'ana:secret', strategy: 'CreativeIntegrity' });
    expect(await publish()).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('does not allow this'),
    });
    const wrong = { BINDLE_USERNAME: 'ana', BINDLE_PASSWORD: 'wrong-one' };
    const denied = await run(['publish', '-v', 'production'], wrong);
    expect(denied).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('does not accept these credentials'),
    });
    expect(denied.stderr).not.toContain('wrong-one');
    const right = { BINDLE_USERNAME: 'ana', BINDLE_PASSWORD: 'secret' };
    expect(await run(['publish', '-v', 'production', '--no-sign'], right)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('takes signed bindles only'),
    });
    expect(real.changes).toEqual([]);
  });
});

describe('Hippo', () => {
  it('is away: 4, and nothing is sent', async () => {
    const { url } = real;
    await real.close();
    expect(await publish()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`No Hippo answers at ${url}`),
    });
    expect(sent()).toEqual([]);
  });

  it('is none: 4', async () => {
    expect(await publish('--hippo-url', new URL(bindle.url).origin)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('is not a Hippo'),
    });
    expect(bindle.invoices.size).toBe(0);
  });

  it('has an address that is none: 2', async () => {
    expect(await publish('--hippo-url', 'shop')).toMatchObject({ code: 2 });
  });

  it('wants another password or token: 5', async () => {
    app();
    const denied = await run(['publish', '-v', 'production'], { HIPPO_PASSWORD: 'wrong-one' });
    expect(denied).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('does not accept this user name and password'),
    });
    expect(denied.stderr).not.toContain('wrong-one');
    expect((await run(['publish'], { HIPPO_TOKEN: 'expired' })).code).toBe(5);
    expectNothingSent();
  });

  it('cannot take the name of the bindle: 3', async () => {
    writeFileSync(
      join(dir, 'HIPPOFACTS'),
      '[bindle]\nname = "example.com/shop"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = "m.wasm"\n',
    );
    expect(await publish('--yes')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('cannot take the bindle name "example.com/shop"'),
    });
    expectNothingSent();
  });

  it('takes no revision: 4, or 5 where it is not allowed; the bindle is stored', async () => {
    app();
    for (const [status, code] of [
      [500, 4],
      [400, 4],
      [403, 5],
    ] as const) {
      real.refuses = (method, path) => (method === 'POST' && path === '/api/revisions' ? status : undefined);
      expect(await publish()).toMatchObject({
        code,
        stderr: expect.stringMatching(
          /The bindle team\/shop\/1\.0\.0 is stored, but Hippo did not take it as a revision: .*\n`hippo release team\/shop\/1\.0\.0` goes on from there/,
        ),
      });
      expect(bindle.invoices.has('team/shop/1.0.0')).toBe(true);
    }
  });

  it('lets nobody make what is missing: 5; the bindle is stored', async () => {
    real.refuses = (method, path) => (method === 'POST' && path === '/api/apps' ? 403 : undefined);
    expect(await publish('--yes')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(
        'The bindle team/shop/1.0.0 is stored, but the app shop could not be made',
      ),
    });
  });

  it('takes no bindles itself: 2', async () => {
    expect((await publish('--via', 'hippo')).code).toBe(2);
    expectNothingSent();
  });
});

describe('an app that answers', () => {
  it('with a failure: 0, and it is said', async () => {
    app();
    real.page = (response) => void response.writeHead(500).end();
    expect(await publish()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('warning: production answers, but with 500'),
    });
  });
});

describe('hippo release', () => {
  it('of what is not there: 1', async () => {
    app();
    expect(await run(['release', 'team/shop/9.9.9'])).toMatchObject({ code: 1, stdout: '' });
    expect(await run(['release', 'no id'])).toMatchObject({ code: 2 });
  });
});

describe('wrong usage', () => {
  it.each([
    ['--bump', 'much'],
    ['--bump', 'patch', '--watch'],
    ['--watch', '--dry-run'],
    ['--via', 'pigeon'],
    ['-v', 'sometimes'],
    ['-o', 'xml'],
    ['one', 'two'],
    ['--unknown'],
  ])('%s %s %s: 2', async (...args) => {
    expect(await run(['publish', ...args.filter(Boolean)])).toMatchObject({ code: 2, stdout: '' });
    expectNothingSent();
  });
});
