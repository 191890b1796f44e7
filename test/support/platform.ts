// Runs the built platform as a front door would.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../dist/platform.cjs', import.meta.url));

export interface Ready {
  hippoUrl: string;
  bindleUrl: string;
  dataDir: string;
  tokenFile: string;
  pid: number;
}

export interface RunningPlatform {
  ready: Ready;
  /** Of the owner of the machine, for both APIs. */
  token: string;
  child: ChildProcess;
  /** What it has written to stderr so far. */
  stderr: () => string;
  /** Asks it to stop; the exit code. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

export interface FailedPlatform {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Starts it and waits for its line; a failed start is an answer too. */
export async function startPlatform(...args: string[]): Promise<RunningPlatform | FailedPlatform> {
  const child = spawn(process.execPath, [program, '--ready-json', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // It must leave no note in the real home.
    env: { ...process.env, HIPPO_HOME: process.env['HIPPO_HOME'] ?? join(tmpdir(), 'hippo-test-home') },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close') as Promise<[number | null]>;
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line') as Promise<[string]>,
    ended.then(() => undefined),
  ]);
  if (line === undefined) return { code: (await ended)[0], stdout: '', stderr };
  const ready = JSON.parse(line[0]) as Ready;
  return {
    ready,
    token: readFileSync(ready.tokenFile, 'utf8').trim(),
    child,
    stderr: () => stderr,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return (await ended)[0];
    },
  };
}

/** The same for a start that has to succeed. */
export async function startedPlatform(...args: string[]): Promise<RunningPlatform> {
  const platform = await startPlatform(...args);
  if ('ready' in platform) return platform;
  throw new Error(`The platform did not start: ${platform.stderr}`);
}

export interface Page {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

/** A request with headers of any kind, `host` among them, which `fetch` does not send. */
export function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Page> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const { port, pathname, search } = new URL(url);
    const sent = request(
      { host: '127.0.0.1', port, path: pathname + search, method, headers },
      (response) => {
        response
          .setEncoding('utf8')
          .toArray()
          .then((chunks: string[]) =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text: chunks.join('') }),
          )
          .catch(reject);
      },
    );
    sent.on('error', reject).end(body);
  });
}
