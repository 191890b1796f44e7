// Makes and compiles the sample: a new app from a template of scaffold/, as `hippo new` makes it.
import { appendFile, copyFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './processes.mjs';

/** @returns the folder, with what was built; throws with the command's or compiler's words if something fails. */
export async function buildSample(folder) {
  await rm(folder, { recursive: true, force: true });
  const name = ['--name', 'hello', '--author', 'Hippo Tools'];
  await demand(['dist/cli.cjs', 'new', '--template', 'assemblyscript', ...name, folder], root);
  // The sample's own dependencies are among those of this repository.
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await compile(folder, 'assembly/index.ts');
  return folder;
}

/**
 * Gives the sample a page at /notes, from scaffold/hostcalls, which keeps its rows in an add-on.
 * @param addon what HIPPOFACTS says that the app needs: `postgresql:free`
 */
export async function addNotes(folder, addon) {
  for (const file of ['hippo.ts', 'hippo-json.ts', 'hippo-value.ts', 'notes.ts'])
    await copyFile(join(root, 'scaffold/hostcalls/assemblyscript', file), join(folder, 'assembly', file));
  await compile(folder, 'assembly/notes.ts', '--outFile', 'build/notes.wasm');
  const handler = '[[handler]]\nroute = "/notes"\nname = "build/notes.wasm"\n';
  await appendFile(
    join(folder, 'HIPPOFACTS'),
    `\n${handler}\n[annotations]\nhippo_addons = "${addon} as db"\n`,
  );
}

function compile(folder, ...args) {
  const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
  return demand([compiler, ...args, '--target', 'release'], folder);
}

async function demand(args, cwd) {
  const { code, output } = await run('node', args, { cwd });
  if (code !== 0) throw new Error(`The sample cannot be made:\n${output}`);
}
