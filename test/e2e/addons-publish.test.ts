// One `hippo publish` of a fresh clone gets everything: app, channel, and the add-ons that its HIPPOFACTS asks for.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AddonItem } from '../../src/addons/addons.ts';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { ask } from '../support/platform.ts';
import { startScriptedBroker, type ScriptedBroker } from '../support/scripted-broker.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
let platform: LocalPlatform;
let market: ScriptedBroker;
let module: Uint8Array;
let next = 0;
let dir: string;
let name: string;

beforeAll(async () => {
  // Says what it has been given.
  module = await compile(`
    const url = process.env.has('STORE_URL') ? process.env.get('STORE_URL') : 'nothing';
    process.stdout.write('content-type: text/plain\\n\\n' + url);
  `);
  market = await startScriptedBroker();
  platform = await startLocalPlatform(home, ['--data', join(folder, 'data'), '--port', '0']);
  const { url, userName, password } = market;
  const added = await hippo(['addons', 'brokers', 'add', 'market', url, '--username', userName], {
    env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl, HIPPO_BROKER_PASSWORD: password }),
  });
  expect(added).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await platform.stop();
  await market.close();
});
beforeEach(() => {
  name = `shop${next++}`;
  dir = join(folder, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'm.wasm'), module);
});

function wants(addons: string, version = '1.0.0'): void {
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "team/${name}"\nversion = "${version}"\n[annotations]\nhippo_addons = "${addons}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\n`,
  );
}

function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return hippo(args, {
    cwd: dir,
    env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl, BINDLE_URL: platform.bindleUrl, ...env }),
  });
}

async function addons(): Promise<string[]> {
  const { stdout } = await run(['addons', 'list', '-o', 'json', '--app', name]);
  const { addons: items } = JSON.parse(stdout) as { addons: AddonItem[] };
  return items.map(
    ({ name: addon, plan, bindings }) =>
      `${addon} ${plan.name} ${bindings.map(({ channelName }) => channelName).join('+')}`,
  );
}

interface Published {
  channels: { address: string; name: string }[];
}

interface DryRun {
  steps: { type: string; what: string }[];
  addons: { wanted: string; channel: string; state: string; message: string | null }[];
}

async function dryRun(): Promise<DryRun> {
  return JSON.parse((await run(['publish', '--dry-run', '-o', 'json'])).stdout) as DryRun;
}

describe('on the local Hippo', () => {
  test('a fresh clone gets all by one command, and its first request has it', async () => {
    wants('db:small as store, sqlite:free');
    market.slow.provision = 2;
    const ran = await run(['publish', '-o', 'json']);
    delete market.slow.provision;
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain(
      'first: add db:small as store to the channel ana ($0.06/hour, about $43.80/month)',
    );
    expect(ran.stderr).toContain('store: half done');
    expect(ran.stderr).toContain('Done: add sqlite:free to the channel ana');
    const [channel] = (JSON.parse(ran.stdout) as Published).channels;
    expect((await ask(channel?.address ?? '', { headers: hostOf(channel?.address) })).text).toMatch(
      /^db:\/\//,
    );
    expect(await addons()).toEqual(['sqlite free ana', 'store small ana']);

    // Nothing is added twice.
    const again = await run(['publish']);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain('the channel ana has db:small as store');
    expect(again.stderr).not.toContain('first: add');
    expect(await addons()).toEqual(['sqlite free ana', 'store small ana']);
  });

  test('another channel of the app shares what there is, and another plan is told and left', async () => {
    wants('db:free');
    await run(['publish']);
    const second = await run(['publish', '-v', 'production']);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stderr).toContain('first: let the channel production use the add-on db, which ana uses');
    expect(await addons()).toEqual(['db free ana+production']);
    wants('db:small', '1.0.1');
    const third = await run(['publish', '-v', 'production']);
    expect(third).toMatchObject({ code: 0 });
    expect(third.stderr).toContain(
      'The channel production has db:free, where HIPPOFACTS asks for the plan small: `hippo addons update db --plan small` changes it.',
    );
    expect(await addons()).toEqual(['db free ana+production']);
  });

  test('what would be added is in the plan', async () => {
    wants('db, nosuch, sqlite:huge');
    const plan = await dryRun();
    expect(plan.steps.map(({ type }) => type)).toEqual(['create-app', 'create-channel', 'add-addon']);
    expect(plan.addons).toMatchObject([
      { wanted: 'db', channel: 'ana', state: 'missing', message: null },
      {
        wanted: 'nosuch',
        channel: 'ana',
        state: 'impossible',
        message: expect.stringContaining('no add-on "nosuch"'),
      },
      { wanted: 'sqlite:huge', state: 'impossible', message: expect.stringContaining('no plan "huge"') },
    ]);
    const { stdout, stderr } = await run(['publish', '--dry-run']);
    expect(stdout).toContain('first: add db:free to the channel ana');
    expect(stderr).toContain('There is no add-on "nosuch".');
    expect(market.requests.some(({ body }) => JSON.stringify(body ?? '').includes(name))).toBe(false);
  });

  test('one that cannot be made stops the release, and the same publish goes on', async () => {
    wants('db:free');
    market.once('provision', () => ({ status: 400, body: { description: 'No room in region seven.' } }));
    const failed = await run(['publish', '-v', 'production']);
    expect(failed).toMatchObject({ code: 4, stdout: '' });
    expect(failed.stderr).toContain(
      `The bindle team/${name}/1.0.0 is stored, but the add-on db could not be added`,
    );
    expect(failed.stderr).toContain('No room in region seven');
    const again = await run(['publish', '-v', 'production']);
    expect(again).toMatchObject({ code: 0 });
    expect(await addons()).toEqual(['db free production']);
  });

  test('a stored bindle brings its wishes to its release', async () => {
    wants('db:free');
    await run(['bindle', '-v', 'production']);
    expect(await run(['release', `team/${name}/1.0.0`])).toMatchObject({ code: 0 });
    expect(await addons()).toEqual(['db free production']);
  });

  test('what names no add-on is an error of the project', async () => {
    wants('db free');
    const ran = await run(['publish']);
    expect(ran).toMatchObject({ code: 3 });
    expect(ran.stderr).toContain('HIPPOFACTS:5:17');
    expect((await run(['check'])).stdout).toContain('"db free" names no add-on');
  });
});

describe('elsewhere', () => {
  /** Another Hippo to the command, which finds no note of it; each has a key of its own, which is one account's. */
  const elsewhere = (who: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
    HIPPO_HOME: join(folder, `home-of-${name}`),
    ...who,
  });

  test('CI adds what is missing with --yes only', async () => {
    const password = 'Passw0rd!-of-ana';
    await run(['register', '--username', 'ana'], { HIPPO_PASSWORD: password });
    const env = elsewhere({ HIPPO_USERNAME: 'ana', HIPPO_PASSWORD: password });
    wants('db:small');
    expect((await run(['create', name, `team/${name}`], env)).code).toBe(0);
    expect((await run(['channel', 'add', 'production', name], env)).code).toBe(0);
    const without = await run(['publish', '-v', 'production'], env);
    expect(without).toMatchObject({ code: 0 });
    expect(without.stderr).toContain(
      'The channel production goes without db; --yes would add db:small to the channel production ($0.06/hour, about $43.80/month).',
    );
    expect(await addons()).toEqual([]);
    expect(await run(['publish', '-v', 'production', '--yes'], env)).toMatchObject({ code: 0 });
    expect(await addons()).toEqual(['db small production']);
  });

  test('a deploy token says that it cannot', async () => {
    wants('db:free');
    await run(['create', name, `team/${name}`]);
    await run(['channel', 'add', 'production', name]);
    const token = (await run(['token', 'create', '--app', name])).stdout.trim();
    const ran = await run(['publish', '-v', 'production', '--yes'], elsewhere({ HIPPO_TOKEN: token }));
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain('A deploy token cannot add db:free to the channel production');
    expect(await addons()).toEqual([]);
  });
});

function hostOf(address = 'http://x'): Record<string, string> {
  return { host: new URL(address).host };
}
