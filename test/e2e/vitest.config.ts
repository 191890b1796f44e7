// Tests of the built programs in dist/: `node esbuild.mjs` first.
import { defineConfig } from 'vitest/config';

/** `--mode long` (npm run test:long) kills and restarts fifty times. */
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    env: mode === 'long' ? { HIPPO_TEST_ROUNDS: '50' } : {},
    testTimeout: mode === 'long' ? 3_600_000 : 60_000,
    hookTimeout: 60_000,
    // CI alone tries again, and `npm test` names what has passed only then.
    retry: process.env['HIPPO_TEST'] === 'all' ? 1 : 0,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 2,
  },
}));
