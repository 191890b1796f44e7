// Where the data of a server lies, and which system user it runs as: never root.

import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from './secrets.ts';

/** For root: home directories and temporary ones are closed to the users that servers run as. */
const ROOTS_PLACE = '/var/lib/hippo-tools';
/** In the broker's folder: which place is its own. */
const NOTE = 'place.json';
/** In the place: which broker's folder it belongs to. */
const OWNER = 'owner';

export interface SystemUser {
  uid: number;
  gid: number;
}

export interface ServerPlace {
  /** Of the server's user alone; absolute. */
  directory: string;
  /** Absent where it runs as the user of the broker. */
  user?: SystemUser;
}

/** The place that was chosen before; undefined if there is none. */
export function findPlace(brokerDirectory: string): ServerPlace | undefined {
  try {
    return JSON.parse(readFileSync(join(brokerDirectory, NOTE), 'utf8')) as ServerPlace;
  } catch {
    return undefined;
  }
}

/**
 * The place of a broker's server, made if it is not there. It is noted before it is made, so that nothing is left
 * that nobody knows of.
 * @param users to choose from where the broker runs as root: the first that this system has
 * @throws Error if there is none of them
 */
export function makePlace(brokerDirectory: string, users: readonly string[]): ServerPlace {
  let place = findPlace(brokerDirectory);
  if (!place) {
    place = choosePlace(brokerDirectory, users);
    writePrivateFile(join(brokerDirectory, NOTE), JSON.stringify(place));
  }
  const { directory, user } = place;
  if (!existsSync(join(directory, OWNER))) {
    if (user) {
      mkdirSync(ROOTS_PLACE, { recursive: true, mode: 0o755 });
      chmodSync(ROOTS_PLACE, 0o755);
    }
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writePrivateFile(join(directory, OWNER), brokerDirectory);
    if (user) chownSync(directory, user.uid, user.gid);
  }
  return place;
}

/** Removes the place with all that is in it. */
export function removePlace(brokerDirectory: string): void {
  const place = findPlace(brokerDirectory);
  if (place) rmSync(place.directory, { recursive: true, force: true, maxRetries: 5 });
  rmSync(join(brokerDirectory, NOTE), { force: true });
}

/** Places of brokers whose folder was removed without them. */
export function abandonedPlaces(): string[] {
  if (process.getuid?.() !== 0 || !existsSync(ROOTS_PLACE)) return [];
  return readdirSync(ROOTS_PLACE)
    .map((name) => join(ROOTS_PLACE, name))
    .filter((directory) => {
      try {
        const owner = readFileSync(join(directory, OWNER), 'utf8');
        return findPlace(owner)?.directory !== directory;
      } catch {
        // It is just being made.
        return false;
      }
    });
}

/** A program of the system may be run by the server's user, whose groups are not root's. */
export function asUser(user: SystemUser | undefined): { uid?: number; gid?: number } {
  return user ? { uid: user.uid, gid: user.gid } : {};
}

/** Whom a server runs as: undefined where that is the user of the broker. @throws Error if there is nobody */
export function serverUser(names: readonly string[]): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const wanted of names) {
    const [, , uid, gid] = lines.find(([name]) => name === wanted) ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`A server must not run as root, and this system has no user ${names.join(' or ')}.`);
}

function choosePlace(brokerDirectory: string, users: readonly string[]): ServerPlace {
  const user = serverUser(users);
  return user
    ? { directory: join(ROOTS_PLACE, randomUUID()), user }
    : { directory: join(brokerDirectory, 'server') };
}
