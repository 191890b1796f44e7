// Compiles the sample of scaffold/ in a copy, so that the clone stays clean.
import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './processes.mjs';

/** @returns the folder of the copy, built; throws with the compiler's words if it does not compile. */
export async function buildSample(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(join(root, 'scaffold/assemblyscript'), folder, {
    recursive: true,
    filter: (path) => !/[\\/](node_modules|build)$/.test(path),
  });
  // The sample's own dependencies are among those of this repository.
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const { code, output } = await run('node', [asc, 'assembly/index.ts', '--target', 'release'], {
    cwd: folder,
  });
  if (code !== 0) throw new Error(`The sample does not compile:\n${output}`);
  return folder;
}
