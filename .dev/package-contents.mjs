// What would be published holds what it should and nothing else: the extension (vsce) and the npm package.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './processes.mjs';

const ALLOWED = [
  /^(package\.json|package\.nls\.json|README\.md|CHANGELOG\.md|LICENSE)$/i,
  /^dist\/(extension|editor-core|cli|terminal|platform|runtime-process|runtime-worker)\.cjs(\.map)?$/,
  /^(media|syntaxes|scaffold)\/(?!.*(node_modules|build)\/)/,
];

/** One test for each package. */
export async function checkPackages() {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const required = [
    manifest.main.replace(/^\.\//, ''),
    ...Object.values(manifest.bin),
    'dist/editor-core.cjs',
    'dist/terminal.cjs',
    'dist/platform.cjs',
    'dist/runtime-process.cjs',
    'dist/runtime-worker.cjs',
    'README.md',
    'LICENSE',
  ];
  const result = { output: '', passed: 0, failed: 0, skipped: 0 };
  for (const [name, list] of [
    ['extension', listExtension],
    ['npm package', listPackage],
  ]) {
    const { files, output } = await list();
    const problems = files
      ? [
          ...files
            .filter((file) => !ALLOWED.some((allowed) => allowed.test(file)))
            .map((file) => `${file} must not be in it`),
          ...required.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
        ]
      : [`its files cannot be listed: ${output}`];
    result[problems.length === 0 ? 'passed' : 'failed']++;
    result.output += `${name}: ${problems.join('; ') || `${files.length} files, all of them allowed`}\n`;
  }
  return result;
}

async function listExtension() {
  const { code, output } = await run('node', [
    join(root, 'node_modules/@vscode/vsce/vsce'),
    'ls',
    '--no-dependencies',
  ]);
  return code === 0 ? { files: output.trim().split(/\r?\n/) } : { output };
}

async function listPackage() {
  const npm = process.env.npm_execpath;
  if (!npm) return { output: 'npm is found only when this is started by "npm test"' };
  const { code, output } = await run('node', [
    npm,
    'pack',
    '--dry-run',
    '--json',
    '--ignore-scripts',
    '--loglevel=silent',
  ]);
  return code === 0 ? { files: JSON.parse(output)[0].files.map(({ path }) => path) } : { output };
}
