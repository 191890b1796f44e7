// Bundles each program into one file in dist/: the front doors, what they load on first use, and what is started by
// path as a process or a thread of its own. `node esbuild.mjs [--watch] [--minify]`
import { realpathSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

const watch = process.argv.includes('--watch');
const minify = process.argv.includes('--minify');

const entryPoints = {
  extension: 'src/extension.ts',
  'editor-core': 'src/editor/core.ts',
  'editor-bindings': 'src/editor/bindings/bindings.ts',
  'editor-language': 'src/editor/language/analysis.ts',
  'editor-marketplace': 'src/editor/marketplace/pages.ts',
  cli: 'src/cli.ts',
  terminal: 'src/terminal/main.ts',
  platform: 'src/platform.ts',
  'runtime-process': 'src/platform/runtime/process.ts',
  'runtime-worker': 'src/platform/runtime/worker.ts',
  'addon-sqlite': 'src/platform/addons/services/sqlite-process.ts',
  'redis-client': 'src/platform/addons/services/redis-client.ts',
  'schema-worker': 'src/platform/addons/schema-worker.ts',
  'broker-sqlite': 'src/platform/brokers/sqlite/main.ts',
  'broker-postgresql': 'src/platform/brokers/postgresql/main.ts',
  'broker-redis': 'src/platform/brokers/redis/main.ts',
};
const bundles = new Map(
  Object.entries(entryPoints).map(([name, path]) => [resolve(root, path), `./${name}.cjs`]),
);

/** CommonJS has no import.meta: sources use `import.meta.url` for files beside the bundle. */
export const options = {
  absWorkingDir: root,
  entryPoints,
  external: ['vscode'],
  plugins: [
    {
      // Each front door is small and loads the rest when it is needed: what it imports by `import(…)` and has an
      // entry above stays a file of its own.
      name: 'lazy bundles',
      setup: ({ onResolve }) =>
        onResolve({ filter: /^\..*\.ts$/ }, ({ kind, path, resolveDir }) => {
          const bundle = kind === 'dynamic-import' ? bundles.get(resolve(resolveDir, path)) : undefined;
          return bundle === undefined ? undefined : { path: bundle, external: true };
        }),
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

/** The pages, which run in a browser under a policy that lets them make no code of texts. */
export const pageOptions = {
  absWorkingDir: root,
  entryPoints: {
    'webview-marketplace': 'src/webview/marketplace/marketplace-page.ts',
    'webview-offering': 'src/webview/marketplace/offering-page.ts',
    'webview-bill': 'src/webview/marketplace/bill-page.ts',
    webview: 'src/webview/styles/page.css',
    codicon: '@vscode/codicons/dist/codicon.css',
  },
  loader: { '.ttf': 'copy' },
  assetNames: '[name]',
  bundle: true,
  platform: 'browser',
  format: 'iife',
  // VS Code 1.106 has Chromium 138.
  target: 'chrome138',
  outdir: 'dist',
  minify,
  sourcemap: !minify,
  logLevel: 'warning',
};

// Tests look at the options alone.
if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  // What is published must not hold the maps of an earlier build.
  if (minify) rmSync(resolve(root, 'dist'), { recursive: true, force: true });
  for (const one of [options, pageOptions])
    if (watch) await (await context(one)).watch();
    else await build(one);
}
