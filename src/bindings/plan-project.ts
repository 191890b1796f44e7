// What a plan does to a project's own files: dependencies, names of variables, HIPPOFACTS.

import path from 'node:path';
import { applyEdits } from '../hippofacts/text-edit.ts';
import { addDependencies, dependencyText, type Dependency } from './dependencies.ts';
import type { BindingWish, WorkspaceTexts } from './plan.ts';
import type { PlannedFiles } from './planned-files.ts';
import { addAnnotation, addNames } from './project-files.ts';
import { foldersAbove, isIn, relativeName } from './projects.ts';
import type { Form } from './templates.ts';

export interface Job {
  readonly wish: BindingWish;
  readonly texts: WorkspaceTexts;
  readonly form: Form;
  readonly planned: PlannedFiles;
}

/** Dependencies of a form, in the project's own file; a note where there is none. */
export async function planDependencies(job: Job, project: string): Promise<void> {
  const { wish, form, planned } = job;
  const wanted = form.dependencies ?? [];
  for (const name of new Set(wanted.map((one) => one.in))) {
    const own = wanted.filter((one) => one.in === name);
    const list = own.map(dependencyText).join(', ');
    const found = await dependencyFile(job, project, name);
    if (!found) {
      if (name === 'requirements.txt')
        planned.creates.set(path.join(project, name), {
          text: own.map((one) => `${dependencyText(one)}\n`).join(''),
          why: `needs ${own.map((one) => one.name).join(' and ')}`,
        });
      else planned.notes.push(`There is no ${name} to say it in: the code needs ${list}.`);
      continue;
    }
    const edits = addDependencies(found.text, found.kind, own);
    if (typeof edits === 'string')
      planned.notes.push(`${relativeName(wish.folder, found.path)} ${edits}: the code needs ${list}.`);
    else if (edits.length > 0)
      planned.edits.set(found.path, { edits, why: `needs ${own.map((one) => one.name).join(' and ')}` });
  }
}

async function dependencyFile(
  { wish, texts }: Job,
  project: string,
  name: Dependency['in'],
): Promise<{ path: string; text: string; kind: Dependency['in'] | 'pyproject.toml' } | undefined> {
  const kinds = name === 'requirements.txt' ? ([name, 'pyproject.toml'] as const) : ([name] as const);
  for (const folder of foldersAbove(path.join(project, '-'), wish.folder))
    for (const kind of kinds) {
      const file = path.join(folder, kind);
      const text = await texts.read(file);
      const isOther = kind === 'pyproject.toml' && !/^\s*\[project\]/m.test(text ?? '');
      if (text !== undefined && !isOther) return { path: file, text, kind };
    }
  return undefined;
}

/** Names of variables in the .env.example of the project. */
export async function planNames({ wish, texts, planned }: Job, project: string): Promise<void> {
  const { addon, hippofacts, folder } = wish;
  const home =
    hippofacts !== undefined && isIn(project, path.dirname(hippofacts)) ? path.dirname(hippofacts) : folder;
  const file = path.join(home, '.env.example');
  const before = await texts.read(file);
  const edits = addNames(before ?? '', addon.variables);
  if (edits.length === 0) return;
  const why = 'names of the variables, without values';
  if (before === undefined) planned.creates.set(file, { text: applyEdits('', edits), why });
  else planned.edits.set(file, { edits, why });
}

/** HIPPOFACTS says that it needs the add-on. */
export async function planAnnotation({ wish, texts, planned }: Job): Promise<void> {
  const { addon, hippofacts } = wish;
  const text = hippofacts === undefined ? undefined : await texts.read(hippofacts);
  if (hippofacts === undefined || text === undefined) return;
  const edits = addAnnotation(text, addon);
  const name = relativeName(wish.folder, hippofacts);
  if (!edits)
    planned.notes.push(
      `${name} could not be changed: say under [annotations] that hippo_addons has ${addon.name}.`,
    );
  else if (edits.length > 0)
    planned.edits.set(hippofacts, { edits, why: `says that it needs ${addon.name}` });
}
