// Writing HIPPOFACTS inside a real extension host: what VS Code is answered, and that it follows the disk.

import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import {
  commands,
  DiagnosticSeverity,
  DiagnosticTag,
  languages,
  Position,
  Range,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
  type CodeAction,
  type CodeLens,
  type CompletionList,
  type Diagnostic,
  type DocumentLink,
  type DocumentSymbol,
  type FoldingRange,
  type Hover,
  type LocationLink,
  type TextDocument,
  type TextEdit,
} from 'vscode';
import { helloModule } from './hello-module.ts';

const folder = Uri.joinPath(workspace.workspaceFolders?.[0]?.uri ?? Uri.file('/'), 'lang');
const manifest = Uri.joinPath(folder, 'HIPPOFACTS');

const RIGHT = `[bindle]
name = "lang"
version = "1.0.0"

[[handler]]
route = "/"
name = "hello.wasm"
files = ["public/*"]
`;

function write(path: string, content: string | Uint8Array): void {
  const file = join(folder.fsPath, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
}

function remove(path: string): void {
  rmSync(join(folder.fsPath, path), { recursive: true, force: true });
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} has not come true: ${JSON.stringify([codes(), await lensTitles()])}`);
}

function codes(uri = manifest): string[] {
  return languages.getDiagnostics(uri).map(codeOf);
}

function codeOf({ code }: Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}

/** Types over all of it, without saving. */
async function type(text: string): Promise<TextDocument> {
  const document = await workspace.openTextDocument(manifest);
  const edit = new WorkspaceEdit();
  edit.replace(manifest, new Range(0, 0, document.lineCount, 0), text);
  await workspace.applyEdit(edit);
  return document;
}

/** The place behind the first of these words. */
function behind(document: TextDocument, words: string): Position {
  return document.positionAt(document.getText().indexOf(words) + words.length);
}

async function labels(document: TextDocument, position: Position): Promise<string[]> {
  const { items } = await commands.executeCommand<CompletionList>(
    'vscode.executeCompletionItemProvider',
    document.uri,
    position,
  );
  return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}

async function hover(document: TextDocument, words: string): Promise<string> {
  const hovers = await commands.executeCommand<Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    behind(document, words),
  );
  return hovers
    .flatMap(({ contents }) => contents)
    .map((content) => (typeof content === 'string' ? content : content.value))
    .join('\n');
}

async function actions(document: TextDocument, range: Range): Promise<CodeAction[]> {
  return commands.executeCommand<CodeAction[]>('vscode.executeCodeActionProvider', document.uri, range);
}

async function lensTitles(): Promise<(string | undefined)[]> {
  const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', manifest, 10);
  return lenses.map(({ command }) => command?.title);
}

describe('HIPPOFACTS', function () {
  this.timeout(60_000);

  before(() => {
    // The folders are there from the beginning: VS Code may not watch one that was made a moment after its parent.
    write('hello.wasm', helloModule());
    write('HIPPOFACTS', RIGHT);
  });
  beforeEach(async () => {
    const document = await type(RIGHT);
    await document.save();
    await window.showTextDocument(document);
    await until('nothing is wrong', () => codes().length === 0);
  });
  after(async () => {
    await commands.executeCommand('workbench.action.closeAllEditors');
    remove('.');
  });

  it('is a language, however it is spelt', async () => {
    for (const name of [
      'hippofacts',
      'Hippofacts',
      'HIPPOFACTS.toml',
      'hippofacts.toml',
      'Hippofacts.toml',
    ]) {
      const path = `${name}-folder/${name}`;
      write(path, RIGHT);
      const document = await workspace.openTextDocument(Uri.joinPath(folder, path));
      assert.equal(document.languageId, 'hippofacts', name);
      remove(`${name}-folder`);
    }
    write('other.toml', '');
    const other = await workspace.openTextDocument(Uri.joinPath(folder, 'other.toml'));
    assert.notEqual(other.languageId, 'hippofacts');
  });

  it('is completed from the files that are there', async () => {
    const document = await type(RIGHT.replace('"hello.wasm"', '""').replace('"public/*"', '"pub"'));
    assert.deepEqual((await labels(document, behind(document, 'name = "lang"\nversion'))).length > 0, true);
    assert.ok((await labels(document, behind(document, '"/"\nname = "'))).includes('hello.wasm'));
    const paths = await labels(document, behind(document, '["pub'));
    assert.ok(
      paths.some((label) => label.startsWith('public/')),
      paths.join(),
    );
    const keys = await labels(await type(`${RIGHT}e`), behind(document, '["public/*"]\ne'));
    assert.ok(keys.includes('entrypoint'), keys.join());
    const comment = await type(`${RIGHT}# na`);
    assert.deepEqual(
      (await labels(comment, behind(comment, '# na'))).filter((label) => label === 'name'),
      [],
    );
  });

  it('tells what is under the pointer', async () => {
    const document = await workspace.openTextDocument(manifest);
    assert.match(await hover(document, '"public'), /2 files.*\n[^]*a\.css/);
    assert.match(await hover(document, '"hello'), /_start/);
    assert.match(await hover(document, 'vers'), /version/i);
  });

  it('has an outline, folds and links', async () => {
    const document = await workspace.openTextDocument(manifest);
    const symbols = await commands.executeCommand<DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      manifest,
    );
    assert.deepEqual(
      symbols.map(({ children }) => children.map(({ name }) => name)),
      [
        ['name', 'version'],
        ['route', 'name', 'files'],
      ],
    );
    const folds = await commands.executeCommand<FoldingRange[]>(
      'vscode.executeFoldingRangeProvider',
      manifest,
    );
    assert.deepEqual(
      folds.map(({ start, end }) => [start, end]),
      [
        [0, 2],
        [4, 7],
      ],
    );
    const links = await commands.executeCommand<DocumentLink[]>('vscode.executeLinkProvider', manifest);
    assert.deepEqual(
      links.map(({ range, target }) => [document.getText(range), target?.path.split('/').at(-1)]),
      [['hello.wasm', 'hello.wasm']],
    );
    const found = await commands.executeCommand<LocationLink[]>(
      'vscode.executeDefinitionProvider',
      manifest,
      behind(document, '"public'),
    );
    assert.deepEqual(
      found.map(({ targetUri }) => targetUri.path.split('/').at(-1)),
      ['a.css', 'b.css'],
    );
  });

  it('has what each handler brings above it, beside the buttons of a publish', async () => {
    assert.deepEqual(await lensTitles(), [
      'Publish',
      'Preview',
      `module ${helloModule().length} B · 2 files, 40 B`,
    ]);
    await workspace.getConfiguration().update('hippo.language.lenses', false);
    assert.deepEqual(await lensTitles(), ['Publish', 'Preview']);
    await workspace.getConfiguration().update('hippo.language.lenses', undefined);
  });

  it('is formatted, all of it or some lines', async () => {
    const crooked = RIGHT.replace('name = "lang"', 'name="lang"').replace('route = "/"', 'route="/"   # all');
    await type(crooked);
    const options = { tabSize: 2, insertSpaces: true };
    const some = await commands.executeCommand<TextEdit[]>(
      'vscode.executeFormatRangeProvider',
      manifest,
      new Range(0, 0, 2, 0),
      options,
    );
    assert.deepEqual([...new Set(some.map(({ range }) => range.start.line))], [1]);
    const edits = await commands.executeCommand<TextEdit[]>(
      'vscode.executeFormatDocumentProvider',
      manifest,
      options,
    );
    const edit = new WorkspaceEdit();
    edit.set(manifest, edits);
    await workspace.applyEdit(edit);
    const document = await workspace.openTextDocument(manifest);
    assert.equal(document.getText(), RIGHT.replace('route = "/"', 'route = "/" # all'));
  });

  it('says at its place what is wrong, with what it means and what mends it', async () => {
    const document = await type(
      RIGHT.replace('"1.0.0"', '"1.0"').replace('"public/*"', '"Public/*", "public/*", "public/a.css"'),
    );
    await until('the problems', () => codes().join() === 'invalid-version,no-match,matched-twice');
    const [version, noMatch, twice] = languages.getDiagnostics(manifest);
    assert.ok(version && noMatch && twice);
    assert.equal(document.getText(version.range), '"1.0"');
    assert.equal(version.severity, DiagnosticSeverity.Error);
    assert.equal(version.source, 'Hippo');
    assert.ok(typeof version.code === 'object' && version.code.target.path === '/invalid-version.md');
    assert.deepEqual(twice.tags, [DiagnosticTag.Unnecessary]);
    assert.equal(document.getText(twice.relatedInformation?.[0]?.location.range), '"public/*"');
    const fixes = await actions(document, noMatch.range);
    const fix = fixes.find(({ isPreferred }) => isPreferred);
    assert.equal(fix?.title, 'Replace with "public/*"');
    assert.ok(fix.edit);
    await workspace.applyEdit(fix.edit);
    assert.match(document.getText(), /\["public\/\*", "public/);
    await until('the rest', () => !codes().includes('no-match'));
  });

  it('tells each problem as loudly as a setting says', async () => {
    const settings = workspace.getConfiguration('hippo.language');
    await type(RIGHT.replace('"public/*"', '"public/*", "none/*"'));
    await until('the problem', () => codes().join() === 'no-match');
    await settings.update('severity', { 'no-match': 'error' });
    await until(
      'an error',
      () => languages.getDiagnostics(manifest)[0]?.severity === DiagnosticSeverity.Error,
    );
    await settings.update('severity', { 'no-match': 'off' });
    await until('nothing', () => codes().length === 0);
    await settings.update('severity', undefined);
    await until('the problem again', () => codes().join() === 'no-match');
  });

  it('mends on request what has one way to be mended', async () => {
    const document = await type(
      RIGHT.replace('[[handler]]', 'authors = ["Ana &lt;ana@example.com&gt;"]\n\n[[handler]]'),
    );
    const [fix] = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      manifest,
      new Range(0, 0, document.lineCount, 0),
      'source.fixAll',
    );
    assert.ok(fix?.edit);
    await workspace.applyEdit(fix.edit);
    assert.match(document.getText(), /"Ana <ana@example.com>"/);
  });

  it('follows the disk', async () => {
    remove('hello.wasm');
    await until('no module', () => codes().join() === 'missing-module');
    write('hello.wasm', 'not Wasm');
    await until('no Wasm', () => codes().join() === 'not-wasm');
    write('hello.wasm', helloModule());
    await until('the module', () => codes().length === 0);
    write('public/c.css', 'c {}\n');
    await until('three files', async () => (await lensTitles()).some((title) => title?.includes('3 files')));
    remove('public/c.css');
    await until('two files', async () => (await lensTitles()).some((title) => title?.includes('2 files')));
  });

  it('is looked at once after a build that writes 5,000 files, and once after they are removed', async () => {
    const seen = new Set<string>();
    const listening = languages.onDidChangeDiagnostics(({ uris }) => {
      if (!uris.some((uri) => uri.toString() === manifest.toString())) return;
      for (const { message } of languages.getDiagnostics(manifest)) seen.add(message);
    });
    try {
      write('gen/other', '');
      await type(RIGHT.replace('"public/*"', '"gen/**/*.txt", "gen/**/*"'));
      await until('no match', () => codes().join() === 'no-match');
      for (let n = 0; n < 5000; n++) write(`gen/${n % 50}/${n}.txt`, '1');
      await until('the files', () => codes().join() === 'matched-twice');
      for (let n = 0; n < 50; n++) remove(`gen/${n}`);
      await until('no files', () => codes().join() === 'no-match');
      // Each look in between would have counted others.
      const counted = [...seen].flatMap((message) => /and \d+ more/.exec(message) ?? []);
      assert.deepEqual(counted, ['and 4995 more']);
    } finally {
      listening.dispose();
      remove('gen');
    }
  });

  it('shows a problem once, though a publish finds it, too', async () => {
    const document = await type(RIGHT.replace('"1.0.0"', '"1.0"'));
    await document.save();
    await until('the problem', () => codes().join() === 'invalid-version');
    await workspace.getConfiguration().update('hippo.publish.buildTask', 'none');
    await commands.executeCommand('hippo.publish', manifest);
    assert.deepEqual(codes(), ['invalid-version']);
    await workspace.getConfiguration().update('hippo.publish.buildTask', undefined);
  });

  it('gets a handler for a module', async () => {
    write('new/part.wasm', helloModule());
    await commands.executeCommand('hippo.addHandler', Uri.joinPath(folder, 'new/part.wasm'));
    const document = await workspace.openTextDocument(manifest);
    assert.match(document.getText(), /\[\[handler\]\]\nroute = "\/part[^"]*"\nname = "new\/part.wasm"\n/);
    assert.equal(document.isDirty, true);
    await commands.executeCommand('undo');
    assert.equal(document.getText(), RIGHT);
    remove('new');
  });
});
