// A .env with a part of ours in it: nothing that others wrote is changed.

import { execFile } from 'node:child_process';
import { chmod, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Variable } from '../hippo/api.ts';

export interface WrittenEnv {
  /** Names in our part now. */
  written: string[];
  /** Names that stand elsewhere in the file, and were left as they are. */
  kept: string[];
  /** Names that were in our part and are there no more. */
  removed: string[];
  /** The file was there before, and not for its owner alone (never on Windows, where folders decide). */
  exposed: boolean;
}

const BEGIN = '# --- begin: hippo addons env';
const END = '# --- end: hippo addons env ---';

/**
 * Puts variables into the part of a file that is ours, which is made at its end where there is none. The file is
 * replaced as a whole, and one that is new can be read by its owner alone.
 * @param place whose variables they are, such as `shop:production`
 */
export async function writeEnvBlock(
  file: string,
  place: string,
  variables: readonly Variable[],
): Promise<WrittenEnv> {
  const before = await readIfThere(file);
  const { head, block, tail } = split(before ?? '');
  const others = new Set([...keysOf(head), ...keysOf(tail)]);
  const ours = variables.filter(({ key }) => !others.has(key));
  const written = ours.map(({ key }) => key);
  const kept = variables.filter(({ key }) => others.has(key)).map(({ key }) => key);
  const removed = keysOf(block).filter((key) => !written.includes(key));
  const lines = ours.map(({ key, value }) => `${key}=${quoted(value)}`);
  const part =
    lines.length === 0
      ? ''
      : [`${BEGIN} (${place}); it rewrites these lines ---`, ...lines, END, ''].join('\n');
  const gap = head === '' || head.endsWith('\n') || part === '' ? '' : '\n';
  const after = head + gap + part + tail;
  if (after !== (before ?? '')) await replace(file, after);
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0;
  const exposed = process.platform !== 'win32' && before !== undefined && part !== '' && (mode & 0o077) !== 0;
  return { written, kept, removed, exposed };
}

/** Adds the file's name to the .gitignore beside it; undefined if a line there covers it already. */
export async function ignoreByGit(file: string): Promise<{ file: string; line: string } | undefined> {
  const name = basename(file);
  const ignore = join(dirname(file), '.gitignore');
  const text = (await readIfThere(ignore)) ?? '';
  const covers = new Set([
    name,
    `/${name}`,
    `**/${name}`,
    ...(name.startsWith('.env') ? ['.env*', '/.env*'] : []),
  ]);
  if (text.split(/\r?\n/).some((line) => covers.has(line.trim()))) return undefined;
  await writeFile(ignore, `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${name}\n`);
  return { file: ignore, line: name };
}

/** True if git has the file already: no .gitignore keeps it from what is committed. */
export async function isTrackedByGit(file: string): Promise<boolean> {
  const args = ['-C', dirname(file), 'ls-files', '--error-unmatch', '--', `:(literal)${basename(file)}`];
  // Not in the folder at hand: on Windows, a program that lies there would be taken for Git.
  return promisify(execFile)('git', args, { cwd: homedir(), timeout: 5000, windowsHide: true }).then(
    () => true,
    () => false,
  );
}

/** The text before our part, our part, and what follows it. */
function split(text: string): { head: string; block: string; tail: string } {
  const begin = text.search(new RegExp(`^${BEGIN}`, 'm'));
  const end = begin === -1 ? -1 : text.indexOf(END, begin);
  // Half a part is nobody's: what stands below its beginning may be somebody's own.
  if (end === -1) return { head: text, block: '', tail: '' };
  const after = end + END.length;
  const next = /^\r?\n/.exec(text.slice(after))?.[0].length ?? 0;
  return { head: text.slice(0, begin), block: text.slice(begin, after), tail: text.slice(after + next) };
}

function keysOf(text: string): string[] {
  return [...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=/gm)].map(
    ([, key = '']) => key,
  );
}

/** As shells and readers of .env files take it; those differ in what they do to texts without quotes. */
function quoted(value: string): string {
  if (/^[\w./:@%+,-]+$/.test(value)) return value;
  if (!/['\r\n]/.test(value)) return `'${value}'`;
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' };
  return `"${value.replace(/["\\$`]|[\r\n]/g, (character) => escapes[character] ?? `\\${character}`)}"`;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Never half of it, and never readable by more people than before. */
async function replace(named: string, text: string): Promise<void> {
  // Where a link leads to it, the link stays.
  const file = await realpath(named).catch(() => named);
  const known = await stat(file).catch(() => undefined);
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    if (known) await chmod(draft, known.mode & 0o777);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
