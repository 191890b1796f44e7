// Documents before a publish, and the way to a problem in one.

import * as vscode from 'vscode';
import { EditorError } from '../failure.ts';
import type { Documents } from './ports.ts';

export const vscodeDocuments: Documents = {
  async save(target) {
    const file = vscode.Uri.parse(target.uri);
    const folder = vscode.Uri.joinPath(file, '..').path;
    const inside = (path: string): boolean => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
    const unsaved = vscode.workspace.textDocuments.filter(
      ({ isDirty, isUntitled, uri }) =>
        isDirty &&
        !isUntitled &&
        uri.scheme === file.scheme &&
        uri.authority === file.authority &&
        inside(uri.path),
    );
    for (const document of unsaved)
      if (!(await document.save()))
        throw new EditorError(
          'NOT_SAVED',
          `${vscode.workspace.asRelativePath(document.uri)} could not be saved, so nothing was published.`,
          { remedies: ['retry'] },
        );
  },

  async showProblem(target, { range }) {
    const editor = await vscode.window.showTextDocument(vscode.Uri.parse(target.uri), {
      selection: new vscode.Range(range.start.line, range.start.column, range.start.line, range.start.column),
    });
    // Its words beneath its line, as "Go to Next Problem" shows them.
    if (editor.document.lineCount > range.start.line)
      await vscode.commands.executeCommand('editor.action.marker.next');
  },
};
