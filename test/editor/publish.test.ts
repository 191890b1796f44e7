// Publishing from a window: by every way in, with every question, to a real Hippo.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startGate, type Gate } from '../support/gate.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { REAL_ACCOUNT, startRealHippo, type RealHippo } from '../support/real-hippo.ts';
import { startReferenceServer } from '../support/reference-server.ts';
import { test, type VSCodeUnderTest } from '../support/vscode/test.ts';
import type { Workbench } from '../support/vscode/workbench.ts';
import { compile } from '../support/wasm.ts';

const PASSWORD = 'a secret of ana';
const EXTENSION = 'hippo-tools.hippo-tools';

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await compile(
    `process.stdout.write('content-type: text/html\\n\\n<h1>The weather is fine</h1>\\n');`,
  );
});

function manifest(version = '0.1.0', files = 'static/*'): string {
  return `[bindle]
name = "ana/weather"
version = "${version}"

[[handler]]
route = "/"
name = "weather.wasm"
files = ["${files}"]
`;
}

function project(more: Record<string, string> = {}): Record<string, string | Uint8Array> {
  return {
    HIPPOFACTS: manifest(),
    'weather.wasm': wasm,
    'static/style.css': 'h1 { color: teal }\n',
    ...more,
  };
}

/** What the local Hippo of a test has by now: numbers of its revisions, in order. */
async function revisions(vscode: VSCodeUnderTest): Promise<string[]> {
  const { stdout } = await hippo(['revision', 'list', '--app', 'weather', '-o', 'json'], {
    env: cleanEnv(vscode.hippoHome),
  });
  return (JSON.parse(stdout) as { revisionNumber: string }[]).map(({ revisionNumber }) => revisionNumber);
}

interface Far {
  gate: Gate;
  /** Of the platform behind the gate. */
  hippoUrl: string;
  signIn: (window: Workbench) => Promise<void>;
}

/**
 * A Hippo of somebody else, behind a gate, as the connection `far`, which is in use.
 * @param bindleUrl of its Bindle server; its own if absent
 */
async function far(vscode: VSCodeUnderTest, bindleUrl?: string): Promise<Far> {
  const home = mkdtempSync(join(tmpdir(), 'hippo-far-'));
  const platform = await startLocalPlatform(home);
  const gate = await startGate(platform.hippoUrl);
  onTestFinished(async () => {
    await gate.close();
    await platform.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  const account = ['--username', 'ana', '--password', PASSWORD];
  await hippo(['register', ...account], { env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl }) });
  const added = await hippo(
    [
      'connection',
      'add',
      'far',
      gate.url,
      '--bindle',
      bindleUrl ?? `${gate.url}/v1`,
      '--username',
      'ana',
      '--use',
    ],
    { env: cleanEnv(vscode.hippoHome) },
  );
  expect(added.code).toBe(0);
  return {
    gate,
    hippoUrl: platform.hippoUrl,
    async signIn(window) {
      await window.command('Hippo: Sign In…');
      await window.quick.asks('User name');
      await window.quick.enter('ana');
      await window.quick.asks('Password of ana');
      await window.quick.enter(PASSWORD);
      await expect
        .poll(() => window.status(`${EXTENSION}.connection`).locator('a').getAttribute('aria-label'))
        .toBe('Hippo connection far, connected');
    },
  };
}

test('every way in, and one publish for two clicks', async ({ vscode }) => {
  const folder = vscode.folder(project(), 'weather');
  const window = await vscode.open(folder);
  await vscode.step('the button of the editor, of what is not saved', async () => {
    await window.editor.open('HIPPOFACTS');
    await window.editor.goTo(3, 12);
    await window.page.keyboard.press('Shift+End');
    await window.editor.type('0.2.0"');
    const button = window.page.locator('.editor-actions .action-label[aria-label^="Publish"]');
    await button.dblclick();
    await window.notifications.come('Published weather');
  });
  expect(readFileSync(join(folder, 'HIPPOFACTS'), 'utf8')).toContain('"0.2.0"');
  expect(await revisions(vscode)).toEqual([expect.stringMatching(/^0\.2\.0-/)]);
  await window.notifications.close('Published weather');

  await vscode.step('the lens above the bindle', async () => {
    const lens = window.page.locator('.codelens-decoration a', { hasText: 'Publish' });
    await lens.click();
    await window.notifications.come('Published weather');
  });
  await window.notifications.close('Published weather');

  await vscode.step('the menu of HIPPOFACTS', async () => {
    await window.menu.context(window.file('HIPPOFACTS'), 'Publish');
    await window.notifications.come('Published weather');
  });
  await window.notifications.close('Published weather');
  expect(await revisions(vscode)).toHaveLength(3);

  await vscode.step('the menu of a module', async () => {
    await window.menu.context(window.file('weather.wasm'), 'Publish');
    await window.notifications.come('Published weather.wasm');
  });
});

test('a preview, and a publish from there', async ({ vscode }) => {
  const folder = vscode.folder(project(), 'weather');
  const window = await vscode.open(folder);
  const view = window.view('Publish Preview');
  await vscode.step('of the first', async () => {
    await window.command('Hippo: Preview Publish');
    await view.row('New').waitFor();
    await expect
      .poll(() => view.tree())
      .toMatchObject([
        { label: 'Channels', level: 1, expanded: true },
        { label: 'weather', description: 'the app is made' },
        { label: 'root', description: 'is made, with the rule "P:*-root-*"' },
        { label: 'New', description: expect.stringMatching(/^2 files, [\d.]+ KB$/), expanded: true },
        { label: 'static/style.css', description: '19 B' },
        { label: 'weather.wasm' },
      ]);
  });
  // That it was looked at is shown for a moment longer than it takes.
  await expect.poll(() => window.notifications.texts()).toEqual([]);
  await vscode.step('publish from there', async () => {
    await view.titleAction('Publish');
    await window.notifications.come('Published weather');
    await view.pane.waitFor({ state: 'detached' });
  });
  writeFileSync(join(folder, 'static/style.css'), 'h1 { color: navy }\n');
  writeFileSync(join(folder, 'static/more.css'), 'p {}\n');
  await vscode.step('of what has changed', async () => {
    await window.editor.open('HIPPOFACTS');
    await window.page.locator('.codelens-decoration a', { hasText: 'Preview' }).click();
    await expect
      .poll(() => view.tree())
      .toMatchObject([
        { label: 'Channels' },
        { label: 'root', description: expect.stringMatching(/^runs 0\.1\.0-root-\d+ now$/) },
        { label: 'New', description: '1 file, 5 B' },
        { label: 'static/more.css' },
        { label: 'Changed', description: '1 file, 19 B' },
        { label: 'static/style.css' },
        { label: 'Unchanged', expanded: false },
      ]);
  });
});

describe('another Hippo', () => {
  test('asks before it makes and changes something; versions are raised on demand', async ({ vscode }) => {
    const { signIn } = await far(vscode);
    const folder = vscode.folder(project(), 'weather');
    const window = await vscode.open(folder);
    await signIn(window);
    await vscode.step('what is missing', async () => {
      await window.command('Hippo: Publish Production Version');
      await window.dialogs.with('Make the app "weather"?').waitFor();
    });
    await vscode.step('is made', async () => {
      await window.dialogs.click('Make the app', 'Make App');
      await window.notifications.come('production runs 0.1.0');
      await window.notifications.close('production runs 0.1.0');
    });
    writeFileSync(join(folder, 'static/style.css'), 'h1 { color: navy }\n');
    await vscode.step('the version is taken', async () => {
      await window.command('Hippo: Publish As…');
      await window.quick.asks('As what?');
      await window.quick.pick('Production');
      await window.quick.asks('To which channels?');
      await window.quick.pick('All That Follow It');
      await window.quick.asks('Raise the version');
    });
    await vscode.step('and raised; others are asked for', async () => {
      await window.quick.pick('0.1.1');
      await window.dialogs.with('Change what production runs?').waitFor();
    });
    await vscode.step('and never again', async () => {
      await window.dialogs.click('Change what production runs?', 'Publish and Never Ask');
      await window.notifications.come('production runs 0.1.1');
    });
    expect(readFileSync(join(folder, 'HIPPOFACTS'), 'utf8')).toBe(manifest('0.1.1'));
    // It is the person's own wish, and not everybody's in this workspace.
    expect(existsSync(join(folder, '.vscode'))).toBe(false);
  });

  test('is cancelled in the middle of an upload, is away and comes back', async ({ vscode }) => {
    const { gate, hippoUrl, signIn } = await far(vscode);
    const window = await vscode.open(vscode.folder(project(), 'weather'));
    await signIn(window);
    gate.hold(isUpload);
    await vscode.step('an upload is under way', async () => {
      await window.command('Hippo: Publish');
      await window.dialogs.click('Make the app', 'Make App');
      await window.notifications.come(/Sending 0\/2 files, 0 B of [\d.]+ KB/);
      await expect.poll(gate.waiting).toBe(2);
    });
    await vscode.step('it is cancelled', async () => {
      await window.notifications.click('Sending', 'Cancel');
      await window.page.getByText(/Publishing weather: Cancelled/).waitFor();
    });
    await expect.poll(() => window.notifications.texts()).toEqual([]);
    await gate.close();
    await vscode.step('the server is away', async () => {
      await window.command('Hippo: Publish');
      await window.notifications.come('No Hippo answers');
    });
    const again = await startGate(hippoUrl, Number(new URL(gate.url).port));
    onTestFinished(again.close);
    await vscode.step('it comes back, and the publish goes on where it stopped', async () => {
      await window.notifications.click('No Hippo answers', 'Retry');
      await window.dialogs.click('Make the app', 'Make App');
      await window.notifications.come('Published weather');
    });
  });

  test('a cancel lets uploads end on a server that would choke on them; a second one drops them', async ({
    vscode,
  }) => {
    const bindle = await startReferenceServer();
    const uploads = await startGate(new URL(bindle.url).origin);
    onTestFinished(async () => {
      await uploads.close();
      await bindle.close();
    });
    const { signIn } = await far(vscode, `${uploads.url}/v1`);
    const folder = vscode.folder(project(), 'weather');
    const window = await vscode.open(folder);
    await signIn(window);
    const publishAndCancel = async (): Promise<void> => {
      uploads.hold(isUpload);
      await window.command('Hippo: Publish');
      await window.dialogs.click('Make the app', 'Make App');
      await expect.poll(uploads.waiting).toBeGreaterThan(0);
      await window.notifications.click('Publishing weather', 'Cancel');
      await window.notifications.come('will be finished first');
    };
    await vscode.step('uploads are finished first', publishAndCancel);
    uploads.open();
    await window.page.getByText('Publishing weather: Cancelled after 2 uploaded files.').waitFor();
    expect([...bindle.parcels.values()].filter((bytes) => bytes !== null)).toHaveLength(2);

    writeFileSync(join(folder, 'static/style.css'), 'h1 { color: navy }\n');
    await vscode.step('once more', publishAndCancel);
    await vscode.step('they are dropped', async () => {
      await window.notifications.click('will be finished first', 'Cancel');
      await window.notifications.come('may be stuck on the server: static/style.css');
    });
  });
});

test('a session that ends amid a publish is opened again, by a question or by the password that is kept', async ({
  vscode,
}) => {
  const bindle = await startReferenceServer();
  const real = await startRealHippo({ dialect: 'F', bindle });
  onTestFinished(async () => {
    await Promise.all([bindle.close(), real.close()]);
  });
  putApp(real);
  /** Once, when the bindle is there already. */
  const endAtRelease = (): void => {
    real.refuses = (method, path) => {
      if (method !== 'POST' || path !== '/api/revisions') return undefined;
      real.refuses = () => undefined;
      real.expireTokens();
      return undefined;
    };
  };
  const { HIPPO_USERNAME: userName, HIPPO_PASSWORD: password } = REAL_ACCOUNT;
  const added = await hippo(
    ['connection', 'add', 'far', real.url, '--bindle', bindle.url, '--username', userName, '--use'],
    { env: cleanEnv(vscode.hippoHome) },
  );
  expect(added.code).toBe(0);
  // Nobody knows its channels by name: it serves them to whoever takes it for a proxy.
  await vscode.start({ env: { USER: userName, HTTP_PROXY: real.url } });
  const window = await vscode.open(vscode.folder(project(), 'weather'));
  await vscode.step('a question, in the middle', async () => {
    await window.command('Hippo: Sign In…');
    await window.quick.asks('User name');
    await window.quick.enter(userName);
    await window.quick.asks(`Password of ${userName}`);
    await window.quick.enter(password);
    await window.notifications.come("Keep it in VS Code's secret storage");
    endAtRelease();
    await window.command('Hippo: Publish');
    await window.quick.asks(`Password of ${userName}`);
    await window.quick.enter(password);
    await window.notifications.come('Published weather');
  });
  expect(real.revisions).toHaveLength(1);
  await vscode.step('none where the password is kept', async () => {
    await window.notifications.click("Keep it in VS Code's secret storage", 'Keep');
    await window.notifications.close('Published weather');
    endAtRelease();
    await window.command('Hippo: Publish');
    await window.notifications.come('Published weather');
  });
  expect(real.revisions).toHaveLength(2);
});

function putApp(real: RealHippo): void {
  const id = '00000000-0000-4000-8000-00000000000';
  real.apps.push({ id: `${id}1`, name: 'weather', storageId: 'ana/weather' });
  real.channels.push({
    id: `${id}2`,
    appId: `${id}1`,
    name: 'ana',
    domain: 'ana.weather.hippofactory.io',
    revisionSelectionStrategy: 'UseRangeRule',
    rangeRule: 'P:*-ana-*',
    activeRevisionId: null,
  });
}

test('a build that is found, offered once and remembered; one that fails stops the publish', async ({
  vscode,
}) => {
  const build = { type: 'shell', command: 'sh build.sh' };
  const pattern = { regexp: '^(.+):(\\d+): error: (.*)$', file: 1, line: 2, message: 3 };
  const tasks = [
    { ...build, label: 'Cargo: Build Native' },
    {
      ...build,
      label: 'Cargo: Build WASM',
      problemMatcher: { owner: 'build', fileLocation: ['relative', '${workspaceFolder}'], pattern },
    },
    { type: 'shell', command: 'hippo push .', label: 'Hippo: Publish Development Build' },
  ];
  const { 'weather.wasm': module = '', ...files } = project();
  const folder = vscode.folder(
    {
      ...files,
      'built.wasm': module,
      'build.sh': 'cp built.wasm weather.wasm\n',
      '.vscode/tasks.json': JSON.stringify({ version: '2.0.0', tasks }),
    },
    'weather',
  );
  const window = await vscode.open(folder);
  await vscode.step('it is offered', async () => {
    await window.command('Hippo: Publish');
    await window.quick.asks('With which task?');
    await expect
      .poll(() => window.quick.labels())
      .toEqual([
        expect.stringContaining('Cargo: Build WASM'),
        expect.stringContaining('Do Not Build'),
        expect.stringContaining('Cargo: Build Native'),
      ]);
  });
  await vscode.step('it runs', async () => {
    await window.quick.pick('Cargo: Build WASM');
    await window.notifications.come('Published weather');
    await window.notifications.close('Published weather');
  });
  writeFileSync(join(folder, 'build.sh'), 'echo "static/style.css:1: error: teal is not a colour"; exit 7\n');
  await vscode.step('it fails', async () => {
    await window.command('Hippo: Publish');
    await window.notifications.come('The build "Cargo: Build WASM" failed (exit code 7)');
    await window.page.locator('.markers-panel', { hasText: 'teal is not a colour' }).waitFor();
  });
  writeFileSync(join(folder, 'build.sh'), 'exit 0\n');
  await vscode.step('and is tried again', async () => {
    await window.notifications.click('failed (exit code 7)', 'Retry');
    await window.notifications.come('Published weather');
  });
});

test('what is wrong with HIPPOFACTS stands at its place', async ({ vscode }) => {
  const folder = vscode.folder({ ...project(), HIPPOFACTS: manifest('0.1') }, 'weather');
  const window = await vscode.open(folder);
  await vscode.step('shown', async () => {
    await window.command('Hippo: Publish');
    await window.page.locator('.marker-widget').waitFor();
    await expect.poll(() => window.editor.tab.innerText()).toContain('HIPPOFACTS');
    const position = window.page.locator('.statusbar-item[id="status.editor.selection"]');
    await expect.poll(() => position.innerText()).toContain('Ln 3, Col 11');
  });
  await expect.poll(() => window.notifications.texts()).toEqual([]);
  await expect
    .poll(() => window.panel.problems())
    .toEqual([expect.stringContaining('HIPPOFACTS'), expect.stringMatching(/^Error: .*version/)]);
  writeFileSync(join(folder, 'HIPPOFACTS'), manifest());
  await vscode.step('and gone when it is right', async () => {
    await window.command('Hippo: Publish');
    await window.notifications.come('Published weather');
    await window.page.locator('.markers-panel', { hasText: 'No problems' }).waitFor();
  });
});

test('from the palette to a page that answers, and back to an earlier version', async ({ vscode }) => {
  const window = await vscode.open(vscode.folder(project(), 'weather'));
  await vscode.step('publish', async () => {
    await window.command('Hippo: Publish');
    await window.notifications.come('Published weather');
  });
  await vscode.step('its page', async () => {
    const page = await window.opens(() => window.notifications.click('Published weather', 'Open in Browser'));
    await page.getByText('The weather is fine').waitFor();
    await page.close();
  });
  expect(await window.page.locator('.output-view').isVisible()).toBe(false);
  await vscode.step('the log', async () => {
    await window.panel.showOutput('Hippo');
    await window.panel.outputHas(/Published ana\/weather\/0\.1\.0-.* in [\d.]+ s \(collect/);
  });
  await vscode.step('publish again', async () => {
    await window.command('Hippo: Publish');
    await window.notifications.come('Published weather');
    await window.notifications.close('Published weather');
  });
  const [first = ''] = await revisions(vscode);
  const view = window.view('Publishes');
  const published = { label: 'weather 0.1.0 (dev)', description: expect.stringMatching(/^root • /) };
  await vscode.step('the history', async () => {
    await window.openContainer('Hippo');
    await view.pane.locator('.pane-header').click();
    await expect.poll(() => view.tree()).toMatchObject([published, published]);
  });
  await vscode.step('the first again', async () => {
    await view.inlineAction(view.rows.last(), 'Release Again');
    await window.dialogs.click('Change what root runs?', 'Publish');
    await window.notifications.come(`root runs ${first} again`);
    await expect.poll(() => view.tree()).toHaveLength(3);
  });
  const { stdout } = await hippo(['channel', 'list', '--app', 'weather', '-o', 'json'], {
    env: cleanEnv(vscode.hippoHome),
  });
  expect(JSON.parse(stdout)).toMatchObject([{ name: 'root', activeRevision: { revisionNumber: first } }]);
  await vscode.step('after a reload it is still there', async () => {
    await window.reload();
    await expect.poll(() => view.tree()).toMatchObject([published, published, published]);
  });
  await vscode.step('its page', async () => {
    const page = await window.opens(() => view.inlineAction(view.rows.last(), 'Open in Browser'));
    await page.getByText('The weather is fine').waitFor();
    await page.close();
  });
  await vscode.step('a publish from the tree', async () => {
    await window.view('Apps').inlineAction('weather', 'Publish');
    // It would stay on the first.
    await window.dialogs.click('Change what root runs?', 'Publish');
    await window.notifications.come('Published weather');
  });
});

test('tasks that are found, and one of tasks.json', async ({ vscode }) => {
  const task = {
    type: 'hippo',
    task: 'publish',
    mode: 'production',
    channel: 'beta',
    label: 'to the testers',
  };
  const files = project({ '.vscode/tasks.json': JSON.stringify({ version: '2.0.0', tasks: [task] }) });
  const window = await vscode.open(vscode.folder(files, 'weather'));
  await vscode.step('one that is found', async () => {
    await window.panel.runTask('hippo: publish', 'hippo');
    await window.panel.terminalHas(/published: ana\/weather\/0\.1\.0-root-\d{17}/);
  });
  // That the local Hippo starts is shown for a moment longer than it takes.
  await expect.poll(() => window.notifications.texts()).toEqual([]);
  await vscode.step('one of tasks.json', async () => {
    await window.panel.runTask('to the testers', 'hippo');
    await window.panel.terminalHas(/published: ana\/weather\/0\.1\.0$/m);
  });
  await vscode.step('one that prepares', async () => {
    await window.panel.runTask('hippo: prepare', 'hippo');
    await window.panel.terminalHas(/Prepared in .*\.hippo/);
  });
});

test('of several apps a person says which one is meant', async ({ vscode }) => {
  const weather = vscode.folder(project(), 'weather');
  const shop = vscode.folder(
    { HIPPOFACTS: manifest().replace('ana/weather', 'ana/shop'), 'weather.wasm': wasm, 'static/a.css': '' },
    'shop',
  );
  const folders = [{ path: weather }, { path: shop }];
  const both = vscode.folder({ 'both.code-workspace': JSON.stringify({ folders }) }, 'both');
  const window = await vscode.open(join(both, 'both.code-workspace'));
  await vscode.step('from the palette', async () => {
    await window.command('Hippo: Publish');
    await window.quick.asks('Which app?');
    await window.quick.pick('shop');
    await window.notifications.come('Published shop');
  });
  await vscode.step('as a task each has its own', async () => {
    // The first of the two.
    await window.panel.runTask('hippo: publish', 'hippo');
    await window.panel.terminalHas(/published: ana\/weather\//);
  });
});

test('a workspace that is not trusted can be looked at', async ({ vscode }) => {
  await vscode.start({ trust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } });
  const window = await vscode.open(vscode.folder(project(), 'weather'));
  await vscode.step('no way to publish', async () => {
    await window.editor.open('HIPPOFACTS');
    const lenses = window.page.locator('.codelens-decoration a');
    await expect.poll(() => lenses.allInnerTexts()).toContain('Preview');
    expect(await lenses.allInnerTexts()).not.toContain('Publish');
    expect(await window.quick.offersCommand('Hippo: Publish')).toBe(false);
  });
  await vscode.step('a preview', async () => {
    await window.command('Hippo: Preview Publish');
    await window.view('Publish Preview').row('New').waitFor();
  });
  await vscode.step('trusted, it can be published', async () => {
    await window.trust();
    await window.view('Publish Preview').titleAction('Publish');
    await window.notifications.come('Published weather');
  });
});

function isUpload({ method, url = '' }: { method?: string | undefined; url?: string | undefined }): boolean {
  return method === 'POST' && url.includes('@');
}
