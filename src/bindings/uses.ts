// Where code for an add-on stands: host calls by its name, and its variables.

import { escapePattern } from './escape-pattern.ts';
import { fillPattern } from './fill.ts';
import type { BindingLanguage, BindingStyle, BoundAddon, WorkspaceTexts } from './plan.ts';
import { hasExtension } from './projects.ts';
import { scan } from './scan.ts';
import type { BindingTemplates, Language } from './templates.ts';

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

/** What is looked for: an add-on by its name, and the names of its variables. */
export type UsedAddon = Pick<BoundAddon, 'name' | 'variables'>;

/** In all files below a folder whose language there is, in the order of their paths; comments do not count. */
export async function usesOf(
  addon: UsedAddon,
  texts: WorkspaceTexts,
  folder: string,
  templates: BindingTemplates,
): Promise<BindingUse[]> {
  const all = [...templates.languages.values()];
  const endings = new Set(all.flatMap(({ extensions }) => extensions.map((extension) => `*${extension}`)));
  const uses: BindingUse[] = [];
  for (const file of [...(await texts.find(folder, [...endings]))].sort()) {
    const text = await texts.read(file);
    if (text === undefined || !mentions(text, addon)) continue;
    const language = all.find((one) => hasExtension(file, one));
    if (!language) continue;
    const others = all.filter((one) => one !== language && hasExtension(file, one));
    uses.push(...usesIn(text, addon, language, others).map((use) => ({ ...use, path: file })));
  }
  return uses;
}

/**
 * In one text, in their order.
 * @param others languages whose files end alike, which have other host calls
 */
export function usesIn(
  text: string,
  addon: UsedAddon,
  language: Language,
  others: readonly Language[] = [],
): Omit<BindingUse, 'path'>[] {
  const { bare } = scan(text, language);
  const uses: Omit<BindingUse, 'path'>[] = [];
  for (const { id, hostCall } of [language, ...others]) {
    if (hostCall === undefined) continue;
    for (const match of bare.matchAll(new RegExp(fillPattern(hostCall, { name: addon.name }), 'gu'))) {
      const start = match.index + match[0].lastIndexOf(addon.name);
      const end = start + addon.name.length;
      if (!uses.some((use) => use.start === start))
        uses.push({ start, end, style: 'host-call', language: id, text: addon.name });
    }
  }
  if (addon.variables.length > 0) {
    const names = [...addon.variables].sort((a, b) => b.length - a.length).map(escapePattern);
    for (const { 0: name, index } of bare.matchAll(
      new RegExp(`(?<![A-Za-z0-9_])(?:${names.join('|')})(?![A-Za-z0-9_])`, 'g'),
    ))
      uses.push({
        start: index,
        end: index + name.length,
        style: 'environment',
        language: language.id,
        text: name,
      });
  }
  return uses.sort((a, b) => a.start - b.start);
}

/** True if some code below the folder uses it. */
export async function hasBindingCode(
  addon: UsedAddon,
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

/** Spares scanning: most files name no add-on. */
function mentions(text: string, { name, variables }: UsedAddon): boolean {
  return text.includes(name) || variables.some((variable) => text.includes(variable));
}
