// Files of the workspace as VS Code has them: read with what is not saved, changed in one step, shown.

import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { DiskTexts } from '../../bindings/disk-texts.ts';
import type { FileChange } from '../../bindings/plan.ts';
import { EditorError } from '../failure.ts';
import { toRange } from '../language/convert.ts';
import type { CodeEditor, CodePlace, Cursor } from './code.ts';
import { previewChanges } from './vscode-preview.ts';

const disk = new DiskTexts();

export const vscodeCode: CodeEditor = {
  texts: {
    async read(path) {
      const open = openDocument(path);
      if (open) return open.getText();
      if (!(await isFile(path))) return undefined;
      return (await vscode.workspace.openTextDocument(vscode.Uri.file(path))).getText();
    },
    // VS Code's own search needs a program that some builds of it lack.
    find: (folder, names) => disk.find(folder, names),
  },

  get cursor() {
    return cursorOf(vscode.window.activeTextEditor);
  },

  async apply(changes, options) {
    for (const change of changes) await demandWritable(change);
    const versions = versionsOf(changes);
    const { title, confirm } = options;
    if (confirm && !(await previewChanges(changes, title, (path) => this.texts.read(path)))) return false;
    const changed = versions.find(({ document, version }) => document.version !== version);
    // As with any refactoring, `files.refactoring.autoSave` says whether what was open is saved.
    const isDone =
      !changed && (await vscode.workspace.applyEdit(toWorkspaceEdit(changes), { isRefactoring: true }));
    if (!isDone)
      throw new EditorError(
        'NOT_EDITED',
        changed
          ? `${nameOf(changed.document.uri.fsPath)} has changed meanwhile, so nothing was added.`
          : 'VS Code could not change these files, so nothing was added.',
        { remedies: ['retry', 'viewOutput'] },
      );
    return true;
  },

  async reveal(place) {
    const { document, range } = await rangeOf(place);
    await vscode.window.showTextDocument(document, { selection: range });
  },

  async peek(places) {
    const located = await Promise.all(
      places.map(async (place) => {
        const { document, range } = await rangeOf(place);
        return new vscode.Location(document.uri, range);
      }),
    );
    const [first] = located;
    if (!first) return;
    const { showTextDocument } = vscode.window;
    await showTextDocument(first.uri, { selection: new vscode.Range(first.range.start, first.range.start) });
    await vscode.commands.executeCommand(
      'editor.action.peekLocations',
      first.uri,
      first.range.start,
      located,
      'peek',
    );
  },

  nameOf,
};

function nameOf(path: string): string {
  return vscode.workspace.asRelativePath(vscode.Uri.file(path));
}

function cursorOf(editor: vscode.TextEditor | undefined): Cursor | undefined {
  if (!editor) return undefined;
  const { document, selection } = editor;
  const { uri, isUntitled } = document;
  // Outputs and sides of a diff are editors, too.
  if (!isUntitled && uri.scheme !== 'file') return undefined;
  return {
    path: isUntitled ? undefined : uri.fsPath,
    name: isUntitled ? uri.path : nameOf(uri.fsPath),
    offset: document.offsetAt(selection.active),
    line: selection.active.line + 1,
  };
}

function openDocument(path: string): vscode.TextDocument | undefined {
  const uri = vscode.Uri.file(path).toString();
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Whoever may write to a file that is locked is asked by VS Code only when it is saved, and half is done by then. */
async function demandWritable({ type, path }: FileChange): Promise<void> {
  if (type === 'create') return;
  const found = await stat(path);
  if ((found.mode & 0o222) === 0)
    throw new EditorError('READ_ONLY', `${nameOf(path)} is read-only, so nothing was added.`, {
      remedies: ['retry'],
    });
}

function versionsOf(changes: readonly FileChange[]): { document: vscode.TextDocument; version: number }[] {
  return changes.flatMap(({ path }) => {
    const document = openDocument(path);
    return document ? [{ document, version: document.version }] : [];
  });
}

function toWorkspaceEdit(changes: readonly FileChange[]): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  for (const change of changes) {
    const uri = vscode.Uri.file(change.path);
    if (change.type === 'create') {
      // Not an edit of its own: the undo of that would leave the file there.
      const contents = Buffer.from(change.text);
      edit.createFile(uri, { overwrite: false, ignoreIfExists: false, contents });
    } else for (const { range, text } of change.edits) edit.replace(uri, toRange(range), text);
  }
  return edit;
}

async function rangeOf({
  path,
  start,
  end,
}: CodePlace): Promise<{ document: vscode.TextDocument; range: vscode.Range }> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
  return { document, range: new vscode.Range(document.positionAt(start), document.positionAt(end)) };
}
