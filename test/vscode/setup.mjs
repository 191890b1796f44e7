// The VS Codes that tests run in: VS Code's own server out of the npm package code-server, with the Node that it
// is made for. `node test/vscode/setup.mjs [newest] [oldest]` installs them into out/vscode.
//
// npm would build modules here that no test loads, fetch programs from elsewhere, and refuse every Node but one. So
// each package.json names what the server itself imports, no script of a package runs, and only what must be is built
// (by make, g++ and python3): the logger, without which output channels stay empty, the watchdog of extension hosts,
// and what the built-in Git needs.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demandNode, root, run } from '../../.dev/processes.mjs';
import { installOnce, lastLine, nodePath, provideNode } from '../../.dev/provide.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** `newest` is today's, `oldest` the oldest that `engines.vscode` of the extension allows. */
export const VSCODES = ['newest', 'oldest'];

/**
 * One of them, if it is installed.
 * @param {string} name
 * @returns the paths of its Node, and of its folder, in which out/server-main.js is the program
 */
export function findVSCode(name) {
  const { folder, nodeVersion } = describe(name);
  const node = nodePath(nodeVersion);
  return existsSync(folder) && existsSync(node) ? { folder, node } : undefined;
}

/**
 * Installs one of them, unless it is there.
 * @param {string} name
 * @returns `{ path }` of its folder, or `{ command }` that would get it, and why it did not
 */
export async function provideVSCode(name) {
  const { folder, nodeVersion } = describe(name);
  const node = await provideNode(nodeVersion);
  if (node.path === undefined) return node;
  if (existsSync(folder)) return { path: folder };
  const command = `npm run vscode -- ${name}`;
  const npm = process.env.npm_execpath;
  if (!npm) return { command, reason: 'this was not started by npm' };
  const reason = await installOnce(folder, (stage) => install(name, stage, node.path, npm));
  return reason === undefined ? { path: folder } : { command, reason };
}

/** The server's folder, with its modules in it, becomes `stage`. */
async function install(name, stage, node, npm) {
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(HERE, name, file), join(stage, file));
  const env = {
    ...process.env,
    PATH: dirname(node) + delimiter + process.env.PATH,
    // The headers lie beside that Node; node-gyp would fetch them from elsewhere.
    npm_config_nodedir: dirname(dirname(node)),
    npm_config_jobs: 'max',
  };
  const { dependencies } = JSON.parse(readFileSync(join(stage, 'package.json'), 'utf8'));
  const built = Object.keys(dependencies).filter((module) =>
    /(spdlog|native-watchdog|fs-copyfile)$/.test(module),
  );
  for (const args of [
    ['ci', '--ignore-scripts'],
    ['rebuild', ...built],
  ]) {
    const all = [npm, ...args, '--no-audit', '--no-fund', '--loglevel=error'];
    const { code, output } = await run(node, all, { cwd: stage, env });
    if (code !== 0) return `npm ${args.join(' ')}: ${lastLine(output)}`;
  }
  const codeServer = join(stage, 'node_modules/code-server');
  for (const part of ['out', 'package.json', 'product.json', 'resources', 'extensions'])
    await rename(join(codeServer, 'lib/vscode', part), join(stage, part));
  await rm(codeServer, { recursive: true });
  await rm(join(stage, 'extensions/copilot'), { recursive: true, force: true });
  return undefined;
}

/** What is installed by another lock or in another way has another folder. */
function describe(name) {
  const manifest = readFileSync(join(HERE, name, 'package.json'), 'utf8');
  const { dependencies, engines } = JSON.parse(manifest);
  const digest = createHash('sha256').update(manifest);
  for (const file of [join(name, 'package-lock.json'), 'setup.mjs'])
    digest.update(readFileSync(join(HERE, file)));
  const version = `${dependencies['code-server']}-${digest.digest('hex').slice(0, 8)}`;
  return { folder: join(root, 'out/vscode', version), nodeVersion: engines.node };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  demandNode();
  const names = process.argv.slice(2);
  for (const name of names.length > 0 ? names : VSCODES) {
    const before = performance.now();
    const { path, command, reason } = VSCODES.includes(name)
      ? await provideVSCode(name)
      : { command: VSCODES.join(' or '), reason: `there is no "${name}"` };
    const seconds = ((performance.now() - before) / 1000).toFixed(1);
    process.stdout.write(path ? `${path}, ${seconds} s\n` : `${name}: ${reason}. Try: ${command}\n`);
    if (!path) process.exitCode = 1;
  }
}
