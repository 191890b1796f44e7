// One redis-server process: started when it is needed, found again after the broker's death, watched, and ended.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { BrokerFailure } from '../kit/failure.ts';
import { faultPoint } from '../kit/faults.ts';
import { isFree } from '../kit/free-port.ts';
import { isAlive, programEnvironment } from '../kit/run-program.ts';
import { writePrivateFile } from '../kit/secrets.ts';
import { serial } from '../kit/serial.ts';
import { asUser, type SystemUser } from '../kit/server-place.ts';

const HOST = '127.0.0.1';
const ADMIN = 'hippo';
const MB = 1024 * 1024;
/** Connections beside those of the plan: the broker's own. */
const SPARE_CONNECTIONS = 16;
/** Milliseconds. */
const CONNECT_TIME = 5000;
const START_TIME = 30_000;
const STOP_TIME = 10_000;
const ANSWER_TIME = 3000;
/** A script that takes longer lets the server answer BUSY. */
const SCRIPT_TIME = 1000;

/** All but running the server; what is dangerous only to oneself is allowed. */
const RIGHTS = [
  ...['~*', '&*', '+@all', '-@admin', '-@dangerous', '-acl', '-script|kill', '-function|kill'],
  ...['+keys', '+flushall', '+flushdb', '+sort', '+info', '+acl|whoami'],
];

type Client = ReturnType<typeof adminClient>;

export interface Limits {
  maxMemory: number;
  maxConnections: number;
  eviction: string;
}

export interface RedisOptions {
  program: () => Promise<string>;
  /** Its data's. */
  directory: string;
  user: SystemUser | undefined;
  /** Behind the broker's own. It stays the same, so that there are never two of them on the same data. */
  port: number;
  adminPassword: string;
  limits: () => Limits;
  log: (text: string) => void;
}

export class RedisServer {
  readonly #options: RedisOptions;
  readonly #inTurn = serial();
  #client: Client | undefined;
  #lastUsed = Date.now();

  constructor(options: RedisOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#options.port;
  }

  /** Milliseconds since somebody used it. */
  get unusedFor(): number {
    return Date.now() - this.#lastUsed;
  }

  use(): void {
    this.#lastUsed = Date.now();
  }

  /** Its folder, and the file with its users: the broker alone. */
  prepare(): void {
    const { directory, user, adminPassword } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = this.#usersFile();
    if (!existsSync(file))
      writePrivateFile(
        file,
        `user default off nopass -@all\nuser ${ADMIN} on ${hashed(adminPassword)} ~* &* +@all\n`,
      );
    if (user) for (const path of [directory, file]) chownSync(path, user.uid, user.gid);
  }

  /** It runs, and answers us, when this resolves. @throws BrokerFailure */
  ready(): Promise<void> {
    this.use();
    return this.#inTurn(async () => {
      await this.#start();
    });
  }

  /** A user with that password; the same again is no error. */
  async addUser(name: string, password: string): Promise<void> {
    this.use();
    await this.#command('ACL', 'SETUSER', name, 'reset', 'on', hashed(password), ...RIGHTS);
    faultPoint('bind.user');
    await this.#command('ACL', 'SAVE');
    faultPoint('bind.saved');
  }

  /** Its connections end with it. */
  async removeUser(name: string): Promise<void> {
    this.use();
    await this.#command('ACL', 'DELUSER', name);
    faultPoint('unbind.user');
    await this.#command('ACL', 'SAVE');
    faultPoint('unbind.saved');
  }

  /** Limits that have changed; a server that does not run is started with them. */
  async applyLimits(): Promise<void> {
    if (!(await this.isRunning())) return;
    const { maxMemory, maxConnections, eviction } = this.#options.limits();
    await this.#command(
      ...['CONFIG', 'SET', 'maxmemory', String(maxMemory), 'maxmemory-policy', eviction],
      ...['maxclients', String(maxConnections + SPARE_CONNECTIONS)],
    );
  }

  /** Bytes that keys and values take; it is started for that if need be. */
  async usedMemory(): Promise<number> {
    const info = String(await this.#command('INFO', 'memory'));
    const value = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    // What is counted against maxmemory.
    return Math.max(0, value('used_memory') - value('mem_not_counted_for_evict'));
  }

  /** Also one that an earlier broker started. */
  isRunning(): Promise<boolean> {
    return this.#inTurn(async () => (await this.#connect()) !== undefined);
  }

  /** Ends a script that takes too long, or the server if it cannot be ended; and one that takes too much memory. */
  async watch(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const { log, directory, limits } = this.#options;
    const problem = await answer(client, ['PING']).then(
      () => undefined,
      (error: Error) => error.message,
    );
    const isBusy = problem?.startsWith('BUSY') ?? false;
    if (isBusy) {
      const refusal = await answer(client, ['SCRIPT', 'KILL']).then(
        () => undefined,
        (error: Error) => error.message,
      );
      log(`${directory}: a script took too long`);
      if (refusal === undefined || refusal.startsWith('NOTBUSY')) return;
    }
    const isTooLarge = this.#residentMemory() > limits().maxMemory * 2 + 128 * MB;
    if (isTooLarge) log(`${directory}: it took too much memory`);
    if (isBusy || isTooLarge) this.#kill();
  }

  /** Stops it until it is used again; one that sleeps already is left alone. */
  async sleep(): Promise<void> {
    if (this.#client) await this.stop();
  }

  /** What it holds is on disk when this resolves. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      const client = await this.#connect();
      if (!client) return;
      await answer(client, ['SHUTDOWN', 'NOW', 'FORCE'], STOP_TIME).catch(() => undefined);
      this.#forget();
      if (!(await this.#hasEnded(STOP_TIME))) {
        this.#kill();
        await this.#hasEnded(STOP_TIME);
      }
    });
  }

  /** Ends it, and removes what it holds. */
  async remove(): Promise<void> {
    await this.stop();
    faultPoint('deprovision.stopped');
    rmSync(this.#options.directory, { recursive: true, force: true, maxRetries: 5 });
    faultPoint('deprovision.removed');
  }

  async #command(...words: string[]): Promise<unknown> {
    const client = await this.#inTurn(() => this.#start());
    return answer(client, words);
  }

  async #start(): Promise<Client> {
    const running = await this.#connect();
    if (running) return running;
    const { program, directory, user, port, log } = this.#options;
    const path = await program();
    if (!(await isFree(port))) throw portTaken(port);
    this.prepare();
    const output = openSync(join(directory, 'server.log'), 'a', 0o600);
    if (user) chownSync(join(directory, 'server.log'), user.uid, user.gid);
    const child = spawn(path, ['-'], {
      cwd: directory,
      ...asUser(user),
      env: programEnvironment(),
      // Not in the group that Ctrl-C ends: the broker ends it, after what is under way.
      detached: true,
      stdio: ['pipe', output, output],
      windowsHide: true,
    });
    closeSync(output);
    let over: string | undefined;
    child.once('error', (error) => (over = error.message));
    child.once('exit', (code, signal) => (over ??= `it ended with ${code ?? signal}`));
    child.stdin?.on('error', () => undefined).end(this.#settings());
    child.unref();
    faultPoint('server.spawned');
    for (const deadline = Date.now() + START_TIME; Date.now() < deadline; await delay(10)) {
      const client = await this.#connect();
      if (client) return client;
      if (over !== undefined) break;
    }
    log(`redis-server for port ${port} did not start: ${over ?? 'it does not answer'}`);
    throw new BrokerFailure(500, 'ServerUnavailable', 'The Redis server did not start.');
  }

  /**
   * A client of the server that runs; undefined if none does. Nobody else is told the password: another program may
   * have the port while it does not run.
   */
  async #connect(): Promise<Client | undefined> {
    if (this.#client?.isReady) return this.#client;
    this.#forget();
    if (!isAlive(this.#pid())) return undefined;
    const client = adminClient(this.#options);
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined;
    });
    try {
      await client.connect();
      // It is loading its data.
      for (const deadline = Date.now() + START_TIME; Date.now() < deadline; await delay(10)) {
        const problem = await answer(client, ['PING']).then(
          () => '',
          (error: Error) => error.message,
        );
        if (!problem.startsWith('LOADING')) break;
      }
      this.#client = client;
      return client;
    } catch {
      client.destroy();
      return undefined;
    }
  }

  #forget(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client?.isOpen) client.destroy();
  }

  #kill(): void {
    const pid = this.#pid();
    this.#forget();
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }

  async #hasEnded(patience: number): Promise<boolean> {
    for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(10))
      if (!existsSync(this.#pidFile()) || !isAlive(this.#pid())) return true;
    return false;
  }

  #pid(): number | undefined {
    try {
      return Number(readFileSync(this.#pidFile(), 'utf8')) || undefined;
    } catch {
      return undefined;
    }
  }

  /** Bytes; 0 where the system does not tell. */
  #residentMemory(): number {
    try {
      const [, kilobytes] =
        /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.#pid()}/status`, 'utf8')) ?? [];
      return Number(kilobytes) * 1024;
    } catch {
      return 0;
    }
  }

  #usersFile(): string {
    return join(this.#options.directory, 'users.acl');
  }

  #pidFile(): string {
    return join(this.#options.directory, 'server.pid');
  }

  /** By standard input: neither arguments nor a file hold them. */
  #settings(): string {
    const { directory, port, limits } = this.#options;
    const { maxMemory, maxConnections, eviction } = limits();
    const settings: Record<string, string | number> = {
      bind: HOST,
      port,
      dir: JSON.stringify(directory),
      aclfile: JSON.stringify(this.#usersFile()),
      pidfile: JSON.stringify(this.#pidFile()),
      daemonize: 'no',
      loglevel: 'warning',
      appendonly: 'yes',
      appendfsync: 'everysec',
      'auto-aof-rewrite-min-size': '4mb',
      save: '""',
      maxmemory: maxMemory,
      'maxmemory-policy': eviction,
      'maxmemory-clients': '50%',
      maxclients: maxConnections + SPARE_CONNECTIONS,
      'proto-max-bulk-len': '64mb',
      'busy-reply-threshold': SCRIPT_TIME,
      'tcp-keepalive': 60,
    };
    return Object.entries(settings)
      .map(([key, value]) => `${key} ${value}\n`)
      .join('');
  }
}

/** Of this machine's own programs, one has taken a port that is an add-on's. */
export function portTaken(port: number): BrokerFailure {
  return new BrokerFailure(
    500,
    'ServerUnavailable',
    `Another program has taken port ${port} of this add-on: end it. The add-on is then there again by itself.`,
  );
}

function adminClient({ port, adminPassword }: RedisOptions) {
  return createClient({
    username: ADMIN,
    password: adminPassword,
    socket: { host: HOST, port, reconnectStrategy: false, connectTimeout: CONNECT_TIME },
    disableClientInfo: true,
  });
}

/** @throws Error with the server's words, or if it does not answer */
async function answer(client: Client, words: string[], patience = ANSWER_TIME): Promise<unknown> {
  return client.sendCommand(words, { abortSignal: AbortSignal.timeout(patience) });
}

function hashed(password: string): string {
  return `#${createHash('sha256').update(password).digest('hex')}`;
}
