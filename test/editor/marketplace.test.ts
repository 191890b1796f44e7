// The Marketplace in a window: from the search to an add-on that an app has, and what is done with it.

import type { FrameLocator, Locator } from 'playwright-core';
import { beforeAll, expect, onTestFinished } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { clickAtOnce } from '../support/vscode/retry.ts';
import { test, type VSCodeUnderTest } from '../support/vscode/test.ts';
import type { Workbench } from '../support/vscode/workbench.ts';
import { compile } from '../support/wasm.ts';

const EXTENSION = 'hippo-tools.hippo-tools';

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await compile(`process.stdout.write('content-type: text/plain\\n\\nHello');`);
});

/** Runs a command as in a terminal of the user. */
async function run(vscode: VSCodeUnderTest, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await hippo(args, { env: cleanEnv(vscode.hippoHome) });
  if (code !== 0) throw new Error(`hippo ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The Hippo of the machine. */
async function localPlatform(vscode: VSCodeUnderTest): Promise<LocalPlatform> {
  const platform = await startLocalPlatform(vscode.hippoHome, ['--port', '0']);
  onTestFinished(() => platform.stop());
  return platform;
}

/** A folder with an app, published once. */
async function publishedApp(vscode: VSCodeUnderTest, name: string): Promise<string> {
  const manifest = `[bindle]\nname = "${name}"\nversion = "1.0.0"\n\n[[handler]]\nroute = "/"\nname = "app.wasm"\n`;
  const folder = vscode.folder({ HIPPOFACTS: manifest, 'app.wasm': wasm }, name);
  await run(vscode, 'publish', '--yes', '-v', 'production', folder);
  return folder;
}

/** Opens the view, and waits for its page. */
async function openMarketplace(window: Workbench): Promise<FrameLocator> {
  await window.command('Hippo: Browse Add-ons');
  const page = window.webview(EXTENSION, 'view');
  await page.locator('#page[data-page="marketplace"]').waitFor();
  return page;
}

/** The page of an offering, opened from its card. */
async function openOffering(
  window: Workbench,
  marketplace: FrameLocator,
  name: string,
): Promise<FrameLocator> {
  await clickAtOnce(marketplace.locator('button.card').filter({ hasText: name }).first());
  const page = window.webview(EXTENSION, 'panel');
  await page.getByRole('heading', { level: 1, name }).waitFor();
  return page;
}

/** Types into the search, as a user does. */
async function search(marketplace: FrameLocator, text: string): Promise<void> {
  await marketplace.locator('vscode-textfield.search input').fill(text);
}

/** Names of the cards, in their order. */
function cards(marketplace: FrameLocator): Promise<string[]> {
  return marketplace.locator('.card .name').allTextContents();
}

/** A button of a page, by its text. */
function button(page: FrameLocator, text: string | RegExp): Locator {
  return page.locator('vscode-button').filter({ hasText: text });
}

/** Descriptions of the rows of the tree by their labels. */
async function rows(window: Workbench): Promise<Record<string, string>> {
  const all = await window.view('Apps').tree();
  return Object.fromEntries(all.map(({ label, description }) => [label, description]));
}

/** By name, with the class that VS Code gives to pages in it. */
const THEMES = {
  'Light Modern': 'vscode-light',
  'Dark Modern': 'vscode-dark',
  'Dark High Contrast': 'vscode-high-contrast:not(.vscode-high-contrast-light)',
  'Light High Contrast': 'vscode-high-contrast-light',
} as const;

async function theme(window: Workbench, name: keyof typeof THEMES): Promise<void> {
  await window.command('Preferences: Color Theme');
  await window.quick.asks('Select Color Theme');
  await window.quick.fill(name);
  await window.quick.pick(name);
  await window.quick.gone();
  for (const kind of ['view', 'panel'] as const)
    await window.webview(EXTENSION, kind).locator(`body.${THEMES[name]}`).waitFor();
}

/** Waits until VS Code has written something down, which it does every few seconds in a browser. */
async function remembered({ page }: Workbench, text: string): Promise<void> {
  const find = `(async () => {
    const ask = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const { name } of await indexedDB.databases()) {
      if (!name.startsWith('vscode-web-state-db')) continue;
      const db = await ask(indexedDB.open(name));
      const kept = await ask(db.transaction('ItemTable').objectStore('ItemTable').getAll());
      db.close();
      if (kept.some((value) => String(value).replaceAll('\\\\', '').includes(${JSON.stringify(text)}))) return true;
    }
    return false;
  })()`;
  await expect.poll(() => page.evaluate(find), { timeout: 60_000 }).toBe(true);
}

test('from the search to a database that an app has, changed, rotated and removed', async ({ vscode }) => {
  await localPlatform(vscode);
  const window = await vscode.open(await publishedApp(vscode, 'shop'));
  const marketplace = await openMarketplace(window);
  await vscode.step('the offerings of the shipped brokers', async () => {
    await expect
      .poll(() => cards(marketplace))
      .toEqual(expect.arrayContaining(['PostgreSQL', 'Redis', 'SQLite']));
  });
  await vscode.step('a search with a mistake in it', async () => {
    await search(marketplace, 'sqllite');
    await expect.poll(async () => (await cards(marketplace))[0]).toBe('SQLite');
  });
  await vscode.step('pages run under a policy, and keep to it', async () => {
    const policy = await marketplace.locator('meta[http-equiv]').getAttribute('content');
    const own = "'self' https://*.vscode-cdn.net";
    expect(policy?.replace(/nonce-[\w-]{24}/, 'nonce-…')).toBe(
      `default-src 'none'; script-src 'nonce-…'; style-src ${own}; font-src ${own}; img-src data:; base-uri 'none'; form-action 'none'`,
    );
  });
  const sqlite = await openOffering(window, marketplace, 'SQLite');
  await vscode.step('the page of the offering', async () => {
    await button(sqlite, 'Add to shop:production').waitFor();
  });
  await vscode.step('it is added', async () => {
    await clickAtOnce(button(sqlite, 'Add to shop:production'));
    await sqlite.locator('article.addon[data-state="ready"]').waitFor({ timeout: 60_000 });
  });
  await vscode.step('the tree has it, too, and so has its card', async () => {
    await window.view('Apps').expand('production');
    await window.view('Apps').expand('Add-ons');
    await expect.poll(async () => (await rows(window))['sqlite']).toMatch(/^free/);
    await expect
      .poll(() => marketplace.locator('.card .in-use').allTextContents())
      .toEqual([expect.stringContaining('sqlite')]);
  });
  await vscode.step('another plan, with what changes', async () => {
    await clickAtOnce(button(sqlite, 'Change plan'));
    await button(sqlite, 'Change sqlite to Small').waitFor();
  });
  await vscode.step('the plan is changed', async () => {
    await clickAtOnce(button(sqlite, 'Change sqlite to Small'));
    await sqlite.getByText('sqlite has the plan Small now.').first().waitFor({ timeout: 60_000 });
    await expect.poll(async () => (await rows(window))['sqlite']).toMatch(/^small/);
  });
  await search(marketplace, '');
  const postgresql = await openOffering(window, marketplace, 'PostgreSQL');
  await vscode.step('a second page, of a database with a server', async () => {
    await clickAtOnce(button(postgresql, 'Add to shop:production'));
    await postgresql.locator('article.addon[data-state="ready"]').waitFor({ timeout: 120_000 });
    await expect.poll(async () => (await rows(window))['postgresql']).toMatch(/^free/);
  });
  await vscode.step('its credentials are rotated', async () => {
    await clickAtOnce(postgresql.getByRole('button', { name: 'Rotate the credentials of production' }));
    await window.dialogs.click('Rotate the credentials of postgresql', 'Rotate');
    await postgresql.getByText('production has new credentials.').first().waitFor({ timeout: 60_000 });
  });
  for (const name of Object.keys(THEMES) as (keyof typeof THEMES)[])
    await vscode.step(`in ${name}`, () => theme(window, name));
  await vscode.step('it is removed', async () => {
    await clickAtOnce(button(postgresql, 'Remove…'));
    await window.quick.enter('postgresql');
    await postgresql.locator('article.addon').waitFor({ state: 'detached', timeout: 60_000 });
    await expect.poll(async () => Object.keys(await rows(window))).not.toContain('postgresql');
    expect(window.consoleLines.filter((line) => /Content.Security.Policy/i.test(line))).toEqual([]);
  });
});

test('the pages come back with the window, and the Marketplace starts the local Hippo', async ({
  vscode,
}) => {
  await vscode.start({ settings: { 'workbench.editor.restoreEditors': true } });
  const window = await vscode.open(vscode.folder({ 'README.md': '' }));
  const marketplace = await openMarketplace(window);
  await vscode.step('the local Hippo does not run', async () => {
    await button(marketplace, 'Start the Local Hippo').waitFor();
  });
  await vscode.step('it is started from here', async () => {
    await clickAtOnce(button(marketplace, 'Start the Local Hippo'));
    await expect.poll(() => cards(marketplace), { timeout: 60_000 }).toContain('SQLite');
  });
  await vscode.step('no app yet', async () => {
    await openOffering(window, marketplace, 'SQLite');
  });
  await vscode.step('a second click shows the same page', async () => {
    await openOffering(window, marketplace, 'SQLite');
    expect(await window.page.locator('.tabs-container .tab').count()).toBe(1);
  });
  await vscode.step('the bill', async () => {
    await window.command('Hippo: Show Bill…');
    await window.webview(EXTENSION, 'panel').getByRole('heading', { level: 1 }).waitFor();
  });
  await vscode.step('after the window has come back', async () => {
    await search(marketplace, 'sql');
    await expect.poll(() => cards(marketplace)).toHaveLength(2);
    await remembered(window, '"search":"sql"');
    await remembered(window, 'hippo.bill');
    await window.reload();
    const again = window.webview(EXTENSION, 'panel');
    await again.getByRole('heading', { level: 1 }).waitFor({ timeout: 60_000 });
    await expect
      .poll(() => window.page.locator('.tabs-container .tab').allTextContents())
      .toEqual([expect.stringContaining('SQLite'), expect.stringContaining('Bill')]);
    await expect.poll(() => cards(window.webview(EXTENSION, 'view')), { timeout: 60_000 }).toHaveLength(2);
  });
});
