// What proves who somebody is, kept by origin and user: an interface, and the terminal's way of keeping it.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Session } from '../hippo/api.ts';
import { readPrivate, removePrivate, writePrivate } from '../bindle/private-file.ts';

/** Whose secret it is. */
export interface SecretKey {
  /** Scheme, host and port of the server, as `URL.origin` has it. */
  readonly origin: string;
  readonly userName: string;
}

export interface Secret {
  /** What signing in gave. */
  session?: Session;
  /** Only if its owner asked for it to be kept. */
  password?: string;
}

/** The editor keeps them in its SecretStorage, the terminal in files. */
export interface SecretStore {
  get(key: SecretKey): Promise<Secret | undefined>;
  set(key: SecretKey, secret: Secret): Promise<void>;
  /** False if there was none. */
  remove(key: SecretKey): Promise<boolean>;
}

/** A file (0600) for each, replaced whole: of writers at the same time, one is last and none is half. */
export class FileSecretStore implements SecretStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws PrivateFileError */
  async get(key: SecretKey): Promise<Secret | undefined> {
    const text = await readPrivate(this.#file(key));
    if (text === undefined) return undefined;
    try {
      const { session, password } = JSON.parse(text) as Secret;
      return { ...(session ? { session } : {}), ...(password === undefined ? {} : { password }) };
    } catch {
      // A damaged one is as good as none: its owner signs in again.
      return undefined;
    }
  }

  /** @throws PrivateFileError */
  async set(key: SecretKey, secret: Secret): Promise<void> {
    const { origin, userName } = key;
    await writePrivate(this.#file(key), `${JSON.stringify({ origin, userName, ...secret })}\n`);
  }

  /** @throws PrivateFileError */
  remove(key: SecretKey): Promise<boolean> {
    return removePrivate(this.#file(key));
  }

  /** Names of users and servers may hold what names of files must not. */
  #file({ origin, userName }: SecretKey): string {
    const name = createHash('sha256')
      .update(JSON.stringify([origin, userName]))
      .digest('hex')
      .slice(0, 32);
    return join(this.#folder, `${name}.json`);
  }
}
