// The version a bindle gets: as written in HIPPOFACTS, or one of its own for each development build.

import { userInfo } from 'node:os';
import { splitPrerelease } from '../hippo/rules.ts';

export type Versioning = 'dev' | 'production';

/** `dev`, `development`, `prod`, `production`; undefined for anything else. */
export function parseVersioning(text: string): Versioning | undefined {
  if (text === 'dev' || text === 'development') return 'dev';
  if (text === 'prod' || text === 'production') return 'production';
  return undefined;
}

/**
 * Who publishes: `USER`, else `USERNAME`, else the operating system's account, else `dev`, cleaned to what
 * SemVer allows in a pre-release (`[0-9A-Za-z-]`). One function for version, rule and channel.
 */
export function publisher(env: NodeJS.ProcessEnv): string {
  const candidates = [env['USER'], env['USERNAME'], accountName()];
  for (const candidate of candidates) {
    const cleaned = clean(candidate ?? '');
    if (cleaned !== '') return cleaned;
  }
  return 'dev';
}

/**
 * The version of a development build, `<version>-<user>-<local time, 17 digits>` (hippo-cli; bindle.md §8.10).
 * Valid SemVer whenever `version` is; with build metadata it lands in there.
 */
export function devVersion(version: string, user: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${version}-${user}-${date}${time}${String(now.getMilliseconds()).padStart(3, '0')}`;
}

/** When a development build was made, as its version says; undefined for other versions. */
export function timeOf(version: string): Date | undefined {
  const parts = /-(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})$/.exec(version)?.slice(1).map(Number);
  if (!parts) return undefined;
  const [year = 0, month = 1, day, hours, minutes, seconds, milliseconds] = parts;
  return new Date(year, month - 1, day, hours, minutes, seconds, milliseconds);
}

/** How a version was made, as far as it shows. */
export function versioningOf(version: string): Versioning {
  return splitPrerelease(version)?.timestamp.match(/^\d{17}$/) ? 'dev' : 'production';
}

function clean(name: string): string {
  return (
    name
      .normalize('NFKD')
      .replace(/\p{Mark}/gu, '')
      // Two hyphens in a row would make a domain that real Hippos refuse (hippo-api.md §4).
      .replace(/[^0-9A-Za-z]+/g, '-')
      .replace(/^-+|-+$/g, '')
  );
}

function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // An account without a name, as in some containers.
    return undefined;
  }
}
