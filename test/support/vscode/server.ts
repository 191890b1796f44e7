// Starts the server of a VS Code: windows of it open in a browser, and extensions run in real extension hosts beside
// it. In front of it stands a proxy for the ports of this machine, which windows on the web cannot reach otherwise.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { startProxy } from '../../../.dev/port-proxy.mjs';
import { findVSCode } from '../../vscode/setup.mjs';

export type VSCodeName = 'newest' | 'oldest';

export interface ServerOptions {
  /** A folder for all that this VS Code keeps: settings, extensions, logs. */
  root: string;
  vscode?: VSCodeName;
  /** Where its extensions are; it has none if absent. */
  extensionsDir?: string;
  /** Of the server, and so of extension hosts and terminals. */
  env: Readonly<NodeJS.ProcessEnv>;
  /** The user's settings; those that are there stay as they are if absent. */
  settings?: Readonly<Record<string, unknown>>;
  /** Settings of the machine, the only place for those with `scope: machine`. */
  machineSettings?: Readonly<Record<string, unknown>>;
  /** Built-in extensions that are not to be there. */
  withoutBuiltIn?: readonly string[];
  /** Whether folders have to be trusted first: windows are in Restricted Mode until then. Else all are trusted. */
  trust?: boolean;
  /** Whether windows take tests to run from their address. They show no notifications then. */
  driver?: boolean;
  /** What only who has it may open windows with: `?tkn=…` in their address. */
  token?: string;
  /** Port of the proxy; a free one if absent. */
  port?: number;
  /** 32 bytes with which secrets outlive a window; it keeps them in memory if absent. */
  secretKey?: Buffer;
}

export interface VSCodeServer {
  /** `http://127.0.0.1:PORT`, of the proxy. */
  origin: string;
  root: string;
  logFile: string;
  /** Of every extension host, one a window (Linux only). */
  extensionHosts(): ExtensionHost[];
  stop(): Promise<void>;
}

export interface ExtensionHost {
  pid: number;
  residentBytes: number;
}

/** Installs a .vsix into a folder of extensions, also where it is there already. */
export async function installExtension(
  vsix: string,
  extensionsDir: string,
  vscode: VSCodeName,
): Promise<void> {
  const { node, main } = programOf(vscode);
  const args = [main, '--install-extension', vsix, '--force', '--extensions-dir', extensionsDir];
  // It would leave logs in the home.
  const user = ['--user-data-dir', join(extensionsDir, '.user')];
  await promisify(execFile)(node, [...args, ...user]);
  rmSync(join(extensionsDir, '.user'), { recursive: true });
}

export async function startServer(options: ServerOptions): Promise<VSCodeServer> {
  const { root, extensionsDir = join(root, 'extensions'), trust = false, driver = false, token } = options;
  const { node, main, folder } = programOf(options.vscode ?? 'newest');
  mkdirSync(root, { recursive: true });
  writeSettings(join(root, 'user/User'), options.settings);
  writeSettings(join(root, 'user/Machine'), options.machineSettings);

  const logFile = join(root, 'server.log');
  const log = createWriteStream(logFile);
  const args = [
    ...['--user-data-dir', join(root, 'user'), '--extensions-dir', extensionsDir],
    ...['--host', '127.0.0.1', '--port', '0', '--accept-server-license-terms'],
    ...(token === undefined ? ['--without-connection-token'] : ['--connection-token', token]),
    ...['--disable-telemetry', '--disable-experiments', '--disable-update-check'],
    // An extension host outlives a window that did not say goodbye; for 3 hours, if not told otherwise.
    ...['--reconnection-grace-time', '30'],
    // The server too, 5 minutes after its last window, where whoever started it was killed.
    '--enable-remote-auto-shutdown',
    ...(trust ? [] : ['--disable-workspace-trust']),
    ...(driver ? ['--enable-smoke-test-driver'] : []),
    ...(options.withoutBuiltIn
      ? ['--builtin-extensions-dir', builtInWithout(options.withoutBuiltIn, folder, root)]
      : []),
  ];
  const child = spawn(node, [main, ...args], {
    cwd: root,
    // A group of its own: with extension hosts, file watcher and terminals.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env,
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = once(child, 'exit');
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // All of them have ended.
    }
  };
  // Also where a test has not come to its end.
  const killAll = () => kill('SIGKILL');
  process.once('exit', killAll);

  const port = await Promise.race([portOf(child.stdout), ended.then(() => undefined)]);
  if (port === undefined) throw new Error(`VS Code did not start: ${readFileSync(logFile, 'utf8')}`);
  const proxy = await startProxy(port, options).catch((error: unknown) => {
    killAll();
    throw error;
  });
  return {
    origin: proxy.origin,
    root,
    logFile,
    extensionHosts: () => (child.pid === undefined ? [] : extensionHostsOf(child.pid)),
    stop: async () => {
      await proxy.close();
      kill('SIGTERM');
      const patience = setTimeout(killAll, 5_000);
      await ended;
      clearTimeout(patience);
      // What the server has not taken along.
      killAll();
      process.removeListener('exit', killAll);
      log.end();
    },
  };
}

function programOf(vscode: VSCodeName): { folder: string; node: string; main: string } {
  const found = findVSCode(vscode);
  if (!found) throw new Error(`The ${vscode} VS Code is not installed: run "npm run vscode -- ${vscode}".`);
  return { ...found, main: join(found.folder, 'out/server-main.js') };
}

async function portOf(output: NodeJS.ReadableStream): Promise<number | undefined> {
  for await (const line of createInterface(output)) {
    const port = /^Extension host agent listening on (\d+)/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  return undefined;
}

/** Variables of a user of his own, who keeps everything below `root`. */
export function isolatedEnv(root: string): NodeJS.ProcessEnv {
  const home = join(root, 'home');
  const temporary = join(root, 'tmp');
  for (const folder of [home, temporary]) mkdirSync(folder, { recursive: true });
  return {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    SHELL: '/bin/sh',
    HOME: home,
    TMPDIR: temporary,
    // Where VS Code would put its sockets otherwise.
    XDG_RUNTIME_DIR: temporary,
  };
}

function writeSettings(folder: string, settings: Readonly<Record<string, unknown>> | undefined): void {
  if (!settings) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings, null, 2));
}

/** A folder with the others. */
function builtInWithout(names: readonly string[], vscode: string, root: string): string {
  const folder = join(root, 'built-in');
  mkdirSync(folder);
  for (const name of readdirSync(join(vscode, 'extensions')))
    if (!names.includes(name)) symlinkSync(join(vscode, 'extensions', name), join(folder, name));
  return folder;
}

function extensionHostsOf(server: number): ExtensionHost[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      if (!readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('--type=extensionHost')) return [];
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
      return field('PPid') === server ? [{ pid: Number(name), residentBytes: field('VmRSS') * 1024 }] : [];
    } catch {
      // Not a process, or one that has ended.
      return [];
    }
  });
}
