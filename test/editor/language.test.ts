// Writing HIPPOFACTS by hand in a window: what is offered, told, linked and mended while one types.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { clickAtOnce, retry } from '../support/vscode/retry.ts';
import { test } from '../support/vscode/test.ts';
import { compile } from '../support/wasm.ts';

const BEGUN = `# An app about the weather.
[bindle]
name = "weather"
version = "1.0.0"

[[handler]]
route = "/"
name = "weather.wasm"
files = ["public/*"]
`;

let wasm: Uint8Array;
beforeAll(async () => {
  wasm = await compile(`process.stdout.write('content-type: text/plain\\n\\nfine\\n');`);
});

test('HIPPOFACTS is written with a compiler beside it', async ({ vscode }) => {
  const folder = vscode.folder(
    {
      HIPPOFACTS: BEGUN,
      'weather.wasm': wasm,
      'tides.wasm': wasm,
      'public/index.html': '<h1>Weather</h1>\n',
      'public/style.css': 'h1 { color: teal }\n',
    },
    'weather',
  );
  const window = await vscode.open(folder);
  const { editor, page } = window;
  const saved = (): string => readFileSync(join(folder, 'HIPPOFACTS'), 'utf8');
  const lenses = page.locator('.codelens-decoration');
  const fixes = page.locator('.action-widget:visible');
  const squiggles = page.locator('.squiggly-error, .squiggly-warning, .squiggly-info');

  await vscode.step('what a handler brings stands above it', async () => {
    await editor.open('HIPPOFACTS');
    await lenses.filter({ hasText: '2 files' }).waitFor();
  });
  await vscode.step('a header is offered', async () => {
    await editor.goTo(10);
    await editor.type('[[');
    await editor.suggests('handler');
  });
  await vscode.step('it brings what a handler needs', async () => {
    await editor.accept('[[handler]]');
    await editor.has(/\[\[handler\]\][^]*\[\[handler\]\]\s*route/);
  });
  await vscode.step('modules are offered as one types', async () => {
    // To the module's name, which is selected.
    await page.keyboard.press('Tab');
    await editor.type('t');
    await editor.suggests('tides.wasm');
    await editor.accept('tides.wasm');
  });
  await vscode.step('what a pattern matches', async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await editor.hover('public', 'index.html');
  });
  await vscode.step('what a module has', async () => {
    await editor.hover('weather.wasm', '_start');
  });
  await vscode.step('nothing is wrong with it', async () => {
    await page.mouse.move(5, 5);
    await editor.save();
    await expect.poll(() => squiggles.count()).toBe(0);
  });
  await vscode.step('a wrong pattern', async () => {
    await editor.goTo(9, 11);
    await page.keyboard.press('Delete');
    await editor.type('P');
    await page.keyboard.press('Escape');
    await editor.has('Public');
    await squiggles.first().waitFor();
    await editor.hover('ublic', 'No files matched pattern Public/*');
  });
  await vscode.step('what its code means', async () => {
    // It goes when the mouse has lost it.
    await retry(async () => {
      const shown = await editor.hover('ublic', 'no-match');
      await clickAtOnce(shown.locator('a', { hasText: 'no-match' }), 1_000);
      await page.locator('.tab.active', { hasText: 'no-match' }).waitFor({ timeout: 5_000 });
    });
    await page
      .frameLocator('iframe.webview.ready')
      .frameLocator('#active-frame')
      .getByRole('heading', { name: 'no-match' })
      .waitFor();
  });
  await vscode.step('what mends it', async () => {
    await editor.open('HIPPOFACTS');
    await editor.goTo(9, 14);
    // What mends it is known when it is known what is wrong.
    await squiggles.first().waitFor();
    await retry(async () => {
      await page.keyboard.press('Control+.');
      await fixes.filter({ hasText: 'Replace with "public/*"' }).waitFor({ timeout: 3_000 });
    });
  });
  await vscode.step('mended', async () => {
    await page.keyboard.press('Enter');
    await editor.has('files = ["public/*"]');
    await expect.poll(() => squiggles.count()).toBe(0);
  });
  await vscode.step('formatted', async () => {
    await editor.goTo(4, 1);
    await page.keyboard.press('Shift+End');
    await editor.type('version="1.0.0"   # first');
    await page.keyboard.press('Escape');
    await window.command('Format Document');
    await editor.has('version = "1.0.0" # first');
    await editor.save();
  });
  await vscode.step('a new file is counted', async () => {
    writeFileSync(join(folder, 'public/new.txt'), 'new');
    await lenses.filter({ hasText: '3 files' }).waitFor();
  });
  await vscode.step('the outline', async () => {
    await page.locator('.pane-header', { hasText: 'Outline' }).click();
    await page.locator('.monaco-list-row', { hasText: 'weather/1.0.0' }).waitFor();
  });
  /** Until it leads there: the first click may come before what is there is known. */
  const follow = (text: string, there: string): Promise<void> =>
    retry(async () => {
      const named = page.locator('.view-line span', { hasText: text }).last();
      await named.click({ modifiers: ['ControlOrMeta'], timeout: 5_000 });
      await page.locator(there).waitFor({ timeout: 5_000 });
    });
  await vscode.step('Ctrl and a click list the files of a pattern', async () => {
    await follow('public/', '.peekview-widget .monaco-list-row:has-text("style.css")');
  });
  await vscode.step('and open a module', async () => {
    await page.keyboard.press('Escape');
    await follow('tides.wasm', '.tab.active[data-resource-name="tides.wasm"]');
  });
  expect(saved()).toContain('version = "1.0.0" # first');
});
