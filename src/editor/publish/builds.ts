// Which task builds a project before it is published: the one that the settings name, the one that was chosen before,
// else one of those that the project has, offered once.

import type { App, Choice, Separator } from '../app.ts';
import { EditorError } from '../failure.ts';
import type { Target } from './wish.ts';

/** A task of VS Code. */
export interface BuildTask {
  /** As people know it: `npm: build`, `Cargo: Build WASM`. */
  readonly name: string;
  /** Of its definition: `npm`, `shell`, … */
  readonly type: string;
  /** It is in the group for builds; `default`: it is what "Run Build Task" runs. */
  readonly group: 'build' | 'default' | undefined;
  /** It goes on until it is stopped. */
  readonly isBackground: boolean;
  /** URI of the folder of the workspace that it belongs to; undefined: to all of them. */
  readonly folder: string | undefined;
  /** The folder below that one that it is about, with forward slashes; undefined if it does not say. */
  readonly path: string | undefined;
  readonly detail: string | undefined;
}

/** What VS Code knows of tasks. */
export interface BuildTasks {
  all(): Promise<readonly BuildTask[]>;
  /**
   * Waits until this very run has ended.
   * @param signal stops it
   * @returns its exit code; undefined if it was stopped, or never ran
   */
  run(task: BuildTask, signal: AbortSignal): Promise<number | undefined>;
  /** Shows what went wrong in it: the Problems view where it has found some, else its terminal. */
  showFailure(task: BuildTask): Promise<void>;
}

/** For settings, tasks and the memory: it is not built. */
export const NO_BUILD = 'none';

export class Builds {
  readonly #app: Pick<App, 'prompts' | 'settings' | 'memory'>;
  readonly #tasks: BuildTasks;

  constructor(app: Pick<App, 'prompts' | 'settings' | 'memory'>, tasks: BuildTasks) {
    this.#app = app;
    this.#tasks = tasks;
  }

  /**
   * @param named by who publishes; undefined: as the settings say, or as was chosen before
   * @returns undefined if nothing is to be built
   * @throws EditorError `NO_BUILD_TASK`; Cancelled
   */
  async choose(target: Target, named?: string): Promise<BuildTask | undefined> {
    if (target.kind === 'module') return undefined;
    const set = this.#app.settings.get('hippo.publish.buildTask', target.uri);
    const wanted = named ?? (set || undefined);
    if (wanted === NO_BUILD) return undefined;
    if (wanted !== undefined) {
      const found = findTask(await this.#tasks.all(), target, wanted);
      if (found) return found;
      throw new EditorError(
        'NO_BUILD_TASK',
        `There is no task "${wanted}", which is to build ${target.label} before it is published.`,
        named === undefined ? { remedies: ['openSettings'], setting: 'hippo.publish.buildTask' } : {},
      );
    }
    const chosen = this.#app.memory.get('publish.builds')?.[target.uri];
    if (chosen === NO_BUILD) return undefined;
    const tasks = await this.#tasks.all();
    const known = chosen === undefined ? undefined : findTask(tasks, target, chosen);
    if (known) return known;
    return rankBuilds(tasks, target).length > 0 ? this.#offer(tasks, target) : undefined;
  }

  /** Asks again, whatever was chosen before. @throws Cancelled */
  async change(target: Target): Promise<BuildTask | undefined> {
    return this.#offer(await this.#tasks.all(), target);
  }

  /** @throws EditorError `BUILD_FAILED`; the signal's reason */
  async run(task: BuildTask, signal: AbortSignal): Promise<void> {
    const code = await this.#tasks.run(task, signal);
    signal.throwIfAborted();
    if (code === 0) return;
    const show = (): Promise<void> => this.#tasks.showFailure(task);
    await show();
    const why = code === undefined ? 'did not end by itself' : `failed (exit code ${code})`;
    throw new EditorError('BUILD_FAILED', `The build "${task.name}" ${why}, so nothing was published.`, {
      help: [{ label: 'Show Problems', run: async () => (await show(), false) }],
      remedies: ['retry'],
    });
  }

  async #offer(tasks: readonly BuildTask[], target: Target): Promise<BuildTask | undefined> {
    const likely = rankBuilds(tasks, target);
    const others = tasks.filter((task) => fits(task, target) && !likely.includes(task));
    const choiceOf = (task: BuildTask, description?: string): Choice<BuildTask | undefined> => ({
      label: task.name,
      ...(description === undefined ? {} : { description }),
      ...(task.detail === undefined ? {} : { detail: task.detail }),
      value: task,
    });
    const choices: (Choice<BuildTask | undefined> | Separator)[] = [
      ...likely.map((task, index) => choiceOf(task, index === 0 ? 'recommended' : undefined)),
      { label: 'Do Not Build', description: 'publish what is there', value: undefined },
      ...(others.length > 0 ? [{ separator: 'other tasks' }, ...others.map((task) => choiceOf(task))] : []),
    ];
    const chosen = await this.#app.prompts.pick(choices, {
      title: `Build ${target.label} Before It Is Published`,
      placeholder: 'With which task? It is asked once; "Hippo: Choose Build Task…" asks again',
      active: likely[0],
    });
    await this.#app.memory.set('publish.builds', {
      ...this.#app.memory.get('publish.builds'),
      [target.uri]: chosen?.name ?? NO_BUILD,
    });
    return chosen;
  }
}

/** Those that look as if they built the project, the likeliest first. */
export function rankBuilds(tasks: readonly BuildTask[], target: Target): BuildTask[] {
  return tasks
    .filter((task) => fits(task, target))
    .map((task) => ({ task, score: scoreOf(task, target) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ task }) => task);
}

/** It can be waited for, it is not a publish itself, and it belongs to the project's folder. */
function fits({ type, name, isBackground, folder, path }: BuildTask, target: Target): boolean {
  if (isBackground || type === 'hippo' || /^hippo\b|\bpublish\b/i.test(name)) return false;
  if (folder !== undefined && folder !== target.workspaceFolder?.uri) return false;
  return path === undefined || path === '' || target.path === path || target.path.startsWith(`${path}/`);
}

function scoreOf({ name, type, group, path }: BuildTask, target: Target): number {
  if (/watch|clean|\btest|lint|install|\bnative\b|\bserve\b|\bstart\b/i.test(name)) return 0;
  const looks = group !== undefined || /\bbuild\b|\bcompile\b|wasm/i.test(name);
  if (!looks) return 0;
  return (
    (group === 'default' ? 16 : group === 'build' ? 8 : 0) +
    (/wasm/i.test(name) ? 6 : 0) +
    // The script that builds, rather than a part of it.
    (/^(?:\w+: )?build(?: - .*)?$/i.test(name) ? 4 : 1) +
    // TypeScript's own tasks come with every tsconfig.json, and make no module.
    (type === 'typescript' ? -8 : 0) +
    (path !== undefined && path === target.path ? 2 : 0)
  );
}

/** By name; of several the one that is nearest to the project. */
function findTask(tasks: readonly BuildTask[], target: Target, name: string): BuildTask | undefined {
  const near = ({ folder, path }: BuildTask): number =>
    (folder === target.workspaceFolder?.uri ? 2 : 0) + (path === target.path ? 1 : 0);
  return tasks
    .filter((task) => task.name === name)
    .filter(({ folder }) => folder === undefined || folder === target.workspaceFolder?.uri)
    .sort((a, b) => near(b) - near(a))[0];
}
