import { defineConfig } from 'vitest/config';

/** `--mode long` (npm run test:long) runs every random test many times more. */
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/unit/**/*.test.ts'],
    env: mode === 'long' ? { HIPPO_TEST_LONG: '1' } : {},
    testTimeout: mode === 'long' ? 3_600_000 : 30_000,
    hookTimeout: 30_000,
    // A busy machine takes its time; what is waited for comes or it does not.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 2,
  },
}));
