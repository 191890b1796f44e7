// The packaged extension in a window.

import { expect } from 'vitest';
import { test } from '../support/vscode/test.ts';

const HIPPOFACTS = `[bindle]
name = "weather"
version = "0.1.0"

[[handler]]
route = "/"
name = "app.wasm"
`;

const EXTENSION = 'hippo-tools.hippo-tools';

test('activates in a workspace with a HIPPOFACTS', async ({ vscode }) => {
  const window = await vscode.open(vscode.folder({ HIPPOFACTS }));
  await vscode.step('the extension runs', async () => {
    expect(await window.activationTime('Hippo')).toBeGreaterThanOrEqual(0);
  });
  await expect.poll(() => vscode.activations()).toContainEqual([EXTENSION, 'workspaceContains:HIPPOFACTS']);
  await vscode.step('its output channel is there', () => window.panel.showOutput('Hippo'));
});

test('stays away from another workspace', async ({ vscode }) => {
  const window = await vscode.open(vscode.folder({ 'other.md': '# Something else\n' }));
  await vscode.step('another extension runs', async () => {
    await window.editor.open('other.md');
    await expect
      .poll(() => vscode.activations())
      .toContainEqual(['vscode.markdown-language-features', 'onLanguage:markdown']);
  });
  expect(await vscode.activations()).not.toContainEqual([EXTENSION, expect.anything()]);
});
