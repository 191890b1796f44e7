// Passwords, the key that keeps them, and files that only their owner reads.

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
  createHash,
} from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** 192 bits, in characters that need no escaping in a URL. */
export function makePassword(): string {
  return randomBytes(24).toString('base64url');
}

/** A name of 128 bits for things that nobody should guess: lower case, a letter first. */
export function makeName(prefix: string): string {
  return `${prefix}${randomBytes(16).toString('hex')}`;
}

/** The same text, told in the same time whatever differs. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Replaces a file (0600), whole or not at all, whatever happens to the machine. */
export function writePrivateFile(file: string, text: string): void {
  const temporary = `${file}.tmp`;
  const descriptor = openSync(temporary, 'w', 0o600);
  try {
    chmodSync(temporary, 0o600);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** What a file holds, made by `make` if it is not there. */
export function readOrMake(file: string, make: () => string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    writePrivateFile(file, make());
    return readFileSync(file, 'utf8');
  }
}

/** Keeps texts by AES-256-GCM, and signs. */
export class SecretKey {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /** The key in a file, made at the first time. */
  static open(file: string): SecretKey {
    const key = Buffer.from(
      readOrMake(file, () => randomBytes(KEY_BYTES).toString('base64')),
      'base64',
    );
    if (key.length !== KEY_BYTES) throw new Error(`${file} holds no key of this broker.`);
    return new SecretKey(key);
  }

  seal(text: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** @throws if it was sealed by another key or changed */
  unseal(text: string): string {
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  }

  sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}
