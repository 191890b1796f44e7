// Binding code inside a real extension host: one change of several files that one undo takes back, and names that
// complete in source.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import {
  commands,
  Position,
  Uri,
  window,
  workspace,
  type CompletionItem,
  type CompletionList,
  type Hover,
} from 'vscode';
import type { FileChange } from '../../src/bindings/plan.ts';
import { vscodeCode } from '../../src/editor/bindings/vscode-code.ts';
import { LineIndex } from '../../src/hippofacts/position.ts';

const root = process.env['HIPPO_HOST_ROOT'] ?? '';
const folder = join(workspace.workspaceFolders?.[0]?.uri.fsPath ?? '/', 'bindings');
const path = (name: string): string => join(folder, name);

const HIPPOFACTS =
  '[bindle]\nname = "acme/bindings"\nversion = "1.0.0"\n\n[[handler]]\nroute = "/"\nname = "app.wasm"\n';
const MAIN = 'fn main() {\n    let url = hippo::Database::new("");\n}\n';

async function cli(...args: string[]): Promise<string> {
  const program = join(root, 'dist/cli.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { cwd: folder });
  return stdout;
}

/** Waits until it is true. */
async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} has not come true.`);
}

function insert(name: string, at: number, text: string): FileChange {
  const lines = new LineIndex(readFileSync(path(name), 'utf8'));
  return { type: 'edit', path: path(name), why: 'code', edits: [{ range: lines.range(at, at), text }] };
}

describe('binding code', function () {
  this.timeout(90_000);

  let added: Promise<unknown> | undefined;
  /** Once, though a test may be tried again. */
  const addSqlite = (): Promise<unknown> =>
    (added ??= (async () => {
      await cli('platform', 'start', '--detach').catch(() => undefined);
      await cli('publish', '-y', '--no-wait', '-v', 'production');
      await cli('addons', 'add', 'sqlite', '--app', 'bindings');
    })());

  before(() => {
    mkdirSync(path('src'), { recursive: true });
    writeFileSync(path('HIPPOFACTS'), HIPPOFACTS);
    writeFileSync(path('src/main.rs'), MAIN);
    // An empty module: nothing asks for its page here.
    writeFileSync(path('app.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  });
  after(async () => {
    await commands.executeCommand('workbench.action.closeAllEditors');
    await cli('platform', 'stop').catch(() => undefined);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  const changes = (): FileChange[] => [
    insert('src/main.rs', 0, 'mod db;\n\n'),
    insert('HIPPOFACTS', HIPPOFACTS.length, '\n[annotations]\nhippo_addons = "sqlite"\n'),
    { type: 'create', path: path('src/db.rs'), text: 'pub fn db() {}\n', why: 'code' },
  ];

  it('is one change of several files, which one undo takes back', async () => {
    const options = { title: 'Binding code for db', confirm: false };
    assert.equal(await vscodeCode.apply(changes(), options), true);
    // As after any refactoring, files are saved.
    await until('what was saved', () => readFileSync(path('src/main.rs'), 'utf8') === `mod db;\n\n${MAIN}`);
    assert.match(readFileSync(path('HIPPOFACTS'), 'utf8'), /hippo_addons/);
    assert.equal(readFileSync(path('src/db.rs'), 'utf8'), 'pub fn db() {}\n');
    await vscodeCode.reveal({ path: path('src/main.rs'), start: 0, end: 7 });
    const editor = window.activeTextEditor;
    assert.equal(editor?.document.getText(editor.selection), 'mod db;');
    await commands.executeCommand('undo');
    await until('the undo', () => !existsSync(path('src/db.rs')));
    const texts = await Promise.all(
      ['src/main.rs', 'HIPPOFACTS'].map((name) => vscodeCode.texts.read(path(name))),
    );
    assert.deepEqual(texts, [MAIN, HIPPOFACTS]);
    // The extension host hears a moment later that there is something to save.
    await until('what was undone, on the disk', async () => {
      await workspace.saveAll();
      const saved = ['src/main.rs', 'HIPPOFACTS'].map((name) => readFileSync(path(name), 'utf8'));
      return saved[0] === MAIN && saved[1] === HIPPOFACTS;
    });
  });

  it('reads what is not saved, and changes nothing that is read-only', async () => {
    const document = await workspace.openTextDocument(Uri.file(path('src/main.rs')));
    const editor = await window.showTextDocument(document);
    await editor.edit((edit) => edit.insert(new Position(0, 0), '// mine\n'));
    assert.equal(await vscodeCode.texts.read(path('src/main.rs')), `// mine\n${MAIN}`);
    assert.deepEqual(vscodeCode.cursor?.path, path('src/main.rs'));
    await commands.executeCommand('workbench.action.files.revert');
    chmodSync(path('HIPPOFACTS'), 0o444);
    await assert.rejects(
      vscodeCode.apply(changes(), { title: 'Code', confirm: false }),
      /is read-only, so nothing was added/,
    );
    chmodSync(path('HIPPOFACTS'), 0o644);
    assert.equal(readFileSync(path('src/main.rs'), 'utf8'), MAIN);
    assert.equal(existsSync(path('src/db.rs')), false);
  });

  it('has names of add-ons offered, with what they are of', async () => {
    await addSqlite();
    const uri = Uri.file(path('src/main.rs'));
    await window.showTextDocument(await workspace.openTextDocument(uri));
    const at = new Position(1, MAIN.split('\n')[1]?.indexOf('""') ?? 0).translate(0, 1);
    let found: CompletionItem | undefined;
    await until('a name', async () => {
      const list = await commands.executeCommand<CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        at,
        '"',
      );
      found = list.items.find(({ label }) => label === 'sqlite');
      return found !== undefined;
    });
    assert.match(found?.detail ?? '', /^sqlite \(/);
    const document = await workspace.openTextDocument(uri);
    const editor = await window.showTextDocument(document);
    await editor.edit((edit) => edit.insert(at, 'sqlite'));
    await until('a hover', async () => {
      const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', uri, at);
      const text = hovers
        .flatMap(({ contents }) => contents)
        .map((content) => (typeof content === 'string' ? content : content.value))
        .join('\n');
      return text.includes('bindings: ');
    });
    await commands.executeCommand('workbench.action.files.revert');
  });
});
