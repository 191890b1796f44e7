// Finds the program redis-server, or one that is the same under another name.

import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join, parse } from 'node:path';
import type { Unavailable } from '../kit/definition.ts';
import { runProgram } from '../kit/run-program.ts';
import type { SystemUser } from '../kit/server-place.ts';

const NAMES = ['redis-server', 'valkey-server'].map((name) =>
  process.platform === 'win32' ? `${name}.exe` : name,
);
/** Users and their rights are from 6.0 on, sub-commands in them from 7.0. */
const OLDEST = 7;

/** The first that is new enough and that its user may run. */
export async function findRedis(user: SystemUser | undefined): Promise<string | undefined> {
  for (const folder of folders())
    for (const program of NAMES.map((name) => join(folder, name)))
      if (existsSync(program) && (await isUsable(program, user))) return program;
  return undefined;
}

export function missingRedis(): Unavailable {
  const reason = `Redis ${OLDEST} or later is not on this machine.`;
  if (process.platform === 'win32') return { reason: `${reason} There is none for Windows.` };
  return {
    reason,
    command: process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server',
  };
}

async function isUsable(program: string, user: SystemUser | undefined): Promise<boolean> {
  // Every user can reach the root.
  const cwd = parse(process.execPath).root;
  const { code, output } = await runProgram(program, ['--version'], { cwd, user });
  return code === 0 && Number(/v=(\d+)/.exec(output)?.[1]) >= OLDEST;
}

function folders(): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const homebrew = ['/opt/homebrew/opt', '/usr/local/opt'].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => /^(redis|valkey)(@|$)/.test(name))
          .map((name) => join(folder, name, 'bin'))
      : [],
  );
  return [...path, '/usr/bin', '/usr/local/bin', ...homebrew];
}
