// The workspace as it lies on the disk.

import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { compareBytes } from '../hippofacts/compare-bytes.ts';
import type { WorkspaceTexts } from './plan.ts';

/** Folders of other people's code, and of what builds leave. */
export const OTHERS_FOLDERS: ReadonlySet<string> = new Set([
  'node_modules',
  'target',
  'vendor',
  'venv',
  '__pycache__',
  'build',
  'dist',
  'out',
]);
/** Nobody writes larger ones by hand. */
const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 12;
const MAX_FOLDERS = 2000;

export class DiskTexts implements WorkspaceTexts {
  async read(file: string): Promise<string | undefined> {
    const stats = await stat(file).catch(() => undefined);
    if (!stats?.isFile() || stats.size > MAX_BYTES) return undefined;
    return readFile(file, 'utf8').catch(() => undefined);
  }

  async find(folder: string, names: readonly string[]): Promise<string[]> {
    const wanted = new Set(names);
    const endings = names.filter((name) => name.startsWith('*')).map((name) => name.slice(1));
    const found: string[] = [];
    const open = [{ folder, depth: 0 }];
    for (let visited = 0; visited < MAX_FOLDERS; visited++) {
      const next = open.shift();
      if (!next) break;
      const entries = await readdir(next.folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries.sort((a, b) => compareBytes(a.name, b.name))) {
        const file = path.join(next.folder, entry.name);
        if (entry.isDirectory()) {
          const isSkipped = OTHERS_FOLDERS.has(entry.name) || entry.name.startsWith('.');
          if (!isSkipped && next.depth < MAX_DEPTH) open.push({ folder: file, depth: next.depth + 1 });
        } else if (
          entry.isFile() &&
          (wanted.has(entry.name) || endings.some((end) => entry.name.endsWith(end)))
        )
          found.push(file);
      }
    }
    return found;
  }
}
