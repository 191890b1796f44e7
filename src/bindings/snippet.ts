// Binding code as text, for who puts it somewhere themselves.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fill, identifier, valuesOf } from './fill.ts';
import { planBinding } from './plan-binding.ts';
import type { BindingWish, WorkspaceTexts } from './plan.ts';
import { formFor, type BindingTemplates } from './templates.ts';

/**
 * Imports, the definition, and an example of its use.
 * @throws BindingError
 */
export async function bindingSnippet(wish: BindingWish, templates: BindingTemplates): Promise<string> {
  const nothing: WorkspaceTexts = {
    read: () => Promise.resolve(undefined),
    find: () => Promise.resolve([]),
  };
  const language = templates.languages.get(wish.language);
  const form = language && formFor(language, wish.style, wish.addon);
  const place = { kind: 'file', path: undefined } as const;
  const { changes, reveal } = await planBinding(
    { ...wish, place, hippofacts: undefined },
    nothing,
    templates,
  );
  const code = changes.find((change) => change.path === reveal?.path);
  const text = code?.type === 'create' ? code.text : '';
  if (!language || form?.use === undefined) return text;
  const example = await readFile(path.join(templates.scaffold, 'bindings', language.id, form.use), 'utf8');
  const values = { ...valuesOf(wish.addon), function: identifier(wish.addon.name, language) };
  return `${text}\n${fill(example, values)}`;
}
