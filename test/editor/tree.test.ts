// The view of apps in a window: it fills, follows what happens elsewhere, and does what its rows offer.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startGate } from '../support/gate.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { startStubHippo } from '../support/stub-hippo.ts';
import { clickAtOnce, retry } from '../support/vscode/retry.ts';
import { test, type VSCodeUnderTest } from '../support/vscode/test.ts';
import type { View } from '../support/vscode/view.ts';
import type { Workbench } from '../support/vscode/workbench.ts';
import { compile } from '../support/wasm.ts';

const STATUS = 'hippo-tools.hippo-tools.connection';

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await compile(`
    process.stdout.write('content-type: text/html\\n\\n<h1>The weather is fine</h1>\\n');
    process.stderr.write('somebody asked for the weather\\n');
  `);
});

function manifest(name: string, version: string): string {
  return `[bindle]\nname = "${name}"\nversion = "${version}"\n\n[[handler]]\nroute = "/"\nname = "app.wasm"\n`;
}

function project(name: string, version = '1.0.0'): Record<string, string | Uint8Array> {
  return { HIPPOFACTS: manifest(name, version), 'app.wasm': wasm };
}

/** Runs a command as in a terminal of the user. */
async function run(vscode: VSCodeUnderTest, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await hippo(args, { env: cleanEnv(vscode.hippoHome) });
  if (code !== 0) throw new Error(`hippo ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Publishes another version of a folder, from a terminal. */
async function publish(
  vscode: VSCodeUnderTest,
  folder: string,
  name: string,
  version: string,
): Promise<void> {
  vscode.folder({ HIPPOFACTS: manifest(name, version) }, folder);
  await run(vscode, 'publish', '--yes', '-v', 'production', join(vscode.folder({}, folder)));
}

/** The Hippo of the machine, with what a user would have. */
async function localPlatform(vscode: VSCodeUnderTest): Promise<LocalPlatform> {
  const platform = await startLocalPlatform(vscode.hippoHome, ['--port', '0']);
  onTestFinished(() => platform.stop());
  return platform;
}

async function use(window: Workbench, connection: string): Promise<void> {
  await window.command('Hippo: Switch Connection…');
  await window.quick.pick(connection);
}

async function openApps(window: Workbench): Promise<View> {
  await window.openContainer('Hippo');
  return window.view('Apps');
}

/** Label and description of the rows in view, indented; ports and addresses left out. */
async function rows(view: View): Promise<string[]> {
  return (await view.tree()).map(({ level, label, description }) => {
    const shown = level === 2 ? description.replace(/ • \S+$/, '') : description;
    return `${'  '.repeat(level - 1)}${label}${shown === '' ? '' : ` | ${shown}`}`;
  });
}

/** The fewest rows that were shown at any time since. */
async function watchRows({ page }: Workbench): Promise<() => Promise<number>> {
  await page.evaluate(`{
    const header = document.querySelector('.pane-header[aria-label^="Apps"]');
    const pane = header.closest('.pane');
    const count = () => pane.querySelectorAll('[role="treeitem"]').length;
    globalThis.fewestRows = count();
    const watch = () => { globalThis.fewestRows = Math.min(globalThis.fewestRows, count()); };
    new MutationObserver(watch).observe(pane, { childList: true, subtree: true });
  }`);
  return () => page.evaluate('globalThis.fewestRows');
}

test('fills, and follows what a terminal does', async ({ vscode }) => {
  await localPlatform(vscode);
  const weather = vscode.folder(project('weather'), 'weather');
  vscode.folder(project('acme/shop'), 'shop');
  await publish(vscode, 'shop', 'acme/shop', '1.0.0');
  await publish(vscode, 'weather', 'weather', '1.0.0');
  const window = await vscode.open(weather);
  const apps = await openApps(window);
  await vscode.step('the app of the workspace is first, open and marked', async () => {
    await expect
      .poll(() => rows(apps))
      .toEqual(['weather | in this workspace', '  production | 1.0.0', 'shop | acme/shop']);
    await expect
      .poll(() => apps.row('production').getAttribute('aria-label'))
      .toMatch(/^Channel production, running, revision 1\.0\.0, weather\.localhost:\d+$/);
    await expect
      .poll(() => apps.row('weather').getAttribute('aria-label'))
      .toBe('App weather, in this workspace, 1 channel');
  });
  await vscode.step('what is below a channel', async () => {
    await apps.expand('production');
    await apps.expand('Revisions');
    await expect
      .poll(() => rows(apps))
      .toEqual([
        'weather | in this workspace',
        '  production | 1.0.0',
        '    Variables | none',
        '    Add-ons | none',
        '    Revisions | follows *',
        '      1.0.0 | runs now',
        'shop | acme/shop',
      ]);
  });
  await vscode.step('a publish from the terminal shows, and what was open or chosen stays', async () => {
    await apps.row('shop').click();
    await apps.row('1.0.0').click();
    const fewest = await watchRows(window);
    await publish(vscode, 'weather', 'weather', '1.1.0');
    await run(vscode, 'env', 'set', 'CITY=Oslo', '--app', 'weather');
    await expect
      .poll(() => rows(apps))
      .toEqual([
        'weather | in this workspace',
        '  production | 1.1.0',
        '    Variables | 1',
        '    Add-ons | none',
        '    Revisions | follows *',
        '      1.1.0 | runs now',
        '      1.0.0',
        'shop | acme/shop',
        '  production | 1.0.0',
      ]);
    await expect.poll(() => apps.row('1.0.0').getAttribute('aria-selected')).toBe('true');
    expect(await fewest()).toBe(8);
  });
  await vscode.step('an app that is made and one that goes', async () => {
    await run(vscode, 'app', 'add', 'empty', 'acme/empty');
    await run(vscode, 'app', 'remove', 'shop');
    await expect
      .poll(async () => (await rows(apps)).filter((row) => !row.startsWith(' ')))
      .toEqual(['weather | in this workspace', 'empty | acme/empty']);
  });
  await vscode.step('another HIPPOFACTS makes another app the first', async () => {
    vscode.folder({ HIPPOFACTS: manifest('acme/empty', '1.0.0') }, 'weather');
    await expect
      .poll(async () => (await rows(apps)).filter((row) => !row.startsWith(' ')))
      .toEqual(['empty | in this workspace • acme/empty', 'weather']);
  });
  await vscode.step('nothing is held while nobody looks', async () => {
    const held = async (): Promise<number> =>
      (JSON.parse(await run(vscode, 'platform', 'status', '-o', 'json')) as { openRequests: number })
        .openRequests;
    await expect.poll(held).toBe(1);
    await window.page.locator('.activitybar .action-label[aria-label^="Explorer"]').click();
    await expect.poll(held).toBe(0);
    await openApps(window);
    await expect.poll(held).toBe(1);
  });
});

test('in a folder that is not trusted, shows apps and publishes nothing', async ({ vscode }) => {
  await localPlatform(vscode);
  const folder = vscode.folder(project('weather'), 'weather');
  await publish(vscode, 'weather', 'weather', '1.0.0');
  await vscode.start({ trust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } });
  const window = await vscode.open(folder);
  const apps = await openApps(window);
  await vscode.step('its apps', async () => {
    await expect.poll(() => rows(apps)).toEqual(['weather | in this workspace', '  production | 1.0.0']);
    await window.menu.openContext(apps.row('weather'));
    expect((await window.menu.items()).filter((item) => item !== '')).toEqual([
      'Preview Publish',
      'Add Channel…',
      'Add Add-on…',
      'Rename App…',
      'Delete App…',
    ]);
    await window.menu.close();
  });
  await vscode.step('no app', async () => {
    await run(vscode, 'app', 'remove', 'weather');
    await apps.welcome.getByText('once you trust this workspace').waitFor();
  });
});

test('says that a connection does not exist', async ({ vscode }) => {
  await vscode.start({ settings: { 'hippo.connection': 'gone' } });
  const window = await vscode.open();
  const apps = await openApps(window);
  await vscode.step('and how to get another', async () => {
    await apps.welcome.getByText('There is no connection of the name').waitFor();
    const buttons = apps.welcome.locator('.monaco-button');
    await expect.poll(() => buttons.allInnerTexts()).toEqual(['Switch Connection…']);
  });
});

test('does what its rows offer', async ({ vscode }) => {
  await localPlatform(vscode);
  const folder = vscode.folder(project('weather'), 'weather');
  await publish(vscode, 'weather', 'weather', '1.0.0');
  await publish(vscode, 'weather', 'weather', '1.1.0');
  const window = await vscode.open(folder);
  const { quick, menu, notifications, dialogs } = window;
  const apps = await openApps(window);
  const production = (): Promise<string[]> =>
    rows(apps).then((all) => all.filter((row) => row.startsWith('  production') || row.startsWith('  live')));
  await vscode.step('open in the browser', async () => {
    const page = await window.opens(() => apps.inlineAction('production', 'Open in Browser'));
    await page.getByText('The weather is fine').waitFor();
    await page.close();
  });
  await vscode.step('the menu of a channel', async () => {
    await menu.openContext(apps.row('production'));
    expect((await menu.items()).filter((item) => item !== '')).toEqual([
      'Open in Browser',
      'Copy Address',
      'Follow Log',
      'Publish',
      'Preview Publish',
      'Pin to Revision…',
      'Follow Rule…',
      'Roll Back',
      'Stop Channel',
      'Add Variable…',
      'Add Add-on…',
      'Rename Channel…',
      'Delete Channel…',
    ]);
  });
  await menu.close();
  await vscode.step('the log', async () => {
    await apps.inlineAction('production', 'Follow Log');
    await window.panel.terminalHas('somebody asked for the weather');
  });
  await vscode.step('roll back in one step', async () => {
    await apps.inlineAction('production', 'Roll Back');
    await notifications.come('production runs 1.0.0 instead of 1.1.0, and stays on it.');
    await expect.poll(production).toEqual(['  production | 1.0.0 (pinned)']);
  });
  await vscode.step('follow a rule: what it would run is said before', async () => {
    await menu.context(apps.row('production'), 'Follow Rule…');
    await expect
      .poll(() => quick.labels())
      .toContainEqual(expect.stringContaining('would run 1.1.0 instead of 1.0.0'));
    await quick.fill('~1.0');
    await expect.poll(async () => (await quick.labels())[0]).toContain('runs 1.0.0, as now');
  });
  await quick.enter('~1.1');
  await expect.poll(production).toEqual(['  production | 1.1.0']);
  await vscode.step('pin', async () => {
    await menu.context(apps.row('production'), 'Pin to Revision…');
    await expect
      .poll(() => quick.labels())
      .toEqual(['1.1.0, runs now; would stay on it', '1.0.0, would run instead of 1.1.0']);
  });
  await quick.pick('1.0.0');
  await expect.poll(production).toEqual(['  production | 1.0.0 (pinned)']);
  await vscode.step('stop and start', async () => {
    await menu.context(apps.row('production'), 'Stop Channel');
    await expect.poll(() => apps.row('production').getAttribute('aria-label')).toContain('stopped');
    await menu.context(apps.row('production'), 'Start Channel');
    await expect.poll(() => apps.row('production').getAttribute('aria-label')).toContain('running');
  });
  await vscode.step('a variable, whose value is hidden', async () => {
    await menu.context(apps.row('production'), 'Add Variable…');
    await quick.asks('Name of the variable');
    await quick.enter('CITY');
    await quick.asks('Value of CITY');
    await quick.enter('Bergen');
    await apps.expand('production');
    await apps.expand('Variables');
    await expect.poll(() => rows(apps)).toContain('      CITY | ••••••');
    expect(await apps.pane.innerHTML()).not.toContain('Bergen');
  });
  await vscode.step('the value, when it is asked for', async () => {
    await apps.inlineAction('CITY', 'Show Value');
    await expect.poll(() => rows(apps)).toContain('      CITY | Bergen');
  });
  await vscode.step('is hidden again when somebody comes back to the view', async () => {
    await window.page.locator('.activitybar .action-label[aria-label^="Explorer"]').click();
    await openApps(window);
    await expect.poll(() => rows(apps)).toContain('      CITY | ••••••');
  });
  await vscode.step('delete the variable', async () => {
    await menu.context(apps.row('CITY'), 'Delete Variable…');
    await dialogs.click('Delete the variable CITY?', 'Delete');
    await expect.poll(() => rows(apps)).toContain('    Variables | none');
  });
  await vscode.step('rename', async () => {
    await menu.context(apps.row('production'), 'Rename Channel…');
    await quick.enter('live');
    await expect.poll(production).toEqual(['  live | 1.0.0 (pinned)']);
  });
  await vscode.step('a new release from a bundle, of an id that is pasted', async () => {
    await window.command('Hippo: New Release from a Bundle…');
    await quick.enter('weather/1.1.0');
    await dialogs
      .with('Release weather/1.1.0 to weather?')
      .getByText('live stays on 1.0.0 (pinned)')
      .waitFor();
  });
  await dialogs.click('Release weather/1.1.0 to weather?', 'Cancel');
  await vscode.step('delete an app: its name has to be typed', async () => {
    await menu.context(apps.row('weather'), 'Delete App…');
    await quick.enter('wether');
    await quick.says('That is not its name');
  });
  await quick.enter('weather');
  await vscode.step('no app is left', async () => {
    await apps.welcome.getByText('There is no app here yet').waitFor();
    await expect.poll(() => apps.welcome.locator('.monaco-button').allInnerTexts()).toEqual(['Publish']);
  });
});

test('shows what is in a revision, and what differs between two', async ({ vscode }) => {
  await localPlatform(vscode);
  const name = 'acme/weather';
  const files = (color: string): Record<string, string | Uint8Array> => ({
    ...project(name),
    'static/style.css': `h1 { color: ${color} }\n`,
  });
  const withFiles = (version: string): Record<string, string> => ({
    HIPPOFACTS: `${manifest(name, version)}files = ["static/*"]\n`,
  });
  const folder = vscode.folder({ ...files('teal'), ...withFiles('1.0.0') }, 'weather');
  await run(vscode, 'publish', '--yes', '-v', 'production', folder);
  vscode.folder({ ...files('navy'), ...withFiles('1.1.0') }, 'weather');
  await run(vscode, 'publish', '--yes', '-v', 'production', folder);
  const window = await vscode.open();
  const { quick, menu, editor } = window;
  const apps = await openApps(window);
  await apps.expand('weather');
  await apps.expand('production');
  await apps.expand('Revisions');
  await vscode.step('a file of it', async () => {
    await menu.context(apps.row('1.0.0'), 'Open File of Revision…');
    await expect.poll(() => quick.labels()).toHaveLength(2);
    await quick.pick('static/style.css');
    await editor.has('color: teal');
  });
  await vscode.step('which nobody changes', async () => {
    await editor.focus();
    // It is said for a moment.
    await retry(async () => {
      await window.page.keyboard.type('x');
      const says = window.page.locator('p', { hasText: 'A published revision never changes.' });
      await says.waitFor({ timeout: 3_000 });
    });
  });
  await vscode.step('what differs', async () => {
    await apps.inlineAction('1.1.0', 'Compare Revisions');
    await quick.pick('1.0.0');
    await expect
      .poll(() => quick.labels())
      .toEqual([expect.stringMatching(/static\/style\.css, changed • 19 B/)]);
  });
  await vscode.step('side by side', async () => {
    await quick.pick('static/style.css');
    await window.page
      .locator('.monaco-diff-editor .modified-in-monaco-diff-editor')
      .getByText('navy')
      .waitFor();
  });
});

test('shows a server that is gone, and comes back by itself', async ({ vscode }) => {
  const first = await startLocalPlatform(vscode.hippoHome, ['--port', '0']);
  const folder = vscode.folder(project('weather'), 'weather');
  await publish(vscode, 'weather', 'weather', '1.0.0');
  const window = await vscode.open(folder);
  const apps = await openApps(window);
  await apps.expand('production');
  const shown = [
    'weather | in this workspace',
    '  production | 1.0.0',
    '    Variables | none',
    '    Add-ons | none',
    '    Revisions | follows *',
  ];
  await expect.poll(() => rows(apps)).toEqual(shown);
  await vscode.step('the local Hippo has ended', async () => {
    await first.stop();
    await apps.welcome.getByText('The local Hippo does not run').waitFor();
  });
  await vscode.step('somebody starts it', async () => {
    await localPlatform(vscode);
    await expect.poll(() => rows(apps)).toEqual(shown);
  });
  const home = mkdtempSync(join(tmpdir(), 'hippo-far-'));
  const far = await startLocalPlatform(home);
  onTestFinished(async () => {
    await far.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  const account = ['--username', 'ana', '--password', 'a secret of ana'];
  const env = cleanEnv(home, { HIPPO_URL: far.hippoUrl });
  await hippo(['register', ...account], { env });
  await hippo(['login', ...account], { env });
  await hippo(['publish', '--yes', '-v', 'production', folder], { env });
  const gate = await startGate(far.hippoUrl);
  await run(vscode, 'connection', 'add', 'far', gate.url, '--username', 'ana');
  await use(window, 'far');
  await vscode.step('another one, behind a gate', async () => {
    await clickAtOnce(apps.welcome.getByText('Sign In…'));
    await window.quick.asks('User name');
    await window.quick.enter('ana');
    await window.quick.asks('Password of ana');
    await window.quick.enter('a secret of ana');
    await expect.poll(() => rows(apps)).toEqual(shown.slice(0, 2));
  });
  await apps.expand('production');
  await apps.row('Variables').click();
  await vscode.step('which is shut: what was known stays, and nothing is claimed', async () => {
    await gate.close();
    await apps.pane.getByText('far does not answer.').waitFor();
    await expect.poll(() => apps.row('production').getAttribute('aria-label')).toContain('state unknown');
    await expect.poll(() => rows(apps)).toEqual(shown);
    await expect
      .poll(() => window.status(STATUS).locator('a').getAttribute('aria-label'))
      .toContain('does not answer');
  });
  await vscode.step('and opens again', async () => {
    const again = await startGate(far.hippoUrl, Number(new URL(gate.url).port));
    onTestFinished(() => again.close());
    await expect.poll(() => apps.row('production').getAttribute('aria-label')).toContain('running');
    await apps.pane.getByText('far does not answer.').waitFor({ state: 'hidden' });
    await expect.poll(() => rows(apps)).toEqual(shown);
    await expect.poll(() => apps.row('Variables').getAttribute('aria-selected')).toBe('true');
  });
});

test('says what to do where there is nothing to show', async ({ vscode }) => {
  const window = await vscode.open(vscode.folder({ 'README.md': '# Nothing yet\n' }, 'nothing'));
  const apps = await openApps(window);
  const links = (): Promise<string[]> => apps.welcome.locator('a').allInnerTexts();
  await vscode.step('the local Hippo does not run', async () => {
    await apps.welcome.getByText('The local Hippo does not run').waitFor();
    await expect.poll(links).toEqual(['Start the Local Hippo', 'Switch the connection']);
  });
  await vscode.step('it is not started by looking', async () => {
    await expect.poll(() => window.status(STATUS).getAttribute('aria-label')).toContain('not running');
    await window.command('Hippo: Refresh Apps');
    await apps.welcome.getByText('The local Hippo does not run').waitFor();
  });
  await vscode.step('no app, and no HIPPOFACTS', async () => {
    await clickAtOnce(apps.welcome.getByText('Start the Local Hippo'));
    await apps.welcome.getByText('no HIPPOFACTS in this workspace').waitFor();
  });
  await vscode.step('no app', async () => {
    vscode.folder({ HIPPOFACTS: manifest('weather', '1.0.0') }, 'nothing');
    await apps.welcome.getByText('publishing makes one').waitFor();
  });
  const home = mkdtempSync(join(tmpdir(), 'hippo-far-'));
  const far = await startLocalPlatform(home);
  onTestFinished(async () => {
    await far.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  });
  await vscode.step('nobody is signed in', async () => {
    await run(vscode, 'connection', 'add', 'far', far.hippoUrl);
    await use(window, 'far');
    await apps.welcome.getByText('You are not signed in').waitFor();
  });
  await vscode.step('nothing answers', async () => {
    await run(vscode, 'connection', 'add', 'nowhere', 'http://127.0.0.1:9');
    await use(window, 'nowhere');
    await apps.welcome.getByText('does not answer').waitFor();
  });
});

test('asks another Hippo, which does not tell of changes', async ({ vscode }) => {
  const app = {
    id: 'a0000000-0000-4000-8000-000000000000',
    name: 'weather',
    storageId: 'ana/weather',
    description: null,
    channels: [],
  };
  const channel = {
    id: 'c0000000-0000-4000-8000-000000000000',
    appId: app.id,
    name: 'production',
    domain: 'weather.hippofactory.io',
    revisionSelectionStrategy: 'UseRangeRule',
    activeRevision: null as object | null,
    lastPublishAt: null,
    rangeRule: '*',
    certificate: null,
    environmentVariables: [],
    appSummary: null,
  };
  let status = 'Dead';
  const page = (items: unknown[]): object => ({
    items,
    totalItems: items.length,
    pageIndex: 0,
    pageSize: 50,
    isLastPage: true,
  });
  const other = await startStubHippo(({ path, method, authorization }) => {
    if (path === '/api/auth-tokens' && method === 'POST')
      return {
        status: 200,
        body: { token: 'token', expiration: new Date(Date.now() + 3_600_000).toISOString() },
      };
    if (path === '/healthz')
      return { status: 200, body: { ServiceName: 'Hippo', Status: 'Healthy', Subservices: [] } };
    if (authorization === undefined) return { status: 401 };
    if (path === '/api/apps') return { status: 200, body: page([app]) };
    if (path === '/api/channels') return { status: 200, body: page([channel]) };
    if (path === '/api/channel-statuses')
      return { status: 200, body: page([{ channelId: channel.id, status }]) };
    return undefined;
  });
  onTestFinished(() => other.close());
  const window = await vscode.open(vscode.folder(project('ana/weather'), 'weather'));
  await run(vscode, 'connection', 'add', 'far', other.url, '--username', 'ana', '--use');
  const apps = await openApps(window);
  await apps.welcome.getByText('You are not signed in').waitFor();
  await clickAtOnce(apps.welcome.getByText('Sign In…'));
  await window.quick.asks('User name');
  await window.quick.enter('ana');
  await window.quick.asks('Password of ana');
  await window.quick.enter('secret');
  await vscode.step('what it has', async () => {
    await expect
      .poll(() => rows(apps))
      .toEqual(['weather | in this workspace • ana/weather', '  production | nothing yet']);
    await expect
      .poll(() => apps.row('production').getAttribute('aria-label'))
      .toContain('weather.hippofactory.io');
  });
  await vscode.step('and what it has a while later', async () => {
    channel.activeRevision = {
      id: 'b0000000-0000-4000-8000-000000000000',
      appId: app.id,
      revisionNumber: '1.0.0',
      components: [],
      type: null,
    };
    status = 'Running';
    await expect.poll(() => rows(apps)).toContain('  production | 1.0.0');
  });
  await vscode.step('nothing is asked while nobody looks', async () => {
    await window.page.locator('.activitybar .action-label[aria-label^="Explorer"]').click();
    await expect.poll(() => window.page.locator('.explorer-viewlet').isVisible()).toBe(true);
  });
});
