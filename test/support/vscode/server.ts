// Starts the server of a VS Code under test: windows of it open in a browser, and extensions run in real extension
// hosts beside it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findVSCode } from '../../vscode/setup.mjs';
import { QUIET_SETTINGS } from './settings.ts';

export type VSCodeName = 'newest' | 'oldest';

export interface ServerOptions {
  /** A folder of its own, which holds all that this VS Code keeps: settings, extensions, logs, home, temporary files. */
  root: string;
  vscode?: VSCodeName;
  /** Paths of .vsix files to install. */
  extensions?: readonly string[];
  /** The user's settings, besides those that keep VS Code quiet. */
  settings?: Readonly<Record<string, unknown>>;
  /** Settings of the machine, the only place for those with `scope: machine`. */
  machineSettings?: Readonly<Record<string, unknown>>;
  /** Whether folders have to be trusted first: windows are in Restricted Mode until then. Else all are trusted. */
  trust?: boolean;
  /** Whether windows take tests to run from their address. They show no notifications then. */
  driver?: boolean;
  /** Variables of the server, and so of extension hosts and terminals, besides PATH and those for its folders. */
  env?: Readonly<NodeJS.ProcessEnv>;
}

export interface VSCodeServer {
  /** `http://127.0.0.1:PORT` */
  origin: string;
  root: string;
  /** Home of its extension hosts and terminals. */
  home: string;
  logFile: string;
  /** Of every extension host, one a window (Linux only). */
  extensionHosts(): ExtensionHost[];
  stop(): Promise<void>;
}

export interface ExtensionHost {
  pid: number;
  residentBytes: number;
}

export async function startServer(options: ServerOptions): Promise<VSCodeServer> {
  const { root, vscode = 'newest', extensions = [], trust = false, driver = false } = options;
  const found = findVSCode(vscode);
  if (!found) throw new Error(`The ${vscode} VS Code is not installed: run "npm run vscode -- ${vscode}".`);
  const home = join(root, 'home');
  const folders = ['--user-data-dir', join(root, 'user'), '--extensions-dir', join(root, 'extensions')];
  const temporary = join(root, 'tmp');
  for (const folder of [home, temporary]) mkdirSync(folder, { recursive: true });
  writeSettings(join(root, 'user/User'), { ...QUIET_SETTINGS, ...options.settings });
  writeSettings(join(root, 'user/Machine'), options.machineSettings ?? {});

  const logFile = join(root, 'server.log');
  const log = createWriteStream(logFile);
  const start = (...args: string[]) => {
    const child = spawn(found.node, [join(found.folder, 'out/server-main.js'), ...folders, ...args], {
      cwd: root,
      // A group of its own: with extension hosts, file watcher and terminals.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        SHELL: '/bin/sh',
        ...options.env,
        HOME: home,
        TMPDIR: temporary,
        // Where it would put its sockets otherwise.
        XDG_RUNTIME_DIR: temporary,
      },
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    return child;
  };

  for (const extension of extensions) {
    const [code] = (await once(start('--install-extension', extension), 'close')) as [number | null];
    if (code !== 0) throw new Error(`${extension} cannot be installed: ${readFileSync(logFile, 'utf8')}`);
  }
  const child = start(
    ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--accept-server-license-terms'],
    ...['--disable-telemetry', '--disable-experiments', '--disable-update-check'],
    // An extension host outlives a window that did not say goodbye; for 3 hours, if not told otherwise.
    ...['--reconnection-grace-time', '30'],
    // The server too, 5 minutes after its last window, where whoever started it was killed.
    '--enable-remote-auto-shutdown',
    ...(trust ? [] : ['--disable-workspace-trust']),
    ...(driver ? ['--enable-smoke-test-driver'] : []),
  );
  const ended = once(child, 'exit');
  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid ?? 0), signal);
    } catch {
      // All of them have ended.
    }
  };
  // Also where a test has not come to its end.
  const killAll = () => kill('SIGKILL');
  process.once('exit', killAll);

  const port = await Promise.race([portOf(child.stdout), ended.then(() => undefined)]);
  if (port === undefined) throw new Error(`VS Code did not start: ${readFileSync(logFile, 'utf8')}`);
  return {
    origin: `http://127.0.0.1:${port}`,
    root,
    home,
    logFile,
    extensionHosts: () => (child.pid === undefined ? [] : extensionHostsOf(child.pid)),
    stop: async () => {
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

async function portOf(output: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface(output)) {
    const port = /^Extension host agent listening on (\d+)/.exec(line)?.[1];
    if (port !== undefined) return port;
  }
  return undefined;
}

function writeSettings(folder: string, settings: Readonly<Record<string, unknown>>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings, null, 2));
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
