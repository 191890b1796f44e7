// Gets what a test layer needs and this machine lacks: other Nodes from npm, and Debian's packages.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { root, run } from './processes.mjs';

/**
 * Another version of Node, kept in out/node.
 * @param {string} version
 * @returns `{ path }` of its executable, or `{ command }` that would get it, and why it did not
 */
export async function provideNode(version) {
  const folder = join(root, 'out/node', version);
  const path = nodePath(version);
  const args = (prefix) => [
    'install',
    '--prefix',
    prefix,
    '--no-save',
    '--ignore-scripts',
    `${nodePackage()}@${version}`,
  ];
  const command = `npm ${args(folder).join(' ')}`;
  if (existsSync(path)) return { path };
  const npm = process.env.npm_execpath;
  if (!npm) return { command, reason: 'this was not started by npm' };
  const failure = await installOnce(folder, async (stage) => {
    const { code, output } = await run('node', [npm, ...args(stage)]);
    return code === 0 ? undefined : lastLine(output);
  });
  return existsSync(path) ? { path } : { command, reason: failure ?? `${path} is not in it` };
}

/** Where provideNode puts the executable of that version; its headers are in ../include. */
export function nodePath(version) {
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  return join(root, 'out/node', version, 'node_modules', nodePackage(), 'bin', executable);
}

function nodePackage() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  return `node-${system}-${process.arch}`;
}

/**
 * Debian packages, installed where this runs as root.
 * @param {string[]} packages
 * @returns `{}` if they are there now, or `{ command }` that would get them, and why it did not
 */
export async function provideDebian(packages) {
  const missing = [];
  for (const name of packages) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return {};
  const args = ['install', '-y', '--no-install-recommends', ...missing];
  const command = `apt-get ${args.join(' ')}`;
  if (process.getuid?.() !== 0) return { command: `sudo ${command}`, reason: 'this does not run as root' };
  let { code, output } = await apt(args);
  if (code !== 0) {
    // A fresh machine has no lists of packages, and an old one has lists of versions that are gone.
    const { code: failed, output: text } = await apt(['update']);
    if (failed !== 0) return { command: `apt-get update && ${command}`, reason: lastLine(text) };
    ({ code, output } = await apt(args));
  }
  return code === 0 ? {} : { command, reason: lastLine(output) };
}

/** What is removed leaves its settings, and is known to dpkg still. */
async function isInstalled(name) {
  const { code, output } = await run('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name]);
  return code === 0 && output === 'installed';
}

function apt(args) {
  // Somebody else may be installing at this moment.
  return run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/**
 * Makes a folder that is complete or not there, however this ends and whoever else makes it at the same time.
 * @param {string} folder
 * @param {(stage: string) => Promise<string | undefined>} install into `stage`; why it failed, if it did
 * @returns {Promise<string | undefined>} why it failed, if it did
 */
export async function installOnce(folder, install) {
  await removeLeftovers(folder);
  const stage = `${folder}.part-${process.pid}`;
  await mkdir(stage, { recursive: true });
  try {
    const failure = await install(stage);
    if (failure !== undefined) return failure;
    await rename(stage, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
    return undefined;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** What those left that were killed in installOnce. */
async function removeLeftovers(folder) {
  const prefix = `${basename(folder)}.part-`;
  const siblings = await readdir(dirname(folder)).catch(() => []);
  for (const name of siblings)
    if (name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length))))
      await rm(join(dirname(folder), name), { recursive: true, force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** What npm and apt say last is why they failed. */
export function lastLine(output) {
  return output.trim().split('\n').at(-1);
}
