// The guest library of host calls: the one that a project has, or the one that it gets.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fill } from './fill.ts';
import type { WorkspaceTexts } from './plan.ts';
import type { Library } from './templates.ts';

export interface FoundLibrary {
  /** What code calls it. */
  readonly name: string;
  /** Of the file that is imported; absolute. */
  readonly path: string;
  /** Files that it lacks yet. */
  readonly missing: readonly { readonly path: string; readonly text: string }[];
}

/** What the first file of every library of ours has, and nobody else's. */
const SIGN = 'hippo_host';

/**
 * @param project absolute
 * @param scaffold the folder of that name
 */
export async function findLibrary(
  library: Library,
  project: string,
  texts: WorkspaceTexts,
  scaffold: string,
): Promise<FoundLibrary> {
  const [main] = library.files;
  const usual = path.posix.basename(fill(main?.to ?? '', { library: library.name }));
  for (const file of [...(await texts.find(project, [usual]))].sort())
    if ((await texts.read(file))?.includes(SIGN))
      return { name: path.basename(file).replace(/\.\w+$/, ''), path: file, missing: [] };
  const { name, isThere } = await freeName(library, project, texts);
  if (isThere)
    return { name, path: path.join(project, fill(main?.to ?? '', { library: name })), missing: [] };
  const missing = await Promise.all(
    library.files.map(async ({ from, to }) => ({
      path: path.join(project, fill(to, { library: name })),
      text: renamed(await readFile(path.join(scaffold, from), 'utf8'), library, name),
    })),
  );
  return { name, path: missing[0]?.path ?? project, missing };
}

/** A file of somebody else's stays, and the library gets another name. */
async function freeName(
  library: Library,
  project: string,
  texts: WorkspaceTexts,
): Promise<{ name: string; isThere: boolean }> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? library.name : `${library.name}_addons${n === 2 ? '' : n}`;
    const taken = await Promise.all(
      library.files.map(({ to }) => texts.read(path.join(project, fill(to, { library: name })))),
    );
    if (taken.every((text) => text === undefined)) return { name, isThere: false };
    // An earlier run took this one.
    if (taken[0]?.includes(SIGN)) return { name, isThere: true };
  }
}

/** What the files call each other: `hippo/json` is `hippo_addons/json` where the library has that name. */
function renamed(text: string, { files, name: usual }: Library, name: string): string {
  if (name === usual) return text;
  const folder = path.posix.dirname(files[0]?.to ?? '');
  const nameOf = (to: string, library: string): string =>
    path.posix.relative(folder, fill(to, { library })).replace(/\.\w+$/, '');
  return files.reduce(
    (done, { to }) =>
      done
        .replaceAll(`${nameOf(to, usual)}.`, `${nameOf(to, name)}.`)
        .replaceAll(`${nameOf(to, usual)}'`, `${nameOf(to, name)}'`),
    text,
  );
}
