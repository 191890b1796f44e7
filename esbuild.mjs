// Bundles each program into one file in dist/: the front doors, and what is started by path as a process or a
// thread of its own. `node esbuild.mjs [--watch] [--minify]`
import { rmSync } from 'node:fs';
import { build, context } from 'esbuild';

const watch = process.argv.includes('--watch');
const minify = process.argv.includes('--minify');

/** CommonJS has no import.meta: sources use `import.meta.url` for files beside the bundle. */
const options = {
  entryPoints: {
    extension: 'src/extension.ts',
    cli: 'src/cli.ts',
    terminal: 'src/terminal/main.ts',
    platform: 'src/platform.ts',
    'runtime-process': 'src/platform/runtime/process.ts',
    'runtime-worker': 'src/platform/runtime/worker.ts',
  },
  external: ['vscode'],
  plugins: [
    {
      // The front door checks the version of Node and turns on the compile cache before it loads the rest.
      name: 'terminal apart',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\.\/terminal\/main\.ts$/ }, ({ kind }) =>
          kind === 'dynamic-import' ? { path: './terminal.cjs', external: true } : undefined,
        ),
    },
  ],
  supported: { 'dynamic-import': false },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '__bundleUrl' },
  banner: { js: "var __bundleUrl=require('url').pathToFileURL(__filename).href;" },
  mainFields: ['module', 'main'],
  minify,
  sourcemap: !minify,
  logLevel: 'warning',
};

// What is published must not hold the maps of an earlier build.
if (minify) rmSync('dist', { recursive: true, force: true });
if (watch) await (await context(options)).watch();
else await build(options);
