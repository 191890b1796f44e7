// Runs the built brokers, and talks Open Service Broker to them.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ClientConfig } from 'pg';
import { SecretKey } from '../../src/platform/brokers/kit/secrets.ts';

/** Looked at without ceremony: what is not there fails the test. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Reply {
  status: number;
  headers: Headers;
  /** Of JSON; undefined where it is none. */
  body: Json;
  text: string;
}

export interface RequestOptions {
  body?: unknown;
  /** The headers that every request needs are added where they are not given. */
  headers?: Record<string, string>;
  /** Instead of the broker's own; null for none. */
  credentials?: Credentials | null;
}

export interface Credentials {
  username: string;
  password: string;
}

export class BrokerClient {
  readonly url: string;
  readonly credentials: Credentials;

  constructor(url: string, credentials: Credentials) {
    this.url = url;
    this.credentials = credentials;
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
    const credentials = options.credentials === undefined ? this.credentials : options.credentials;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        'x-broker-api-version': '2.17',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(credentials ? { authorization: basic(credentials) } : {}),
        ...options.headers,
      },
      ...(options.body === undefined
        ? {}
        : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
    });
    const text = await response.text();
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = undefined;
    }
    return { status: response.status, headers: response.headers, body, text };
  }

  /** The same until it is over, if it was accepted with 202; the last operation's state, or the first reply's. */
  async settled(path: string, query: string, reply: Reply): Promise<string> {
    if (reply.status !== 202) return reply.status < 300 ? 'succeeded' : `status ${reply.status}`;
    const operation = encodeURIComponent(reply.body.operation);
    for (;;) {
      const poll = await this.request('GET', `${path}/last_operation?${query}&operation=${operation}`);
      if (poll.status !== 200) return `status ${poll.status}`;
      if (poll.body.state !== 'in progress') return poll.body.state;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export interface RunningBroker {
  client: BrokerClient;
  child: ChildProcess;
  directory: string;
  /** What it has written to stderr so far. */
  stderr: () => string;
  /** Asks it to stop, or kills it; resolves when it has ended. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
}

/** @param fault where it dies as by kill -9 */
export async function startBroker(
  name: string,
  directory: string,
  { fault, args = [] }: { fault?: string; args?: string[] } = {},
): Promise<RunningBroker> {
  const program = fileURLToPath(new URL(`../../dist/broker-${name}.cjs`, import.meta.url));
  const child = spawn(
    process.execPath,
    [program, '--data', directory, '--ready-json', '--until-stdin-ends', ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'test', ...(fault === undefined ? {} : { HIPPO_FAULT: fault }) },
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line') as Promise<[string]>,
    ended.then(() => undefined),
  ]);
  if (!line) throw new Error(`The broker did not start: ${stderr}`);
  const { url, credentialsFile } = JSON.parse(line[0]) as { url: string; credentialsFile: string };
  const credentials = JSON.parse(readFileSync(credentialsFile, 'utf8')) as Credentials;
  return {
    client: new BrokerClient(url, credentials),
    child,
    directory,
    stderr: () => stderr,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
}

/** Which of the servers this machine has; what lacks is named by the tests that are left out. */
export function hasServer(name: string): boolean {
  if (name === 'sqlite') return true;
  if (name === 'redis') return spawnSync('redis-server', ['--version']).status === 0;
  return existsSync('/usr/lib/postgresql') || spawnSync('postgres', ['--version']).status === 0;
}

/** How the superuser of a PostgreSQL broker's own server signs in. */
export function postgresAdmin(directory: string): ClientConfig {
  const note = JSON.parse(readFileSync(join(directory, 'server.json'), 'utf8')) as {
    port: number;
    password: string;
  };
  return {
    host: '127.0.0.1',
    port: note.port,
    user: 'hippo_admin',
    password: SecretKey.open(join(directory, 'key')).unseal(note.password),
    database: 'postgres',
  };
}
