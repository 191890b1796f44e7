// A HIPPOFACTS for a folder, by VS Code's own kinds of addresses.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { commands, Uri, window, workspace } from 'vscode';

describe('Add HIPPOFACTS to This Folder', () => {
  it('writes one that fits the folder, and opens it', async () => {
    const [root] = workspace.workspaceFolders ?? [];
    assert.ok(root);
    const folder = Uri.joinPath(root.uri, 'birds & more');
    const cargo = '[package]\nname = "birds"\nversion = "1.2.3"\n';
    await workspace.fs.writeFile(Uri.joinPath(folder, 'Cargo.toml'), Buffer.from(cargo));
    await commands.executeCommand('hippo.addHippofacts', folder);
    const document = window.activeTextEditor?.document;
    assert.equal(document?.uri.toString(), Uri.joinPath(folder, 'HIPPOFACTS').toString());
    assert.match(document?.getText() ?? '', /^name = "birds"\nversion = "1\.2\.3"$/m);
    await workspace.fs.delete(folder, { recursive: true });
  });
});
