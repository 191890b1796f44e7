// Watching a folder by VS Code, which does so for all extensions at once, on whatever machine the files are.

import * as vscode from 'vscode';
import { Disposables } from '../disposables.ts';
import type { Watch } from './watched-project.ts';

export const vscodeWatch: Watch = (folder, depth, onChange) => {
  const disposables = new Disposables();
  const pattern = new vscode.RelativePattern(vscode.Uri.file(folder), depth === 'tree' ? '**' : '*');
  const watcher = disposables.add(vscode.workspace.createFileSystemWatcher(pattern));
  for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
    disposables.add(event(({ fsPath }) => onChange(fsPath)));
  return disposables;
};
