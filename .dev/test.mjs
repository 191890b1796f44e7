// `npm test`: every layer of tests that this machine can run, then what was left out and how to get it. The last
// line is `N passed, N failed, N skipped`. With HIPPO_TEST=all, leaving out a layer that npm or Debian's packages
// can provide is a failure, and the layers e2e, webview, host and editor have a second attempt for each test: those that
// needed it are named. What a layer wrote is in out/test/<layer>.log. `npm test -- unit host` runs only the layers whose
// names begin like this.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPackages } from './package-contents.mjs';
import { demandNode, root, run, stopAll } from './processes.mjs';
import { provideVSCode } from '../test/vscode/setup.mjs';
import { provideDebian, provideNode } from './provide.mjs';

demandNode();

const OUT = join(root, 'out/test');
const OLDEST_NODE = '22.20.0';
const TOO_OLD_NODE = '20.19.0';

/** What a window of VS Code, and building its logger, take. */
const FOR_VSCODE = ['chromium', 'make', 'g++', 'python3'];

/** Binding code in C compiles, and in Python finds its clients. */
const FOR_C = ['clang', 'wasi-libc', 'libclang-rt-14-dev-wasm32'];
const FOR_PYTHON = ['python3-psycopg', 'python3-redis'];

/** The servers of add-ons. */
const SERVICES = ['postgresql', 'redis-server'];

/**
 * What has to be got for a layer stands in `node` (a version), `vscode` (its name) and `debian` (packages); without
 * the packages in `wanted` some of its tests are left out. `run` gets the path of that Node, if any, and gives
 * `{ output, passed, failed, skipped }`, and in `late` what has passed only at the second attempt, with what went
 * wrong at the first: `[name, error]`.
 */
const LAYERS = [
  { name: 'types', run: () => command([bin('typescript/bin/tsc'), '--noEmit']) },
  {
    name: 'types of pages',
    run: () => command([bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.webview.json']),
  },
  { name: 'lint', run: () => command([bin('eslint/bin/eslint.js'), '.']) },
  { name: 'format', run: () => command([bin('prettier/bin/prettier.cjs'), '--check', '.']) },
  { name: 'unit', wanted: SERVICES, run: () => vitest('unit') },
  { name: 'build', run: () => command(['esbuild.mjs']) },
  { name: 'package', run: checkPackages },
  {
    name: 'e2e',
    wanted: SERVICES,
    run: () => vitest('e2e', ['--config', 'test/e2e/vitest.config.ts']),
  },
  {
    name: 'webview',
    debian: ['chromium'],
    run: () => vitest('webview', ['--config', 'test/webview/vitest.config.ts']),
  },
  {
    name: 'host (oldest VS Code)',
    vscode: 'oldest',
    debian: FOR_VSCODE,
    run: () => host('oldest'),
  },
  {
    name: 'host (newest VS Code)',
    vscode: 'newest',
    debian: FOR_VSCODE,
    run: () => host('newest'),
  },
  {
    name: 'editor',
    vscode: 'newest',
    debian: FOR_VSCODE,
    run: () => vitest('editor', ['--config', 'test/editor/vitest.config.ts']),
  },
  {
    name: 'template in Rust',
    debian: ['rustc', 'cargo', 'libstd-rust-dev-wasm32', 'lld', ...FOR_C, ...FOR_PYTHON],
    wanted: SERVICES,
    run: () => vitest('templates', ['--config', 'test/templates/vitest.config.ts']),
  },
  { name: 'start', run: () => command(['.dev/start.mjs', '--once', '--port', '0']) },
  {
    name: `e2e on Node ${OLDEST_NODE}`,
    node: OLDEST_NODE,
    wanted: SERVICES,
    run: (node) => vitest('e2e-oldest', ['--config', 'test/e2e/vitest.config.ts'], node),
  },
  { name: `refusal of Node ${TOO_OLD_NODE}`, node: TOO_OLD_NODE, run: refusal },
];

/** No package of npm or Debian gives these. */
const ELSEWHERE = [
  ['desktop VS Code', 'VSCODE_PATH=<its executable> npm run test:electron, on a machine with a display'],
  ['Windows', 'npm test on Windows'],
  ['macOS', 'npm test on macOS'],
];

for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, async () => {
    await stopAll();
    process.exit(130);
  });

const demandAll = process.env.HIPPO_TEST === 'all';
const total = { passed: 0, failed: 0, skipped: 0 };
const leftOut = [];
const late = [];
const names = process.argv.slice(2);
const layers = LAYERS.filter(
  ({ name }) => names.length === 0 || names.some((start) => name.startsWith(start)),
);

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
for (const layer of layers) await runLayer(layer);

if (late.length > 0) say('');
for (const [layer, name, error] of late) say(`passed at the second attempt: ${layer}: ${name}\n    ${error}`);
say('\nLeft out:');
for (const [name, how] of [...leftOut, ...ELSEWHERE]) say(`  ${name}: ${how}`);
say(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && layers.length > 0 ? 0 : 1;

async function runLayer(layer) {
  const before = performance.now();
  const provided = await provide(layer);
  if (provided.command !== undefined) {
    leftOut.push([layer.name, `${provided.command} (${provided.reason})`]);
    total[demandAll ? 'failed' : 'skipped']++;
    row(layer.name, demandAll ? 'MISSING' : 'left out', provided.reason);
    return;
  }
  const services = layer.wanted === undefined ? {} : await provideDebian(layer.wanted);
  if (services.command !== undefined)
    leftOut.push([`${layer.name}: what needs servers`, `${services.command} (${services.reason})`]);
  const { output, late: ofLayer = [], ...counts } = await layer.run(provided.path);
  for (const one of ofLayer) late.push([layer.name, ...one]);
  const log = join(OUT, `${layer.name.replaceAll(' ', '-')}.log`);
  await writeFile(log, output);
  for (const key of Object.keys(total)) total[key] += counts[key];
  const seconds = `${((performance.now() - before) / 1000).toFixed(1)} s`;
  const again = ofLayer.length > 0 ? `, ${ofLayer.length} of them at the second attempt` : '';
  const skipped = `${again}${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`;
  if (counts.failed === 0) return row(layer.name, 'ok', `${counts.passed} passed${skipped}, ${seconds}`);
  row(layer.name, 'FAILED', `${counts.failed} failed, ${counts.passed} passed${skipped}, ${seconds}, ${log}`);
  say(output.trimEnd().replaceAll(/^/gm, '    '));
}

async function provide({ node, vscode, debian }) {
  const packages = debian === undefined ? {} : await provideDebian(debian);
  if (packages.command !== undefined) return packages;
  if (vscode !== undefined) return provideVSCode(vscode);
  return node === undefined ? {} : provideNode(node);
}

/** A program that succeeds or not counts as one test. */
async function command(args) {
  const { code, output } = await run('node', args);
  return { output, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

async function vitest(name, args = [], node = 'node') {
  const report = join(OUT, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, '--no-color'];
  const { code, output } = await run(node, [bin('vitest/vitest.mjs'), 'run', ...reporters, ...args]);
  const result = await readFile(report, 'utf8').then(JSON.parse, () => ({}));
  const { numPassedTests: passed = 0, numFailedTests: failures = 0, numPendingTests: skipped = 0 } = result;
  const late = (result.testResults ?? []).flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0)
      .map(({ fullName, failureMessages }) => [fullName, firstLine(failureMessages[0])]),
  );
  // A file that cannot be loaded, or an error outside of any test, fails the run without a failed test.
  return { output, passed, failed: code === 0 ? failures : Math.max(failures, 1), skipped, late };
}

/** Tests inside an extension host. */
async function host(vscode) {
  const report = join(OUT, `host-${vscode}.json`);
  const { code, output } = await run('node', ['test/host/run.ts', vscode, '--report', report]);
  const result = await readFile(report, 'utf8').then(JSON.parse, () => ({ stats: {}, passes: [] }));
  const { passes: passed = 0, failures = 0, pending: skipped = 0 } = result.stats;
  const late = result.passes
    .filter(({ currentRetry }) => currentRetry > 0)
    .map(({ fullTitle, err }) => [fullTitle, firstLine(err.message)]);
  return { output, passed, failed: code === 0 ? failures : Math.max(failures, 1), skipped, late };
}

function firstLine(text = '') {
  return text.split('\n', 1)[0];
}

/** An older Node is told so in one sentence, by every command. */
async function refusal(node) {
  const { code, output } = await run(node, ['dist/cli.cjs', '--help']);
  const ok = code === 1 && /^hippo needs Node \S+ or later.*\n$/.test(output);
  return { output, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

function row(name, state, detail) {
  say(`${name.padEnd(24)}${state.padEnd(10)}${detail}`);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function bin(path) {
  return join(root, 'node_modules', path);
}
