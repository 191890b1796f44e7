// The key that what is made here is signed with.

import { ensureSigningKey, isExposed, trustKeys } from '../bindle/keys.ts';
import { keyEntry, type SigningKey } from '../bindle/signing.ts';
import type { Places } from '../session/places.ts';

export interface CreatorKey {
  key: SigningKey;
  /** It was made just now; it is trusted on this machine. */
  created: boolean;
  /** Others can read the file of private keys. */
  exposed: boolean;
}

/** The first one with the role `creator`; made if there is none. @param label whose it is */
export async function creatorKey(
  { secretKeys, keyring }: Pick<Places, 'secretKeys' | 'keyring'>,
  label: string,
): Promise<CreatorKey> {
  const { key, created } = await ensureSigningKey(secretKeys, 'creator', label);
  if (created) await trustKeys(keyring, [keyEntry(key)]);
  return { key, created, exposed: await isExposed(secretKeys) };
}
