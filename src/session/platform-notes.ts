// Notes of local Hippos on data directories of their own, one a port. Apart from what looks for them, so that the
// platform itself loads no HTTP client for it.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPrivate, removePrivate, writePrivate } from '../bindle/private-file.ts';
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

/** The data directories that were noted, each once. */
export async function notedDirectories(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => []);
  const notes = files.filter((file) => /^\d+$/.test(file)).map((file) => readPrivate(join(folder, file)));
  return [...new Set((await Promise.all(notes)).map((text) => text?.trim() ?? ''))].filter(Boolean);
}

/** The data directory that was noted for the port of an address. */
export async function notedDirectory(folder: string, url: string): Promise<string | undefined> {
  return (await readPrivate(noteOf(folder, url)))?.trim();
}

function noteOf(folder: string, url: string): string {
  return join(folder, portOf(url));
}

export function portOf(url: string): string {
  return new URL(url).port || '80';
}
