// Runs the built command as a user would.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Called with the running process, for signals. */
  onStart?: (child: ChildProcess) => void;
}

const program = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/** The variables of a user who has none of ours set; HIPPO_HOME keeps keys and state out of the real home. */
export function cleanEnv(home: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([key]) => !/^(BINDLE|HIPPO|NODE_OPTIONS|VITEST|CI$|GITHUB|.*_PROXY$|.*_proxy$)/.test(key),
  );
  return { ...Object.fromEntries(inherited), HIPPO_HOME: home, USER: 'ana', ...more };
}

export async function hippo(args: string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  options.onStart?.(child);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code: code ?? -1, stdout, stderr };
}
