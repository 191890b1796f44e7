// A new HIPPOFACTS that fits the project it is made for.

import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isVersion, nameProblem } from '../bindle/id.ts';
import { cleanName, nameFrom } from './clean-name.ts';
import { detectProject, type DetectedModule } from './detect.ts';
import { manifestNames } from './find.ts';
import { ManifestError } from './manifest-error.ts';
import { manifestText, type NewHandler } from './manifest-text.ts';
import { quote } from './quote.ts';

/** What is not given is looked for in the folder. */
export interface ProposeOptions {
  /** A bindle name. */
  readonly name?: string;
  readonly authors?: readonly string[];
  /** The module's file, relative to the project; then no others are looked for. */
  readonly module?: string;
}

const DEFAULT_MODULE = 'main.wasm';

/**
 * The text of a manifest that check.ts finds no fault with: modules and their routes, static folders, and the
 * bindle's name, version and authors as the project's own metadata have them.
 * @throws ManifestError `INVALID_NAME` for a name that was given
 */
export async function proposeManifest(directory: string, options: ProposeOptions = {}): Promise<string> {
  const problem = options.name === undefined ? undefined : nameProblem(options.name);
  if (problem)
    throw new ManifestError(
      'INVALID_NAME',
      `${quote(options.name ?? '')} cannot be a bindle's name: ${problem}.`,
    );
  const resolved = path.resolve(directory);
  const project = await detectProject(resolved);
  const folders = resolved.split(path.sep).reverse();
  const name = options.name ?? cleanName(project.name ?? '') ?? nameFrom(folders);
  const modules = options.module === undefined ? project.modules : [{ name: options.module }];
  const authors = options.authors ?? project.authors;
  return manifestText({
    name,
    version: project.version !== undefined && isVersion(project.version) ? project.version : '0.1.0',
    ...(project.description !== undefined && { description: project.description }),
    ...(authors && { authors }),
    handlers: proposeHandlers(
      modules.length > 0 ? modules : [{ name: DEFAULT_MODULE }],
      project.staticFolders,
    ),
  });
}

/**
 * Writes a new manifest into a folder, or to the file named, and returns its path.
 * @throws ManifestError `EXISTS` if there is one already, under any of its names; errors of the file system
 */
export async function writeNewManifest(destination: string, text: string): Promise<string> {
  const resolved = path.resolve(destination);
  const isFolder = (await stat(resolved).catch(() => undefined))?.isDirectory() ?? false;
  const existing = (file: string, cause?: unknown): ManifestError =>
    new ManifestError('EXISTS', `${file} exists and is not overwritten: remove it first.`, { cause });
  if (isFolder)
    for (const name of manifestNames()) {
      const file = path.join(resolved, name);
      if (await stat(file).catch(() => undefined)) throw existing(file);
    }
  const file = isFolder ? path.join(resolved, 'HIPPOFACTS') : resolved;
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw existing(file, error);
    throw error;
  }
  return file;
}

/** The first module answers at `/` and has the static files; the others answer under their own names. */
function proposeHandlers(modules: readonly DetectedModule[], staticFolders: readonly string[]): NewHandler[] {
  const files = staticFolders.map((folder) => `${folder}/**/*`);
  const taken = new Set<string>();
  return modules.map(({ name, command }, index) => {
    let route = index === 0 ? '/' : `/${path.posix.basename(name, '.wasm')}`;
    while (taken.has(route)) route += '-2';
    taken.add(route);
    return {
      route,
      name,
      ...(index === 0 && { files }),
      ...(command !== undefined && { comment: `Built by: ${command}` }),
    };
  });
}
