// The workflows of scaffold/ and the action, run as GitHub and GitLab run them, with the package that npm would publish.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ChannelItem } from '../../src/hippo/api.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { substitute } from '../support/expressions.ts';
import { startGate, type Gate } from '../support/gate.ts';
import { runPipeline } from '../support/gitlab.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { ask } from '../support/platform.ts';
import { installHippo, installScript, withPath } from '../support/programs.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';
import { readWorkflow, runJob, runSteps, type Step, type StepRan } from '../support/workflow.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();
/** Whose Hippo it is. */
const home = join(folder, 'home');
let platform: LocalPlatform;
/** Where the Hippo is for runners: another machine's. */
let gate: Gate;
let module: Uint8Array;
/** The command, packed. */
let archive: string;
let projects = 0;
let name: string;
let dir: string;
let tools: string;
let token: string;

const TEMPLATES = {
  assemblyscript: { build: ['npm', 'run build'], module: 'build/app.wasm' },
  rust: {
    build: ['cargo', 'build --release --target wasm32-wasip1'],
    module: 'target/wasm32-wasip1/release/app.wasm',
  },
} as const;
type TemplateName = keyof typeof TEMPLATES;

beforeAll(async () => {
  module = await compile(`process.stdout.write('content-type: text/plain\\n\\nhello\\n');`);
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  archive = join(
    folder,
    execFileSync('npm', pack, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' }).trim(),
  );
  platform = await startLocalPlatform(home, ['--data', join(home, 'platform'), '--port', '0']);
  gate = await startGate(platform.hippoUrl);
});
afterAll(async () => {
  await gate.close();
  await platform.stop();
});

async function owner(args: string[]): Promise<string> {
  const env = cleanEnv(home, { HIPPO_URL: platform.hippoUrl });
  const { code, stdout, stderr } = await hippo(args, { cwd: dir, env });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout.trim();
}

/** An app that is published already, in the state in which its workflow finds it. */
async function makeApp(template: TemplateName): Promise<void> {
  const { build, module: file } = TEMPLATES[template];
  dir = join(folder, name);
  tools = join(folder, `tools-${name}`);
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), module);
  writeVersion('1.0.0', file);
  await owner(['publish', '-v', 'production']);
  token = await owner(['token', 'create', '--app', name]);
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'built.wasm'), module);
  const seen = `env >> ${join(tools, 'environment')}`;
  const made = `cp ${join(tools, 'built.wasm')} ${file}`;
  installScript(
    tools,
    build[0],
    `case "$*" in install) ;; '${build[1]}') ${seen} && ${made};; *) exit 9;; esac`,
  );
  writeVersion('1.1.0', file);
}

function writeVersion(version: string, file: string): void {
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "team/${name}"\nversion = "${version}"\n[[handler]]\nroute = "/"\nname = "${file}"\n`,
  );
}

function runnerEnv(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env = cleanEnv(join(folder, `runner-${name}`), {
    USER: 'runner',
    // npx installs the package where nothing else is, and asks nobody for anything.
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_offline: 'true',
    ...more,
  });
  return withPath(env, tools);
}

async function channels(): Promise<Record<string, string | undefined>> {
  const all = JSON.parse(await owner(['channel', 'list', '--app', name, '-o', 'json'])) as ChannelItem[];
  for (const { domain, activeRevision } of all)
    if (activeRevision !== null)
      expect(await ask(platform.hippoUrl, { headers: { host: domain } })).toMatchObject({
        status: 200,
        text: 'hello\n',
      });
  return Object.fromEntries(all.map((one) => [one.name, one.activeRevision?.revisionNumber]));
}

/** Makes a branch's channel, by the command that the workflow itself tells. */
async function makeChannel(file: string, branch: string): Promise<void> {
  const [, line = ''] = /`hippo (channel add .*)`/.exec(readFileSync(file, 'utf8')) ?? [];
  const words = line.replaceAll('BRANCH', branch).split(' ');
  await owner([...words.map((word) => word.replace(/^"(.*)"$/, '$1')), '--app', name]);
}

interface Push {
  /** A tag or a branch. */
  tag?: string;
  branch?: string;
  /** The branch is that of a pull request, from this repository or a copy of it. */
  from?: 'here' | 'fork';
}

interface Outcome {
  /** Exit codes of the steps or jobs that publish. */
  codes: number[];
  output: string;
}

/** What is set in the repository. */
interface Settings {
  url?: string;
  package?: string;
}

const RUNNERS = {
  GitHub: {
    file: (template: TemplateName) => join(root, `scaffold/${template}/_github/workflows/publish.yml`),
    run: async (file: string, { tag, branch, from }: Push, settings: Settings): Promise<Outcome> => {
      const workflow = readWorkflow(file);
      const ref =
        tag === undefined
          ? from === undefined
            ? `refs/heads/${branch}`
            : 'refs/pull/7/merge'
          : `refs/tags/${tag}`;
      const ran = await runJob(workflow, workflow.jobs['publish']!, {
        cwd: dir,
        env: runnerEnv({ CI: 'true', GITHUB_ACTIONS: 'true' }),
        contexts: {
          github: {
            ref,
            ref_name: tag ?? (from === undefined ? (branch ?? '') : '7/merge'),
            head_ref: from === undefined ? '' : (branch ?? ''),
            repository: 'team/app',
            event_name: from === undefined ? 'push' : 'pull_request',
            event:
              from === undefined
                ? {}
                : {
                    pull_request: {
                      head: { repo: { full_name: from === 'here' ? 'team/app' : 'other/app' } },
                    },
                  },
          },
          vars: { HIPPO_URL: settings.url ?? null, HIPPO_CLI_PACKAGE: settings.package ?? null },
          secrets: from === 'fork' ? {} : { HIPPO_TOKEN: token },
        },
      });
      return {
        codes: ran!.steps.filter(({ name }) => name.startsWith('Publish')).map(({ code }) => code),
        output: ran!.steps.map(({ stdout, stderr }) => stdout + stderr).join(''),
      };
    },
  },
  GitLab: {
    file: (template: TemplateName) => join(root, `scaffold/${template}/_gitlab-ci.yml`),
    run: async (file: string, { tag, branch, from }: Push, settings: Settings): Promise<Outcome> => {
      const ran = await runPipeline(file, {
        cwd: dir,
        env: runnerEnv(),
        variables: {
          CI_DEFAULT_BRANCH: 'main',
          CI_PIPELINE_SOURCE: from === undefined ? 'push' : 'merge_request_event',
          ...(tag === undefined ? {} : { CI_COMMIT_TAG: tag }),
          ...(tag === undefined && from === undefined ? { CI_COMMIT_BRANCH: branch ?? '' } : {}),
          ...(from === undefined ? {} : { CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: branch ?? '' }),
          // A pipeline of a fork has the variables of the fork.
          ...(settings.url === undefined || from === 'fork'
            ? {}
            : { HIPPO_URL: settings.url, HIPPO_TOKEN: token }),
          ...(settings.package === undefined ? {} : { HIPPO_CLI_PACKAGE: settings.package }),
        },
      });
      return {
        codes: ran.filter(({ name }) => name !== 'build').map(({ code }) => code),
        output: ran.map(({ stdout, stderr }) => stdout + stderr).join(''),
      };
    },
  },
} as const;

beforeEach(() => {
  name = `app${projects++}`;
});

// The jobs are for Linux, and bash.
describe.skipIf(process.platform === 'win32').each(Object.keys(RUNNERS) as (keyof typeof RUNNERS)[])(
  '%s',
  (runner) => {
    const { file, run } = RUNNERS[runner];
    const settings = (): Settings => ({ url: gate.url, package: archive });

    test.each(Object.keys(TEMPLATES) as TemplateName[])(
      '%s: publishes tags, the main branch and branches, each to its channel',
      async (template) => {
        await makeApp(template);
        await makeChannel(file(template), 'feature-login-form');
        await makeChannel(file(template), 'main');
        const release = await run(file(template), { tag: 'v1.1.0' }, settings());
        expect(release).toMatchObject({ codes: [0], output: expect.stringContaining('published: ') });
        const branch = await run(file(template), { branch: 'feature/login_form', from: 'here' }, settings());
        expect(branch).toMatchObject({ codes: [0] });
        const main = await run(file(template), { branch: 'main' }, settings());
        expect(main).toMatchObject({ codes: [0] });
        expect(await channels()).toEqual({
          production: '1.1.0',
          'feature-login-form': expect.stringMatching(/^1\.1\.0-feature-login-form-\d{17}$/),
          main: expect.stringMatching(/^1\.1\.0-main-\d{17}$/),
        });
        for (const { output } of [release, branch, main]) expect(output).not.toContain(token);
      },
    );

    test('builds, and publishes nothing of a fork or where no Hippo is named', async () => {
      await makeApp('rust');
      const before = await channels();
      const workflow = file('rust');
      expect(await run(workflow, { branch: 'main', from: 'fork' }, settings())).toMatchObject({ codes: [] });
      expect(await run(workflow, { tag: 'v1.1.0' }, { package: archive })).toMatchObject({ codes: [] });
      const built = readFileSync(join(tools, 'environment'), 'utf8');
      expect(built.match(/^PATH=/gm)).toHaveLength(2);
      expect(await channels()).toEqual(before);
    });

    test('says what is not set', async () => {
      await makeApp('rust');
      const { codes, output } = await run(file('rust'), { tag: 'v1.1.0' }, { url: gate.url });
      expect(codes).not.toEqual([0]);
      expect(output).toContain('HIPPO_CLI_PACKAGE: is not set');
    });
  },
);

test('GitHub: the token is for the steps that publish, and no others', async () => {
  if (process.platform === 'win32') return;
  await makeApp('assemblyscript');
  const { file, run } = RUNNERS.GitHub;
  expect(
    await run(file('assemblyscript'), { tag: 'v1.1.0' }, { url: gate.url, package: archive }),
  ).toMatchObject({
    codes: [0],
  });
  expect(readFileSync(join(tools, 'environment'), 'utf8')).not.toContain(token);
});

describe.skipIf(process.platform === 'win32')('the action', () => {
  const action = join(root, '.github/actions/publish');
  const { inputs, outputs, runs } = parse(readFileSync(join(action, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { default?: string }>;
    outputs: Record<string, { value: string }>;
    runs: { using: string; steps: Step[] };
  };

  interface ActionRan extends StepRan {
    outputs: Record<string, string>;
    summary: string;
  }

  /** As a step of somebody's workflow. */
  async function use(given: Record<string, string>): Promise<ActionRan> {
    const defaults = Object.fromEntries(Object.entries(inputs).map(([key, one]) => [key, one.default ?? '']));
    const unknown = Object.keys(given).filter((key) => !(key in inputs));
    expect({ unknown, using: runs.using }).toEqual({ unknown: [], using: 'composite' });
    const contexts = {
      inputs: { ...defaults, url: gate.url, token, package: archive, ...given },
      github: { head_ref: 'feature/search', ref_name: '7/merge' },
    };
    const env = runnerEnv({ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_ACTION_PATH: action });
    const ran = await runSteps(runs.steps, { cwd: dir, env, contexts });
    const values = Object.entries(outputs).map(([key, { value }]) => [
      key,
      substitute(value, { ...contexts, steps: ran.outputs }),
    ]);
    return { ...ran.steps.at(-1), outputs: Object.fromEntries(values), summary: ran.summary };
  }

  test('publishes, and tells what and where', async () => {
    await makeApp('assemblyscript');
    const { code, stdout, stderr, outputs, summary } = await use({ mode: 'production' });
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    expect(outputs['id']).toBe(`team/${name}/1.1.0`);
    expect(outputs['addresses']).toMatch(/^http:\/\/\S+$/);
    expect(JSON.parse(outputs['result'] ?? '')).toMatchObject({ id: `team/${name}/1.1.0`, parcels: 1 });
    expect(summary).toBe(`### team/${name}/1.1.0\n\n- production: <${outputs['addresses']}>\n`);
    expect(stdout + stderr + summary).not.toContain(token);
    expect(await channels()).toEqual({ production: '1.1.0' });
  });

  test('takes the branch for the user, unless another is named', async () => {
    await makeApp('assemblyscript');
    expect((await use({})).outputs['id']).toMatch(/\/1\.1\.0-feature-search-\d{17}$/);
    expect((await use({ user: 'canary' })).outputs['id']).toMatch(/\/1\.1\.0-canary-\d{17}$/);
  });

  test('only says what would be done with dry-run', async () => {
    await makeApp('assemblyscript');
    const { code, outputs } = await use({ mode: 'production', 'dry-run': 'true' });
    expect({ code, id: outputs['id'], addresses: outputs['addresses'] }).toEqual({
      code: 0,
      id: `team/${name}/1.1.0`,
      addresses: '',
    });
    expect(JSON.parse(outputs['result'] ?? '')).toMatchObject({
      channels: [{ name: 'production', runs: '1.0.0' }],
    });
    expect(await channels()).toEqual({ production: '1.0.0' });
  });

  test('takes inputs as words, whatever they hold', async () => {
    await makeApp('assemblyscript');
    const mark = join(dir, 'mark');
    for (const path of [`$(touch ${mark})`, `"; touch ${mark}; "`, '--help']) {
      const { code, stdout, outputs } = await use({ path });
      expect({ code, stdout, id: outputs['id'] }).toMatchObject({ code: 3, stdout: '', id: '' });
    }
    expect(existsSync(mark)).toBe(false);
  });

  test('fails as the command does, and where something is not set', async () => {
    await makeApp('assemblyscript');
    expect(await use({ token: 'hippo_not-a-token' })).toMatchObject({ code: 5, outputs: { id: '' } });
    for (const input of ['url', 'token']) {
      const { code, stderr } = await use({ [input]: '' });
      expect(code).not.toBe(0);
      expect(stderr).toContain(`the input ${input} is empty`);
    }
  });

  test('finds the command on the PATH where no package is named', async () => {
    await makeApp('assemblyscript');
    installHippo(tools);
    expect(await use({ package: '', mode: 'production' })).toMatchObject({
      code: 0,
      outputs: { id: `team/${name}/1.1.0` },
    });
  });
});
