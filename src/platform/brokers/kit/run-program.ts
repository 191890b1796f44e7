// Programs of the system that run to their end: without a shell, and with nothing of our environment but what
// programs need to run at all.

import { spawn } from 'node:child_process';
import { asUser, type SystemUser } from './server-place.ts';

const PASSED_ON = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SYSTEMROOT', 'WINDIR', 'TEMP', 'TMP', 'LD_LIBRARY_PATH'];
const MAX_OUTPUT = 16 * 1024;

export interface RunOptions {
  /** Where it runs; one that its user can reach. */
  cwd: string;
  user?: SystemUser | undefined;
  environment?: Readonly<Record<string, string>>;
  /** Milliseconds after which it is killed. */
  timeLimit?: number;
}

/** Exit code (-1 if it could not be run, or was killed) and the end of what it wrote. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, user, environment = {}, timeLimit = 60_000 }: RunOptions,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, {
      cwd,
      ...asUser(user),
      env: programEnvironment(environment),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const patience = setTimeout(() => child.kill('SIGKILL'), timeLimit);
    const end = (code: number): void => {
      clearTimeout(patience);
      // A server that it started may hold its outputs open.
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, output: output.trim() });
    };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-MAX_OUTPUT)));
    child.once('error', (error) => {
      output += error.message;
      end(-1);
    });
    child.once('exit', (code) => setImmediate(() => end(code ?? -1)));
  });
}

export function programEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && PASSED_ON.includes(entry[0].toUpperCase()),
  );
  return { ...Object.fromEntries(own), ...more };
}

/** Whether a process of this number runs, whoever's it is. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
