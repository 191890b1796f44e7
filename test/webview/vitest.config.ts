// Tests of the pages in dist/ (`node esbuild.mjs` first) in Chromium, outside of VS Code, with the test as the editor.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/webview/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    retry: process.env['HIPPO_TEST'] === 'all' ? 1 : 0,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 1,
  },
});
