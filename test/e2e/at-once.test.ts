// Several publishes of one app at the same moment: at each step, all of them wait for the last one.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppItem, ChannelItem, Page, RevisionItem } from '../../src/hippo/api.ts';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startGate, type Gate } from '../support/gate.ts';
import { ask, startedPlatform, type RunningPlatform } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();
let platform: RunningPlatform;
let gate: Gate;
let module: Uint8Array;
let next = 0;
let name: string;

beforeAll(async () => {
  module = await compile(`process.stdout.write('content-type: text/plain\\n\\nhello\\n');`);
  platform = await startedPlatform('--ephemeral', '--port', '0');
  gate = await startGate(platform.ready.hippoUrl);
  // The key to sign with is made once, by whoever comes first.
  name = 'first';
  expect((await publish(project('first'), []).ran).code).toBe(0);
});
afterAll(async () => {
  await gate.close();
  await platform.stop();
});
beforeEach(() => {
  name = `shop${next++}`;
});

/** A folder of one of those who work on the app. @returns its path */
function project(who: string, { version = '1.0.0', text = 'the same' } = {}): string {
  const dir = join(folder, `${name}-of-${who}`);
  mkdirSync(dir);
  writeFileSync(join(dir, 'm.wasm'), module);
  writeFileSync(join(dir, 'a.txt'), text);
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "team/${name}"\nversion = "${version}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["*.txt"]\n`,
  );
  return dir;
}

function publish(cwd: string, args: string[], env: NodeJS.ProcessEnv = {}): { ran: Promise<Ran> } {
  return {
    ran: hippo(['publish', '--yes', ...args], {
      cwd,
      env: cleanEnv(join(folder, 'home'), {
        HIPPO_URL: gate.url,
        HIPPO_TOKEN: platform.token,
        BINDLE_URL: `${gate.url}/v1`,
        ...env,
      }),
    }),
  };
}

/** Lets so many requests of a kind come together before any of them passes. */
async function together(count: number, method: string, path: RegExp): Promise<void> {
  gate.hold((request) => request.method === method && path.test(request.url ?? ''));
  await expect.poll(() => gate.waiting()).toBe(count);
  gate.open();
}

async function get<T>(path: string): Promise<T[]> {
  const { text } = await ask(`${platform.ready.hippoUrl}${path}`, {
    headers: { host: 'localhost', authorization: `Bearer ${platform.token}`, accept: 'application/json' },
  });
  return (JSON.parse(text) as Page<T>).items;
}

async function state(): Promise<{
  apps: number;
  runs: Record<string, string | undefined>;
  revisions: string[];
}> {
  const apps = (await get<AppItem>('/api/apps?pageSize=1000')).filter(
    ({ storageId }) => storageId === `team/${name}`,
  );
  const [app] = apps;
  const channels = await get<ChannelItem>(`/api/channels?pageSize=1000&appId=${app?.id}`);
  const revisions = await get<RevisionItem>(`/api/revisions?pageSize=1000&appId=${app?.id}`);
  return {
    apps: apps.length,
    runs: Object.fromEntries(
      channels.map(({ name: channel, activeRevision }) => [channel, activeRevision?.revisionNumber]),
    ),
    revisions: revisions.map(({ revisionNumber }) => revisionNumber),
  };
}

describe('first publishes at the same moment', () => {
  it.each(['POST /api/apps$', 'POST /api/channels$', 'POST /v1/_i$', 'GET /api/apps\\?'])(
    'of one user make one app and one channel, which runs the later version (%s)',
    async (where) => {
      const [method = '', path = ''] = where.split(' ');
      const running = [project('one', { text: '1' }), project('two', { text: '2' })].map((dir) =>
        publish(dir, []),
      );
      await together(2, method, new RegExp(path));
      const ran = await Promise.all(running.map((one) => one.ran));
      expect(ran).toMatchObject([{ code: 0 }, { code: 0 }]);
      const { apps, runs, revisions } = await state();
      expect(apps).toBe(1);
      expect(revisions).toHaveLength(2);
      expect(runs).toEqual({ ana: [...revisions].sort().at(-1) });
    },
  );

  it('of four people who make versions of all kinds make one app with a channel for each', async () => {
    const running = [
      publish(project('ana'), []),
      publish(project('bob'), [], { USER: 'bob' }),
      publish(project('ci'), ['-v', 'production']),
      publish(project('rc', { version: '2.0.0-rc.1' }), [], { USER: 'eve' }),
    ];
    await together(4, 'POST', /^\/api\/apps$/);
    const ran = await Promise.all(running.map((one) => one.ran));
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const { apps, runs, revisions } = await state();
    expect(apps).toBe(1);
    expect(revisions).toHaveLength(4);
    expect(
      Object.entries(runs).map(([channel, number]) => `${channel} ${number?.replace(/\d{17}/, 'T')}`),
    ).toEqual(['ana 1.0.0-ana-T', 'bob 1.0.0-bob-T', 'eve 2.0.0-rc.1-eve-T', 'production 1.0.0']);
  });
});

describe('releases at the same moment', () => {
  it('of the same content are one', async () => {
    const running = ['one', 'two'].map((who) => publish(project(who), ['-v', 'production']));
    await together(2, 'POST', /^\/v1\/_i$/);
    const ran = await Promise.all(running.map((one) => one.ran));
    expect(ran).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await state()).toEqual({ apps: 1, runs: { production: '1.0.0' }, revisions: ['1.0.0'] });
  });

  it('of other content under one version: one of them is told so', async () => {
    const running = ['one', 'two'].map((who) => publish(project(who, { text: who }), ['-v', 'production']));
    await together(2, 'POST', /^\/v1\/_i$/);
    const ran = await Promise.all(running.map((one) => one.ran));
    expect(ran.map(({ code }) => code).sort()).toEqual([0, 3]);
    expect(ran.find(({ code }) => code === 3)?.stderr).toContain(
      'is on the server already, with other content',
    );
    expect(await state()).toEqual({ apps: 1, runs: { production: '1.0.0' }, revisions: ['1.0.0'] });
  });

  it('with --bump get one version each', async () => {
    const dirs = ['one', 'two'].map((who) => project(who, { text: who }));
    const running = dirs.map((dir) => publish(dir, ['-v', 'production', '--bump', 'patch']));
    await together(2, 'POST', /^\/v1\/_i$/);
    const ran = await Promise.all(running.map((one) => one.ran));
    expect(ran).toMatchObject([{ code: 0 }, { code: 0 }]);
    const versions = dirs.map(
      (dir) => /version = "(.*)"/.exec(readFileSync(join(dir, 'HIPPOFACTS'), 'utf8'))?.[1],
    );
    expect(versions.sort()).toEqual(['1.0.1', '1.0.2']);
    expect(await state()).toMatchObject({ apps: 1, runs: { production: '1.0.2' } });
  });

  it('of an older and a newer version: the channel runs the newer one, and the other publish says so', async () => {
    await publish(project('first', { version: '0.9.0' }), ['-v', 'production']).ran;
    const slow = await startGate(platform.ready.hippoUrl);
    slow.hold(({ method, url }) => method === 'POST' && url === '/api/revisions');
    try {
      const older = publish(project('one', { version: '1.0.0', text: '1' }), ['-v', 'production'], {
        HIPPO_URL: slow.url,
        BINDLE_URL: `${slow.url}/v1`,
      });
      await expect.poll(() => slow.waiting()).toBe(1);
      const newer = publish(project('two', { version: '1.1.0', text: '2' }), ['-v', 'production']);
      expect(await newer.ran).toMatchObject({ code: 0 });
      slow.open();
      expect(await older.ran).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('production runs 1.1.0 by now'),
      });
    } finally {
      await slow.close();
    }
    expect(await state()).toMatchObject({ runs: { production: '1.1.0' } });
  });
});
