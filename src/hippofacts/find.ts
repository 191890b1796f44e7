// Which file an argument of the command line means: the HIPPOFACTS of a folder, a named one, or a bare module.

import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ManifestError } from './manifest-error.ts';

/** The names a manifest may have. Where case does not count, two of the six say it all. */
export const SPELLINGS: readonly string[] = [
  'HIPPOFACTS',
  'hippofacts',
  'Hippofacts',
  'HIPPOFACTS.toml',
  'hippofacts.toml',
  'Hippofacts.toml',
];
const SPELLINGS_ANY_CASE = ['HIPPOFACTS', 'hippofacts.toml'];

/** `module`: a `.wasm` file that stands for itself, without a manifest (see collect-module.ts). */
export interface Found {
  readonly kind: 'manifest' | 'module';
  readonly file: string;
  /** The project: paths in the manifest are relative to it. */
  readonly directory: string;
}

/** The names that are looked for in a folder. */
export function manifestNames(platform: NodeJS.Platform = process.platform): readonly string[] {
  return platform === 'win32' || platform === 'darwin' ? SPELLINGS_ANY_CASE : SPELLINGS;
}

/** True if a file of this name stands for itself. */
export function isModule(file: string): boolean {
  return path.extname(file).toLowerCase() === '.wasm';
}

/**
 * A file is taken whatever its name; in a folder the known spellings are looked for (bindle.md §8.1-2).
 * @throws ManifestError `NO_SUCH_FILE`, `NOT_FOUND`, `SEVERAL_FOUND`
 */
export async function findManifest(
  target: string,
  platform: NodeJS.Platform = process.platform,
): Promise<Found> {
  const resolved = path.resolve(target);
  const stats = await stat(resolved).catch(() => undefined);
  if (stats?.isDirectory()) return inDirectory(resolved, platform);
  if (!stats?.isFile())
    throw new ManifestError(
      'NO_SUCH_FILE',
      `The file ${resolved} does not exist: name a folder with a HIPPOFACTS, a HIPPOFACTS file or a .wasm file.`,
    );
  const kind = isModule(resolved) ? 'module' : 'manifest';
  return { kind, file: resolved, directory: path.dirname(resolved) };
}

/**
 * The text of a manifest, a byte order mark included, so that offsets are those of the file.
 * @throws ManifestError `NOT_UTF8`; errors of the file system
 */
export async function readManifest(file: string): Promise<string> {
  const bytes = await readFile(file);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new ManifestError('NOT_UTF8', `${file} is not UTF-8 text: save it in that encoding.`, {
      cause: error,
    });
  }
}

async function inDirectory(directory: string, platform: NodeJS.Platform): Promise<Found> {
  const names = manifestNames(platform);
  // One file may answer to several spellings where the file system ignores case.
  const found = new Map<string, string>();
  for (const name of names) {
    const stats = await stat(path.join(directory, name), { bigint: true }).catch(() => undefined);
    const identity = `${stats?.dev}:${stats?.ino}`;
    if (stats?.isFile() && !found.has(identity)) found.set(identity, name);
  }
  const [first, ...others] = [...found.values()];
  if (first === undefined)
    throw new ManifestError(
      'NOT_FOUND',
      `There is no HIPPOFACTS in ${directory} (looked for ${names.join(', ')}): make one with "hippo new", or name a file.`,
    );
  if (others.length > 0)
    throw new ManifestError(
      'SEVERAL_FOUND',
      `There are several manifests in ${directory} (${[first, ...others].join(', ')}): pass a specific file.`,
    );
  return { kind: 'manifest', file: path.join(directory, first), directory };
}
