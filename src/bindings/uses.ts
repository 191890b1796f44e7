// Where code for an add-on stands: host calls by its name, and its variables.

import type { BindingLanguage, BindingStyle, BoundAddon, WorkspaceTexts } from './plan.ts';
import type { BindingTemplates } from './templates.ts';

export interface BindingUse {
  /** Absolute. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly style: BindingStyle;
  readonly language: BindingLanguage;
  /** What stands there: the variable's or the add-on's name. */
  readonly text: string;
}

/**
 * In all files below a folder whose language there is, in the order of their paths; comments do not count.
 * @param addon its name and the names of its variables
 */
export function usesOf(
  _addon: Pick<BoundAddon, 'name' | 'variables'>,
  _texts: WorkspaceTexts,
  _folder: string,
  _templates: BindingTemplates,
): Promise<BindingUse[]> {
  return Promise.resolve([]);
}

/** True if some code below the folder uses it. */
export async function hasBindingCode(
  addon: Pick<BoundAddon, 'name' | 'variables'>,
  texts: WorkspaceTexts,
  folder: string,
  templates: BindingTemplates,
): Promise<boolean> {
  return (await usesOf(addon, texts, folder, templates)).length > 0;
}

/** Those of some add-ons for which the workspace has no code: what a publish offers to insert. */
export async function withoutBindingCode<T extends BoundAddon>(
  addons: readonly T[],
  texts: WorkspaceTexts,
  folder: string,
  templates: BindingTemplates,
): Promise<T[]> {
  const missing: T[] = [];
  for (const addon of addons)
    if (!(await hasBindingCode(addon, texts, folder, templates))) missing.push(addon);
  return missing;
}
