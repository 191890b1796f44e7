// Files of stored bindles in the window: read-only documents, side by side, and where to save a bindle.

import * as vscode from 'vscode';
import { Cancelled, EditorError } from '../failure.ts';
import { entryAt, readUri, SCHEME, uriParts, type BindlePath } from './bindle-files.ts';
import type { BindleReader } from './bindle-reader.ts';

/** What of the window the commands need. */
export interface BindleWindow {
  open(file: BindlePath): Promise<void>;
  compare(before: BindlePath, after: BindlePath, title: string): Promise<void>;
  /** All at once; undefined on the side where a file is not there. */
  compareAll(
    title: string,
    files: readonly { readonly before: BindlePath | undefined; readonly after: BindlePath | undefined }[],
  ): Promise<void>;
  /** @param name a name for it @returns an absolute path @throws Cancelled */
  chooseFile(name: string, title: string): Promise<string>;
}

export const bindleWindow: BindleWindow = {
  async open(file) {
    await vscode.commands.executeCommand('vscode.open', uriOf(file));
  },
  async compare(before, after, title) {
    await vscode.commands.executeCommand('vscode.diff', uriOf(before), uriOf(after), title);
  },
  async compareAll(title, files) {
    const list = files.map(({ before, after }) => {
      const [left, right] = [before && uriOf(before), after && uriOf(after)];
      return [right ?? left, left, right];
    });
    await vscode.commands.executeCommand('vscode.changes', title, list);
  },
  async chooseFile(name, title) {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    const chosen = await vscode.window.showSaveDialog({
      title,
      ...(folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, name) } : {}),
      filters: { 'Bindle in standalone form': ['tar.gz'] },
    });
    if (!chosen) throw new Cancelled();
    if (chosen.scheme !== 'file')
      throw new EditorError(
        'NOT_ON_DISK',
        `${chosen.toString(true)} is not on a disk of the machine that runs this.`,
        {
          remedies: ['retry'],
        },
      );
    return chosen.fsPath;
  },
};

const NEVER_CHANGES = 'A published revision never changes.';

function uriOf(file: BindlePath): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, ...uriParts(file) });
}

/** Shows files of bindles wherever VS Code shows files. */
export function registerBindleFiles(reader: BindleReader): vscode.Disposable {
  const { FileSystemError, FileType } = vscode;
  const find = async (uri: vscode.Uri) => {
    const at = readUri(uri);
    if (!at) throw FileSystemError.FileNotFound(uri);
    try {
      const entry = entryAt(await reader.invoice(at.connection, at.id), at.path);
      if (entry) return { ...at, entry };
    } catch (error) {
      throw FileSystemError.Unavailable((error as Error).message);
    }
    throw FileSystemError.FileNotFound(uri);
  };
  const readOnly = (): never => {
    throw FileSystemError.NoPermissions(NEVER_CHANGES);
  };
  const types = { file: FileType.File, folder: FileType.Directory };
  return vscode.workspace.registerFileSystemProvider(
    SCHEME,
    {
      onDidChangeFile: () => new vscode.Disposable(() => undefined),
      watch: () => new vscode.Disposable(() => undefined),
      async stat(uri) {
        const { entry } = await find(uri);
        const size = entry.kind === 'file' ? entry.label.size : 0;
        return { type: types[entry.kind], size, ctime: 0, mtime: 0 };
      },
      async readDirectory(uri) {
        const { entry } = await find(uri);
        if (entry.kind === 'file') throw FileSystemError.FileNotADirectory(uri);
        return [...entry.names].map(([name, kind]) => [name, types[kind]]);
      },
      async readFile(uri) {
        const { connection, id, entry } = await find(uri);
        if (entry.kind === 'folder') throw FileSystemError.FileIsADirectory(uri);
        try {
          return await reader.content(connection, id, entry.label);
        } catch (error) {
          throw FileSystemError.Unavailable((error as Error).message);
        }
      },
      writeFile: readOnly,
      createDirectory: readOnly,
      delete: readOnly,
      rename: readOnly,
    },
    { isReadonly: new vscode.MarkdownString(NEVER_CHANGES) },
  );
}
