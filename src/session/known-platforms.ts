// Local Hippos on data directories of their own: each leaves a note with its port, so that front doors find it too.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findPlatform } from './local-platform.ts';
import type { Places } from './places.ts';
import { readPrivate, removePrivate, writePrivate } from './private-file.ts';
import type { RunningPlatform } from './running-file.ts';

/** @param folder `Places.platforms` @throws PrivateFileError */
export function notePlatform(folder: string, { hippoUrl, dataDir }: RunningPlatform): Promise<void> {
  return writePrivate(noteOf(folder, hippoUrl), `${dataDir}\n`);
}

/** @throws PrivateFileError */
export async function forgetPlatform(folder: string, { hippoUrl, dataDir }: RunningPlatform): Promise<void> {
  const note = noteOf(folder, hippoUrl);
  if ((await readPrivate(note))?.trim() === dataDir) await removePrivate(note);
}

/**
 * The local Hippo that is meant where nobody says which: the one on the usual data directory or, if it does not
 * run, the only one that does.
 */
export async function findLocalPlatform(places: Places): Promise<RunningPlatform | undefined> {
  const usual = await findPlatform(places.platform);
  if (usual) return usual;
  const directories = await Promise.all((await notes(places.platforms)).map((note) => readPrivate(note)));
  const distinct = [...new Set(directories.map((text) => text?.trim() ?? ''))].filter(Boolean);
  const running = (await Promise.all(distinct.map((directory) => findPlatform(directory)))).filter(
    (platform) => platform !== undefined,
  );
  return running.length === 1 ? running[0] : undefined;
}

/** The local Hippo at an address; undefined if what is there, if anything, is none of this user's. */
export async function findPlatformAt(places: Places, url: URL): Promise<RunningPlatform | undefined> {
  if (url.protocol !== 'http:' || !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))
    return undefined;
  const noted = await readPrivate(noteOf(places.platforms, url.href));
  for (const directory of [places.platform, ...(noted === undefined ? [] : [noted.trim()])]) {
    const platform = await findPlatform(directory);
    if (platform && portOf(platform.hippoUrl) === portOf(url.href)) return platform;
  }
  return undefined;
}

async function notes(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  return files.filter((file) => /^\d+$/.test(file)).map((file) => join(folder, file));
}

function noteOf(folder: string, url: string): string {
  return join(folder, portOf(url));
}

function portOf(url: string): string {
  return new URL(url).port || '80';
}
