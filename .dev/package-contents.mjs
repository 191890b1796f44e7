// What would be published holds what it should and nothing else: the extension's .vsix and the npm package.
import { readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { options, pageOptions } from '../esbuild.mjs';
import { makePackage, packagePath } from './package.mjs';
import { root, run } from './processes.mjs';
import { listZip } from './zip.mjs';

const KB = 1024;
const MOST_OF_VSIX = 3 * KB * KB;
const MOST_OF_A_FILE = 100 * KB;
/** What may be larger, when unpacked. What VS Code loads at once is the first. */
const LARGER = {
  'dist/extension.cjs': 250 * KB,
  'dist/editor-core.cjs': 1536 * KB,
  'dist/editor-language.cjs': 320 * KB,
  'dist/editor-bindings.cjs': 288 * KB,
  'dist/editor-marketplace.cjs': 256 * KB,
  'dist/terminal.cjs': 2048 * KB,
  'dist/platform.cjs': 1024 * KB,
  'dist/broker-sqlite.cjs': 256 * KB,
  'dist/broker-postgresql.cjs': 384 * KB,
  'dist/broker-redis.cjs': 768 * KB,
  'dist/redis-client.cjs': 512 * KB,
  'dist/webview-marketplace.js': 320 * KB,
  'dist/webview-offering.js': 512 * KB,
  'dist/webview-bill.js': 288 * KB,
  'dist/codicon.ttf': 160 * KB,
};

/** What building a template in place leaves there. */
const BUILT = /(^|\/)(node_modules|build|target)\//;
/** Every file of every template, whatever its name. */
const TEMPLATES = readdirSync(join(root, 'scaffold'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  .filter((path) => !BUILT.test(path));

const BUNDLES = [
  ...Object.keys(options.entryPoints).map((name) => `dist/${name}.cjs`),
  ...Object.entries(pageOptions.entryPoints).map(
    ([name, path]) => `dist/${name}${path.endsWith('.css') ? '.css' : '.js'}`,
  ),
  // What codicon.css brings with it.
  'dist/codicon.ttf',
];
const REQUIRED = [...BUNDLES, ...TEMPLATES, 'package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'];
const ALLOWED = [
  ...[...REQUIRED, 'package.nls.json'].map((file) => (name) => name === file),
  (name) => /^(media|syntaxes)\//.test(name),
];
/** Beside what was put into it. */
const MADE_BY_VSCE = ['extension.vsixmanifest', '[Content_Types].xml'];
const RENAMED_BY_VSCE = {
  'readme.md': 'README.md',
  'changelog.md': 'CHANGELOG.md',
  'LICENSE.txt': 'LICENSE',
};

/** One test for each package; the .vsix stays in out/. */
export async function checkPackages() {
  const result = { output: '', passed: 0, failed: 0, skipped: 0 };
  for (const [name, check] of [
    ['extension', checkExtension],
    ['npm package', checkNpmPackage],
  ]) {
    const { problems, summary } = await check().catch((error) => ({ problems: [error.message] }));
    result[problems.length === 0 ? 'passed' : 'failed']++;
    result.output += `${name}: ${problems.join('; ') || summary}\n`;
  }
  return result;
}

async function checkExtension() {
  const path = await packagePath();
  await makePackage(path);
  const files = (await listZip(path))
    .filter(({ name }) => !MADE_BY_VSCE.includes(name))
    .map(({ name, size }) => ({ name: name.replace(/^extension\//, ''), size }))
    .map(({ name, size }) => ({ name: RENAMED_BY_VSCE[name] ?? name, size }));
  const { size } = await stat(path);
  const problems = check(files);
  if (size > MOST_OF_VSIX) problems.push(`it has ${size} bytes, and may have ${MOST_OF_VSIX}`);
  return { problems, summary: `${files.length} files, ${Math.ceil(size / KB)} KB` };
}

async function checkNpmPackage() {
  const npm = process.env.npm_execpath;
  if (!npm) throw new Error('npm is found only when this is started by "npm test"');
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=silent'];
  const { code, output } = await run('node', [npm, ...args]);
  if (code !== 0) throw new Error(output.trim());
  // It is made of what was built for tests, which has maps and is not minified.
  const files = JSON.parse(output)[0].files.map(({ path }) => ({ name: path, size: 0 }));
  const withoutMaps = files.filter(({ name }) => !BUNDLES.some((bundle) => name === `${bundle}.map`));
  return { problems: check(withoutMaps), summary: `${files.length} files` };
}

/** @returns what is wrong */
function check(files) {
  return [
    ...files
      .filter(({ name }) => !ALLOWED.some((allows) => allows(name)))
      .map(({ name }) => `${name} must not be in it`),
    ...REQUIRED.filter((file) => !files.some(({ name }) => name === file)).map(
      (file) => `${file} is missing`,
    ),
    ...files
      .filter(({ name, size }) => size > (LARGER[name] ?? MOST_OF_A_FILE))
      .map(({ name, size }) => `${name} has ${size} bytes, and may have ${LARGER[name] ?? MOST_OF_A_FILE}`),
  ];
}
