// The token by which the owner of the machine is known without a question.

import { timingSafeEqual } from 'node:crypto';
import { digestOf, newToken, readOrCreate } from './secrets.ts';

export interface OwnerToken {
  /** The file that holds it, for its owner alone; whoever can read it is an administrator. */
  readonly file: string;
  matches(token: string): boolean;
}

/** Reads the token's file, made if it is not there. @throws StoreError */
export function openOwnerToken(file: string): OwnerToken {
  const digest = Buffer.from(digestOf(readOrCreate(file, () => newToken('hippo_owner'))));
  return { file, matches: (token) => timingSafeEqual(Buffer.from(digestOf(token)), digest) };
}
