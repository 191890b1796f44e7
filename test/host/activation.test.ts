// The extension in a real extension host.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { commands, extensions, version, workspace } from 'vscode';

describe('the extension', () => {
  it('is one that this VS Code takes', () => {
    assert.match(version, /^1\.1(0[6-9]|[1-9]\d)\./);
    assert.ok(extensions.getExtension('hippo-tools.hippo-tools'));
  });

  it('activates in a workspace with a HIPPOFACTS', async () => {
    assert.equal((await workspace.findFiles('HIPPOFACTS')).length, 1);
    const extension = extensions.getExtension('hippo-tools.hippo-tools');
    await extension?.activate();
    assert.equal(extension?.isActive, true);
  });

  it('registers every command that it contributes', async () => {
    const manifest = extensions.getExtension('hippo-tools.hippo-tools')?.packageJSON as {
      contributes?: { commands?: { command: string }[] };
    };
    const contributed = (manifest.contributes?.commands ?? []).map(({ command }) => command);
    const registered = new Set(await commands.getCommands(true));
    assert.deepEqual(
      contributed.filter((command) => !registered.has(command)),
      [],
    );
  });
});
