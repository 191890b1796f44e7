// The local Hippo as commands use it: found where this user keeps it or, with a word about it, started.

import packageJson from '../../package.json' with { type: 'json' };
import { findLocalPlatform } from '../session/known-platforms.ts';
import {
  ensurePlatform,
  isOlder,
  LEASE_SECONDS,
  platformStatus,
  restartPlatform,
} from '../session/local-platform.ts';
import { findPlaces } from '../session/places.ts';
import type { RunningPlatform } from '../session/running-file.ts';
import { canAsk, confirm } from './ask.ts';
import { CommandError, EXIT } from './failure.ts';
import { count, say, type Screen } from './screen.ts';

/** Undefined if it does not run. */
export function runningPlatform(screen: Screen): Promise<RunningPlatform | undefined> {
  return findLocalPlatform(findPlaces(screen.env));
}

/** Starts it if it does not run; it then ends by itself some time after its last client. @throws PlatformError */
export async function usePlatform(screen: Screen): Promise<RunningPlatform> {
  const leaseSeconds = readLease(screen);
  const running = await runningPlatform(screen);
  if (running) return offerRestart(screen, running);
  const { platform, started } = await ensurePlatform({
    dataDir: findPlaces(screen.env).platform,
    leaseSeconds,
  });
  if (started)
    say(
      screen,
      `Started the local Hippo at ${platform.hippoUrl}; it ends ${leaseText(leaseSeconds)} after its last use.`,
    );
  return platform;
}

/** One that an older version of this product has started goes on, unless its user wants it replaced. */
async function offerRestart(screen: Screen, platform: RunningPlatform): Promise<RunningPlatform> {
  if (!isOlder(platform, packageJson.version)) return platform;
  const older = `The local Hippo is of version ${platform.version}, older than this command (${packageJson.version})`;
  const { publishing } = await platformStatus(platform);
  if (publishing || !canAsk(screen)) {
    say(screen, `${older}: \`hippo platform restart\` replaces it.`);
    return platform;
  }
  if (!(await confirm(screen, `${older}. Restart it?`, ''))) return platform;
  return restartPlatform(platform);
}

export function leaseText(seconds: number): string {
  return seconds % 60 === 0 ? count(seconds / 60, 'minute') : count(seconds, 'second');
}

function readLease({ env }: Screen): number {
  const text = env['HIPPO_PLATFORM_LEASE'];
  if (!text) return LEASE_SECONDS;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CommandError(`HIPPO_PLATFORM_LEASE is "${text}", which is not a number of seconds.`, {
    exitCode: EXIT.usage,
  });
}
