// Starts the local Hippo as a process of its own.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a local Hippo says of itself when it is ready. */
export interface PlatformReady {
  hippoUrl: string;
  /** Ends in `/v1`. */
  bindleUrl: string;
  dataDir: string;
  pid: number;
}

export interface PlatformOptions {
  port?: number;
  /** Where its state is kept; in a temporary folder that goes when it ends if absent. */
  dataDir?: string;
}

export class PlatformError extends Error {
  readonly code = 'PLATFORM_FAILED';
  constructor(message: string) {
    super(message);
    this.name = 'PlatformError';
  }
}

export interface PlatformProcess {
  ready: PlatformReady;
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
  const fromSource = import.meta.url.endsWith('.ts');
  const program = fileURLToPath(new URL(fromSource ? '../platform.ts' : './platform.cjs', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      program,
      '--ready-json',
      '--until-stdin-ends',
      ...(options.port === undefined ? [] : ['--port', String(options.port)]),
      ...(options.dataDir === undefined ? ['--ephemeral'] : ['--data', options.dataDir]),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } },
  );
  const ended = exitCode(child);
  const line = await Promise.race([firstLine(child), ended]);
  if (typeof line !== 'string') throw new PlatformError('The local Hippo did not start.');
  return { ready: JSON.parse(line) as PlatformReady, ended, stop: () => child.kill('SIGTERM') };
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
