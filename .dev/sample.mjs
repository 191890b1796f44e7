// Makes and compiles the sample: a new app from a template of scaffold/, as `hippo new` makes it.
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './processes.mjs';

/** @returns the folder, with what was built; throws with the command's or compiler's words if something fails. */
export async function buildSample(folder) {
  await rm(folder, { recursive: true, force: true });
  const name = ['--name', 'hello', '--author', 'Hippo Tools'];
  await demand(['dist/cli.cjs', 'new', '--template', 'assemblyscript', ...name, folder], root);
  // The sample's own dependencies are among those of this repository.
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await demand(
    [join(root, 'node_modules/assemblyscript/bin/asc.js'), 'assembly/index.ts', '--target', 'release'],
    folder,
  );
  return folder;
}

async function demand(args, cwd) {
  const { code, output } = await run('node', args, { cwd });
  if (code !== 0) throw new Error(`The sample cannot be made:\n${output}`);
}
