// Rust that compiles to WebAssembly: what the PATH has, else Debian's.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installScript, withPath } from './programs.ts';

/** Debian 12 has Rust 1.63, which knows the target by its old name only. */
const NAMES = ['wasm32-wasip1', 'wasm32-wasi'];
const DEBIANS = '/usr/bin';

/**
 * The variables for a `cargo` that builds for `wasm32-wasip1`.
 * @param folder for a program of ours, if one is needed
 * @throws if no Rust here has that target
 */
export function rustEnv(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  for (const place of [undefined, DEBIANS])
    for (const name of NAMES) {
      const found = place === undefined ? env : withPath(env, place);
      if (!hasTarget(name, found)) continue;
      if (name === 'wasm32-wasip1') return found;
      const compiler = execFileSync('which', ['rustc'], { env: found, encoding: 'utf8' }).trim();
      // What is built still lies where the template looks for it.
      const lines = `for arg; do shift; [ "$arg" = wasm32-wasip1 ] && arg=${name}; set -- "$@" "$arg"; done\nexec ${compiler} "$@"`;
      return { ...found, RUSTC: installScript(join(folder, 'rustc'), 'rustc', lines) };
    }
  throw new Error('No Rust here compiles to wasm32-wasip1.');
}

function hasTarget(target: string, env: NodeJS.ProcessEnv): boolean {
  try {
    const args = ['--print', 'target-libdir', '--target', target];
    const options = { env, encoding: 'utf8', stdio: 'pipe' } as const;
    return existsSync(execFileSync('rustc', args, options).trim());
  } catch {
    return false;
  }
}
