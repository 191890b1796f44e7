// The build that `hippo publish --build` runs first: the user's own command line, as they would type it.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cancel } from './cancel.ts';
import { CommandError, EXIT } from './failure.ts';
import { say, type Screen } from './screen.ts';

const WINDOWS = process.platform === 'win32';
/** How long what a cancelled build has started may take to end, in ms. */
const GRACE_MS = 3_000;
const POLL_MS = 20;

/**
 * Its output goes to stderr, for it is no result of ours.
 * @param folder where it runs
 * @throws CommandError if it fails; the signal's reason
 */
export async function build(
  screen: Screen,
  command: string,
  folder: string,
  { signal, abort }: Cancel,
): Promise<void> {
  signal.throwIfAborted();
  say(screen, `Building: ${command}`);
  const child = spawn(command, {
    shell: true,
    cwd: folder,
    env: screen.env,
    stdio: ['ignore', 2, 2],
    // A group of its own, so that what the shell has started ends with it.
    detached: !WINDOWS,
  });
  const stop = (): void => void kill(child, 'SIGTERM');
  const end = (): void => void kill(child, 'SIGKILL');
  signal.addEventListener('abort', stop);
  abort.addEventListener('abort', end);
  // The third Ctrl-C, which waits for nothing.
  process.on('exit', end);
  try {
    const [code, killed] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (signal.aborted) {
      await untilGone(child);
      signal.throwIfAborted();
    }
    if (code !== 0)
      throw new CommandError(
        `The build failed (${killed ?? `exit code ${code}`}), so nothing was published.`,
        { exitCode: EXIT.project },
      );
  } finally {
    signal.removeEventListener('abort', stop);
    abort.removeEventListener('abort', end);
    process.off('exit', end);
  }
}

/** The shell ends at once; what it has started may take its time, and no longer than this. */
async function untilGone(child: ChildProcess): Promise<void> {
  const end = Date.now() + GRACE_MS;
  while (!WINDOWS && kill(child, 0)) {
    if (Date.now() > end) return void kill(child, 'SIGKILL');
    await delay(POLL_MS);
  }
}

/** Sends a signal to the shell and to all that it has started; false if none of them is there any more. */
function kill({ pid }: ChildProcess, how: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (pid === undefined) return false;
  if (WINDOWS)
    return spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' }).status === 0;
  try {
    return process.kill(-pid, how);
  } catch {
    return false;
  }
}
