// Gets what a test layer needs and this machine lacks: other Nodes from npm, and Debian's packages.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './processes.mjs';

/**
 * Another version of Node, kept in out/node.
 * @returns `{ path }` of its executable, or `{ command }` that would get it, and why it did not
 */
export async function provideNode(version) {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = join(root, 'out/node', version);
  const path = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${name}@${version}`];
  const command = `npm ${args.join(' ')}`;
  if (await exists(path)) return { path };
  const npm = process.env.npm_execpath;
  if (!npm) return { command, reason: 'this was not started by npm' };
  const { code, output } = await run('node', [npm, ...args]);
  return code === 0 && (await exists(path))
    ? { path }
    : { command, reason: output.trim().split('\n').at(-1) };
}

/**
 * Debian packages, installed where this runs as root.
 * @returns `{}` if they are there now, or `{ command }` that would get them, and why it did not
 */
export async function provideDebian(packages) {
  const missing = [];
  for (const name of packages) if ((await run('dpkg', ['-s', name])).code !== 0) missing.push(name);
  if (missing.length === 0) return {};
  const args = ['install', '-y', '--no-install-recommends', ...missing];
  const command = `apt-get ${args.join(' ')}`;
  if (process.getuid?.() !== 0) return { command: `sudo ${command}`, reason: 'this does not run as root' };
  const { code, output } = await run('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return code === 0 ? {} : { command, reason: output.trim().split('\n').at(-1) };
}

function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
