// Files that look like secrets and that a pattern would publish unasked.

import { closeSync, open, read } from 'node:fs';
import type { Expansion } from './expand.ts';
import { shortList, type Problem } from './problem.ts';
import type { LocalFile } from './project.ts';
import { mapLimited } from './map-limited.ts';

/** Names of this product's own files with private keys. `*` stands for any text; case does not count. */
export const OWN_KEY_FILES: readonly string[] = ['secret_keys.toml', 'signing-keys.toml', '*.secret.toml'];

/** Names of files, in any folder. */
const SECRET_NAMES: readonly string[] = [
  '.env*',
  '.npmrc',
  '.netrc',
  'id_*',
  '*.pem',
  '*.key',
  '*.p12',
  ...OWN_KEY_FILES,
];
const SECRET_NAME = new RegExp(
  `^(?:${SECRET_NAMES.map((name) => name.replaceAll('.', '\\.').replaceAll('*', '.*')).join('|')})$`,
  'is',
);

/**
 * How much of a file is searched for a private key, in bytes. Files of keys are smaller by far; a key further
 * down in a larger file is not found, which keeps the search cheap beside the hashing.
 */
const HEAD = 64 * 1024;
/** Files read at once. */
const CONCURRENCY = 16;

/**
 * Not the constant `'-----BEGIN PRIVATE KEY-----'` of a program that reads keys: there a quote or a placeholder
 * follows, at most a line break before it, and no long run of Base64.
 */
const PRIVATE_KEY =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:(?!(?:\\r)?(?:\\n)?(?:["'`]|\$\{))|[^]{0,100}?[A-Za-z0-9+/=]{40})/;

/**
 * An error for each pattern that matches what looks like a secret, by its name or by a private key in its text.
 * What is named literally anywhere in the manifest, or in `allow`, is meant.
 * @param allow names relative to the project
 * @throws the signal's reason
 */
export async function findSecrets(
  expansion: Expansion,
  allow: readonly string[] = [],
  signal?: AbortSignal,
): Promise<Problem[]> {
  const patterns = expansion.entries.flatMap((entry) => entry.patterns);
  const meant = new Set(allow.map(plainName));
  for (const { module } of expansion.entries) if (module) meant.add(module.name);
  for (const { literal, files } of patterns) if (literal) for (const { name } of files) meant.add(name);

  const suspects = new Map<string, LocalFile>();
  for (const { literal, files } of patterns)
    if (!literal) for (const file of files) if (!meant.has(file.name)) suspects.set(file.name, file);
  const secret = new Set<string>();
  // Buffers that no file is being read into.
  const idle: Buffer[] = [];
  await mapLimited([...suspects.values()], CONCURRENCY, signal, async (file) => {
    if (hasSecretName(file.name) || (await holdsPrivateKey(file.path, idle))) secret.add(file.name);
  });

  const problems: Problem[] = [];
  for (const { item, literal, files } of patterns) {
    const found = literal ? [] : files.map(({ name }) => name).filter((name) => secret.has(name));
    if (found.length === 0) continue;
    const [first = ''] = found;
    const message = `The pattern ${item.text} would publish what looks like a secret: ${shortList(found)}; narrow the pattern, or allow each with --allow ${first}`;
    problems.push({ code: 'secret', severity: 'error', message, range: item.range, files: found });
  }
  return problems;
}

/** True if a file of this name, relative to the project with `/`, usually holds a secret. */
export function hasSecretName(name: string): boolean {
  const folders = name.split('/');
  const base = folders.pop() ?? '';
  return SECRET_NAME.test(base) || folders.some((folder) => folder.toLowerCase() === '.git');
}

function plainName(name: string): string {
  return name.replaceAll('\\', '/').replace(/^(?:\.\/+)+/, '');
}

/** What cannot be read is no secret yet: the hashing will say that it cannot be read. */
async function holdsPrivateKey(file: string, idle: Buffer[]): Promise<boolean> {
  const buffer = idle.pop() ?? Buffer.allocUnsafe(HEAD);
  const bytes = await readHead(file, buffer).catch(() => 0);
  const found = isPrivateKey(buffer.subarray(0, bytes));
  idle.push(buffer);
  return found;
}

/** Bytes read. By callbacks, since file handles take three times as long and there may be thousands of files. */
function readHead(file: string, buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    open(file, (openError, descriptor) => {
      if (openError) reject(openError);
      else
        read(descriptor, buffer, 0, buffer.length, 0, (readError, bytes) => {
          closeSync(descriptor);
          if (readError) reject(readError);
          else resolve(bytes);
        });
    });
  });
}

function isPrivateKey(head: Buffer): boolean {
  const isUtf16 = head[0] === 0xff && head[1] === 0xfe;
  // Programs hold such headers too; text holds no NUL.
  if (!isUtf16 && head.includes(0)) return false;
  if (!isUtf16 && !head.includes('PRIVATE KEY')) return false;
  return PRIVATE_KEY.test(head.toString(isUtf16 ? 'utf16le' : 'latin1'));
}
