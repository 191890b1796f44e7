// What kind of project a folder holds: its modules, its name and authors, its folders of static files.

import { parse } from '@iarna/toml';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { compareBytes } from './compare-bytes.ts';

/** What the metadata of a package says. */
export interface PackageFacts {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly authors?: readonly string[];
}

/** A `.wasm` file, relative to the project with `/`. */
export interface DetectedModule {
  readonly name: string;
  /** What makes it, if it is not there yet. */
  readonly command?: string;
}

export interface DetectedProject extends PackageFacts {
  /** The one that a build makes first. */
  readonly modules: readonly DetectedModule[];
  /** Folders whose files are to be served, relative to the project. */
  readonly staticFolders: readonly string[];
}

/** Folders whose files are usually to be served. */
export const STATIC_FOLDERS: readonly string[] = ['static', 'public', 'assets', 'www'];
/** Folders of other people's modules, and of steps on the way to a module. */
const SKIPPED_FOLDERS = new Set(['node_modules', 'target', 'deps', 'incremental', 'debug']);
const SKIPPED_MODULES = new Set(['untouched.wasm', 'debug.wasm']);
const MAX_DEPTH = 4;

/** Reads metadata as far as it can be read: a broken package.json is as none. */
export async function detectProject(directory: string): Promise<DetectedProject> {
  const cargo = await cargoProject(directory);
  const npm = await npmProject(directory);
  const built = cargo?.module ?? npm?.module;
  const found = await findModules(directory, built?.name);
  const staticFolders: string[] = [];
  for (const folder of STATIC_FOLDERS)
    if (await isKind(directory, folder, 'folder')) staticFolders.push(folder);
  return {
    ...npm?.facts,
    ...cargo?.facts,
    modules: [...(built ? [built] : []), ...found.map((name) => ({ name }))],
    staticFolders,
  };
}

interface BuiltProject {
  facts: PackageFacts;
  module?: DetectedModule;
}

async function cargoProject(directory: string): Promise<BuiltProject | undefined> {
  const manifest = await readToml(path.join(directory, 'Cargo.toml'));
  const crate = record(manifest?.package);
  const crateName = text(crate?.name);
  if (!manifest || !crate || crateName === undefined) return undefined;
  const facts = packageFacts(crateName, crate.version, crate.description, crate.authors);

  const config = record(
    (
      (await readToml(path.join(directory, '.cargo', 'config.toml'))) ??
      (await readToml(path.join(directory, '.cargo', 'config')))
    )?.build,
  );
  const targetFolder = text(config?.['target-dir']) ?? 'target';
  const configured = text(config?.target);
  const targets = ['wasm32-wasip1', 'wasm32-wasi'];
  if (configured !== undefined && /^wasm32-[\w-]+$/.test(configured)) targets.unshift(configured);

  const [binary] = Array.isArray(manifest.bin) ? (manifest.bin as unknown[]) : [];
  const isBinary = binary !== undefined || (await isKind(directory, 'src/main.rs', 'file'));
  const fileName = isBinary
    ? (text(record(binary)?.name) ?? crateName)
    : (text(record(manifest.lib)?.name) ?? crateName).replaceAll('-', '_');
  const names = targets.map((target) => `${targetFolder}/${target}/release/${fileName}.wasm`);
  for (const name of names) if (await isKind(directory, name, 'file')) return { facts, module: { name } };
  const command = `cargo build --release --target ${targets[0]}`;
  return { facts, module: { name: names[0] ?? '', command } };
}

async function npmProject(directory: string): Promise<BuiltProject | undefined> {
  const manifest = record(await readJson(path.join(directory, 'package.json')));
  const config = record(await readJson(path.join(directory, 'asconfig.json')));
  if (!manifest && !config) return undefined;
  const author = record(manifest?.author);
  const facts = packageFacts(
    // `@team/shop` is the team's shop.
    text(manifest?.name)?.replace(/^@/, ''),
    manifest?.version,
    manifest?.description,
    author ? [person(author)] : [manifest?.author],
  );
  const name = assemblyScriptOutput(config, record(manifest?.scripts));
  if (name === undefined) return { facts };
  const isBuilt = await isKind(directory, name, 'file');
  return { facts, module: isBuilt ? { name } : { name, command: 'npm run build' } };
}

/** The optimized output of `asc`, as asconfig.json or a script of package.json names it. */
function assemblyScriptOutput(
  config: Record<string, unknown> | undefined,
  scripts: Record<string, unknown> | undefined,
): string | undefined {
  const targets = record(config?.targets);
  const outputs = [
    targets?.release,
    targets?.optimized,
    config?.options,
    ...Object.values(targets ?? {}),
  ].flatMap((target) => text(record(target)?.outFile) ?? text(record(target)?.binaryFile) ?? []);
  for (const script of Object.values(scripts ?? {}))
    for (const command of (text(script) ?? '').split(/&&|\|\||;/))
      if (/\basc\b/.test(command)) {
        const [, output] = /(?:--outFile|--binaryFile|-o|-b)[ =]+"?([^\s"]+\.wasm)/.exec(command) ?? [];
        if (output !== undefined) outputs.push(output);
      }
  const modules = outputs
    .map((output) => path.posix.normalize(output))
    .filter((output) => output.endsWith('.wasm'));
  return modules.find((output) => /(?:release|optimized)/.test(output)) ?? modules[0];
}

/** Modules that lie around, without those beside the one that a build makes. */
async function findModules(directory: string, built: string | undefined): Promise<string[]> {
  const buildFolder = built === undefined ? undefined : path.posix.dirname(built);
  const found: string[] = [];
  const search = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(path.join(directory, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const isSkipped =
          SKIPPED_FOLDERS.has(entry.name) || entry.name.startsWith('.') || name === buildFolder;
        if (!isSkipped && depth < MAX_DEPTH) await search(name, depth + 1);
      } else if (
        entry.isFile() &&
        entry.name.endsWith('.wasm') &&
        !SKIPPED_MODULES.has(entry.name) &&
        name !== built
      ) {
        found.push(name);
      }
    }
  };
  await search('', 1);
  return found.sort(compareBytes);
}

function packageFacts(name: unknown, version: unknown, description: unknown, authors: unknown): PackageFacts {
  const people = Array.isArray(authors) ? authors.flatMap((author) => text(author) ?? []) : [];
  const [named, versioned, described] = [text(name), text(version), text(description)];
  return {
    ...(named !== undefined && { name: named }),
    ...(versioned !== undefined && { version: versioned }),
    ...(described !== undefined && { description: described }),
    ...(people.length > 0 && { authors: people }),
  };
}

function person({ name, email }: Record<string, unknown>): string | undefined {
  const [called, mail] = [text(name), text(email)];
  return called !== undefined && mail !== undefined ? `${called} <${mail}>` : (called ?? mail);
}

async function readToml(file: string): Promise<Record<string, unknown> | undefined> {
  return readAs(file, (source) => parse(source.replaceAll('\r\n', '\n')));
}

async function readJson(file: string): Promise<unknown> {
  return readAs(file, (source) => JSON.parse(source) as unknown);
}

async function readAs<T>(file: string, read: (source: string) => T): Promise<T | undefined> {
  try {
    return read((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function isKind(directory: string, name: string, kind: 'file' | 'folder'): Promise<boolean> {
  const stats = await stat(path.join(directory, name)).catch(() => undefined);
  return (kind === 'file' ? stats?.isFile() : stats?.isDirectory()) ?? false;
}
