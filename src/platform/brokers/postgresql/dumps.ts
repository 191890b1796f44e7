// Dumps of databases that were removed, kept for some days.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultPoint } from '../kit/faults.ts';
import { runProgram } from '../kit/run-program.ts';
import type { Server } from './server.ts';

const DAY = 86_400_000;
const TIME_LIMIT = 10 * 60_000;

/**
 * Writes one (pg_dump, custom format) to `folder`.
 * @returns why there is none, if so
 */
export async function dump(server: Server, database: string, folder: string): Promise<string | undefined> {
  const program = await server.program('pg_dump');
  if (program === undefined) return 'pg_dump is not on this machine';
  const file = join(folder, `${database}.dump`);
  if (existsSync(file)) return undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { host, port, user, password } = server.address();
  const unfinished = `${file}.part`;
  const passwordFile = join(folder, `${database}.pgpass`);
  const escaped = (text: string): string => text.replaceAll(/[\\:]/g, '\\$&');
  writeFileSync(
    passwordFile,
    `${escaped(host)}:${port}:${database}:${escaped(user)}:${escaped(password)}\n`,
    {
      mode: 0o600,
    },
  );
  try {
    const { code } = await runProgram(
      program,
      [
        ...['--format=custom', '--no-owner', '--no-privileges', '--no-password', '--lock-wait-timeout=10s'],
        ...['-h', host, '-p', String(port), '-U', user, '-f', unfinished, database],
      ],
      { cwd: folder, environment: { PGPASSFILE: passwordFile }, timeLimit: TIME_LIMIT },
    );
    faultPoint('deprovision.dump');
    if (code !== 0) return `pg_dump ended with ${code}`;
    renameSync(unfinished, file);
    return undefined;
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(passwordFile, { force: true });
  }
}

/** Removes those that are older, and what was left unfinished. */
export function removeOldDumps(folder: string, days: number, now: number): void {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder).map((each) => join(folder, each))) {
    const unfinished = !file.endsWith('.dump');
    if (unfinished || statSync(file).mtimeMs < now - days * DAY) rmSync(file, { force: true });
  }
}
