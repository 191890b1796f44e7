// Runs the tests of this folder inside a real extension host, on what esbuild.mjs has built:
// `node test/host/run.ts [newest|oldest] [--grep PATTERN] [--report FILE]`
// With the executable of a desktop VS Code in VSCODE_PATH they run there instead. HIPPO_HOST_LOG=1 shows the console.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
import { build } from 'esbuild';

const HERE = import.meta.dirname;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** In the checkout, where mocha is found. */
const BUNDLE = join(ROOT, `out/host/tests-${process.pid}.mjs`);

/** Of mocha's reporter `json`. */
interface Report {
  stats: { passes: number; failures: number; pending: number; duration: number };
  passes: { fullTitle: string; duration: number; currentRetry: number }[];
  failures: { fullTitle: string; err: { message?: string; stack?: string } }[];
  pending: { fullTitle: string }[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string', short: 'g' }, report: { type: 'string' } },
});
const [vscode = 'newest'] = positionals;
const { VSCODE_PATH } = process.env;
const temporary = mkdtempSync(join(tmpdir(), 'hippo-host-'));
try {
  await bundle();
  process.exitCode = await run(values.report ?? join(temporary, 'report.json'));
} finally {
  for (const path of [temporary, BUNDLE, `${BUNDLE}.map`]) rmSync(path, { recursive: true, force: true });
}

async function bundle(): Promise<void> {
  const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
  const imports = files.map((file) => `await import(${JSON.stringify(`./${file}`)});`).join('\n');
  await build({
    stdin: {
      contents: `import { runMocha } from './mocha.ts';\nexport const run = () => runMocha(async () => {\n${imports}\n});`,
      resolveDir: HERE,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: ['vscode', 'mocha'],
    // Packages in CommonJS require Node's modules.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
    },
    sourcemap: 'linked',
    sourcesContent: false,
    outfile: BUNDLE,
    logLevel: 'warning',
  });
}

/** @returns the exit code */
async function run(report: string): Promise<number> {
  // Tests may change it.
  const workspace = join(temporary, 'workspace');
  cpSync(join(HERE, 'workspace'), workspace, { recursive: true });
  rmSync(report, { force: true });
  const code = await runTests({
    vscodeExecutablePath: VSCODE_PATH ?? join(ROOT, 'test/support/vscode/host-runner.ts'),
    extensionDevelopmentPath: ROOT,
    extensionTestsPath: BUNDLE,
    launchArgs: [workspace],
    extensionTestsEnv: {
      HIPPO_VSCODE: vscode,
      HIPPO_HOST_REPORT: report,
      HIPPO_HOST_GREP: values.grep,
      HIPPO_HOST_ROOT: ROOT,
      HIPPO_HOME: join(temporary, 'hippo-home'),
    },
  }).catch((error: unknown) => {
    if (error instanceof TestRunFailedError) return error.code ?? 1;
    throw error;
  });
  let result: Report;
  try {
    result = JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    console.error(
      `The extension host has left no report (exit code ${code}): try again with HIPPO_HOST_LOG=1.`,
    );
    return code || 1;
  }
  print(result);
  return code;
}

function print({ stats, passes, failures, pending }: Report): void {
  for (const { fullTitle, duration, currentRetry } of passes)
    console.log(`  ok    ${fullTitle} (${duration} ms${currentRetry > 0 ? ', at the second attempt' : ''})`);
  for (const { fullTitle } of pending) console.log(`  skip  ${fullTitle}`);
  for (const { fullTitle, err } of failures)
    console.log(`  FAIL  ${fullTitle}\n${inSources(err.stack ?? err.message ?? '')}`);
  console.log(
    `${VSCODE_PATH ?? vscode}: ${stats.passes} passed, ${stats.failures} failed, ${stats.pending} skipped`,
  );
}

/** Where it happened in the files of tests, not in their bundle. */
function inSources(stack: string): string {
  const map = new SourceMap(JSON.parse(readFileSync(`${BUNDLE}.map`, 'utf8')) as SourceMapPayload);
  return stack.replace(/file:\S*?\/tests-\d+\.mjs:(\d+):(\d+)/g, (place, line: string, column: string) => {
    const origin = map.findOrigin(Number(line), Number(column));
    if (!('fileName' in origin)) return place;
    return `${resolve(dirname(BUNDLE), origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}
