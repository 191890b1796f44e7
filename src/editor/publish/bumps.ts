// The ways to raise a version, for people.

import type { Bump } from '../../hippofacts/bump.ts';

export const BUMP_NAMES: Readonly<Record<Bump, string>> = {
  patch: 'patch: corrections only',
  minor: 'minor: something new',
  major: 'major: something no longer works as before',
  prerelease: 'prerelease: not yet for everybody',
};
