// Files below a folder by their names, without those of other people and those that were built. VS Code's own search
// needs a program that some builds of it lack, and leaves out what a workspace hides.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const ELSEWHERE = new Set([
  'node_modules',
  'target',
  'dist',
  'build',
  'out',
  'vendor',
  'venv',
  '__pycache__',
]);
/** Entries that are looked at: more are no project. */
const MOST_ENTRIES = 20_000;

/**
 * @param folder absolute
 * @param names of files, or `*.rs` for all that end so
 * @returns absolute paths, sorted
 */
export async function findBelow(folder: string, names: readonly string[]): Promise<string[]> {
  const whole = new Set(names.filter((name) => !name.startsWith('*')));
  const endings = names.filter((name) => name.startsWith('*')).map((name) => name.slice(1));
  const found: string[] = [];
  const folders = [folder];
  let seen = 0;
  for (let next = folders.pop(); next !== undefined && seen < MOST_ENTRIES; next = folders.pop()) {
    // A folder that may not be read has nothing for us.
    const entries = await readdir(next, { withFileTypes: true }).catch(() => []);
    seen += entries.length;
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) {
        if (!ELSEWHERE.has(entry.name) && !entry.name.startsWith('.')) folders.push(path);
      } else if (whole.has(entry.name) || endings.some((ending) => entry.name.endsWith(ending)))
        found.push(path);
    }
  }
  return found.sort();
}
