// A plan made real on the disk.

import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applyEdits } from '../hippofacts/text-edit.ts';
import type { BindingPlan } from './plan.ts';

/**
 * New files must not be there yet; others are replaced as a whole.
 * @throws errors of the file system; what was changed until then stays
 */
export async function applyPlan({ changes }: BindingPlan): Promise<void> {
  for (const change of changes) {
    if (change.type === 'create') {
      await mkdir(path.dirname(change.path), { recursive: true });
      await writeFile(change.path, change.text, { flag: 'wx' });
    } else await replace(change.path, applyEdits(await readFile(change.path, 'utf8'), change.edits));
  }
}

async function replace(named: string, text: string): Promise<void> {
  // A link stays one.
  const file = await realpath(named);
  const part = `${file}.part-${process.pid}`;
  const { mode } = await stat(file);
  try {
    await writeFile(part, text, { flag: 'wx', mode });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
