// `npm run package`: the extension as a .vsix in out/, built apart from dist/, in which others may be at work.
import { cp, mkdtemp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { options, pageOptions } from '../esbuild.mjs';
import { demandNode, root, run } from './processes.mjs';

/** Where `npm run package` puts it. */
export async function packagePath() {
  const { name, version } = await manifest();
  return join(root, 'out', `${name}-${version}.vsix`);
}

/**
 * Makes the .vsix; vsce must find nothing to warn of.
 * @param {string} path of the file, which is there when it is complete
 * @throws with vsce's words
 */
export async function makePackage(path) {
  await mkdir(join(root, 'out'), { recursive: true });
  const stage = await mkdtemp(join(root, 'out/package-'));
  try {
    await fill(stage);
    const made = join(stage, basename(path));
    // The pictures in README.md lie in the package, and there is no repository to fetch them from.
    // What must be in the package stands in package-contents.mjs.
    const flags = [
      ...['--no-dependencies', '--no-rewrite-relative-links'],
      ...['--allow-missing-repository', '--allow-unused-files-pattern'],
    ];
    const { code, output } = await run(
      'node',
      [join(root, 'node_modules/@vscode/vsce/vsce'), 'package', ...flags, '--out', made],
      { cwd: stage },
    );
    if (code !== 0 || /\bWARN/i.test(output)) throw new Error(output.trim());
    await mkdir(dirname(path), { recursive: true });
    await rename(made, path);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** What the manifest's `files` name, and a manifest without what only developers need. */
async function fill(stage) {
  const shipped = await manifest();
  for (const key of ['scripts', 'devDependencies', 'allowScripts']) delete shipped[key];
  await writeFile(join(stage, 'package.json'), JSON.stringify(shipped, null, 2));
  for (const path of shipped.files)
    if (path !== 'dist' && existsSync(join(root, path)))
      await cp(join(root, path), join(stage, path), {
        recursive: true,
        filter: (file) => !/[\\/](node_modules|build|target)$/.test(file),
      });
  for (const one of [options, pageOptions])
    await build({ ...one, minify: true, sourcemap: false, outdir: join(stage, 'dist') });
}

async function manifest() {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  demandNode();
  const path = process.argv[2] === undefined ? await packagePath() : resolve(process.argv[2]);
  await makePackage(path);
  process.stdout.write(`${path}\n`);
}
