// Connections in a window: the local Hippo by itself, others by name; who is signed in, there and in the terminal.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { ask } from '../support/platform.ts';
import { test, type VSCodeUnderTest } from '../support/vscode/test.ts';
import type { Workbench } from '../support/vscode/workbench.ts';
import { compile } from '../support/wasm.ts';
import { layOut, modulePath, putModule } from '../support/yo-wasm.ts';

const HIPPOFACTS = `[bindle]
name = "ana/weather"
version = "0.1.0"

[[handler]]
route = "/"
name = "app.wasm"
`;
const STATUS = 'hippo-tools.hippo-tools.connection';
const PASSWORD = 'a secret of ana';
/** In Restricted Mode until it is trusted, without a question at the start. */
const RESTRICTED = { trust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } };

/** A Hippo of somebody else: what a window keeps of its own does not know it. */
let far: LocalPlatform;
let farHome: string;
let module: Uint8Array;

beforeAll(async () => {
  farHome = mkdtempSync(join(tmpdir(), 'hippo-far-'));
  far = await startLocalPlatform(farHome);
  const env = cleanEnv(farHome, { HIPPO_URL: far.hippoUrl });
  expect(await hippo(['register', '--username', 'ana', '--password', PASSWORD], { env })).toMatchObject({
    code: 0,
  });
  module = await compile(`process.stdout.write('Content-Type: text/plain\\n\\nIt is sunny.\\n');`);
});
afterAll(async () => {
  await far.stop();
  rmSync(farHome, { recursive: true, force: true, maxRetries: 10 });
});

async function addFar(window: Workbench): Promise<void> {
  await window.command('Hippo: Add Connection…');
  await window.quick.asks("Hippo's address");
  await window.quick.enter(far.hippoUrl);
  await window.quick.asks('The Bindle server that belongs to it');
  await window.quick.enter('');
  await window.quick.asks('A name for it');
  await window.quick.enter('far');
}

async function signIn(window: Workbench, vscode: VSCodeUnderTest): Promise<void> {
  await vscode.step('what answers there is said', async () => {
    await window.notifications.come('far answers: hippo-tools');
    await expect.poll(() => window.status(STATUS).innerText()).toContain('far');
  });
  await vscode.step('sign in', async () => {
    await window.notifications.click('you are not signed in', 'Sign In');
    await window.quick.asks('User name');
    await window.quick.enter('ana');
    await window.quick.asks('Password of ana');
    await window.quick.enter(PASSWORD);
    await expect
      .poll(() => window.status(STATUS).locator('a').getAttribute('aria-label'))
      .toBe('Hippo connection far, connected');
  });
}

test('the local Hippo starts when it is needed, for all windows and the terminal', async ({ vscode }) => {
  const first = await vscode.open(vscode.folder({ HIPPOFACTS }, 'first'));
  await vscode.step('the status bar names it', async () => {
    await expect.poll(() => first.status(STATUS).innerText()).toContain('Local Hippo');
  });
  await vscode.step('it starts', async () => {
    await first.command('Hippo: Test Connection');
    await first.notifications.come(
      /Local Hippo answers: hippo-tools .*, an administrator, its Bindle server answers/,
    );
  });
  const inTerminal = async () => {
    const { stdout } = await hippo(['platform', 'status', '-o', 'json'], { env: cleanEnv(vscode.hippoHome) });
    return JSON.parse(stdout) as { hippoUrl: string; pid: number };
  };
  const { hippoUrl, pid } = await inTerminal();
  const second = await vscode.open(vscode.folder({ HIPPOFACTS }, 'second'));
  await vscode.step('another window finds it', async () => {
    await second.command('Hippo: Test Connection');
    await second.notifications.come('Local Hippo answers');
    await expect
      .poll(() => second.status(STATUS).locator('a').getAttribute('aria-label'))
      .toBe('Hippo connection Local Hippo, connected');
  });
  expect(await inTerminal()).toMatchObject({ pid, hippoUrl });
});

describe('another Hippo', () => {
  test('is added, signed in to, kept, switched away from and removed', async ({ vscode }) => {
    const window = await vscode.open(vscode.folder({ HIPPOFACTS }));
    await vscode.step('add', () => addFar(window));
    await signIn(window, vscode);
    await vscode.step('it is kept', async () => {
      await window.reload();
      await expect.poll(() => window.status(STATUS).innerText()).toContain('far');
      await window.command('Hippo: Test Connection');
      await window.notifications.come('you are ana');
    });
    await vscode.step('switch', async () => {
      await window.status(STATUS).click();
      await window.quick.pick('Local Hippo');
      await expect.poll(() => window.status(STATUS).innerText()).toContain('Local Hippo');
    });
    await vscode.step('remove', async () => {
      await window.command('Hippo: Remove Connection…');
      await window.quick.pick('far');
      await window.dialogs.click('Remove the connection "far"?', 'Remove');
    });
    const list = () => hippo(['connection', 'list', '-o', 'id'], { env: cleanEnv(vscode.hippoHome) });
    await expect.poll(async () => (await list()).stdout).toBe('local\n');
  });

  test('that does not answer is shown so', async ({ vscode }) => {
    const env = cleanEnv(vscode.hippoHome);
    await hippo(['connection', 'add', 'gone', 'http://127.0.0.1:1', '--use'], { env });
    const window = await vscode.open(vscode.folder({ HIPPOFACTS }));
    await expect.poll(() => window.status(STATUS).innerText()).toContain('gone');
    await vscode.step('test', async () => {
      await window.command('Hippo: Test Connection');
      expect(await window.notifications.buttons('No Hippo answers at http://127.0.0.1:1')).toEqual([
        'Retry',
        'Edit Connection',
        'View Output',
      ]);
    });
    await vscode.step('edit it', async () => {
      await window.notifications.click('No Hippo answers', 'Edit Connection');
      await window.quick.asks("Hippo's address");
      await window.quick.enter(far.hippoUrl);
      await window.quick.asks('The Bindle server');
      await window.quick.enter('');
      await window.notifications.come('gone answers: hippo-tools');
    });
  });

  test('may be chosen by the settings of a workspace only when it is trusted', async ({ vscode }) => {
    const env = cleanEnv(vscode.hippoHome);
    await hippo(['connection', 'add', 'far', far.hippoUrl], { env });
    await vscode.start(RESTRICTED);
    const settings = JSON.stringify({ 'hippo.connection': 'far' });
    const window = await vscode.open(vscode.folder({ HIPPOFACTS, '.vscode/settings.json': settings }));
    await vscode.step('not trusted', async () => {
      await expect.poll(() => window.status(STATUS).innerText()).toContain('Local Hippo');
    });
    await vscode.step('trusted', async () => {
      await window.trust();
      await expect.poll(() => window.status(STATUS).innerText()).toContain('far');
    });
  });
});

describe('in the terminal', () => {
  test('the command has the connection of the window and its sign-in, and no token stands in the environment', async ({
    vscode,
  }) => {
    const window = await vscode.open(vscode.folder({ HIPPOFACTS }));
    await addFar(window);
    await signIn(window, vscode);
    await vscode.step('whoami', async () => {
      await window.panel.openTerminal();
      await window.panel.typeLine('hippo whoami && env > env.txt && echo written');
      await window.panel.terminalHas(/^ana\s+written/m);
    });
    const variables = readFileSync(join(vscode.folder({}), 'env.txt'), 'utf8');
    expect(variables).toContain(`HIPPO_URL=${far.hippoUrl}\n`);
    expect(variables).toContain(`BINDLE_URL=${far.bindleUrl}\n`);
    expect(variables).not.toMatch(/eyJ|hippo_refresh|a secret of ana|^HIPPO_TOKEN/m);
    // Behind every other folder: a `hippo` that somebody has goes first.
    expect(/^PATH=(.*)$/m.exec(variables)?.[1]?.split(':').at(-1)).toContain('hippo-tools.hippo-tools/bin');
  });

  test('the task that yo-wasm makes publishes, to this machine and elsewhere, without signing in again', async ({
    vscode,
  }) => {
    const project = vscode.folder({}, 'weather');
    const answers = {
      moduleName: 'weather',
      bindleId: 'ana/weather',
      hippoUrl: 'https://hippo.invalid/',
      serverUrl: 'https://bindle.invalid/v1',
    };
    layOut('rust', project, answers);
    putModule(project, modulePath('rust', answers), module);
    // There the app must be made first, and knows its publisher by name.
    const env = cleanEnv(farHome, {
      HIPPO_URL: far.hippoUrl,
      HIPPO_USERNAME: 'ana',
      HIPPO_PASSWORD: PASSWORD,
    });
    expect(await hippo(['push', project, '--yes', '-s', far.bindleUrl], { env })).toMatchObject({ code: 0 });
    await vscode.start({ env: { USER: 'ana' } });
    const window = await vscode.open(project);
    // VS Code starts such a task without waiting for any extension; its PATH is there as soon as this one is.
    await window.status(STATUS).waitFor();
    /** @param where what its address looks like: of the run before, the terminal may still show the lines */
    const publish = async (where: RegExp): Promise<URL> => {
      await window.panel.runTask('Hippo: Publish Development Build');
      const done = window.panel.terminalHas(new RegExp(`pushed: ana/weather/0\\.1\\.0-[^]*${where.source}`));
      // VS Code asks once, because the task says nothing about problems.
      const answer = window.quick.pick('Continue without scanning the task output');
      await Promise.race([answer, done]).catch(() => undefined);
      const text = await done;
      return new URL(where.exec(text.slice(text.lastIndexOf('pushed:')))?.[0] ?? '');
    };
    await vscode.step('to the local Hippo', async () => {
      const address = await publish(/http:\/\/[\w.-]+:\d+\//);
      const page = await ask(address.href, { headers: { host: address.host } });
      expect(page).toMatchObject({ status: 200, text: 'It is sunny.\n' });
    });
    await vscode.step('another connection', () => addFar(window));
    await signIn(window, vscode);
    await vscode.step('to another one', async () => {
      const { port } = new URL(far.hippoUrl);
      const address = await publish(new RegExp(`http://[\\w.-]+:${port}/`));
      const page = await ask(far.hippoUrl, { headers: { host: address.host } });
      expect(page).toMatchObject({ status: 200, text: 'It is sunny.\n' });
    });
  });

  test('the command is there as soon as the workspace is trusted', async ({ vscode }) => {
    await vscode.start(RESTRICTED);
    const window = await vscode.open(vscode.folder({ HIPPOFACTS }));
    await window.status(STATUS).waitFor();
    await window.trust();
    await vscode.step('its version', async () => {
      await expect
        .poll(async () => {
          await window.panel.openTerminal();
          await window.panel.typeLine('clear; hippo --version');
          return window.panel.terminalHas(/^\d+\.\d+\.\d+|not found/m);
        })
        .toMatch(/^\d+\.\d+\.\d+/m);
    });
  });
});
