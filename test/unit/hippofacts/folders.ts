// Temporary projects for tests; all are removed when the file's tests have run.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { collect, type CollectOptions, type Digest } from '../../../src/hippofacts/collect.ts';
import type { Collection } from '../../../src/hippofacts/collection.ts';

const made: string[] = [];

afterAll(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A new folder with these files; a value `-> target` makes a link, a name that ends in `/` an empty folder. */
export async function makeFolder(files: Record<string, string> = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'hippofacts-')));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (name.endsWith('/')) continue;
    if (content.startsWith('-> ')) await symlink(content.slice(3), file);
    else await writeFile(file, content);
  }
  return folder;
}

export async function hashFile(file: string): Promise<Digest> {
  const content = await readFile(file);
  return { sha256: createHash('sha256').update(content).digest('hex'), size: content.length };
}

export function collectIn(
  directory: string,
  text: string,
  options: Partial<CollectOptions> = {},
): Promise<Collection> {
  return collect(text, { directory, hash: hashFile, ...options });
}

/** A manifest with one handler, `m.wasm`, and these patterns. */
export function manifestWith(...files: string[]): string {
  return `[bindle]\nname = "x"\nversion = "1.0.0"\n\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ${JSON.stringify(files)}\n`;
}
