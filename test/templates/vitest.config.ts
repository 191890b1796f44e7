// Tests of templates whose compilers not every machine has, with the built programs in dist/: `node esbuild.mjs` first.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/templates/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
