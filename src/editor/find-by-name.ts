// Looks for files by name in all folders of the workspace.

import * as vscode from 'vscode';

/** Folders of other people's code, and of what was built. */
const ELSEWHERE = ['node_modules', 'target', '.git', 'bower_components', 'vendor'];

/** @returns URIs, sorted */
export async function findByName(names: readonly string[]): Promise<string[]> {
  const anyOf = names.length === 1 ? names[0] : `{${names.join(',')}}`;
  const found = await vscode.workspace
    .findFiles(`**/${anyOf}`, `**/{${ELSEWHERE.join(',')}}/**`)
    // The search needs a program that some builds of VS Code lack.
    .then(undefined, () => []);
  const uris = found.length > 0 ? found : await nearTheRoots(new Set(names));
  return [...new Set(uris.map(String))].sort();
}

/** In the folders of the workspace and one level below. */
async function nearTheRoots(names: ReadonlySet<string>): Promise<vscode.Uri[]> {
  const found: vscode.Uri[] = [];
  const look = async (folder: vscode.Uri, deeper: boolean): Promise<void> => {
    const entries = await vscode.workspace.fs.readDirectory(folder).then(undefined, () => []);
    for (const [name, type] of entries) {
      const isFolder = (type & vscode.FileType.Directory) !== 0;
      if (!isFolder && names.has(name)) found.push(vscode.Uri.joinPath(folder, name));
      else if (isFolder && deeper && !ELSEWHERE.includes(name))
        await look(vscode.Uri.joinPath(folder, name), false);
    }
  };
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) await look(uri, true);
  return found;
}
