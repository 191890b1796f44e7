#!/usr/bin/env node
// Runs tests inside the extension host of a VS Code under test. It takes the arguments that desktop VS Code takes, so
// that @vscode/test-electron can start it in its place; which one is in HIPPO_VSCODE. The exit code is 0 if run() of
// --extensionTestsPath has fulfilled. Variables of the environment reach the extension host.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { launchBrowser } from './browser.ts';
import { isolatedEnv, startServer, type VSCodeName } from './server.ts';
import { NOT_NEEDED, QUIET_SETTINGS } from './settings.ts';

/** Milliseconds for all tests. */
const PATIENCE = 300_000;

const args = process.argv.slice(2);
const pathsOf = (option: string) =>
  args.filter((arg) => arg.startsWith(`--${option}=`)).map((arg) => resolve(arg.slice(option.length + 3)));
const [workspace] = args.filter((arg) => !arg.startsWith('-'));

const root = mkdtempSync(join(tmpdir(), 'hippo-host-'));
const server = await startServer({
  root,
  vscode: (process.env['HIPPO_VSCODE'] ?? 'newest') as VSCodeName,
  driver: true,
  env: { ...process.env, ...isolatedEnv(root) },
  settings: QUIET_SETTINGS,
  withoutBuiltIn: NOT_NEEDED,
});
const browser = await launchBrowser();
try {
  const page = await browser.newPage();
  const finished = new Promise<number>((resolve) => {
    // What the window calls in place of a process that ends, and in place of its output.
    void page.exposeFunction('codeAutomationExit', resolve);
    page.on('crash', () => resolve(1));
    setTimeout(() => {
      console.error('The tests have not come to an end.');
      resolve(1);
    }, PATIENCE).unref();
    void page.exposeFunction('codeAutomationLog', (type: string, parts: unknown[]) => {
      if (process.env['HIPPO_HOST_LOG']) console.error(`[${type}]`, ...parts);
    });
  });
  const uri = (path: string) => `vscode-remote://remote${path}`;
  const payload = [
    ...pathsOf('extensionDevelopmentPath').map((path) => ['extensionDevelopmentPath', uri(path)]),
    ...pathsOf('extensionTestsPath').map((path) => ['extensionTestsPath', uri(path)]),
  ];
  const address = new URL(server.origin);
  address.searchParams.set('payload', JSON.stringify(payload));
  if (workspace === undefined) address.searchParams.set('ew', 'true');
  else
    address.searchParams.set(
      workspace.endsWith('.code-workspace') ? 'workspace' : 'folder',
      resolve(workspace),
    );
  await page.goto(address.href);
  process.exitCode = await finished;
} finally {
  await browser.close();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
}
