// Files of a project as languages see them: its folder, and names of paths.

import path from 'node:path';
import type { WorkspaceTexts } from './plan.ts';
import type { Language } from './templates.ts';

/** Folders from a file's up to the outermost, both included; the outermost alone for a file outside of it. */
export function foldersAbove(file: string, outermost: string): string[] {
  const folders: string[] = [];
  for (let at = path.dirname(file); isIn(at, outermost); at = path.dirname(at)) {
    folders.push(at);
    if (at === outermost || at === path.dirname(at)) break;
  }
  return folders.length === 0 ? [outermost] : folders;
}

/** The folder of the project that a file belongs to: the nearest that has one of the language's files. */
export async function projectOf(
  file: string,
  outermost: string,
  language: Language,
  texts: WorkspaceTexts,
): Promise<string | undefined> {
  for (const folder of foldersAbove(file, outermost))
    for (const name of language.projects)
      if ((await texts.read(path.join(folder, name))) !== undefined) return folder;
  return undefined;
}

/** True for a folder, and for what is in it. */
export function isIn(name: string, folder: string): boolean {
  const relative = path.relative(folder, name);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** With `/`, as people and HIPPOFACTS write it. */
export function relativeName(from: string, to: string): string {
  return path.relative(from, to).replaceAll(path.sep, '/');
}

/** As imports write it: `./hippo`, `../hippo`. */
export function importPath(fromFile: string, to: string): string {
  const relative = relativeName(path.dirname(fromFile), to);
  return relative.startsWith('.') ? relative : `./${relative}`;
}

export function hasExtension(file: string, language: Pick<Language, 'extensions'>): boolean {
  return language.extensions.some((extension) => file.endsWith(extension));
}
