// Takes the variables that VS Code gives its webviews, of its own four themes, into test/fixtures/themes/: from the
// preview of a Markdown file in a window. `node test/webview/take-themes.ts`, after `npm run vscode`.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser, openProfile } from '../support/vscode/browser.ts';
import { isolatedEnv, startServer } from '../support/vscode/server.ts';
import { QUIET_SETTINGS } from '../support/vscode/settings.ts';
import { Workbench } from '../support/vscode/workbench.ts';

const THEMES = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'hc-black': 'Default High Contrast',
  'hc-light': 'Default High Contrast Light',
};

const home = mkdtempSync(join(tmpdir(), 'hippo-themes-'));
const browser = await launchBrowser();
try {
  for (const [name, theme] of Object.entries(THEMES)) {
    const root = join(home, name);
    const folder = join(root, 'folder');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.md'), '# A');
    const settings = {
      ...QUIET_SETTINGS,
      'workbench.colorTheme': theme,
      'window.autoDetectColorScheme': false,
      'window.autoDetectHighContrast': false,
    };
    const server = await startServer({ root, env: isolatedEnv(root), settings });
    try {
      const window = await Workbench.open(server, await openProfile(browser), folder);
      await window.editor.open('a.md');
      await window.command('Markdown: Open Preview to the Side');
      const html = window.page
        .frameLocator('iframe.webview.ready')
        .frameLocator('iframe#active-frame')
        .locator('html');
      const style = (await html.getAttribute('style')) ?? '';
      const lines = style.split(/;\s*(?=--|$)/).filter((line) => line.trim() !== '');
      const file = join(import.meta.dirname, `../fixtures/themes/${name}.txt`);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, `${lines.map((line) => line.trim()).join('\n')}\n`);
      process.stdout.write(`${name}: ${lines.length} variables\n`);
    } finally {
      await server.stop();
    }
  }
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}
