// Starts the local Hippo as a process of its own.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunningPlatform } from './running-file.ts';

/** Where a local Hippo says what it does, and of what it complains. */
export const PLATFORM_LOG = 'platform.log';

export interface PlatformOptions {
  port?: number;
  /** Where its state is kept; in a temporary folder that goes when it ends if absent. */
  dataDir?: string;
  /** Only accounts may read from its Bindle server, too. */
  isPrivate?: boolean;
}

export interface DetachedOptions extends PlatformOptions {
  dataDir: string;
  /** It ends so many seconds after its last client; it stays until it is stopped if absent. */
  leaseSeconds?: number;
}

export class PlatformError extends Error {
  readonly code:
    | 'PLATFORM_FAILED'
    /** Another process has the data directory. */
    | 'PLATFORM_IN_USE'
    /** Something is being pushed to it. */
    | 'PLATFORM_BUSY';
  constructor(message: string, code: PlatformError['code'] = 'PLATFORM_FAILED') {
    super(message);
    this.name = 'PlatformError';
    this.code = code;
  }
}

export interface PlatformProcess {
  ready: RunningPlatform;
  /** The exit code, once it has ended. */
  ended: Promise<number>;
  /** Asks it to end. */
  stop(): void;
}

/**
 * Starts a local Hippo and waits until it answers. What it complains of goes to our stderr. It ends with us:
 * its standard input is a pipe that closes when this process is gone, however it went.
 * @throws PlatformError if it ends before it is ready
 */
export async function startPlatform(options: PlatformOptions): Promise<PlatformProcess> {
  const child = spawn(process.execPath, [...program(options), '--ready-json', '--until-stdin-ends'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: environment(),
  });
  const ended = exitCode(child);
  const line = await Promise.race([firstLine(child), ended]);
  if (typeof line !== 'string') throw new PlatformError('The local Hippo did not start.');
  return {
    ready: JSON.parse(line) as RunningPlatform,
    ended,
    // Its pipe is closed: unlike a signal, this asks on every operating system.
    stop: () => child.stdin?.end(),
  };
}

/**
 * Starts a local Hippo that goes on without us, and waits until it answers. What it complains of goes to its log.
 * @throws PlatformError
 */
export async function startDetached(options: DetachedOptions): Promise<RunningPlatform> {
  const { dataDir, leaseSeconds } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const log = await open(join(dataDir, PLATFORM_LOG), 'a', 0o600);
  try {
    const child = spawn(
      process.execPath,
      [
        ...program(options),
        '--detached',
        ...(leaseSeconds === undefined ? [] : ['--lease', String(leaseSeconds)]),
      ],
      {
        detached: true,
        windowsHide: true,
        // It must not keep the folder in which somebody happens to be.
        cwd: dataDir,
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        env: environment(),
      },
    );
    try {
      return await readiness(child, dataDir);
    } finally {
      if (child.connected) child.disconnect();
      child.unref();
    }
  } finally {
    await log.close();
  }
}

async function readiness(child: ChildProcess, dataDir: string): Promise<RunningPlatform> {
  const { ready, failure, code } = await Promise.race([
    once(child, 'message').then(([message]) => message as Outcome),
    exitCode(child).then((code): Outcome => ({ code })),
  ]);
  if (ready) return ready;
  throw new PlatformError(
    failure?.message ??
      `The local Hippo did not start: ${join(dataDir, PLATFORM_LOG)} says more (exit code ${code}).`,
    failure?.code === 'IN_USE' ? 'PLATFORM_IN_USE' : 'PLATFORM_FAILED',
  );
}

/** What it sends once, or how it ended without. */
interface Outcome {
  ready?: RunningPlatform;
  failure?: { code?: string; message: string };
  code?: number;
}

function program({ port, dataDir, isPrivate }: PlatformOptions): string[] {
  const fromSource = import.meta.url.endsWith('.ts');
  return [
    '--disable-warning=ExperimentalWarning',
    fileURLToPath(new URL(fromSource ? '../platform.ts' : './platform.cjs', import.meta.url)),
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(isPrivate ? ['--private'] : []),
    ...(dataDir === undefined ? ['--ephemeral'] : ['--data', dataDir]),
  ];
}

/** Of what we were told for our own use, a process that outlives us needs nothing. */
const SECRETS = ['HIPPO_PASSWORD', 'HIPPO_TOKEN', 'BINDLE_PASSWORD', 'BINDLE_TOKEN'];

function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !SECRETS.includes(name));
  // In VS Code the program that runs is Electron, which is Node only when it is told to be.
  return { ...Object.fromEntries(inherited), ELECTRON_RUN_AS_NODE: '1' };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new PlatformError('The local Hippo has no output.');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return line;
}

async function exitCode(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
