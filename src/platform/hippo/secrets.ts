// The platform's own key, kept in a file that only its owner may read, and what is derived from it.

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { fileError, StoreError } from '../store/errors.ts';

const LENGTH = 32;

export class Secrets {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** A key for one purpose; the same for each start. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#key, '', `hippo ${purpose}`, LENGTH));
  }

  /** AES-256-GCM: nonce, tag, ciphertext. */
  encrypt(text: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.derive('state'), nonce);
    const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), content]);
  }

  /** @throws StoreError if it was not encrypted with this key */
  decrypt(bytes: Uint8Array): string {
    const buffer = Buffer.from(bytes);
    try {
      const cipher = createDecipheriv('aes-256-gcm', this.derive('state'), buffer.subarray(0, 12));
      cipher.setAuthTag(buffer.subarray(12, 28));
      return Buffer.concat([cipher.update(buffer.subarray(28)), cipher.final()]).toString('utf8');
    } catch (cause) {
      throw new StoreError(
        'CORRUPT',
        "What Hippo keeps encrypted does not open with its file platform-key, which is another one's or damaged: restore that file from a copy.",
        { cause },
      );
    }
  }
}

/**
 * Opens the key file, made if it is not there.
 * @param state a file with what is encrypted, if there is one: without the key, nothing is begun then
 * @throws StoreError
 */
export function openSecrets(file: string, state?: string): Secrets {
  if (state !== undefined && !existsSync(file))
    throw new StoreError(
      'CORRUPT',
      `${file} is missing: without it nobody can open the credentials in ${state}. Restore it from a copy, or start with other data.`,
    );
  const text = readOrCreate(file, () => randomBytes(LENGTH).toString('base64'));
  const key = Buffer.from(text, 'base64');
  if (key.length !== LENGTH)
    throw new StoreError('CORRUPT', `${file} is damaged: restore it from a copy, or start with other data.`);
  return new Secrets(key);
}

/** Tokens are kept by their digest; they are random, so that nothing slower is needed. */
export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** A token whose start says what it is, to people and to scanners for secrets. */
export function newToken(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** The text of a file that only its owner may read, whole or not there at all. @throws StoreError */
export function readOrCreate(file: string, create: () => string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(`${file} cannot be read`, error);
  }
  const text = create();
  const temporary = `${file}.part`;
  try {
    const descriptor = openSync(temporary, 'w', 0o600);
    writeSync(descriptor, `${text}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(temporary, file);
  } catch (error) {
    throw fileError(`${file} cannot be written`, error);
  }
  return text;
}
