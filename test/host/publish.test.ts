// Publishing inside a real extension host: tasks that are found, run and waited for, documents and diagnostics.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import {
  commands,
  DiagnosticSeverity,
  languages,
  tasks,
  Uri,
  window,
  workspace,
  WorkspaceEdit,
  Range,
  type CodeAction,
  type CodeLens,
  type Diagnostic,
  type Task,
} from 'vscode';
import { helloModule } from './hello-module.ts';
import { VSCodeBuilds } from '../../src/editor/publish/vscode-builds.ts';

const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file('/');
const manifest = Uri.joinPath(folder, 'HIPPOFACTS');

function write(path: string, content: string | Uint8Array): void {
  const file = join(folder.fsPath, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
}

/** Waits until it is true. */
async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} has not come true.`);
}

/** @returns its exit code */
async function run(task: Task): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const listening = tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
    if (execution.task.name === task.name) resolve(exitCode);
  });
  await tasks.executeTask(task);
  return promise.finally(() => listening.dispose());
}

async function hippoTask(name: string): Promise<Task> {
  const found = (await tasks.fetchTasks({ type: 'hippo' })).find((task) => task.name === name);
  assert.ok(found, `There is no task ${name}.`);
  return found;
}

describe('publish', function () {
  this.timeout(60_000);

  before(async () => {
    write('app.wasm', helloModule());
    await workspace.getConfiguration().update('hippo.publish.buildTask', 'none');
  });
  after(async () => {
    await workspace.getConfiguration().update('hippo.publish.buildTask', undefined);
    // The local Hippo that was started here.
    await cli('platform', 'stop');
  });

  it('is a task of every HIPPOFACTS, by a name that no task of yo-wasm has', async () => {
    write('api/HIPPOFACTS', '[bindle]\nname = "api"\nversion = "1.0.0"\n');
    await until('the second app', async () => (await tasks.fetchTasks({ type: 'hippo' })).length === 6);
    const found = await tasks.fetchTasks({ type: 'hippo' });
    assert.deepEqual(found.map(({ source, name }) => `${source}: ${name}`).sort(), [
      'hippo: prepare',
      'hippo: prepare - api',
      'hippo: publish',
      'hippo: publish - api',
      'hippo: publish production',
      'hippo: publish production - api',
    ]);
    await workspace.fs.delete(Uri.joinPath(folder, 'api'), { recursive: true });
  });

  it('as a task reaches a channel that answers', async () => {
    assert.equal(await run(await hippoTask('publish')), 0);
    const [channel] = JSON.parse(await cli('channel', 'list', '--app', 'weather', '-o', 'json')) as {
      port: number;
      activeRevision: { revisionNumber: string };
    }[];
    assert.match(channel?.activeRevision.revisionNumber ?? '', /^0\.1\.0-/);
    const page = await fetch(`http://127.0.0.1:${channel?.port}/`);
    assert.equal(await page.text(), 'hello');
  });

  it('as a command does the same, and what is not saved is saved first', async () => {
    const edit = new WorkspaceEdit();
    const document = await workspace.openTextDocument(manifest);
    edit.replace(manifest, new Range(2, 0, 2, document.lineAt(2).text.length), 'version = "0.2.0"');
    await workspace.applyEdit(edit);
    assert.equal(document.isDirty, true);
    await commands.executeCommand('hippo.publish.production', manifest);
    assert.equal(document.isDirty, false);
    const revisions = await cli('revision', 'list', '--app', 'weather', '-o', 'json');
    assert.match(revisions, /"revisionNumber": ?"0\.2\.0"/);
  });

  it('is offered above the bindle', async () => {
    const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', manifest, 10);
    const found = lenses.filter(({ command }) => command?.command.startsWith('hippo.publish'));
    assert.deepEqual(
      found.map(({ command, range }) => [command?.title, command?.command, range.start.line]),
      [
        ['Publish', 'hippo.publish', 0],
        ['Preview', 'hippo.publish.preview', 0],
      ],
    );
  });

  it('prepares a bindle in a folder', async () => {
    assert.equal(await run(await hippoTask('prepare')), 0);
    assert.ok(existsSync(join(folder.fsPath, '.hippo')));
    await workspace.fs.delete(Uri.joinPath(folder, '.hippo'), { recursive: true });
  });

  it('shows what is wrong with HIPPOFACTS at its place, until it is saved without it', async () => {
    const document = await workspace.openTextDocument(manifest);
    const right = document.getText();
    await replace(right.replace(/version = .*/, 'version = "0.2"'));
    assert.equal(await run(await hippoTask('publish')), 1);
    await until('the problem', () => languages.getDiagnostics(manifest).length === 1);
    const [problem] = languages.getDiagnostics(manifest);
    assert.equal(problem?.severity, DiagnosticSeverity.Error);
    assert.equal(document.getText(problem?.range), '"0.2"');
    assert.match(problem?.message ?? '', /not a valid semantic version/);
    await commands.executeCommand('hippo.publish', manifest);
    assert.equal(window.activeTextEditor?.document.uri.toString(), manifest.toString());
    assert.deepEqual(window.activeTextEditor?.selection.active, problem?.range.start);
    await replace(`${right}files = [".e*"]\n`.replace('files = ["static/*"]\n', ''));
    await document.save();
    write('.env', 'PASSWORD=x');
    assert.equal(await run(await hippoTask('publish')), 1);
    // Beside it, it may be told that the server has this version.
    const findSecret = (): Diagnostic | undefined =>
      languages
        .getDiagnostics(manifest)
        .find(({ code }) => typeof code === 'object' && code.value === 'secret');
    await until('the secret', () => findSecret() !== undefined);
    const secret = findSecret();
    assert.ok(secret);
    const fixes = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      manifest,
      secret.range,
    );
    const fix = fixes.find(({ title }) => title === 'Publish .env all the same');
    assert.ok(fix?.command);
    await commands.executeCommand(fix.command.command, ...((fix.command.arguments ?? []) as unknown[]));
    assert.deepEqual(workspace.getConfiguration('hippo.publish', manifest).get('allow'), ['.env']);
    await until('no secret', () => findSecret() === undefined);
    await workspace.getConfiguration().update('hippo.publish.allow', undefined);
    await replace(right);
    await document.save();
    await until('no problem', () => languages.getDiagnostics(manifest).length === 0);
  });
});

describe('a build', function () {
  this.timeout(60_000);
  const builds = new VSCodeBuilds();
  const never = new AbortController().signal;

  before(async () => {
    const shell = (label: string, command: string, more = {}) => ({
      label,
      type: 'shell',
      command,
      problemMatcher: [],
      ...more,
    });
    write(
      '.vscode/tasks.json',
      JSON.stringify({
        version: '2.0.0',
        tasks: [
          shell('good', 'sleep 1'),
          shell('bad', 'exit 3'),
          shell('long', 'sleep 60'),
          shell('after bad', 'true', { dependsOn: ['bad'] }),
          { label: 'both', dependsOn: ['good', 'quick'] },
          { label: 'both with bad', dependsOn: ['quick', 'bad'] },
          shell('quick', 'true'),
          shell('hippo push', "echo 'other/HIPPOFACTS:3:11: error: This is no version.'; exit 3", {
            problemMatcher: '$hippo',
          }),
          shell('hippo push here', "echo 'HIPPOFACTS:3:11: error: This is no version.'; exit 3", {
            problemMatcher: '$hippo',
          }),
          { label: 'no program', type: 'process', command: '/no/such/program', problemMatcher: [] },
        ],
      }),
    );
    await until('the tasks', async () => (await builds.all()).some(({ name }) => name === 'good'));
  });
  after(() => workspace.fs.delete(Uri.joinPath(folder, '.vscode/tasks.json')));

  async function build(name: string, signal = never): Promise<number | undefined> {
    const task = (await builds.all()).find((one) => one.name === name);
    assert.ok(task, `There is no task ${name}.`);
    return builds.run(task, signal);
  }

  it('is waited for, whatever fails meanwhile', async () => {
    const [good, bad] = await Promise.all([build('good'), build('bad')]);
    assert.deepEqual([good, bad], [0, 3]);
  });

  it('fails with what it depends on, and goes well with it', async () => {
    assert.equal(await build('after bad'), 3);
    assert.equal(await build('both with bad'), 3);
    assert.equal(await build('both'), 0);
  });

  it('that runs already is waited for, and then runs anew', async () => {
    const results = await Promise.all([build('good'), build('good')]);
    assert.deepEqual(results, [0, 0]);
  });

  it('of the command in a terminal has its problems found by $hippo', async () => {
    const other = Uri.joinPath(folder, 'other/HIPPOFACTS');
    write('other/HIPPOFACTS', '');
    assert.equal(await build('hippo push'), 3);
    await until('the problem', () => languages.getDiagnostics(other).length === 1);
    const [problem] = languages.getDiagnostics(other);
    await workspace.fs.delete(Uri.joinPath(folder, 'other'), { recursive: true });
    assert.deepEqual(
      [problem?.message, problem?.severity, problem?.range.start.line, problem?.range.start.character],
      ['This is no version.', DiagnosticSeverity.Error, 2, 10],
    );
  });

  it('of the command takes nothing away from a HIPPOFACTS that is open', async () => {
    const document = await workspace.openTextDocument(manifest);
    const right = document.getText();
    await replace(right.replace(/version = .*/, 'version = "0.2"'));
    const found = (): string[] => languages.getDiagnostics(manifest).map(({ message }) => message);
    await until('the problem', () => found().length === 1);
    assert.equal(await build('hippo push here'), 3);
    await until('the problem again', () => found().some((message) => message.includes('semantic version')));
    await replace(right);
    await document.save();
    await until('no problem', () => found().length === 0);
  });

  it('is stopped by a cancel, also where its program never began', async () => {
    for (const name of ['long', 'no program']) {
      const cancel = new AbortController();
      const running = build(name, cancel.signal);
      await until(name, () => tasks.taskExecutions.some(({ task }) => task.name === name));
      cancel.abort();
      assert.equal(await running, undefined);
    }
    await until('the end', () => !tasks.taskExecutions.some(({ task }) => task.name === 'long'));
  });
});

async function replace(text: string): Promise<void> {
  const document = await workspace.openTextDocument(manifest);
  const edit = new WorkspaceEdit();
  edit.replace(manifest, new Range(0, 0, document.lineCount, 0), text);
  await workspace.applyEdit(edit);
}

/** The command of this checkout, on the Hippo that the extension has started. */
async function cli(...args: string[]): Promise<string> {
  const program = join(process.env['HIPPO_HOST_ROOT'] ?? '', 'dist/cli.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return stdout;
}
