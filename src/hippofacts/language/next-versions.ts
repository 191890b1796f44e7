// Versions that a bindle can have next.

import { gt } from 'semver';
import { isVersion } from '../../bindle/id.ts';
import { BUMPS, bumpVersion } from '../bump.ts';

/** Versions after the one that is written, and after those that the server has; none that it has already. */
export function nextVersions(written: string, known: readonly string[]): { version: string; how: string }[] {
  const taken = new Set(known);
  const highest = known
    .filter(isVersion)
    .reduce<string | undefined>(
      (best, version) => (best === undefined || gt(version, best) ? version : best),
      undefined,
    );
  const next = (from: string, bump: (typeof BUMPS)[number]): string | undefined => {
    let version = bumpVersion(from, bump);
    while (version !== undefined && taken.has(version)) version = bumpVersion(version, bump);
    return version;
  };
  const found: { version: string; how: string }[] = [];
  const add = (version: string | undefined, how: string): void => {
    if (version !== undefined && !found.some((other) => other.version === version))
      found.push({ version, how });
  };
  const isHigher = highest !== undefined && (!isVersion(written) || gt(highest, written));
  if (isHigher) add(next(highest, 'patch'), `the next after ${highest}, which is on the server`);
  if (isVersion(written)) for (const bump of BUMPS) add(next(written, bump), bump);
  else if (!isHigher)
    for (const version of ['0.1.0', '1.0.0']) if (!taken.has(version)) add(version, 'a first version');
  return found;
}
