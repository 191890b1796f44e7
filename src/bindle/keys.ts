// Key files: the private keys that sign (`secret_keys.toml`) and the keyring of public keys that are trusted,
// both in the form that the reference client and server read (bindle.md §3, §5).

import { chmod, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { KEYRING_VERSION, readKeyring, type Keyring } from './api.ts';
import { decode, encode } from './codec.ts';
import { SIGNATURE_ROLES, type SignatureRole } from './invoice.ts';
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

/** The private keys in a file; none if there is no such file. @throws KeyFileError */
export async function readSecretKeys(file: string): Promise<SigningKey[]> {
  const text = await readIfThere(file);
  if (text === undefined) return [];
  const entries = parseFile(file, text)['key'] ?? [];
  if (!Array.isArray(entries)) throw new KeyFileError('KEY_FILE', `${file} holds no list of keys.`);
  return entries.map((entry: unknown, index) => readSecretKey(entry, file, index));
}

/** True if others on this machine can read the file (never on Windows, where access is by the profile). */
export async function isExposed(file: string): Promise<boolean> {
  if (process.platform === 'win32') return false;
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && (found.mode & 0o077) !== 0;
}

/** Adds keys, all or none. @throws KeyFileError `KEY_EXISTS` if one with the label of another is there */
export async function addSecretKeys(file: string, keys: readonly SigningKey[]): Promise<void> {
  const present = await readSecretKeys(file);
  for (const key of keys) {
    if (present.some((other) => other.label === key.label))
      throw new KeyFileError(
        'KEY_EXISTS',
        `${file} already holds a key named "${key.label}": give one of them another name.`,
      );
    present.push(key);
  }
  await writePrivate(file, encodeSecretKeys(present));
}

/**
 * The first key with this role, made if there is none. Two processes that come here at once end up with the
 * same key: the file appears whole or not at all, and the first one stays.
 */
export async function ensureSigningKey(
  file: string,
  role: SignatureRole,
  label: string,
): Promise<{ key: SigningKey; created: boolean }> {
  const present = await readSecretKeys(file);
  const found = present.find((key) => key.roles.includes(role));
  if (found) return { key: found, created: false };
  const key = generateKey(label, [role]);
  if (present.length > 0) {
    await writePrivate(file, encodeSecretKeys([...present, key]));
    return { key, created: true };
  }
  if (await createPrivate(file, encodeSecretKeys([key]))) return { key, created: true };
  return ensureSigningKey(file, role, label);
}

/** The keyring in a file; an empty one if there is no such file. @throws KeyFileError, InvoiceError */
export async function readKeyringFile(file: string): Promise<Keyring> {
  const text = await readIfThere(file);
  return text === undefined ? { version: KEYRING_VERSION, key: [] } : readKeyring(parseFile(file, text));
}

/** Adds entries to a keyring file, each key once; gives those that were new. */
export async function trustKeys(file: string, entries: readonly KeyEntry[]): Promise<KeyEntry[]> {
  const keyring = await readKeyringFile(file);
  const known = new Set(keyring.key.map((entry) => entry.key));
  const fresh = entries.filter((entry) => !known.has(entry.key) && known.add(entry.key));
  if (fresh.length > 0)
    await writePrivate(file, encode({ version: keyring.version, key: [...keyring.key, ...fresh] }, 'toml'));
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

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new KeyFileError('KEY_FILE', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    });
  }
}

function parseFile(file: string, text: string): Record<string, unknown> {
  try {
    return decode(text, 'toml') as Record<string, unknown>;
  } catch {
    // The parser's message quotes the line, which may be a private key.
    throw new KeyFileError('KEY_FILE', `${file} is not valid TOML.`);
  }
}

/** Replaces a file that only its owner may read, whole or not at all. */
async function writePrivate(file: string, text: string): Promise<void> {
  const temporary = await writeTemporary(file, text);
  try {
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw notWritten(file, error);
  }
}

/** Creates such a file; false if somebody else was first. */
async function createPrivate(file: string, text: string): Promise<boolean> {
  const temporary = await writeTemporary(file, text);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw notWritten(file, error);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeTemporary(file: string, text: string): Promise<string> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    await chmod(temporary, 0o600);
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw notWritten(file, error);
  }
}

function notWritten(file: string, cause: unknown): KeyFileError {
  const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
  return new KeyFileError('KEY_FILE', `${file} cannot be written (${reason}).`, { cause });
}
