// The file of a handler's or export's module, or why there is none and what would make it (bindle.md §8.22).

import type { Stats } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { detectProject, type DetectedModule } from './detect.ts';
import { nearest } from './nearest.ts';
import type { Finding } from './problem.ts';
import { labelName, leaves, type LocalFile, type Project } from './project.ts';
import { quote } from './quote.ts';

/** The modules of the project, for whoever looks for a lost one. */
export type FindModules = () => Promise<readonly DetectedModule[]>;

/**
 * @param name as the manifest has it; it is never a pattern
 * @param findModules where what it finds is remembered
 */
export async function findModule(
  project: Project,
  name: string,
  findModules: FindModules = async () => (await detectProject(project.root.path)).modules,
): Promise<LocalFile | Finding> {
  const directory = project.root.path;
  // Joined as text: where a link is on the way, `link/..` is not where `link` stands.
  const file = path.isAbsolute(name) ? name : `${directory}${path.sep}${name}`;
  const stats = await stat(file).catch(() => undefined);
  if (!stats?.isFile()) return missing(directory, name, stats, findModules);
  const real = await realpath(file);
  if (!project.contains({ real })) return outside(name);
  const plain = path.resolve(file);
  const relative = path.relative(directory, plain);
  const isPlain = !leaves(relative) && (await realpath(plain).catch(() => undefined)) === real;
  const label = labelName(isPlain ? relative.split(path.sep) : project.segmentsOf(real));
  return label === undefined ? outside(name) : { path: isPlain ? plain : real, name: label };
}

function outside(name: string): Finding {
  return {
    code: 'outside-project',
    severity: 'error',
    message: `The module ${name} is outside of the project: copy it into the folder of the HIPPOFACTS`,
  };
}

async function missing(
  directory: string,
  name: string,
  stats: Stats | undefined,
  findModules: FindModules,
): Promise<Finding> {
  const finding = (reason: string, replacement?: string): Finding => ({
    code: 'missing-module',
    severity: 'error',
    message: `Could not assemble parcel for file ${name === '' ? '""' : name}: ${reason}`,
    ...(replacement !== undefined && { replacement: quote(replacement) }),
  });
  if (name === '') return finding('its name is empty, write that of the file that the build makes');
  if (stats)
    return finding(stats.isDirectory() ? 'it is a folder, not a module' : 'it is not a regular file');
  for (const { other, change } of otherBuilds(name))
    if (await isFile(path.resolve(directory, other)))
      return finding(`it does not exist, but ${other} does (${change})`, other);
  if (/[*?[]/.test(name)) return finding('a module is one file, its name is not expanded as a pattern');
  const elsewhere = await whereItIs(name, findModules);
  if (elsewhere) return finding(`it does not exist, but ${elsewhere} does`, elsewhere);
  const command = await buildCommand(directory, name);
  return finding(
    command
      ? `it does not exist: build it with "${command}"`
      : 'it does not exist: build it, or correct its name',
  );
}

/** The module in another folder, or spelled in another way; undefined if none can be told. */
async function whereItIs(name: string, findModules: FindModules): Promise<string | undefined> {
  const modules = await findModules();
  const there = modules.filter(({ command }) => command === undefined).map((module) => module.name);
  const stem = (file: string): string => path.posix.parse(file.replaceAll('\\', '/')).name.toLowerCase();
  const wanted = stem(name);
  const namesakes = there.filter((file) => stem(file) === wanted);
  if (namesakes.length > 0) return namesakes.length === 1 ? namesakes[0] : undefined;
  // `a` is no misspelled `b`.
  if (wanted.length < 5) return undefined;
  const near = nearest(wanted, there.map(stem));
  return there.find((file) => stem(file) === near);
}

interface OtherBuild {
  other: string;
  change: string;
}

/** Where the module may be when the compiler, the profile or the spelling is another; the nearest first. */
function otherBuilds(name: string): OtherBuild[] {
  const swapped = (pattern: RegExp, one: string, two: string): ((path: string) => string) => {
    return (path) => path.replace(pattern, (found) => (found === one ? two : one));
  };
  const respelled = (from: string, to: string): ((path: string) => string) => {
    return (path) => {
      const file = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1;
      return path.slice(0, file) + path.slice(file).replaceAll(from, to);
    };
  };
  const swaps: readonly [swap: (path: string) => string, change: string][] = [
    [
      swapped(/(?<=^|[/\\])wasm32-wasi(?:p1)?(?=[/\\])/, 'wasm32-wasi', 'wasm32-wasip1'),
      'Rust renamed the target wasm32-wasi to wasm32-wasip1',
    ],
    [swapped(/(?<=^|[/\\])(?:debug|release)(?=[/\\])/, 'debug', 'release'), 'built in the other profile'],
    [respelled('-', '_'), 'spelled with _ for -'],
    [respelled('_', '-'), 'spelled with - for _'],
  ];
  let found: { other: string; changes: string[] }[] = [{ other: name, changes: [] }];
  for (const [swap, change] of swaps)
    found = found.flatMap((build) => {
      const other = swap(build.other);
      return other === build.other ? [build] : [build, { other, changes: [...build.changes, change] }];
    });
  return found
    .filter(({ changes }) => changes.length > 0)
    .sort((a, b) => a.changes.length - b.changes.length)
    .map(({ other, changes }) => ({ other, change: changes.join('; ') }));
}

/** What usually makes the module in a project of this kind. */
async function buildCommand(directory: string, name: string): Promise<string | undefined> {
  if (await isFile(path.join(directory, 'Cargo.toml'))) {
    const target = /(?:^|[/\\])(wasm32-[\w-]+)[/\\]/.exec(name)?.[1] ?? 'wasm32-wasip1';
    const profile = /[/\\]debug[/\\]/.test(name) ? '' : ' --release';
    const command = `cargo build${profile} --target ${target}`;
    // New compilers know this target by its new name only.
    return target === 'wasm32-wasi' ? `${command}" or, with a newer Rust, "${command}p1` : command;
  }
  const isBuiltByNpm =
    (await isFile(path.join(directory, 'asconfig.json'))) ||
    (await hasBuildScript(path.join(directory, 'package.json')));
  return isBuiltByNpm ? 'npm run build' : undefined;
}

async function hasBuildScript(file: string): Promise<boolean> {
  try {
    const { scripts } = JSON.parse(await readFile(file, 'utf8')) as { scripts?: Record<string, unknown> };
    return typeof scripts?.build === 'string';
  } catch {
    return false;
  }
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}
