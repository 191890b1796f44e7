// Waits for something in a test for as long as a busy machine may need: it comes, or it does not.

import { vi } from 'vitest';

/** Tries until `check` does not throw; what it gives then. */
export function waitFor<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000 });
}
