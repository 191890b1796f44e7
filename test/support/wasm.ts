// Small WASI modules for tests, compiled from AssemblyScript in memory.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param source AssemblyScript; what it exports the module exports, what stands outside of functions is `_start`
 */
export async function compile(source: string, ...options: string[]): Promise<Buffer> {
  let module: Buffer | undefined;
  let problems = '';
  const { error } = await asc.main(
    [
      'module.ts',
      '--config',
      'node_modules/@assemblyscript/wasi-shim/asconfig.json',
      '--outFile',
      'module.wasm',
      ...options,
    ],
    {
      readFile: (name, base) => (name === 'module.ts' ? source : read(resolve(root, base, name))),
      stderr: { write: (text) => void (problems += String(text)) },
      writeFile: (_, content) => void (module = Buffer.from(content)),
      listFiles: (folder, base) => list(resolve(root, base, folder)),
    },
  );
  if (error || !module) throw new Error(`The module does not compile: ${problems}`);
  return module;
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /(?<!\.d)\.ts$/.test(name)) : [];
}
