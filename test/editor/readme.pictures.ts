// The pictures of README.md, of the real thing: `npm run pictures` takes them anew, in light and in dark.

import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { test } from '../support/vscode/test.ts';
import type { Workbench } from '../support/vscode/workbench.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOST_BYTES = 100_000;
const SIZE = { width: 1080, height: 640 };

const SETTINGS = {
  'files.exclude': { node_modules: true, build: true },
  'workbench.activityBar.location': 'default',
  'window.title': '${rootName}',
  'editor.renderLineHighlight': 'none',
  'editor.wordWrap': 'on',
  'workbench.layoutControl.enabled': false,
};

test.for([
  ['light', 'Default Light Modern'],
  ['dark', 'Default Dark Modern'],
] as const)('%s', { timeout: 300_000 }, async ([name, theme], { vscode }) => {
  const folder = join(vscode.folder({}, 'apps'), 'weather');
  const run = async (args: string[]): Promise<void> =>
    expect(await hippo(args, { env: cleanEnv(vscode.hippoHome) })).toMatchObject({ code: 0 });
  await run(['new', '--template', 'assemblyscript', '--author', 'Ana <ana@example.com>', folder]);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await vscode.start({ settings: { ...SETTINGS, 'workbench.colorTheme': theme }, env: { USER: 'ana' } });
  const window = await vscode.open(folder);
  await window.page.setViewportSize(SIZE);
  const apps = window.view('Apps');

  await vscode.step('publish', async () => {
    await window.openContainer('Hippo');
    await widenSideBar(window, 60);
    // Apps have all the room, and a picture has few bytes.
    await window.view('Marketplace').pane.locator('.pane-header').click();
    await window.editor.open('HIPPOFACTS');
    await window.command('Hippo: Publish Production Version');
    await window.notifications.come('Published weather', 120_000);
    await run(['env', 'set', 'GREETING=Good morning', '--app', 'weather', '--channel', 'production']);
    await apps.expand('weather');
    await apps.expand('production');
    await apps.expand('Variables');
    await apps.row('GREETING').waitFor();
    await apps.expand('Revisions');
    await take(window, `publish-${name}`);
  });
  await vscode.step('preview', async () => {
    await window.notifications.close('Published weather');
    writeFileSync(join(folder, 'static/style.css'), 'h1 { color: teal }\n');
    writeFileSync(join(folder, 'static/print.css'), 'form { display: none }\n');
    await window.command('Hippo: Preview Publish');
    await window.view('Publish Preview').rows.first().waitFor({ timeout: 120_000 });
    await apps.pane.locator('.pane-header').click();
    await take(window, `preview-${name}`);
  });
});

async function widenSideBar({ page }: Workbench, by: number): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (!box) throw new Error('There is no side bar.');
  const [x, y] = [box.x + box.width, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + by, y, { steps: 5 });
  await page.mouse.up();
}

async function take(window: Workbench, name: string): Promise<void> {
  const file = join(ROOT, `media/readme-${name}.png`);
  // Below the text, so that no row has the focus; and then nothing is under the mouse.
  await window.page.mouse.click(SIZE.width / 2 + 100, SIZE.height - 150);
  await window.page.mouse.move(SIZE.width / 2, SIZE.height - 5);
  await window.screenshot(file);
  expect(statSync(file).size).toBeLessThan(MOST_BYTES);
}
