// The build that `hippo publish --build` runs first: the user's own command line, as they would type it.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Cancel } from './cancel.ts';
import { CommandError, EXIT } from './failure.ts';
import { say, type Screen } from './screen.ts';

const WINDOWS = process.platform === 'win32';

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
  const stop = (): void => kill(child, 'SIGTERM');
  const end = (): void => kill(child, 'SIGKILL');
  signal.addEventListener('abort', stop);
  abort.addEventListener('abort', end);
  try {
    const [code, killed] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    if (code !== 0)
      throw new CommandError(
        `The build failed (${killed ?? `exit code ${code}`}), so nothing was published.`,
        { exitCode: EXIT.project },
      );
  } finally {
    signal.removeEventListener('abort', stop);
    abort.removeEventListener('abort', end);
  }
}

/** Ends the shell and all that it has started. */
function kill({ pid }: ChildProcess, how: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  if (WINDOWS) {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  try {
    process.kill(-pid, how);
  } catch {
    // It has ended already.
  }
}
