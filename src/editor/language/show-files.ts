// The files of a handler or export, to be opened.

import type { App, Choice } from '../app.ts';
import type { Known } from './documents.ts';

/** So many are listed; a project may have 100,000. */
const MOST = 5000;

/**
 * Asks which of them to open.
 * @param line of the header, from 0
 * @returns absolute path; undefined if there is nothing to choose from
 * @throws Cancelled
 */
export async function chooseFile(
  { prompts }: Pick<App, 'prompts'>,
  { analysis, manifest, facts }: Known,
  line: number,
): Promise<string | undefined> {
  const { bytesText, count, entriesOf } = analysis;
  const entry = entriesOf(manifest).find(({ range }) => range.start.line === line);
  if (!entry) return undefined;
  const module = entry.name?.value === undefined ? undefined : await facts.module(entry.name.value);
  const files = new Map<string, Choice<string>>();
  const add = (name: string, path: string, size: number): void =>
    void files.set(name, { label: name, description: bytesText(size), value: path });
  if (module?.found) add(module.name, module.path, module.size);
  for (const { text } of entry.files?.value ?? [])
    for (const { name, path, size } of (await facts.pattern(text)).matches) add(name, path, size);
  if (files.size === 0) {
    prompts.mention('There are no files to show');
    return undefined;
  }
  return prompts.pick([...files.values()].slice(0, MOST), {
    title: count(files.size, 'file'),
    placeholder: files.size > MOST ? `The first ${count(MOST, 'file')}` : 'Which one to open?',
  });
}
