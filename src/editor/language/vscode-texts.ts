// Texts in editors.

import * as vscode from 'vscode';
import { toRange, toTextEdit } from './convert.ts';
import type { Texts } from './texts.ts';

export const vscodeTexts: Texts = {
  async read(uri) {
    return (await vscode.workspace.openTextDocument(vscode.Uri.parse(uri))).getText();
  },

  async edit(uri, edits) {
    const change = new vscode.WorkspaceEdit();
    change.set(vscode.Uri.parse(uri), edits.map(toTextEdit));
    return vscode.workspace.applyEdit(change);
  },

  async show(uri, range) {
    await vscode.window.showTextDocument(vscode.Uri.parse(uri), { selection: toRange(range) });
  },
};
