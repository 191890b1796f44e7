// `test` of vitest with a VS Code that has the packaged extension: it starts when a test first uses it, shows every
// step as a picture in test-results/, and leaves nothing behind.

import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { inject, test as base } from 'vitest';
import { cleanEnv, hippo } from '../cli.ts';
import { launchBrowser, openProfile, type Profile } from './browser.ts';
import {
  isolatedEnv,
  startServer,
  type ServerOptions,
  type VSCodeName,
  type VSCodeServer,
} from './server.ts';
import { NOT_NEEDED, QUIET_SETTINGS } from './settings.ts';
import { Workbench } from './workbench.ts';

/** Variables and settings are besides those of every test. */
export type StartOptions = Partial<
  Omit<ServerOptions, 'root' | 'extensionsDir' | 'token' | 'port' | 'secretKey'>
>;

const RESULTS = fileURLToPath(new URL('../../../test-results', import.meta.url));

/** The VS Code of one test. */
export class VSCodeUnderTest {
  /** HIPPO_HOME of its extension: where the local Hippo and the command in this test find each other. */
  readonly hippoHome: string;
  readonly #browser: Browser;
  readonly #root: string;
  readonly #results: string;
  readonly #windows: Workbench[] = [];
  #server: Promise<VSCodeServer> | undefined;
  #profile: Promise<Profile> | undefined;
  #steps = 0;

  /** @param results folder for pictures and logs */
  constructor(browser: Browser, results: string) {
    this.#browser = browser;
    this.#results = results;
    this.#root = mkdtempSync(join(tmpdir(), 'hippo-ui-'));
    this.hippoHome = join(this.#root, 'hippo-home');
  }

  /** Starts the server with options of its own; `open` starts it without any. Once, and before the first window. */
  async start(options: StartOptions = {}): Promise<VSCodeServer> {
    if (this.#server) throw new Error('VS Code has been started already.');
    const root = join(this.#root, 'vscode');
    this.#server = startServer({
      vscode: (process.env['HIPPO_VSCODE'] ?? 'newest') as VSCodeName,
      ...options,
      root,
      env: { ...isolatedEnv(root), HIPPO_HOME: this.hippoHome, ...options.env },
      settings: { ...QUIET_SETTINGS, ...options.settings },
      withoutBuiltIn: NOT_NEEDED,
      secretKey: randomBytes(32),
      extensionsDir: inject('extensionsDir'),
    });
    return this.#server;
  }

  /** A new folder with these files: path with forward slashes → text or bytes. */
  folder(files: Readonly<Record<string, string | Uint8Array>>, name = 'workspace'): string {
    const folder = join(this.#root, name);
    mkdirSync(folder, { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return folder;
  }

  /** A copy of a folder. */
  async copy(folder: string): Promise<string> {
    const copied = join(this.#root, basename(folder));
    await cp(folder, copied, { recursive: true });
    return copied;
  }

  /**
   * Opens a window and waits until it is ready. Windows of one test share what VS Code keeps for its user.
   * @param path of a folder, of a `.code-workspace`, or none for an empty window
   */
  async open(path?: string): Promise<Workbench> {
    const server = await (this.#server ?? this.start());
    this.#profile ??= openProfile(this.#browser);
    const window = await Workbench.open(server, await this.#profile, path);
    this.#windows.push(window);
    return window;
  }

  /** Why extensions have been activated in its windows so far: `publisher.name` → event. */
  async activations(): Promise<Map<string, string>> {
    const server = await this.#server;
    if (!server) return new Map();
    const logs = join(server.root, 'user/logs');
    const files = readdirSync(logs, { recursive: true, encoding: 'utf8' });
    return new Map(
      files
        .filter((file) => file.endsWith('remoteexthost.log'))
        .flatMap((file) => [
          ...readFileSync(join(logs, file), 'utf8').matchAll(
            /_doActivateExtension (\S+),.* activationEvent: '(.*?)'/g,
          ),
        ])
        .map(([, extension = '', event = '']) => [extension, event]),
    );
  }

  /** Part of a test: when it has ended, or failed, each window is shown in test-results/. */
  async step<T>(name: string, action: () => Promise<T>): Promise<T> {
    const number = String(++this.#steps).padStart(2, '0');
    try {
      const result = await action();
      await this.#show(`${number} ${name}`);
      return result;
    } catch (error) {
      await this.#show(`${number} ${name} FAILED`);
      if (error instanceof Error) error.message = `${name}: ${error.message}`;
      throw error;
    }
  }

  /** @param failed keeps the logs */
  async end(failed: boolean): Promise<void> {
    if (failed) await this.#show('at the end');
    const profile = await this.#profile;
    await profile?.context.close();
    const server = await this.#server?.catch(() => undefined);
    await server?.stop();
    if (failed) await this.#keepLogs();
    // The extension's local Hippo outlives its windows.
    if (existsSync(join(this.hippoHome, 'platform')))
      await hippo(['platform', 'stop'], { env: cleanEnv(this.hippoHome) });
    // What ends may still write there.
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 10 });
  }

  async #show(name: string): Promise<void> {
    const open = this.#windows.filter(({ page }) => !page.isClosed());
    for (const [index, window] of open.entries()) {
      const which = open.length > 1 ? ` (window ${index + 1})` : '';
      // A window that hangs must not hide why.
      await window.screenshot(join(this.#results, `${fileName(name + which)}.png`)).catch(() => undefined);
    }
  }

  async #keepLogs(): Promise<void> {
    for (const [index, { consoleLines }] of this.#windows.entries())
      writeFileSync(join(this.#results, `console-${index + 1}.log`), consoleLines.join('\n'));
    const root = join(this.#root, 'vscode');
    for (const path of ['server.log', 'user/logs'])
      if (existsSync(join(root, path)))
        await cp(join(root, path), join(this.#results, basename(path)), { recursive: true });
  }
}

/** A test that gets `vscode`, and a browser shared by the tests of its file. */
export const test = base
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('vscode', async ({ browser, task }, { onCleanup }) => {
    const file = basename(task.file.filepath, '.test.ts');
    // What a first attempt has shown stays.
    const again = (task.result?.retryCount ?? 0) > 0 ? ' (second attempt)' : '';
    const results = join(RESULTS, file, fileName(task.fullTestName) + again);
    rmSync(results, { recursive: true, force: true });
    mkdirSync(results, { recursive: true });
    const vscode = new VSCodeUnderTest(browser, results);
    onCleanup(() => vscode.end(task.result?.state === 'fail'));
    return vscode;
  });

function fileName(text: string): string {
  return text.replace(/[^\p{L}\p{N} ().,-]+/gu, '_').slice(0, 120);
}
