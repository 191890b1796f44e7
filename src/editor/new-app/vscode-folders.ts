// Folders and windows as VS Code has them.

import * as vscode from 'vscode';
import { SPELLINGS } from '../../hippofacts/find.ts';
import { Cancelled, EditorError } from '../failure.ts';
import { WALKTHROUGH } from '../ids.ts';
import type { Folders } from './folders.ts';

/** @param extensionId `publisher.name` */
export function createFolders(extensionId: string): Folders {
  return {
    onDidChangeManifests(listener) {
      const { createFileSystemWatcher } = vscode.workspace;
      const watcher = createFileSystemWatcher(`**/{${SPELLINGS.join(',')}}`, false, true, false);
      const tell = (): void => void listener();
      const listening = [watcher.onDidCreate(tell), watcher.onDidDelete(tell)];
      return vscode.Disposable.from(watcher, ...listening);
    },
    onDidShowPage: (listener) =>
      vscode.window.tabGroups.onDidChangeTabs(({ opened, changed }) => {
        // Of those VS Code tells extensions nothing but the label.
        if ([...opened, ...changed].some(({ isActive, input }) => isActive && input === undefined))
          listener();
      }),
    async choose(title, action) {
      const [chosen] =
        (await vscode.window.showOpenDialog({
          title,
          openLabel: action,
          canSelectFolders: true,
          canSelectFiles: false,
          canSelectMany: false,
        })) ?? [];
      if (!chosen) throw new Cancelled();
      if (chosen.scheme !== 'file')
        throw new EditorError('NOT_ON_DISK', `${chosen.toString(true)} is not a folder on a disk.`, {
          remedies: ['retry'],
        });
      return chosen.fsPath;
    },
    async open(folder, where) {
      const options = { forceNewWindow: where === 'elsewhere', forceReuseWindow: where === 'here' };
      await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), options);
    },
    async add(folder) {
      const { workspaceFolders = [], updateWorkspaceFolders } = vscode.workspace;
      if (!updateWorkspaceFolders(workspaceFolders.length, 0, { uri: vscode.Uri.file(folder) }))
        throw new EditorError('NOT_ADDED', `VS Code did not add ${folder} to the workspace.`);
    },
    async show(file) {
      await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: false });
    },
    resource: (file) => vscode.Uri.file(file),
    async showWalkthrough() {
      await vscode.commands.executeCommand(
        'workbench.action.openWalkthrough',
        `${extensionId}#${WALKTHROUGH}`,
      );
    },
  };
}
