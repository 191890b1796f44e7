// Tasks of type `hippo`: every HIPPOFACTS can be published and prepared, tasks.json may say how, and what runs with
// the add-ons of a channel.

import { dirname, posix, resolve } from 'node:path';
import * as vscode from 'vscode';
import { formatId } from '../../bindle/id.ts';
import { SPELLINGS } from '../../hippofacts/find.ts';
import type { App } from '../app.ts';
import type { Program } from '../bindings/program-terminal.ts';
import type { Bindings } from '../bindings/register.ts';
import type { Connections } from '../connections/connections.ts';
import type { Disposable } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import { externalAddress } from '../open-channel.ts';
import type { Projects } from '../projects.ts';
import type { PublishRecord } from './history.ts';
import type { Publisher } from './publisher.ts';
import type { Targets } from './targets.ts';
import { PREPARE_FOLDER, readTask, TASK_TYPE, tasksOf, wishOf, type HippoTask } from './task-definition.ts';
import { TaskTerminal } from './task-terminal.ts';
import type { Listener } from './teller.ts';

interface Needs {
  readonly app: App;
  readonly connections: Connections;
  readonly projects: Projects;
  readonly targets: Targets;
  readonly publisher: Publisher;
  readonly bindings: Bindings;
}

export function registerTasks(needs: Needs): Disposable {
  const { projects } = needs;
  return vscode.tasks.registerTaskProvider(TASK_TYPE, {
    async provideTasks() {
      const all = await projects.all();
      return all.flatMap(({ uri, path, workspaceFolder }) => {
        const folder =
          workspaceFolder && vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(workspaceFolder.uri));
        if (!folder) return [];
        return tasksOf(path, posix.basename(vscode.Uri.parse(uri).path)).map(({ name, definition }) =>
          createTask(needs, definition, folder, name),
        );
      });
    },
    // Of tasks.json: VS Code wants the very definition back.
    resolveTask({ definition, scope, name }) {
      const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
      return folder && createTask(needs, definition, folder, name);
    },
  });
}

function createTask(
  needs: Needs,
  definition: vscode.TaskDefinition | HippoTask,
  folder: vscode.WorkspaceFolder,
  name: string,
): vscode.Task {
  const { app } = needs;
  const execution = new vscode.CustomExecution(async (resolved) => {
    if (resolved['task'] !== 'run')
      return new TaskTerminal(app, (listener) => runTask(needs, resolved, folder, listener));
    const { ProgramTerminal } = await needs.bindings();
    return new ProgramTerminal(app, () => programOf(needs, resolved, folder));
  });
  // No matcher: problems are shown at their places by the publish itself.
  const task = new vscode.Task(definition, folder, name, TASK_TYPE, execution, []);
  task.detail = detailOf(definition);
  task.presentationOptions = { clear: true, showReuseMessage: false };
  return task;
}

/** What a task of the kind `run` is to run. */
async function programOf(
  { targets, bindings }: Needs,
  definition: vscode.TaskDefinition,
  folder: vscode.WorkspaceFolder,
): Promise<{ program: Program; note: string }> {
  const { command = '', args, project: path, app, channel, connection } = readTask(definition);
  const project = targets.at((await findProject(folder, path)).toString());
  const { environments } = await bindings();
  const { variables, where } = await environments.of({
    project,
    app,
    channel,
    connection,
    program: command,
  });
  return {
    program: { command, args, cwd: dirname(project.file), env: variables },
    note: `${[command, ...(args ?? [])].join(' ')} with the add-ons of ${where}`,
  };
}

/** @returns how it ended, in one line */
async function runTask(
  { app, connections, targets, publisher, bindings }: Needs,
  definition: vscode.TaskDefinition,
  folder: vscode.WorkspaceFolder,
  listener: Listener,
): Promise<string> {
  const task = readTask(definition);
  const target = targets.at((await findProject(folder, task.project)).toString());
  const wish = wishOf(task);
  return publisher.alone(target, task.task === 'prepare' ? 'prepared' : 'published', async () => {
    if (task.task === 'prepare')
      return `Prepared in ${await publisher.prepare(target, wish, task.folder ?? PREPARE_FOLDER, listener)}`;
    const { record } = await publisher.publish(target, wish, listener);
    const addressOf = async ({ id, address }: PublishRecord['channels'][number]): Promise<string> => {
      if (!app.links.elsewhere) return address;
      // By its port, which only the channel itself knows.
      const external = await app.guard.quietly('Asking for an address', () =>
        connections.use(
          async ({ client, connection }) => externalAddress(app.links, await client.channel(id), connection),
          { connection: record.connection },
        ),
      );
      return external ?? address;
    };
    for (const channel of record.channels)
      listener.line({ text: `${channel.name}: ${await addressOf(channel)}` });
    const offers = await app.guard.quietly('Looking for binding code', async () =>
      (await bindings()).offers.published(target, record),
    );
    for (const text of offers ?? []) listener.line({ text, tone: 'warning' });
    return `published: ${formatId(record.bindle)}`;
  });
}

function detailOf({ task, mode }: vscode.TaskDefinition | HippoTask): string {
  if (task === 'run') return 'Run a program with the add-on variables of a channel';
  if (task === 'prepare') return 'Write the bindle to a folder';
  return mode === 'production' ? 'Publish the version that HIPPOFACTS says' : 'Publish a development build';
}

/** A HIPPOFACTS or a module by its path, or the HIPPOFACTS of a folder. */
async function findProject({ uri, name }: vscode.WorkspaceFolder, path = ''): Promise<vscode.Uri> {
  const named = vscode.Uri.file(resolve(uri.fsPath, path));
  const [isThere, ...spelt] = await Promise.all(
    [named, ...SPELLINGS.map((spelling) => vscode.Uri.joinPath(named, spelling))].map(isFile),
  );
  const spelling = SPELLINGS[spelt.indexOf(true)];
  if (isThere) return named;
  if (spelling !== undefined) return vscode.Uri.joinPath(named, spelling);
  throw new EditorError(
    'NO_PROJECT',
    path === '' ? `There is no HIPPOFACTS in ${name}.` : `There is no ${path} in ${name}.`,
  );
}

async function isFile(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    ({ type }) => (type & vscode.FileType.File) !== 0,
    () => false,
  );
}
