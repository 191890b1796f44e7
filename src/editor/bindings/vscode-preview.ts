// What is going to change, as one editor with a diff for each file, and the question whether it shall. VS Code's own
// preview of refactorings would have a person tick each change first.

import * as vscode from 'vscode';
import type { FileChange } from '../../bindings/plan.ts';
import { count } from '../../hippofacts/text.ts';
import { applyEdits } from '../../hippofacts/text-edit.ts';

const SCHEME = 'hippo-binding-code';
const ADD = 'Add';

/** @returns true if a person wants it; false if not, or if the question was closed */
export async function previewChanges(
  changes: readonly FileChange[],
  title: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<boolean> {
  const texts = new Map<string, string>();
  const provider = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: (uri) => texts.get(uri.path) ?? '',
  });
  try {
    const rows: [vscode.Uri, vscode.Uri | undefined, vscode.Uri][] = [];
    for (const change of changes) {
      const file = vscode.Uri.file(change.path);
      const after = file.with({ scheme: SCHEME });
      const isNew = change.type === 'create';
      texts.set(after.path, isNew ? change.text : applyEdits((await read(change.path)) ?? '', change.edits));
      rows.push([file, isNew ? undefined : file, after]);
    }
    await vscode.commands.executeCommand('vscode.changes', title, rows);
    const what = `${title}: ${count(changes.length, 'file')} would change, as the editor shows.`;
    return (await vscode.window.showInformationMessage(what, ADD, 'Discard')) === ADD;
  } finally {
    // VS Code adds the number of files.
    const shown = vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .filter(({ label }) => label.startsWith(title));
    await vscode.window.tabGroups.close(shown);
    provider.dispose();
  }
}
