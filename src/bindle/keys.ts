// Key files: the private keys that sign (`secret_keys.toml`) and the keyring of public keys that are trusted,
// both in the form that the reference client and server read (bindle.md §3, §5).

import { stat } from 'node:fs/promises';
import { KEYRING_VERSION, readKeyring, type Keyring } from './api.ts';
import { decode, encode } from './codec.ts';
import { SIGNATURE_ROLES, type SignatureRole } from './invoice.ts';
import { readPrivate, updatePrivate } from './private-file.ts';
import { decodeBase64, generateKey, publicKeyOf, type KeyEntry, type SigningKey } from './signing.ts';

/** A key file that cannot be read or written. The message never holds a private key. */
export class KeyFileError extends Error {
  readonly code: 'KEY_FILE' | 'KEY_EXISTS' | 'NO_SUCH_KEY';
  constructor(code: KeyFileError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyFileError';
    this.code = code;
  }
}

/** The private keys in a file; none if there is no such file. @throws KeyFileError, PrivateFileError */
export async function readSecretKeys(file: string): Promise<SigningKey[]> {
  return secretKeysOf(file, await readPrivate(file));
}

/** True if others on this machine can read the file (never on Windows, where access is by the profile). */
export async function isExposed(file: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && (found.mode & 0o077) !== 0;
}

/**
 * Adds keys, all or none.
 * @throws KeyFileError `KEY_EXISTS` if one with the label of another is there; PrivateFileError
 */
export async function addSecretKeys(file: string, keys: readonly SigningKey[]): Promise<void> {
  await updatePrivate(file, (text) => {
    const present = secretKeysOf(file, text);
    for (const key of keys) {
      if (present.some((other) => other.label === key.label))
        throw new KeyFileError(
          'KEY_EXISTS',
          `${file} already holds a key named "${key.label}": give one of them another name.`,
        );
      present.push(key);
    }
    return encodeSecretKeys(present);
  });
}

/** The first key with this role, made if there is none: processes that come here at once get the same key. */
export async function ensureSigningKey(
  file: string,
  role: SignatureRole,
  label: string,
): Promise<{ key: SigningKey; created: boolean }> {
  const withRole = (keys: SigningKey[]): SigningKey | undefined =>
    keys.find((key) => key.roles.includes(role));
  const found = withRole(await readSecretKeys(file));
  if (found) return { key: found, created: false };
  const fresh = generateKey(label, [role]);
  let key = fresh;
  await updatePrivate(file, (text) => {
    const present = secretKeysOf(file, text);
    key = withRole(present) ?? fresh;
    return key === fresh ? encodeSecretKeys([...present, fresh]) : undefined;
  });
  return { key, created: key === fresh };
}

/** The keyring in a file; an empty one if there is no such file. @throws KeyFileError, InvoiceError, PrivateFileError */
export async function readKeyringFile(file: string): Promise<Keyring> {
  return keyringOf(file, await readPrivate(file));
}

/** Adds entries to a keyring file, each key once; gives those that were new. */
export async function trustKeys(file: string, entries: readonly KeyEntry[]): Promise<KeyEntry[]> {
  let fresh: KeyEntry[] = [];
  await updatePrivate(file, (text) => {
    const keyring = keyringOf(file, text);
    const known = new Set(keyring.key.map((entry) => entry.key));
    fresh = entries.filter((entry) => !known.has(entry.key) && known.add(entry.key));
    if (fresh.length === 0) return undefined;
    return encode({ version: keyring.version, key: [...keyring.key, ...fresh] }, 'toml');
  });
  return fresh;
}

/** An entry as text that can be appended to a keyring file. */
export function keyringText(entry: KeyEntry): string {
  return encode({ key: [entry] }, 'toml').trim() + '\n';
}

/** A keyring's text, a single `[[key]]` table or a bare base64 public key, as people hand them over. */
export function parseTrusted(text: string, label: string): KeyEntry[] {
  const bare = text.trim();
  if (decodeBase64(bare, 32)) return [{ label, roles: ['creator'], key: bare }];
  const { key } = readKeyring(parseFile('The text', text));
  const corrupt = key.find((entry) => !decodeBase64(entry.key, 32));
  if (corrupt) throw new KeyFileError('KEY_FILE', `The key "${corrupt.label}" is not base64 of 32 bytes.`);
  if (key.length === 0)
    throw new KeyFileError(
      'KEY_FILE',
      'There is no key in this text: it needs a [[key]] table or a base64 public key.',
    );
  return key;
}

/** Role names as typed on a command line; undefined if one is none. */
export function parseRoles(text: string): SignatureRole[] | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const known = SIGNATURE_ROLES.filter((role) => names.includes(role));
  return names.every((name) => known.includes(name as SignatureRole)) ? known : undefined;
}

function encodeSecretKeys(keys: readonly SigningKey[]): string {
  return encode(
    {
      version: KEYRING_VERSION,
      key: keys.map(({ label, roles, seed, publicKey }) => ({
        label,
        keypair: Buffer.concat([seed, publicKey]).toString('base64'),
        roles,
      })),
    },
    'toml',
  );
}

function readSecretKey(value: unknown, file: string, index: number): SigningKey {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { label, keypair, roles } = entry;
  const bytes = typeof keypair === 'string' ? decodeBase64(keypair, 64) : undefined;
  const known = Array.isArray(roles) ? SIGNATURE_ROLES.filter((role) => roles.includes(role)) : [];
  if (typeof label !== 'string' || !bytes || known.length === 0)
    throw new KeyFileError(
      'KEY_FILE',
      `Key ${index + 1} in ${file} is damaged: restore the file from a copy.`,
    );
  const seed = bytes.subarray(0, 32);
  const publicKey = bytes.subarray(32);
  if (!publicKeyOf(seed).equals(publicKey))
    throw new KeyFileError('KEY_FILE', `The two halves of key "${label}" in ${file} do not belong together.`);
  return { label, roles: known, seed, publicKey };
}

function secretKeysOf(file: string, text: string | undefined): SigningKey[] {
  if (text === undefined) return [];
  const entries = parseFile(file, text)['key'] ?? [];
  if (!Array.isArray(entries)) throw new KeyFileError('KEY_FILE', `${file} holds no list of keys.`);
  return entries.map((entry: unknown, index) => readSecretKey(entry, file, index));
}

function keyringOf(file: string, text: string | undefined): Keyring {
  return text === undefined ? { version: KEYRING_VERSION, key: [] } : readKeyring(parseFile(file, text));
}

function parseFile(file: string, text: string): Record<string, unknown> {
  try {
    return decode(text, 'toml') as Record<string, unknown>;
  } catch {
    // The parser's message quotes the line, which may be a private key.
    throw new KeyFileError('KEY_FILE', `${file} is not valid TOML.`);
  }
}
