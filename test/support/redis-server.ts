// A real Redis for tests, on a free port of 127.0.0.1, never run by root. Undefined where this machine has none.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, serverUser } from './postgresql-server.ts';

export interface RealRedis {
  readonly uri: string;
  stop(): Promise<void>;
}

/** Undefined where this machine lacks it: `apt-get install -y redis-server`. */
export function redisProgram(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, 'redis-server'))
    .find((path) => existsSync(path));
}

/** @param settings lines of its configuration */
export async function startRedis(program: string, ...settings: string[]): Promise<RealRedis> {
  const user = serverUser('redis');
  const folder = mkdtempSync('/tmp/hippo-test-redis-');
  const password = randomBytes(12).toString('hex');
  const port = await freePort();
  const configuration = join(folder, 'redis.conf');
  writeFileSync(
    configuration,
    [
      'bind 127.0.0.1',
      `port ${port}`,
      `requirepass ${password}`,
      'save ""',
      `dir ${folder}`,
      ...settings,
    ].join('\n'),
  );
  if (user) for (const path of [folder, configuration]) chownSync(path, user.uid, user.gid);
  const server = spawn(program, [configuration], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    ...user,
  });
  const ended = once(server, 'exit');
  for await (const line of createInterface(server.stdout)) if (line.includes('Ready to accept')) break;
  server.stdout.resume();
  return {
    uri: `redis://default:${password}@127.0.0.1:${port}`,
    async stop() {
      server.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
