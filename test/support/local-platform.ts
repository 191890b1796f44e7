// A local Hippo for a test, started as a user starts it: `hippo platform start -o json`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cleanEnv } from './cli.ts';

export interface LocalPlatform {
  hippoUrl: string;
  bindleUrl: string;
  dataDir: string;
  /** Of the platform itself, not of the command that started it. */
  pid: number;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

export async function startLocalPlatform(
  home: string,
  args: string[] = ['--ephemeral', '--port', '0'],
): Promise<LocalPlatform> {
  const child = spawn(process.execPath, [program, 'platform', 'start', '-o', 'json', ...args], {
    env: cleanEnv(home),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line') as Promise<[string]>,
    ended.then(() => Promise.reject(new Error('the platform did not start'))),
  ]);
  return {
    ...(JSON.parse(line[0]) as Omit<LocalPlatform, 'stop'>),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
