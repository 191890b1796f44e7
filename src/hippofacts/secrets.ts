// Files that look like secrets and that a pattern would publish unasked.

import { closeSync, open, read } from 'node:fs';
import type { Expansion } from './expand.ts';
import type { Item } from './parse.ts';
import { shortList, type Problem } from './problem.ts';
import type { LocalFile } from './project.ts';
import { mapLimited } from './map-limited.ts';

/** Names of this product's own files with private keys. `*` stands for any text; case does not count. */
const OWN_KEY_FILES: readonly string[] = [
  'secret_keys.toml',
  'signing-keys.toml',
  'host_key.toml',
  'owner-token',
  'hippo.db*',
  '*.secret.toml',
];

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
 * How much of a text is searched for a private key, in bytes: more than any bundle of a web app has. What has a
 * NUL in its first chunk is no text and is not read further, which keeps the search cheap beside the hashing.
 */
const SEARCHED = 32 * 1024 * 1024;
const CHUNK = 64 * 1024;
/** A header and what follows it fit in here, so none is cut by the end of a chunk. */
const OVERLAP = 512;
/** Files read at once. */
const CONCURRENCY = 16;

/**
 * Not the constant `'-----BEGIN PRIVATE KEY-----'` of a program that reads keys: there a quote or a placeholder
 * follows, at most a line break before it, and no long run of Base64.
 */
const PRIVATE_KEY =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:(?!(?:\\r)?(?:\\n)?(?:["'`]|\$\{))|[^]{0,100}?[A-Za-z0-9+/=]{40})/;

/** One item of `files`, and which of the files that it matches may be secrets. */
export interface SearchedPattern {
  readonly item: Item;
  readonly literal: boolean;
  readonly files: readonly { readonly name: string }[];
  /** Names. */
  readonly secrets: readonly string[];
}

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
  const modules = expansion.entries.flatMap(({ module }) => module ?? []);
  const meant = meantFiles(modules, patterns, allow);
  const suspects = new Map<string, LocalFile>();
  for (const { literal, files } of patterns)
    if (!literal) for (const file of files) if (!meant.has(file.name)) suspects.set(file.name, file);
  const secret = new Set<string>();
  const idle: Buffer[] = [];
  await mapLimited([...suspects.values()], CONCURRENCY, signal, async (file) => {
    if (await looksSecret(file, idle)) secret.add(file.name);
  });
  return secretProblems(
    modules,
    patterns.map((pattern) => ({
      ...pattern,
      secrets: pattern.files.map(({ name }) => name).filter((name) => secret.has(name)),
    })),
    allow,
  );
}

/** The same of files that have been searched: those that are not meant are left aside here. */
export function secretProblems(
  modules: readonly { readonly name: string }[],
  patterns: readonly SearchedPattern[],
  allow: readonly string[] = [],
): Problem[] {
  if (patterns.every(({ secrets }) => secrets.length === 0)) return [];
  const meant = meantFiles(modules, patterns, allow);
  return patterns.flatMap(({ item, literal, secrets }) => {
    const found = literal ? [] : secrets.filter((name) => !meant.has(name));
    const [first] = found;
    if (first === undefined) return [];
    const message = `The pattern ${item.text} would publish what looks like a secret: ${shortList(found)}; narrow the pattern, or allow each with --allow ${first}`;
    return { code: 'secret', severity: 'error', message, range: item.range, files: found };
  });
}

function meantFiles(
  modules: readonly { readonly name: string }[],
  patterns: readonly Omit<SearchedPattern, 'item' | 'secrets'>[],
  allow: readonly string[],
): Set<string> {
  const meant = new Set(allow.map(plainName));
  for (const { name } of modules) meant.add(name);
  for (const { literal, files } of patterns) if (literal) for (const { name } of files) meant.add(name);
  return meant;
}

/** By its name, or by a private key in its text. @param idle buffers that no file is being read into, for the next */
export async function looksSecret(file: LocalFile, idle: Buffer[]): Promise<boolean> {
  return (
    hasSecretName(file.name) || hasSecretName(file.linked ?? '') || (await holdsPrivateKey(file.path, idle))
  );
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
  const buffer = idle.pop() ?? Buffer.allocUnsafe(CHUNK);
  const found = await search(file, buffer).catch(() => false);
  idle.push(buffer);
  return found;
}

/** By callbacks, since file handles take three times as long and there may be thousands of files. */
function search(file: string, buffer: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    open(file, (openError, descriptor) => {
      if (openError) return reject(openError);
      const end = (found: boolean): void => {
        closeSync(descriptor);
        resolve(found);
      };
      let encoding: TextEncoding | undefined;
      /** @param kept bytes at the start of the buffer that are the end of the chunk before */
      const next = (position: number, kept: number): void =>
        read(descriptor, buffer, kept, CHUNK - kept, position, (readError, bytes) => {
          const chunk = buffer.subarray(0, kept + bytes);
          if (readError || bytes === 0) return end(false);
          encoding ??= encodingOf(chunk);
          if (encoding === undefined) return end(false);
          const last = chunk.length < CHUNK || position + bytes >= SEARCHED;
          if (holdsKey(chunk, encoding, last)) return end(true);
          if (last) return end(false);
          buffer.copyWithin(0, CHUNK - OVERLAP);
          next(position + bytes, OVERLAP);
        });
      next(0, 0);
    });
  });
}

type TextEncoding = 'utf16le' | 'latin1';

/** Undefined for what is no text: programs hold such headers too. */
function encodingOf(start: Buffer): TextEncoding | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf16le';
  return start.includes(0) ? undefined : 'latin1';
}

/** What follows a header decides: one near the end of a chunk is left to the next, which begins before it. */
function holdsKey(chunk: Buffer, encoding: TextEncoding, last: boolean): boolean {
  if (encoding === 'latin1' && !chunk.includes('PRIVATE KEY')) return false;
  const text = chunk.toString(encoding);
  const index = PRIVATE_KEY.exec(text)?.index;
  return index !== undefined && (last || index < text.length * (1 - OVERLAP / CHUNK));
}
