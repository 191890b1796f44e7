// What a task of type `hippo` says, in tasks.json or as it was found; its schema is in package.json.

import { posix } from 'node:path';
import type { Bump } from '../../hippofacts/bump.ts';
import { EditorError } from '../failure.ts';
import type { Wish } from './wish.ts';

export const TASK_TYPE = 'hippo';

export interface HippoTask {
  readonly type: typeof TASK_TYPE;
  readonly task: 'publish' | 'prepare' | 'run';
  /** A HIPPOFACTS, its folder or a module, relative to the folder of the workspace; that folder itself if absent. */
  readonly project?: string;
  readonly mode?: 'dev' | 'production';
  readonly bump?: Bump;
  readonly connection?: string;
  readonly app?: string;
  readonly channel?: string;
  /** Name of the task that builds it before, or `none`. */
  readonly build?: string;
  /** Where `prepare` writes to, relative to the project; `.hippo` if absent. */
  readonly folder?: string;
  /** Of `run`: a line for the shell, or the program where there are `args`. */
  readonly command?: string;
  readonly args?: readonly string[];
}

export const PREPARE_FOLDER = '.hippo';

const BUMPS: Readonly<Record<Bump, true>> = { patch: true, minor: true, major: true, prerelease: true };

/** @throws EditorError `BAD_TASK`: people write these by hand */
export function readTask(definition: Readonly<Record<string, unknown>>): HippoTask {
  const { task, mode, bump } = definition;
  if (task !== 'publish' && task !== 'prepare' && task !== 'run')
    throw bad('"task" must be "publish", "prepare" or "run"');
  if (mode !== undefined && mode !== 'dev' && mode !== 'production')
    throw bad('"mode" must be "dev" or "production"');
  if (bump !== undefined && !(typeof bump === 'string' && Object.hasOwn(BUMPS, bump)))
    throw bad('"bump" must be "patch", "minor", "major" or "prerelease"');
  for (const key of ['project', 'connection', 'app', 'channel', 'build', 'folder', 'command'])
    if (definition[key] !== undefined && typeof definition[key] !== 'string')
      throw bad(`"${key}" must be a text`);
  const { args, command } = definition;
  if (args !== undefined && !(Array.isArray(args) && args.every((one) => typeof one === 'string')))
    throw bad('"args" must be a list of texts');
  if (task === 'run' && (typeof command !== 'string' || command.trim() === ''))
    throw bad('"command" must say what to run');
  return definition as unknown as HippoTask;
}

export function wishOf({ mode, bump, connection, app, channel, build }: HippoTask): Wish {
  return { versioning: mode, bump, connection, app, channel, build };
}

/** What is found for one project: a name for people, and what VS Code tells it by. */
export function tasksOf(path: string, file: string): { name: string; definition: HippoTask }[] {
  const project = path === '' ? file : posix.join(path, file);
  const where = path === '' ? '' : ` - ${path}`;
  const definition = { type: TASK_TYPE, project } as const;
  return [
    { name: `publish${where}`, definition: { ...definition, task: 'publish' } },
    {
      name: `publish production${where}`,
      definition: { ...definition, task: 'publish', mode: 'production' },
    },
    { name: `prepare${where}`, definition: { ...definition, task: 'prepare' } },
  ];
}

function bad(what: string): EditorError {
  return new EditorError('BAD_TASK', `This task cannot run: ${what} in its definition.`);
}
