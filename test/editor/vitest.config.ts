// Tests of the packaged extension in windows of a real VS Code: README.md beside this file.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/editor/**/*.test.ts'],
    globalSetup: ['test/editor/prepare.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    // A window, its server and its browser keep two cores busy.
    maxWorkers: 1,
  },
});
