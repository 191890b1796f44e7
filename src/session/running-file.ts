// What a local Hippo leaves in its data directory while it runs, so that front doors find it.

import { join } from 'node:path';
import { readPrivate, removePrivate, writePrivate } from '../bindle/private-file.ts';

/** Where a local Hippo is. It may be gone: only `/healthz` with the same `instance` shows that it is not. */
export interface RunningPlatform {
  hippoUrl: string;
  /** Ends in `/v1`. */
  bindleUrl: string;
  dataDir: string;
  /** A file (0600) with a bearer token for both APIs: that of the owner of the machine, an administrator. */
  tokenFile: string;
  pid: number;
  /** Another one for each start. */
  instance: string;
  version: string;
}

const file = (dataDir: string): string => join(dataDir, 'running.json');

/** @throws PrivateFileError */
export function writeRunning(running: RunningPlatform): Promise<void> {
  return writePrivate(file(running.dataDir), `${JSON.stringify(running, null, 2)}\n`);
}

/** Undefined if there is none, or nothing that can be used. @throws PrivateFileError */
export async function readRunning(dataDir: string): Promise<RunningPlatform | undefined> {
  const text = await readPrivate(file(dataDir));
  try {
    const found = JSON.parse(text ?? '') as Partial<RunningPlatform> | null;
    const { hippoUrl, bindleUrl, tokenFile, pid, instance, version } = found ?? {};
    const complete =
      [hippoUrl, bindleUrl, tokenFile, instance, version].every((member) => typeof member === 'string') &&
      Number.isSafeInteger(pid);
    // The directory may have been moved since.
    return complete ? { ...(found as RunningPlatform), dataDir } : undefined;
  } catch {
    return undefined;
  }
}

/** @throws PrivateFileError */
export async function removeRunning(dataDir: string): Promise<void> {
  await removePrivate(file(dataDir));
}
