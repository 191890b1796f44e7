// Runs the brokers that ship as child processes: started when they are needed, started again when they die, and
// ended by the end of their standard input.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrokerAddress } from './broker-client.ts';

export interface ShippedBrokersOptions {
  /** Name → its program. */
  readonly programs: ReadonlyMap<string, URL>;
  /** Each broker has a folder of its own name in it. */
  readonly directory: string;
  /** One was started that had died, or at another address. */
  readonly started: (name: string) => void;
  /** Whether something of it is there, so that it has to run. */
  readonly needed: (name: string) => boolean;
  readonly report: (error: unknown) => void;
}

export interface ShippedBrokers {
  readonly names: readonly string[];
  /** Resolves when it answers. @throws if it does not start */
  start(name: string): Promise<BrokerAddress>;
  /** Undefined if it does not run now. */
  address(name: string): BrokerAddress | undefined;
  /** Ends them all. */
  close(): Promise<void>;
}

/** Milliseconds in which one has to say that it is ready. */
const START_TIME = 60_000;
/** Milliseconds that one gets to end by itself. */
const PATIENCE = 8000;
/** Milliseconds until one that died is started again, doubled with each time. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 30_000;
/** Milliseconds after which one that nobody needs ends. */
const IDLE = 300_000;
/** One that has run for so long starts anew with the first pause. */
const STEADY = 60_000;

interface Running {
  readonly child: ChildProcess;
  readonly address: Promise<BrokerAddress>;
  ready: BrokerAddress | undefined;
  idle: NodeJS.Timeout | undefined;
  readonly since: number;
}

export function createShippedBrokers(options: ShippedBrokersOptions): ShippedBrokers {
  const running = new Map<string, Running>();
  const pauses = new Map<string, { until: number; length: number }>();
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;

  function start(name: string): Promise<BrokerAddress> {
    const known = running.get(name);
    if (known) {
      rest(name);
      return known.address;
    }
    if (closed) return Promise.reject(new Error('The platform is about to stop.'));
    const pause = pauses.get(name);
    if (pause !== undefined && pause.until > performance.now())
      return Promise.reject(new Error(`The broker ${name} has died and is started again in a moment.`));
    const program = options.programs.get(name);
    if (program === undefined) return Promise.reject(new Error(`There is no broker ${name} here.`));
    const child = spawn(
      process.execPath,
      [
        // They need node:sqlite, of which Node 22 warns.
        '--no-warnings',
        fileURLToPath(program),
        '--data',
        join(options.directory, name),
        '--ready-json',
        '--until-stdin-ends',
      ],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
        env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      },
    );
    const entry: Running = {
      child,
      address: addressOf(name, child),
      ready: undefined,
      idle: undefined,
      since: performance.now(),
    };
    running.set(name, entry);
    entry.address.then(
      (address) => {
        entry.ready = address;
        rest(name);
        options.started(name);
      },
      () => kill(child),
    );
    child.once('close', () => died(name, entry));
    child.on('error', () => died(name, entry));
    // It says how it is in its own log.
    child.stderr?.on('data', () => undefined);
    child.stdin?.on('error', () => undefined);
    return entry.address;
  }

  async function addressOf(name: string, child: ChildProcess): Promise<BrokerAddress> {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
    const lines = createInterface(child.stdout!);
    const failed = new AbortController();
    const timer = setTimeout(() => failed.abort(), START_TIME);
    try {
      const [line] = (await Promise.race([
        once(lines, 'line', { signal: failed.signal }),
        Promise.race([once(child, 'close'), once(child, 'error')]).then(() => {
          throw new Error(said.trim().split('\n', 1)[0] || 'it ended at once');
        }),
      ])) as [string];
      const { url, credentialsFile } = JSON.parse(line) as { url: string; credentialsFile: string };
      const { username, password } = JSON.parse(readFileSync(credentialsFile, 'utf8')) as Record<
        'username' | 'password',
        string
      >;
      const login = Buffer.from(`${username}:${password}`).toString('base64');
      return { url: new URL(url), authorization: `Basic ${login}` };
    } catch (error) {
      const reason = failed.signal.aborted ? 'it did not become ready' : (error as Error).message;
      throw new Error(`The broker ${name} does not start: ${reason.replace(/\.$/, '')}.`, { cause: error });
    } finally {
      clearTimeout(timer);
      lines.resume();
    }
  }

  /** One that nobody needs ends after a while. */
  function rest(name: string): void {
    const entry = running.get(name);
    if (entry === undefined) return;
    clearTimeout(entry.idle);
    entry.idle = setTimeout(() => {
      if (running.get(name) !== entry) return;
      if (options.needed(name)) return rest(name);
      running.delete(name);
      end(entry.child).catch(options.report);
    }, IDLE).unref();
  }

  function died(name: string, entry: Running): void {
    clearTimeout(entry.idle);
    if (running.get(name) !== entry) return;
    running.delete(name);
    if (closed) return;
    const last = performance.now() - entry.since > STEADY ? undefined : pauses.get(name);
    const length = last === undefined ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, last.length * 2);
    pauses.set(name, { until: performance.now() + length, length });
    if (!options.needed(name)) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      pauses.set(name, { until: 0, length });
      if (!closed) start(name).catch(options.report);
    }, length);
    timers.add(timer);
  }

  return {
    names: [...options.programs.keys()],
    start,
    address: (name) => running.get(name)?.ready,
    async close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...running.values()].map(({ child }) => end(child)));
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.stdin?.end();
  const timer = setTimeout(() => kill(child), PATIENCE);
  await ended;
  clearTimeout(timer);
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
}
