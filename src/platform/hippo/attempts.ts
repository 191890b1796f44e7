// Limits attempts to sign in: so many that fail from one address for one account, and so many from one address.

import { LimitedError } from './errors.ts';

const WINDOW = 5 * 60_000;
const PER_ACCOUNT = 10;
const PER_ADDRESS = 100;
/** The oldest go first. */
const MAX_KEYS = 10_000;

interface Count {
  failures: number;
  /** Unix milliseconds. */
  resetAt: number;
}

export class Attempts {
  readonly #counts = new Map<string, Count>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts an attempt before it is looked at, so that many at once are no way round.
   * @returns what to call when it was a good one
   * @throws LimitedError
   */
  begin(account: string, address: string): () => void {
    const counts = [this.#count(`${address} ${account.toLowerCase()}`), this.#count(address)] as const;
    const [ofAccount, ofAddress] = counts;
    if (ofAccount.failures >= PER_ACCOUNT) throw this.#limited(ofAccount);
    if (ofAddress.failures >= PER_ADDRESS) throw this.#limited(ofAddress);
    for (const count of counts) count.failures++;
    return () => {
      ofAccount.failures = 0;
      ofAddress.failures = Math.max(0, ofAddress.failures - 1);
    };
  }

  #limited({ resetAt }: Count): LimitedError {
    return new LimitedError(Math.max(1, Math.ceil((resetAt - this.#now()) / 1000)));
  }

  #count(key: string): Count {
    const now = this.#now();
    const found = this.#counts.get(key);
    const count = found !== undefined && found.resetAt > now ? found : { failures: 0, resetAt: now + WINDOW };
    // Last in the order is last to be forgotten.
    this.#counts.delete(key);
    this.#counts.set(key, count);
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= MAX_KEYS) break;
      this.#counts.delete(oldest);
    }
    return count;
  }
}
