// The first minutes: a new app in a window without a folder, and a HIPPOFACTS for an app that is there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from '../support/vscode/test.ts';
import type { Workbench } from '../support/vscode/workbench.ts';

/** Answers the three questions of "New App…". @param folder the one above the app's */
async function answer(window: Workbench, language: string, name: string, folder: string): Promise<void> {
  await window.quick.asks('In which language?');
  await window.quick.pick(language);
  await window.quick.asks('What is it called?');
  await window.quick.enter(name);
  await chooseFolder(window, folder);
}

/** In VS Code's own dialog, which stands in for that of the system. */
async function chooseFolder(window: Workbench, folder: string): Promise<void> {
  const { input, widget } = window.quick;
  await expect.poll(() => input.inputValue()).toMatch(/^\//);
  await window.quick.fill(`${folder}/`);
  await expect.poll(() => window.quick.labels()).not.toEqual([]);
  await widget.locator('.monaco-button', { hasText: 'Create Here' }).click();
}

test('a new app, made and opened', async ({ vscode }) => {
  const place = vscode.folder({ 'other.txt': '' });
  const window = await vscode.open();
  await vscode.step('ask for an app', async () => {
    await window.command('Hippo: New App…');
    await window.quick.asks('In which language?');
  });
  await vscode.step('make it', () => answer(window, 'AssemblyScript', 'weather', place));
  await vscode.step('it is open, and its code is shown', async () => {
    await window.page.waitForURL(/[?&]folder=[^&]*weather/);
    await window.ready();
    await window.editor.has('A small WAGI app');
    await window.file('HIPPOFACTS').waitFor();
  });
  expect(readFileSync(join(place, 'weather/HIPPOFACTS'), 'utf8')).toContain('name = "weather"\n');
});
