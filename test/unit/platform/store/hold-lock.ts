// Claims a data directory and waits to be killed: `node hold-lock.ts DIRECTORY`. Prints the outcome.

import { lockDirectory } from '../../../../src/platform/store/directory-lock.ts';

try {
  lockDirectory(process.argv[2] ?? '');
  // The lock must not depend on somebody keeping what was returned.
  (globalThis as { gc?: () => void }).gc?.();
  console.log('held');
  setInterval(() => undefined, 1_000_000);
} catch (error) {
  console.log((error as { code?: string }).code, (error as Error).message);
}
