// Passwords by scrypt (RFC 7914), with their parameters beside them so that these may grow.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and some 80 ms a password. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const MAX_MEMORY = 256 * 1024 * 1024;
const KEY_LENGTH = 32;
/** So many at once: each takes its memory and a thread. */
const PARALLEL = 2;

/** `scrypt$N$r$p$salt$key` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const { N, r, p } = COST;
  const key = await derive(password, salt, COST, KEY_LENGTH);
  return ['scrypt', N, r, p, salt.toString('base64'), key.toString('base64')].join('$');
}

/** Takes as long for no account as for a wrong password. */
export async function verifyPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const [scheme, N, r, p, salt = '', key = ''] = (stored ?? '').split('$');
  if (scheme !== 'scrypt') {
    await derive(password, randomBytes(16), COST, KEY_LENGTH);
    return false;
  }
  const expected = Buffer.from(key, 'base64');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const found = await derive(password, Buffer.from(salt, 'base64'), cost, expected.length);
  return timingSafeEqual(found, expected);
}

let running = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, salt: Buffer, cost: typeof COST, length: number): Promise<Buffer> {
  if (running >= PARALLEL) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await new Promise<Buffer>((resolve, reject) =>
      // What looks the same is the same password, however a keyboard composes it.
      scrypt(password.normalize('NFKC'), salt, length, { ...cost, maxmem: MAX_MEMORY }, (error, key) =>
        error ? reject(error) : resolve(key),
      ),
    );
  } finally {
    const next = waiting.shift();
    // The place goes on to whoever waits.
    if (next) next();
    else running--;
  }
}
