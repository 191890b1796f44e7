// What VS Code loads when it activates the extension is small, and leaves what talks to servers for later.

import { build, type BuildOptions } from 'esbuild';
import { expect, test } from 'vitest';

const MOST_BYTES = 250_000;

test('the main bundle', async () => {
  const { options } = (await import('../../../esbuild.mjs')) as { options: BuildOptions };
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: { extension: 'src/extension.ts' },
    minify: true,
    sourcemap: false,
    write: false,
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs);
  expect(outputFiles?.[0]?.contents.length).toBeLessThan(MOST_BYTES);
  // Types and light parts of the rooms below may be used; their HTTP client, parsers and signing are not.
  const heavy = /node_modules\/(undici|jose|semver|toml-eslint-parser|@iarna|typebox|tar|commander)\//;
  expect(inputs.filter((input) => heavy.test(input))).toEqual([]);
  expect(inputs).not.toContain('src/editor/core.ts');
  expect(inputs).toContain('src/editor/activate.ts');
});
