// Tests of the packaged extension in windows of a real VS Code: README.md beside this file.
import { defineConfig } from 'vitest/config';

/** `--mode pictures` (npm run pictures) takes those of README.md. */
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'pictures' ? 'test/editor/*.pictures.ts' : 'test/editor/**/*.test.ts'],
    globalSetup: ['test/editor/prepare.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    // A window, its server and its browser keep two cores busy.
    maxWorkers: 1,
  },
}));
