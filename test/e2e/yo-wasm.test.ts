// Projects as yo-wasm makes them: their task and their workflow publish them, unchanged.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChannelItem } from '../../src/hippo/api.ts';
import { HippoClient } from '../../src/hippo/client.ts';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { ask, type Page } from '../support/platform.ts';
import { installHippo, installScript, withPath } from '../support/programs.ts';
import { startReferenceServer } from '../support/reference-server.ts';
import { startStubHippo } from '../support/stub-hippo.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';
import { readWorkflow, runJob, type JobRan } from '../support/workflow.ts';
import { layOut, modulePath, putModule, type Answers, type Language } from '../support/yo-wasm.ts';

const LANGUAGES: Language[] = ['assemblyscript', 'rust'];
const PASSWORD = 'a secret of ana';
const folder = temporaryFolder();
/** Whose local Hippo it is. */
const home = join(folder, 'home');
/** Of a machine that has never seen that Hippo. */
const runnerHome = join(folder, 'runner');
const bin = join(folder, 'bin');
let platform: LocalPlatform;
let module: Uint8Array;
let projects = 0;
let project: string;
let answers: Answers;

beforeAll(async () => {
  module = await compile(`process.stdout.write('Content-Type: text/plain\\n\\nIt is sunny.\\n');`);
  platform = await startLocalPlatform(home, ['--data', join(home, 'platform'), '--port', '0']);
  installHippo(bin);
  const account = ['register', '--username', 'ana', '--password', PASSWORD];
  const registered = await hippo(account, { env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl }) });
  expect(registered).toMatchObject({ code: 0 });
});
afterAll(() => platform.stop());
beforeEach(() => {
  const moduleName = `weather${projects++}`;
  project = join(folder, moduleName);
  answers = {
    moduleName,
    bindleId: `anasilva/${moduleName}`,
    hippoUrl: `${platform.hippoUrl}/`,
    serverUrl: platform.bindleUrl,
  };
});

async function channelsOf({ moduleName }: Answers): Promise<ChannelItem[]> {
  const { stdout } = await hippo(['channel', 'list', '--app', moduleName, '-o', 'json'], {
    env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl, HIPPO_USERNAME: 'ana', HIPPO_PASSWORD: PASSWORD }),
  });
  return JSON.parse(stdout) as ChannelItem[];
}

function visit({ domain }: { domain: string }): Promise<Page> {
  return ask(platform.hippoUrl, { headers: { host: domain } });
}

const sunny = { status: 200, text: 'It is sunny.\n' };

describe('the task "Hippo: Publish Development Build"', () => {
  /** Runs it as VS Code does, in the user's shell and the folder of the project. */
  async function runTask(label: string, env: NodeJS.ProcessEnv): Promise<Ran> {
    const { tasks } = JSON.parse(readFileSync(join(project, '.vscode/tasks.json'), 'utf8')) as {
      tasks: { label: string; type: string; command: string; args: string[] }[];
    };
    const task = tasks.find((one) => one.label === label);
    expect(task).toMatchObject({ type: 'shell', command: 'hippo', args: ['push', '.'] });
    const child = spawn([task?.command, ...(task?.args ?? [])].join(' '), {
      shell: true,
      cwd: project,
      env: withPath(env, bin),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    return { code: code ?? -1, stdout, stderr };
  }
  const run = (): Promise<Ran> => runTask('Hippo: Publish Development Build', cleanEnv(home));

  test('publishes to the local Hippo, and again to the same page', async () => {
    layOut('rust', project, answers);
    putModule(project, modulePath('rust', answers), module);
    const first = await run();
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(
      new RegExp(`^pushed: anasilva/${answers.moduleName}/0\\.1\\.0-ana-\\d{17}\\n$`),
    );
    const address = /^ana: (http:\S+)$/m.exec(first.stderr)?.[1] ?? '';
    expect(await ask(address, { headers: { host: new URL(address).host } })).toMatchObject(sunny);
    const second = await run();
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).not.toBe(first.stdout);
    expect(second.stderr).toContain(`ana: ${address}\n`);
  });

  test('says where the module is that a newer Rust has built', async () => {
    layOut('rust', project, answers);
    const named = modulePath('rust', answers);
    const built = named.replace('wasm32-wasi', 'wasm32-wasip1');
    expect(await run()).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('build it with "cargo build --release --target wasm32-wasi"'),
    });
    putModule(project, built, module);
    expect(await run()).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(`${named}: it does not exist, but ${built} does`),
    });
    mkdirSync(dirname(join(project, named)), { recursive: true });
    renameSync(join(project, built), join(project, named));
    expect(await run()).toMatchObject({ code: 0 });
  });
});

// The jobs are for ubuntu-latest, and bash.
describe.skipIf(process.platform === 'win32')('the workflow "release"', () => {
  /** The whole job; tools that it calls but which need a network do what they would have done. */
  async function release(
    language: Language,
    ref: string,
    secrets: Record<string, string> = { HIPPO_USERNAME: 'ana', HIPPO_PASSWORD: PASSWORD },
  ): Promise<JobRan> {
    const tools = join(folder, `tools-${answers.moduleName}`);
    layOut(language, project, answers);
    putModule(tools, 'built.wasm', module);
    const output = modulePath(language, answers);
    const build = `mkdir -p ${dirname(output)} && cp ${join(tools, 'built.wasm')} ${output}`;
    installScript(tools, 'npm', `case "$*" in 'run build') ${build};; esac`);
    installScript(
      tools,
      'cargo',
      `case "$*" in 'build --verbose --target wasm32-wasi --release') ${build};; esac`,
    );
    installScript(tools, 'rustup', ':');
    execFileSync('tar', ['czf', join(tools, 'hippo.tar.gz'), '-C', bin, 'hippo']);
    installScript(
      tools,
      'wget',
      `while [ "$1" != -O ]; do shift; done\ncp ${join(tools, 'hippo.tar.gz')} "$2"`,
    );
    const workflow = readWorkflow(join(project, '.github/workflows/release.yml'));
    const ran = await runJob(workflow, workflow.jobs['publish']!, {
      cwd: project,
      env: withPath(
        cleanEnv(runnerHome, { USER: 'runner', CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_REF: ref }),
        tools,
      ),
      contexts: { github: { ref }, secrets },
    });
    return ran!;
  }
  const published = ({ steps }: JobRan): string | undefined =>
    steps.find(({ name }) => name.startsWith('Publish bindle'))?.stdout;

  /** The app as the generator makes it. Of its channels' names the final Hippo takes no blanks and no colons. */
  async function makeApp(): Promise<void> {
    const client = new HippoClient({
      url: platform.hippoUrl,
      credentials: { type: 'basic', username: 'ana', password: PASSWORD },
    });
    try {
      const appId = await client.createApp({ name: answers.moduleName, storageId: answers.bindleId });
      for (const [name, domain, rangeRule] of [
        ['Latest-Release', 'latest', '*'],
        ['Canary', 'canary', 'P:*-canary-*'],
        ['Development-ana', 'ana', 'P:*-ana-*'],
      ] as const)
        await client.createChannel({
          appId,
          name,
          domain: `${domain}.${answers.moduleName}.example.com`,
          revisionSelectionStrategy: 'UseRangeRule',
          rangeRule,
        });
    } finally {
      await client.close();
    }
  }

  test.each(LANGUAGES)('%s: publishes a tag as the release, and main as the canary', async (language) => {
    await makeApp();
    const tagged = await release(language, 'refs/tags/v0.1.0');
    expect(tagged).toMatchObject({ ok: true });
    expect(published(tagged)).toBe(`pushed: ${answers.bindleId}/0.1.0\n`);
    const main = await release(language, 'refs/heads/main');
    expect(main).toMatchObject({ ok: true });
    expect(published(main)).toMatch(/^pushed: \S+\/0\.1\.0-canary-\d{17}\n$/);
    const channels = await channelsOf(answers);
    expect(channels.map(({ name, activeRevision }) => [name, activeRevision?.revisionNumber])).toEqual([
      ['Canary', expect.stringMatching(/^0\.1\.0-canary-\d{17}$/)],
      ['Development-ana', undefined],
      ['Latest-Release', '0.1.0'],
    ]);
    for (const channel of channels.filter(({ activeRevision }) => activeRevision !== null))
      expect(await visit(channel)).toMatchObject(sunny);
  });

  test('signs in to a Bindle server of its own, and to a Hippo of that time', async () => {
    const bindle = await startReferenceServer({ htpasswd: 'ana:of bindle' });
    const old = await startStubHippo(({ method, path, body, authorization }) => {
      if (method !== 'POST') return undefined;
      if (path === '/account/createtoken')
        return (body as { password: string }).password === PASSWORD
          ? { status: 201, body: { token: 'T', expiration: '2099-01-01T00:00:00Z' } }
          : { status: 400 };
      return path === '/api/revision' && authorization === 'Bearer T' ? { status: 201 } : undefined;
    });
    try {
      answers = { ...answers, hippoUrl: `${old.url}/`, serverUrl: bindle.url };
      const ran = await release('rust', 'refs/tags/v0.1.0', {
        HIPPO_USERNAME: 'ana',
        HIPPO_PASSWORD: PASSWORD,
        BINDLE_USERNAME: 'ana',
        BINDLE_PASSWORD: 'of bindle',
      });
      expect(ran).toMatchObject({ ok: true });
      expect(published(ran)).toBe(`pushed: ${answers.bindleId}/0.1.0\n`);
      expect([...bindle.invoices.keys()]).toEqual([`${answers.bindleId}/0.1.0`]);
      expect(old.requests.at(-1)).toMatchObject({
        path: '/api/revision',
        body: { appStorageId: answers.bindleId, revisionNumber: '0.1.0' },
      });
    } finally {
      await bindle.close();
      old.close();
    }
  });

  test('fails where nobody has made the app, says how to, and tells no password', async () => {
    const ran = await release('assemblyscript', 'refs/heads/main');
    expect(ran.ok).toBe(false);
    const { stdout, stderr, code } = ran.steps.at(-1);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(/no app .*hippo create/s);
    expect(stderr).not.toContain(PASSWORD);
  });
});
