// Bundles each front door into one file in dist/. `node esbuild.mjs [--watch] [--minify]`
import { build, context } from 'esbuild';
import { existsSync } from 'node:fs';

const watch = process.argv.includes('--watch');
const minify = process.argv.includes('--minify');

/** CommonJS has no import.meta: sources use `import.meta.url` for files beside the bundle. */
const node = {
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

const doors = ['cli', 'platform', 'extension'].filter((door) => existsSync(`src/${door}.ts`));
const targets = [
  {
    ...node,
    entryPoints: Object.fromEntries(doors.map((door) => [door, `src/${door}.ts`])),
    external: ['vscode'],
  },
  // Worker threads and child processes are files of their own: they are started by path.
  ...[['runtime-worker', 'src/platform/runtime/worker.ts']]
    .filter(([, source]) => existsSync(source))
    .map(([name, source]) => ({ ...node, entryPoints: { [name]: source } })),
];

for (const target of targets) {
  if (watch) await (await context(target)).watch();
  else await build(target);
}
