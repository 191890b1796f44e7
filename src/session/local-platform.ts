// The local Hippo of this machine, for every front door: found, started, asked about, kept and stopped.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { lt, valid } from 'semver';
import { request } from 'undici';
import { platformPaths, type PlatformHealth, type PlatformStatus } from '../hippo/platform-api.ts';
import { PlatformError, startDetached, type DetachedOptions } from './platform-process.ts';
import { readRunning, type RunningPlatform } from './running-file.ts';

/** Seconds for which one that was started in passing stays after its last client. */
export const LEASE_SECONDS = 600;
/** Milliseconds for one that is starting or ending, and for an answer of one that runs. */
const PATIENCE = 15_000;
const ANSWER = 3_000;
const PAUSE = 25;

/**
 * The local Hippo that runs on a data directory; undefined if none does. What the directory says is held against
 * `/healthz`, so that nothing else that listens on its port is taken for it, and gets its token.
 * @throws PrivateFileError
 */
export async function findPlatform(dataDir: string): Promise<RunningPlatform | undefined> {
  const running = await readRunning(dataDir);
  return running && (await probe(running)) === 'runs' ? running : undefined;
}

/**
 * The local Hippo on a data directory, started if none runs. Of several who come here at once, one starts it and
 * the others use it.
 * @throws PlatformError, PrivateFileError
 */
export async function ensurePlatform(
  options: DetachedOptions,
): Promise<{ platform: RunningPlatform; started: boolean }> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const found = await findPlatform(options.dataDir);
    if (found) return { platform: found, started: false };
    try {
      return { platform: await startDetached(options), started: true };
    } catch (error) {
      // It is just starting, or just ending.
      if (!(error instanceof PlatformError) || error.code !== 'PLATFORM_IN_USE') throw error;
      if (performance.now() > deadline)
        throw unanswering(options.dataDir, await readRunning(options.dataDir));
      await delay(PAUSE * 4);
    }
  }
}

/**
 * Nothing runs on a data directory, so that it may be removed; what runs is stopped.
 * @throws PlatformError if something runs there that does not answer
 */
export async function stopIfRunning(dataDir: string): Promise<boolean> {
  const platform = await findPlatform(dataDir);
  if (platform) {
    await stopPlatform(platform);
    return true;
  }
  const left = await readRunning(dataDir);
  if (left && isAlive(left.pid) && (await probe(left)) === 'silent') throw unanswering(dataDir, left);
  return false;
}

/** The owner's bearer token, good for both APIs. @throws PlatformError */
export async function ownerToken({ tokenFile }: RunningPlatform): Promise<string> {
  try {
    return (await readFile(tokenFile, 'utf8')).trim();
  } catch (error) {
    throw new PlatformError(
      `The key to the local Hippo, ${tokenFile}, cannot be read (${(error as NodeJS.ErrnoException).code}): only the user who started it may use it.`,
    );
  }
}

/** @throws PlatformError */
export async function platformStatus(platform: RunningPlatform): Promise<PlatformStatus> {
  const { statusCode, body } = await ask(platform, 'GET', platformPaths.status);
  const text = await body.text();
  if (statusCode !== 200) throw refused(platform, statusCode);
  return JSON.parse(text) as PlatformStatus;
}

/** It stays until it is stopped, whoever started it. @throws PlatformError */
export async function keepPlatform(platform: RunningPlatform): Promise<void> {
  const { statusCode, body } = await ask(platform, 'POST', platformPaths.keep);
  await body.dump();
  if (statusCode !== 204) throw refused(platform, statusCode);
}

/** Whether a local Hippo is of an older version than a front door. */
export function isOlder({ version }: RunningPlatform, than: string): boolean {
  return valid(version) !== null && lt(version, than);
}

/**
 * Ends a local Hippo and starts it anew, from the program that comes with us, for as long as it was to stay.
 * @throws PlatformError, with nothing done, while something is being pushed to it
 */
export async function restartPlatform(platform: RunningPlatform): Promise<RunningPlatform> {
  const { leaseSeconds, publishing } = await platformStatus(platform);
  if (publishing)
    throw new PlatformError(
      'Something is being pushed to the local Hippo: it was not restarted. Try again when that is done.',
      'PLATFORM_BUSY',
    );
  await stopPlatform(platform);
  const { dataDir } = platform;
  const restarted = await ensurePlatform({ dataDir, ...(leaseSeconds === null ? {} : { leaseSeconds }) });
  return restarted.platform;
}

/** Asks it to end, and waits until its process is gone. @throws PlatformError */
export async function stopPlatform(platform: RunningPlatform): Promise<void> {
  const { statusCode, body } = await ask(platform, 'POST', platformPaths.stop);
  await body.dump();
  if (statusCode !== 202) throw refused(platform, statusCode);
  const deadline = performance.now() + PATIENCE;
  while (isAlive(platform.pid)) {
    if (performance.now() > deadline)
      throw new PlatformError(
        `The local Hippo (process ${platform.pid}) was asked to stop and has not ended: end that process by hand.`,
      );
    await delay(PAUSE);
  }
}

/** `silent`: something takes the connection and says nothing; `gone`: nothing is there, or something else. */
async function probe({ hippoUrl, instance }: RunningPlatform): Promise<'runs' | 'silent' | 'gone'> {
  try {
    const { statusCode, body } = await request(`${hippoUrl}/healthz`, limits());
    const health = (await body.json()) as Partial<PlatformHealth> | null;
    return statusCode === 200 && health?.instance === instance ? 'runs' : 'gone';
  } catch (error) {
    return (error as { code?: string }).code === 'UND_ERR_HEADERS_TIMEOUT' ? 'silent' : 'gone';
  }
}

async function ask(platform: RunningPlatform, method: 'GET' | 'POST', path: string) {
  const authorization = `Bearer ${await ownerToken(platform)}`;
  return request(platform.hippoUrl + path, { method, headers: { authorization }, ...limits() }).catch(() => {
    throw unanswering(platform.dataDir, platform);
  });
}

function limits(): { headersTimeout: number; bodyTimeout: number } {
  return { headersTimeout: ANSWER, bodyTimeout: ANSWER };
}

function refused({ hippoUrl }: RunningPlatform, status: number): PlatformError {
  return new PlatformError(
    `The local Hippo at ${hippoUrl} refused (${status}): is it of the same version as this command?`,
  );
}

function unanswering(dataDir: string, running: RunningPlatform | undefined): PlatformError {
  const who = running ? `The local Hippo (process ${running.pid})` : 'Some local Hippo';
  return new PlatformError(`${who} has ${dataDir} but does not answer: end its process and try again.`);
}

/** A process that has ended but whose parent does not care, as in many containers, is as good as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    // The state follows the name, which stands in parentheses and may hold anything.
    return process.platform !== 'linux' || !/\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
