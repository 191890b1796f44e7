// Raising a version.

import { inc } from 'semver';

/** How a version is raised (semver.org; `prerelease` goes from rc.1 to rc.2, and from 1.0.0 to 1.0.1-0). */
export const BUMPS = ['patch', 'minor', 'major', 'prerelease'] as const;
export type Bump = (typeof BUMPS)[number];

/** The next version; undefined if `version` is none. */
export function bumpVersion(version: string, bump: Bump): string | undefined {
  return inc(version, bump) ?? undefined;
}
