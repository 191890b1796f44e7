// A new project from a template of scaffold/. It is complete or not there.

import { mkdir, open, readdir, readFile, rmdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { nameProblem } from '../bindle/id.ts';
import { cleanName } from './clean-name.ts';
import { ProjectError } from './project-error.ts';
import { quote } from './quote.ts';
import type { Template } from './templates.ts';

export interface NewProject {
  readonly template: Template;
  /** It may be there, if it is empty; folders above it are made. */
  readonly folder: string;
  /** The bindle's name; made from the folder's if absent. */
  readonly name?: string;
  /** `Name <mail>`; nobody is named if there are none. */
  readonly authors?: readonly string[];
}

export interface CreatedProject {
  /** Absolute. */
  readonly folder: string;
  /** The bindle's name. */
  readonly name: string;
  /** Relative to the folder with `/`, sorted. */
  readonly files: readonly string[];
}

/** These say nothing about a folder's content, and stay as they are. */
const NOT_IN_THE_WAY = new Set(['.git', '.DS_Store', 'Thumbs.db', 'desktop.ini']);
const MOST_NAMED = 8;

/** The bindle's name for a new project in a folder: the folder's own, as far as it can be one. */
export function projectName(folder: string): string {
  return cleanName(path.basename(path.resolve(folder))) ?? 'app';
}

/**
 * Writes the template's files. If anything fails, what was written is removed again; a file that is there already
 * is never changed.
 * @param scaffold the folder of that name
 * @throws ProjectError `INVALID_NAME`, `NOT_EMPTY`, `NOT_A_FOLDER`; errors of the file system
 */
export async function createProject(scaffold: string, wish: NewProject): Promise<CreatedProject> {
  const folder = path.resolve(wish.folder);
  const name = wish.name ?? projectName(folder);
  const problem = nameProblem(name);
  if (problem)
    throw new ProjectError('INVALID_NAME', `${quote(name)} cannot be a bindle's name: ${problem}.`);
  await demandEmpty(folder);
  const values = { bindle: [name], package: [packageName(name)], author: wish.authors ?? [] };
  const files = await readTemplate(path.join(scaffold, wish.template.id));
  const texts = new Map([...files].map(([file, text]) => [file, fillIn(text, values)]));
  await writeAll(folder, texts);
  return { folder, name, files: [...texts.keys()].sort() };
}

/**
 * What keeps a new project from being made in a folder: the names in it, sorted; none if it is empty or not there.
 * @throws ProjectError `NOT_A_FOLDER`; errors of the file system
 */
export async function inTheWay(folder: string): Promise<string[]> {
  const stats = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!stats) return [];
  if (!stats.isDirectory())
    throw new ProjectError('NOT_A_FOLDER', `${folder} is there already and is not a folder.`);
  return (await readdir(folder)).filter((name) => !NOT_IN_THE_WAY.has(name)).sort();
}

async function demandEmpty(folder: string): Promise<void> {
  const names = await inTheWay(folder);
  if (names.length === 0) return;
  const named = names.slice(0, MOST_NAMED).join(', ');
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  throw new ProjectError(
    'NOT_EMPTY',
    `${folder} is not empty: ${named}${more}. Name a new folder, or an empty one.`,
  );
}

/**
 * Path in the new project → text. Names with a leading `_` are stored so for one with a `.`: packages leave out
 * `.gitignore` and go by it, and editors and servers would take `.vscode` and `.github` for those of this repository.
 */
async function readTemplate(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const read = async (stored: string, name: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, stored), { withFileTypes: true })) {
      const inside = path.join(stored, entry.name);
      const called = path.posix.join(name, entry.name.replace(/^_/, '.'));
      if (entry.isDirectory()) await read(inside, called);
      else files.set(called, await readFile(path.join(folder, inside), 'utf8'));
    }
  };
  await read('', '');
  return files;
}

/** `{{key}}` stands in the quotes of a string of TOML or JSON. A line is left out whose key has no values. */
function fillIn(text: string, values: Readonly<Record<string, readonly string[]>>): string {
  const lines = text.split(/(?<=\n)/).flatMap((line) => {
    const keys = [...line.matchAll(/(?<!\$)\{\{(\w+)\}\}/g)].map(([, key = '']) => key);
    if (keys.some((key) => values[key]?.length === 0)) return [];
    return line.replace(/(?<!\$)\{\{(\w+)\}\}/g, (whole, key: string) => {
      const all = values[key]?.map((value) => quote(value)).join(', ');
      return all === undefined ? whole : all.slice(1, -1);
    });
  });
  return lines.join('');
}

/** What npm and Cargo take for a package: of the last part of the bindle's name. */
function packageName(bindle: string): string {
  const name = path.posix.basename(bindle).toLowerCase().replaceAll('.', '-');
  return /^[a-z]/.test(name) ? name : `app-${name}`;
}

async function writeAll(folder: string, texts: ReadonlyMap<string, string>): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    await makeFolder(folder, undo);
    for (const [name, text] of texts) {
      const file = path.join(folder, name);
      await makeFolder(path.dirname(file), undo);
      const handle = await open(file, 'wx');
      undo.push(() => unlink(file));
      await handle.writeFile(text).finally(() => handle.close());
    }
  } catch (error) {
    // A folder that holds something else by now stays.
    for (const step of undo.reverse()) await step().catch(() => undefined);
    throw error;
  }
}

async function makeFolder(folder: string, undo: (() => Promise<void>)[]): Promise<void> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return;
  const above = path.dirname(folder);
  if (above !== folder) await makeFolder(above, undo);
  await mkdir(folder);
  undo.push(() => rmdir(folder));
}
