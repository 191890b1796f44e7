// Tests of the packaged extension in windows of a real VS Code: README.md beside this file.
import { defineConfig } from 'vitest/config';

/** `--mode pictures` (npm run pictures) takes those of README.md. */
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'pictures' ? 'test/editor/*.pictures.ts' : 'test/editor/**/*.test.ts'],
    globalSetup: ['test/editor/prepare.ts'],
    // What is waited for has limits of its own, of 30 s, and they tell what did not come: a busy machine gets through.
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // CI alone tries again, and `npm test` names what has passed only then.
    retry: process.env['HIPPO_TEST'] === 'all' ? 1 : 0,
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    // A window, its server and its browser keep two cores busy.
    maxWorkers: 1,
  },
}));
