// Tasks of VS Code that build. Only the run that was started here counts, and what it depends on: other tasks may end
// at the same time, and fail.

import * as vscode from 'vscode';
import { Disposables } from '../disposables.ts';
import type { BuildTask, BuildTasks } from './builds.ts';

export class VSCodeBuilds implements BuildTasks {
  readonly #tasks = new WeakMap<BuildTask, vscode.Task>();
  /** Errors that were there before the last build. */
  #before: ReadonlySet<string> = new Set();

  async all(): Promise<readonly BuildTask[]> {
    const tasks = await vscode.tasks.fetchTasks();
    return tasks.map((task) => {
      const known = describeTask(task);
      this.#tasks.set(known, task);
      return known;
    });
  }

  async run(known: BuildTask, signal: AbortSignal): Promise<number | undefined> {
    const task = this.#tasks.get(known);
    if (!task) throw new Error(`${known.name} is not from here.`);
    // VS Code would ask whether it shall be started again.
    for (const running of vscode.tasks.taskExecutions.filter((one) => isSame(one.task, task)))
      await untilEnded(running, signal);
    signal.throwIfAborted();
    const dependencies = dependenciesOf(task);
    const disposables = new Disposables();
    const { promise: ended, resolve: end } = Promise.withResolvers<number | undefined>();
    let own: vscode.TaskExecution | undefined;
    /** Of what it depends on. */
    let failed: number | undefined;
    const onProcessEnd = ({ execution, exitCode }: vscode.TaskProcessEndEvent): void => {
      if (execution === own) end(exitCode);
      else if (exitCode !== 0 && isIn(execution.task, dependencies, task)) failed ??= exitCode;
    };
    const onEnd = ({ execution }: vscode.TaskEndEvent): void => {
      // Without a process of its own: it only brings others together, or one of them has failed.
      if (execution === own) end(failed ?? (task.definition.type === '$composite' ? 0 : undefined));
    };
    // What ends before it is known which run is ours.
    const early: (() => void)[] = [];
    const whenKnown =
      <T>(handle: (event: T) => void) =>
      (event: T): void => {
        if (own) handle(event);
        else early.push(() => handle(event));
      };
    disposables.add(vscode.tasks.onDidEndTaskProcess(whenKnown(onProcessEnd)));
    disposables.add(vscode.tasks.onDidEndTask(whenKnown(onEnd)));
    const stop = (): void => {
      if (own) terminate(own);
      // One whose program does not exist never ends.
      end(undefined);
    };
    signal.addEventListener('abort', stop);
    try {
      this.#before = errorKeys();
      own = await vscode.tasks.executeTask(task);
      if (signal.aborted) stop();
      for (const handle of early) handle();
      return await ended;
    } finally {
      signal.removeEventListener('abort', stop);
      disposables.dispose();
    }
  }

  async showFailure(known: BuildTask): Promise<void> {
    if (await this.#hasErrors()) {
      await vscode.commands.executeCommand('workbench.actions.view.problems');
      return;
    }
    const names = [known.name, this.#tasks.get(known)?.name];
    const terminal = vscode.window.terminals.findLast(({ name }) => names.includes(name));
    if (terminal) terminal.show(true);
    else await vscode.commands.executeCommand('workbench.action.terminal.focus');
  }

  /** Whether there are errors that were not there before the last build. */
  async #hasErrors(): Promise<boolean> {
    const isNews = (): boolean => [...errorKeys()].some((key) => !this.#before.has(key));
    const { promise, resolve } = Promise.withResolvers<void>();
    const listening = vscode.languages.onDidChangeDiagnostics(() => {
      if (isNews()) resolve();
    });
    const timer = setTimeout(resolve, TELLING);
    try {
      if (!isNews()) await promise;
      return isNews();
    } finally {
      clearTimeout(timer);
      listening.dispose();
    }
  }
}

/** Milliseconds that problem matchers get to tell what they have found: it comes after the end of the task. */
const TELLING = 1_000;

function describeTask(task: vscode.Task): BuildTask {
  const { name, source, definition, group, isBackground, scope, detail } = task;
  const { path } = definition as { path?: unknown };
  return {
    // Those of tasks.json are known by their label alone.
    name: source === 'Workspace' || source === 'User' ? name : `${source}: ${name}`,
    type: definition.type,
    group: group?.id === vscode.TaskGroup.Build.id ? (group.isDefault ? 'default' : 'build') : undefined,
    isBackground,
    folder: typeof scope === 'object' ? scope.uri.toString() : undefined,
    path: typeof path === 'string' ? path.replaceAll('\\', '/').replace(/^\.\/|\/+$/g, '') : undefined,
    detail,
  };
}

function isSame(a: vscode.Task, b: vscode.Task): boolean {
  return a.name === b.name && a.source === b.source && folderOf(a) === folderOf(b);
}

function folderOf({ scope }: vscode.Task): string | undefined {
  return typeof scope === 'object' ? scope.uri.toString() : undefined;
}

function isIn(task: vscode.Task, labels: ReadonlySet<string>, of: vscode.Task): boolean {
  const names = [task.name, `${task.source}: ${task.name}`];
  return names.some((name) => labels.has(name)) && (folderOf(task) ?? folderOf(of)) === folderOf(of);
}

/** Labels of the tasks that a task of tasks.json depends on, of those that they depend on, and so on. */
function dependenciesOf(task: vscode.Task): ReadonlySet<string> {
  const folder = typeof task.scope === 'object' ? task.scope.uri : undefined;
  const configured: unknown = vscode.workspace.getConfiguration('tasks', folder).get('tasks');
  const entries = (Array.isArray(configured) ? configured : []) as {
    label?: unknown;
    taskName?: unknown;
    dependsOn?: unknown;
  }[];
  const found = new Set<string>();
  const add = (label: string): void => {
    const entry = entries.find((one) => (one.label ?? one.taskName) === label);
    for (const next of [entry?.dependsOn ?? []].flat() as unknown[])
      if (typeof next === 'string' && !found.has(next)) {
        found.add(next);
        add(next);
      }
  };
  add(task.name);
  return found;
}

function terminate(execution: vscode.TaskExecution): void {
  execution.terminate();
  // One that is only about to start has not heard it.
  const listening = new Disposables();
  listening.add(
    vscode.tasks.onDidStartTaskProcess((event) => {
      if (event.execution === execution) execution.terminate();
    }),
  );
  listening.add(
    vscode.tasks.onDidEndTask((event) => {
      if (event.execution === execution) listening.dispose();
    }),
  );
}

async function untilEnded(execution: vscode.TaskExecution, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listening = vscode.tasks.onDidEndTask((event) => {
    if (event.execution === execution) resolve();
  });
  signal.addEventListener('abort', () => resolve(), { once: true });
  try {
    if (vscode.tasks.taskExecutions.includes(execution)) await promise;
  } finally {
    listening.dispose();
  }
}

function errorKeys(): ReadonlySet<string> {
  return new Set(
    vscode.languages
      .getDiagnostics()
      .flatMap(([uri, diagnostics]) =>
        diagnostics
          .filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error)
          .map(({ message, range }) => `${uri.toString()} ${range.start.line} ${message}`),
      ),
  );
}
