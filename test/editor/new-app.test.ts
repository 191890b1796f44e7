// The first minutes: new apps, a HIPPOFACTS for an app that is there, and the walkthrough from nothing to a page.

import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { test } from '../support/vscode/test.ts';
import type { Workbench } from '../support/vscode/workbench.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Answers what "New App…" asks in a window without a folder. @param folder as for chooseFolder */
async function answer(window: Workbench, language: string, name: string, folder: string): Promise<void> {
  await window.quick.asks('In which language?');
  await window.quick.pick(language);
  await window.quick.asks('What is it called?');
  await window.quick.enter(name);
  await chooseFolder(window, folder);
}

/** In VS Code's own dialog, which stands in for that of the system. @param folder there is a folder `other` in it */
async function chooseFolder(window: Workbench, folder: string): Promise<void> {
  await window.quick.asks('Where Should the Folder');
  // It says where it begins when it has looked there, whatever was typed before.
  await window.quick.row('..').waitFor();
  await window.quick.fill(`${folder}/`);
  await window.quick.row('other').waitFor();
  await window.quick.widget.locator('.monaco-button', { hasText: 'Create Here' }).click();
}

/** What the app's `npm install` would fetch. */
function installModules(project: string): void {
  symlinkSync(MODULES, join(project, 'node_modules'));
}

/** A step of the walkthrough, expanded. */
async function openStep(window: Workbench, id: string): Promise<Locator> {
  const step = window.page.locator(`.getting-started-step[data-step-id$="#${id}"]`);
  if ((await step.getAttribute('aria-expanded')) !== 'true') await step.locator('.step-title').click();
  await expect.poll(() => step.getAttribute('aria-expanded')).toBe('true');
  return step;
}

async function press(window: Workbench, id: string, button: string): Promise<void> {
  await (await openStep(window, id)).locator('.monaco-button', { hasText: button }).click();
}

/** Ids of the steps that are done. */
function done(window: Workbench): Promise<string[]> {
  return window.page
    .locator('.getting-started-step[aria-checked="true"]')
    .evaluateAll((steps) => steps.map((step) => step.getAttribute('data-step-id')?.split('#').at(-1) ?? ''));
}

test('the walkthrough, from nothing to a page', { timeout: 300_000 }, async ({ vscode }) => {
  const place = vscode.folder({ 'other/file.txt': '' });
  const project = join(place, 'weather');
  const window = await vscode.open();
  await vscode.step('open it', async () => {
    await window.command('Welcome: Open Walkthrough...');
    await window.quick.pick('Publish Your First App');
    await openStep(window, 'start');
    expect(await done(window)).toEqual([]);
  });
  await vscode.step('start the local Hippo', async () => {
    await press(window, 'start', 'Start the Local Hippo');
    await expect.poll(() => done(window)).toEqual(['start']);
  });
  await vscode.step('make an app', async () => {
    await press(window, 'app', 'New App…');
    await answer(window, 'AssemblyScript', 'weather', place);
    await window.page.waitForURL(/[?&]folder=[^&]*weather/);
    await window.ready();
  });
  await vscode.step('the walkthrough goes on beside the code', async () => {
    await expect.poll(() => done(window)).toEqual(['start', 'app']);
    await window.page.locator('.tab', { hasText: 'index.ts' }).waitFor();
  });
  installModules(project);
  await vscode.step('publish it', async () => {
    await press(window, 'publish', 'Publish');
    // The compiler takes its time on a busy machine.
    await window.notifications.come('Published weather', 120_000);
    await expect.poll(() => done(window)).toEqual(['start', 'app', 'publish']);
  });
  const page = await vscode.step('open it in the browser', async () => {
    const opened = await window.opens(() => press(window, 'open', 'Open in Browser'));
    await opened.getByRole('heading', { name: 'Hello' }).waitFor();
    await expect.poll(() => done(window)).toEqual(['start', 'app', 'publish', 'open']);
    return opened;
  });
  await page.close();
});

test('a new app in the workspace, and a HIPPOFACTS for one that is there', async ({ vscode }) => {
  const cargo = '[package]\nname = "birds"\nversion = "1.2.3"\nedition = "2021"\n';
  const window = await vscode.open(
    vscode.folder({ 'birds/Cargo.toml': cargo, 'birds/src/main.rs': '' }, 'work'),
  );
  await vscode.step('a new app', async () => {
    await window.command('Hippo: New App…');
    await window.quick.pick('Rust');
    await window.quick.asks('What is it called?');
    await window.quick.enter('my clock');
    await window.quick.says('This cannot be its name: it contains " "');
    await window.quick.enter('clock');
    await window.quick.asks('Where?');
  });
  await vscode.step('its code, and what to do next', async () => {
    await window.quick.pick('clock');
    await window.editor.has('A small WAGI app');
    expect(await window.notifications.buttons('"clock" is ready.')).toEqual(['Publish']);
    // The Explorer shows where it is: its rows move until then.
    await window.file('main.rs').waitFor();
  });
  await vscode.step('a HIPPOFACTS for what is there', async () => {
    await window.menu.context(window.file('birds'), 'Add HIPPOFACTS to This Folder');
    await window.editor.has('name = "birds"');
    await window.editor.has('name = "target/wasm32-wasip1/release/birds.wasm"');
  });
  await vscode.step('which is there now', async () => {
    await window.menu.context(window.file('birds'), 'Add HIPPOFACTS to This Folder');
    await window.notifications.click('has a HIPPOFACTS already.', 'Open It');
  });
});
