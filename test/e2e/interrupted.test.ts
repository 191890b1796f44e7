// A publish that is disturbed at each of its requests, and then repeated: what is there is used, nothing is made twice,
// nothing is left lying about, and whoever has stopped it is told what is there.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppItem, Page, RevisionItem } from '../../src/hippo/api.ts';
import { cleanEnv, type Ran } from '../support/cli.ts';
import { startFaultProxy, type FaultProxy, type Where } from '../support/fault-proxy.ts';
import { ask, startedPlatform, type RunningPlatform } from '../support/platform.ts';
import { startHippo, type RunningCommand } from '../support/running-command.ts';
import { runs } from '../support/runs.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();
const temporary = join(folder, 'tmp');
let platform: RunningPlatform;
let proxy: FaultProxy;
let module: Uint8Array;
let next = 0;
let name: string;
let dir: string;
let goes: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  mkdirSync(temporary);
  module = await compile(`process.stdout.write('content-type: text/plain\\n\\nhello\\n');`);
  platform = await startedPlatform('--ephemeral', '--port', '0');
  proxy = await startFaultProxy(() => platform.ready.hippoUrl);
  const account = JSON.stringify({ userName: 'bob', password: 'secret-of-bob' });
  await send('POST', '/api/accounts', account);
});
afterAll(async () => {
  await proxy.close();
  await platform.stop();
});
beforeEach(newProject);

function newProject(): void {
  name = `shop${next++}`;
  dir = join(folder, name);
  mkdirSync(join(dir, 'static'), { recursive: true });
  writeFileSync(join(dir, 'm.wasm'), module);
  writeFileSync(join(dir, 'static/a.txt'), `a of ${name}`);
  writeFileSync(join(dir, 'static/b.txt'), `b of ${name}`);
  writeVersion('1.0.0');
}

function writeVersion(version: string): void {
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "${name}"\nversion = "${version}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["static/*"]\n`,
  );
}

function start(args: string[]): RunningCommand {
  return startHippo(args, {
    cwd: dir,
    env: cleanEnv(join(folder, 'home'), {
      HIPPO_URL: proxy.url,
      HIPPO_TOKEN: platform.token,
      BINDLE_URL: `${proxy.url}/v1`,
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
      ...goes,
    }),
  });
}

async function undisturbed(args: string[]): Promise<Ran> {
  proxy.rest();
  return start(args).ended;
}

async function send(method: string, path: string, body?: string): Promise<string> {
  const { text } = await ask(`${platform.ready.hippoUrl}${path}`, {
    method,
    headers: {
      host: 'localhost',
      authorization: `Bearer ${platform.token}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  });
  return text;
}

async function get<T>(path: string): Promise<T> {
  return JSON.parse(await send('GET', path)) as T;
}

const appsHere = async (): Promise<AppItem[]> =>
  (await get<Page<AppItem>>('/api/apps?pageSize=1000')).items.filter((app) => app.storageId === name);
const revisionsHere = async (): Promise<string[]> => {
  const [app] = await appsHere();
  if (!app) return [];
  const { items } = await get<Page<RevisionItem>>(`/api/revisions?pageSize=1000&appId=${app.id}`);
  return items.map(({ revisionNumber }) => revisionNumber);
};
const storedHere = async (): Promise<string[]> => {
  const { invoices } = await get<{ invoices: { bindle: { name: string; version: string } }[] }>(
    `/v1/_q?q=${name}&l=255`,
  );
  return invoices.filter(({ bindle }) => bindle.name === name).map(({ bindle }) => bindle.version);
};

/** What becomes of a request, and of the command that has sent it. */
interface Disturbance {
  signal: 'SIGINT' | 'SIGKILL' | undefined;
  where: Where;
}
const DISTURBANCES: readonly Disturbance[] = [
  { signal: 'SIGINT', where: 'before' },
  { signal: 'SIGKILL', where: 'after' },
  { signal: undefined, where: 'after' },
  { signal: 'SIGINT', where: 'after' },
  { signal: 'SIGKILL', where: 'before' },
  { signal: undefined, where: 'before' },
];

/** @returns which request was disturbed; undefined if there were not so many */
async function disturb(
  args: string[],
  n: number,
  { signal, where }: Disturbance,
): Promise<{ ran: Ran; what: string | undefined }> {
  const stopping = proxy.stopAt(n, where);
  const command = start(args);
  const stopped = await Promise.race([stopping, command.ended.then(() => undefined)]);
  if (!stopped) return { ran: await command.ended, what: undefined };
  if (signal === undefined) stopped.drop();
  else {
    command.kill(signal);
    // Some uploads are not dropped at once.
    await Promise.race([command.ended, command.sees('Finishing').catch(() => undefined)]);
    if (where === 'before') stopped.pass();
    else stopped.drop();
  }
  return { ran: await command.ended, what: stopped.what };
}

/** What a command that was stopped by Ctrl-C says must be so. */
async function checkWords(
  { code, stdout, stderr }: Ran,
  before: { stored: string[]; revisions: string[] },
): Promise<void> {
  // What is looked for after a publish, for a hint, ends without a word.
  if (code === 0) return expect(stdout).toMatch(/^published: /m);
  expect(code).toBe(130);
  const stored = await storedHere();
  const revisions = await revisionsHere();
  const version = /Cancelled: \S+\/(\S+) is/.exec(stderr)?.[1] ?? '';
  if (stderr.includes('is released')) expect(revisions).toContain(version);
  else if (stderr.includes('is stored')) {
    expect(stored).toContain(version);
    expect(await get(`/v1/_r/missing/${name}/${version}`)).toMatchObject({ missing: [] });
  } else {
    expect(revisions).toEqual(before.revisions);
    if (/nothing was sent|error: Cancelled\.\n/.test(stderr)) expect(stored).toEqual(before.stored);
    else expect(stderr).toMatch(/Cancelled after \d uploaded files?\.\nNothing was released|is not released/);
  }
}

interface Scenario {
  title: string;
  args: () => string[];
  /** Who goes there, if not the owner of the machine. */
  account?: NodeJS.ProcessEnv;
  /** Makes what has to be there first; the one project for all disturbances. */
  setUp?: () => Promise<void>;
  /** Changes something before each. */
  change?: () => void;
  /** Runs before each. */
  first?: string[];
  /** What the version in HIPPOFACTS is in the end. */
  version?: string;
}

/** A machine that has other things to do takes its time. */
const LONGEST = 600_000;

const SCENARIOS: Scenario[] = [
  { title: 'a first publish', args: () => ['publish', '--yes'] },
  {
    title: 'a publish to the channel of the user, whose rule has to change each time',
    args: () => ['publish'],
    setUp: async () => {
      expect((await undisturbed(['publish', '--yes'])).code).toBe(0);
    },
    change: () => {
      next++;
      writeFileSync(join(dir, 'static/a.txt'), `another ${next}`);
      writeVersion(`2.0.0-rc.${next}`);
    },
  },
  {
    title: 'a first release, with --bump',
    args: () => ['publish', '--yes', '-v', 'production', '--bump', 'patch'],
    version: '1.0.1',
  },
  { title: 'a first publish through Hippo', args: () => ['publish', '--yes', '--via', 'hippo'] },
  {
    title: 'the release of what is stored, by somebody who signs in',
    args: () => ['release', `${name}/1.0.0`, '--yes'],
    account: {
      HIPPO_TOKEN: '',
      HIPPO_USERNAME: 'bob',
      HIPPO_PASSWORD: 'secret-of-bob',
      HIPPO_HOME: join(folder, 'home-of-bob'),
    },
    first: ['bindle', '-v', 'production'],
  },
];

it.each(SCENARIOS)(
  '$title',
  async ({ args, account, setUp, change, first, version }) => {
    goes = account ?? {};
    const begin = async (): Promise<void> => {
      if (!setUp) newProject();
      change?.();
      if (first) expect((await undisturbed(first)).code).toBe(0);
    };
    await setUp?.();
    await begin();
    proxy.rest();
    expect(await start(args()).ended).toMatchObject({ code: 0 });
    const requests = proxy.log().length;
    expect(requests).toBeGreaterThan(5);

    // One disturbance for each request, another one for each of its neighbours; all of them in a long run.
    const kinds = Math.min(runs(1), DISTURBANCES.length);
    for (let n = 0; n < requests; n++)
      for (let kind = 0; kind < kinds; kind++) {
        const disturbance = DISTURBANCES[(n + kind) % DISTURBANCES.length]!;
        await begin();
        const before = { stored: await storedHere(), revisions: await revisionsHere() };
        const { ran, what } = await disturb(args(), n, disturbance);
        const label = `request ${n} (${what}), ${disturbance.signal ?? 'no signal'}, ${disturbance.where}`;
        try {
          if (what !== undefined && disturbance.signal === 'SIGINT') await checkWords(ran, before);
          // Killed while it looked for a hint, it had done everything, and would raise the version once more.
          const isDone = ran.stdout.startsWith('published: ');
          if (ran.code !== 0 && !isDone) expect(await undisturbed(args())).toMatchObject({ code: 0 });
          await checkEnd(version);
        } catch (error) {
          throw new Error(`${label}: ${(error as Error).message}\n${ran.stderr}`, { cause: error });
        }
        if (!setUp) await removeApp();
      }
  },
  LONGEST,
);

describe.skipIf(process.platform === 'win32')('a build that is cancelled', () => {
  /** A shell with a child that has a child, all of which would run for ever. */
  const building = (onTerm: string): RunningCommand => {
    goes = {};
    proxy.rest();
    writeFileSync(
      join(dir, 'build.cjs'),
      `const { spawn } = require('child_process');
       const child = spawn(process.execPath, ['-e', "${onTerm}setInterval(() => {}, 1000);console.log('up')"]);
       child.stdout.on('data', () => console.log('pids ' + process.pid + ' ' + child.pid + ' end'));`,
    );
    return start([
      'publish',
      '--yes',
      '--build',
      `echo first && "${process.execPath}" build.cjs && echo last`,
    ]);
  };
  const pids = (said: string): number[] => /pids (\d+) (\d+) end/.exec(said)!.slice(1).map(Number);
  /** The first process of a container may take its time to hear of its end. */
  const isThere = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s ends with all that it has started',
    async (signal) => {
      const command = building('');
      await command.sees(/pids .* end/);
      command.kill(signal);
      expect(await command.ended).toMatchObject({ code: 130 });
      await expect.poll(() => pids(command.said()).filter(isThere)).toEqual([]);
      expect(command.said()).toContain('Cancelled: nothing was sent.');
      expect(command.said()).not.toMatch(/^last$/m);
      expect(await storedHere()).toEqual([]);
    },
  );

  it('ends at once by a second Ctrl-C where something takes its time', async () => {
    const command = building("process.on('SIGTERM', () => console.log('hm'));");
    await command.sees(/pids .* end/);
    command.kill('SIGINT');
    const [parent = 0, child = 0] = pids(command.said());
    await expect.poll(() => isThere(parent)).toBe(false);
    expect(isThere(child)).toBe(true);
    command.kill('SIGINT');
    expect(await command.ended).toMatchObject({ code: 130 });
    await expect.poll(() => isThere(child)).toBe(false);
  });
});

it('Ctrl-C while it waits for a page that does not come', async () => {
  goes = {};
  proxy.rest();
  writeFileSync(join(dir, 'm.wasm'), 'no module');
  const command = start(['publish', '--yes']);
  await command.sees('Waiting for ana');
  command.kill('SIGINT');
  expect(await command.ended).toMatchObject({
    code: 130,
    stderr: expect.stringMatching(/Cancelled: \S+ is released, but/),
  });
});

async function checkEnd(version: string | undefined): Promise<void> {
  const apps = await appsHere();
  expect(apps).toHaveLength(1);
  expect(apps[0]!.channels).toHaveLength(1);
  const revisions = await revisionsHere();
  expect(new Set(revisions).size).toBe(revisions.length);
  const [channel] = apps[0]!.channels;
  const { urls, activeRevision } = await get<{
    urls: string[];
    activeRevision: { revisionNumber: string };
  }>(`/api/channels/${channel!.id}`);
  expect(revisions.at(-1)).toBe(activeRevision.revisionNumber);
  const page = await ask(urls[0]!, { headers: { host: new URL(urls[0]!).host } });
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining('hello') });
  if (version !== undefined) {
    expect(readFileSync(join(dir, 'HIPPOFACTS'), 'utf8')).toContain(`version = "${version}"`);
    expect(revisions).toEqual([version]);
  }
  expect(readdirSync(dir).sort()).toEqual(['HIPPOFACTS', 'm.wasm', 'static']);
  expect(readdirSync(temporary)).toEqual([]);
}

/** Its runtime process ends. */
async function removeApp(): Promise<void> {
  for (const { id } of await appsHere()) await send('DELETE', `/api/apps/${id}`);
}
