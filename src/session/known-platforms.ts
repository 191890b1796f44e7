// Local Hippos on data directories of their own: each leaves a note with its port, so that front doors find it too.

import { findPlatform } from './local-platform.ts';
import type { Places } from './places.ts';
import { notedDirectories, notedDirectory, portOf } from './platform-notes.ts';
import type { RunningPlatform } from './running-file.ts';

/**
 * The local Hippo that is meant where nobody says which: the one on the usual data directory or, if it does not
 * run, the only one that does.
 */
export async function findLocalPlatform(places: Places): Promise<RunningPlatform | undefined> {
  const usual = await findPlatform(places.platform);
  if (usual) return usual;
  const directories = await notedDirectories(places.platforms);
  const running = (await Promise.all(directories.map((directory) => findPlatform(directory)))).filter(
    (platform) => platform !== undefined,
  );
  return running.length === 1 ? running[0] : undefined;
}

/** The local Hippo at an address; undefined if what is there, if anything, is none of this user's. */
export async function findPlatformAt(places: Places, url: URL): Promise<RunningPlatform | undefined> {
  if (url.protocol !== 'http:' || !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))
    return undefined;
  const noted = await notedDirectory(places.platforms, url.href);
  for (const directory of [places.platform, ...(noted === undefined ? [] : [noted])]) {
    const platform = await findPlatform(directory);
    if (platform && portOf(platform.hippoUrl) === portOf(url.href)) return platform;
  }
  return undefined;
}
