// The command in the terminals of a window: its scripts, its variables, and what the window tells it.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { Connections } from '../../../src/editor/connections/connections.ts';
import { commandVariables, writeCommand } from '../../../src/editor/connections/hippo-command.ts';
import { TerminalCommand } from '../../../src/editor/connections/terminal.ts';
import { serveWindow } from '../../../src/editor/connections/window-server.ts';
import type { EditorWindow } from '../../../src/session/open-session.ts';
import { removeRunning, writeRunning } from '../../../src/session/running-file.ts';
import { windowAt, WINDOW_SOCKET } from '../../../src/session/window-socket.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const disposables: { dispose(): void }[] = [];
let count = 0;

afterEach(() => {
  for (const one of disposables.splice(0).reverse()) one.dispose();
});

const FAR = { name: 'far', hippoUrl: 'https://hippo.example', bindleUrl: 'https://bindle.example/v1' };
const hour = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

async function world({ env = {}, isTrusted = true }: { env?: NodeJS.ProcessEnv; isTrusted?: boolean } = {}) {
  const home = join(folder, String(count++));
  mkdirSync(home);
  const app = new FakeApp(home);
  app.trust(isTrusted);
  const connections = new Connections(app);
  const terminal = new TerminalCommand(app, connections, env);
  disposables.push(connections, terminal);
  await connections.store.add({ ...FAR, userName: 'ana' });
  await connections.secrets.set(
    { origin: FAR.hippoUrl, userName: 'ana' },
    { session: { token: 'good', expiration: hour(1) } },
  );
  await connections.refresh();
  terminal.start();
  await terminal.update();
  const variable = (name: string): string | undefined => app.terminalVariables.get(name);
  const window = (): EditorWindow => windowAt(variable(WINDOW_SOCKET) ?? '');
  return { app, connections, terminal, variable, window };
}

describe('variables', () => {
  test('name the connection of the window, and never hold the token', async () => {
    const { app, connections, terminal, variable } = await world();
    await connections.choose('far');
    await terminal.update();
    expect(variable('HIPPO_URL')).toBe(FAR.hippoUrl);
    expect(variable('BINDLE_URL')).toBe(FAR.bindleUrl);
    expect(app.terminalPath).toBe(join(app.extension.storage, 'bin'));
    expect([...app.terminalVariables.values()].join()).not.toContain('good');
  });

  test('have the command before the extension gives back control, and keep what is there from before', async () => {
    const { app, connections } = await world();
    app.terminals.set({ [WINDOW_SOCKET]: '/of/an/earlier/window', HIPPO_URL: FAR.hippoUrl }, undefined, '');
    const terminal = new TerminalCommand(app, connections, {});
    disposables.push(terminal);
    terminal.start();
    expect(app.terminalPath).toBe(join(app.extension.storage, 'bin'));
    expect(Object.fromEntries(app.terminalVariables)).toMatchObject({
      ...commandVariables(app.extension.path('dist/cli.cjs')),
      [WINDOW_SOCKET]: '/of/an/earlier/window',
      HIPPO_URL: FAR.hippoUrl,
    });
    await terminal.update();
    expect(app.terminalVariables.get('HIPPO_URL')).toBeUndefined();
  });

  test('name the local Hippo where it is, or was', async () => {
    const { app, connections, terminal, variable } = await world();
    expect(variable('HIPPO_URL')).toBeUndefined();
    const hippoUrl = 'http://localhost:5309';
    const dataDir = app.places.platform;
    const rest = { tokenFile: join(dataDir, 'token'), pid: 1, instance: 'i', version: '0.1.0' };
    await writeRunning({ hippoUrl, bindleUrl: `${hippoUrl}/v1`, dataDir, ...rest });
    await connections.refresh();
    await terminal.update();
    expect(variable('HIPPO_URL')).toBe(hippoUrl);
    expect(variable('BINDLE_URL')).toBe(`${hippoUrl}/v1`);
    // It keeps its port: terminals that are open stay right when it stops.
    await removeRunning(dataDir);
    await terminal.update();
    expect(variable('HIPPO_URL')).toBe(hippoUrl);
  });

  test("leave a server alone that the user's own environment names, until one is chosen in the window", async () => {
    const { connections, terminal, variable, window } = await world({
      env: { HIPPO_URL: 'https://mine.example' },
    });
    await terminal.update();
    expect(variable('HIPPO_URL')).toBeUndefined();
    expect(await window().connection('https://mine.example')).toBeUndefined();
    await connections.choose('far');
    await terminal.update();
    expect(variable('HIPPO_URL')).toBe(FAR.hippoUrl);
  });

  test('are there only in a workspace that is trusted, and where the setting wants them', async () => {
    const { app, variable } = await world({ isTrusted: false });
    expect(app.terminalVariables.size).toBe(0);
    expect(app.terminalPath).toBeUndefined();
    app.trust(true);
    await waitFor(() => expect(variable(WINDOW_SOCKET)).toBeDefined());
    await app.settings.set('hippo.terminal.command', false, 'user');
    await waitFor(() => expect(app.terminalVariables.size).toBe(0));
    expect(app.terminalPath).toBeUndefined();
  });
});

describe('the window tells', () => {
  test('its connection, and a token for it', async () => {
    const { connections, window } = await world();
    expect(await window().connection(undefined)).toBe('local');
    await connections.choose('far');
    expect(await window().connection(undefined)).toBe('far');
    expect(await window().token('far')).toBe('good');
  });

  test('terminals what they have been told before, when it talks to another one by now', async () => {
    const { connections, terminal, window } = await world();
    await connections.choose('far');
    await terminal.update();
    await connections.choose('local');
    expect(await window().connection(`${FAR.hippoUrl}/`)).toBe('far');
    expect(await window().token('far')).toBe('good');
    expect(await window().connection('https://other.example')).toBeUndefined();
  });

  test('the password for a Bindle server of its own', async () => {
    const { connections, window } = await world();
    await connections.store.put({ ...FAR, bindleUserName: 'pusher' });
    await connections.secrets.set(
      { origin: 'https://bindle.example', userName: 'pusher' },
      { password: 'p' },
    );
    expect(await window().bindlePassword('far')).toBeUndefined();
    await connections.choose('far');
    expect(await window().bindlePassword('far')).toBe('p');
  });

  test('nothing of connections that it does not use', async () => {
    const { connections, window } = await world();
    expect(await window().token('far')).toBeUndefined();
    expect(await window().token('local')).toBeUndefined();
    await connections.choose('far');
    await connections.secrets.remove({ origin: FAR.hippoUrl, userName: 'ana' });
    expect(await window().token('far')).toBeUndefined();
  });
});

describe.skipIf(process.platform === 'win32')('the socket', () => {
  const nothing = async (): Promise<undefined> => undefined;
  const silent: EditorWindow = { connection: nothing, token: nothing, bindlePassword: nothing };
  const serve = async (id?: string, window: Partial<EditorWindow> = {}) => {
    const server = await serveWindow({ ...silent, ...window }, () => undefined, id);
    disposables.push(server);
    return server;
  };

  test("is its owner's alone", async () => {
    const { path } = await serve();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  test('is found again by terminals that outlive the window, and is never shared by two', async () => {
    const first = await serve();
    const second = await serve(first.id, { connection: async () => 'second' });
    expect(second.path).not.toBe(first.path);
    first.dispose();
    await waitFor(() => expect(readdirSync(dirname(first.path))).not.toContain(`${first.id}.sock`));
    const third = await serve(first.id, { connection: async () => 'third' });
    expect(third.path).toBe(first.path);
    expect(await windowAt(first.path).connection(undefined)).toBe('third');
  });

  test('replaces what a window has left that was killed', async () => {
    const first = await serve();
    const { id, path } = first;
    first.dispose();
    await waitFor(() => expect(readdirSync(dirname(path))).not.toContain(`${id}.sock`));
    writeFileSync(path, '');
    expect((await serve(id)).path).toBe(path);
  });

  test('answers nonsense, and failures, with nothing', async () => {
    const failing = await serve(undefined, {
      token: async () => {
        throw new Error('no');
      },
    });
    expect(await windowAt(failing.path).token('x')).toBeUndefined();
    const said = await new Promise<string>((resolve) => {
      const socket = connect(failing.path, () => socket.write('nonsense\n'));
      socket.on('data', (data) => resolve(String(data)));
    });
    expect(said).toBe('{}\n');
    // Who talks too much is cut off.
    await new Promise<void>((resolve) => {
      const socket = connect(failing.path, () => socket.write('x'.repeat(100_000)));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
  });

  test('that nobody listens on, or nothing sensible, has nothing to say', async () => {
    expect(await windowAt(join(folder, 'none.sock')).connection(undefined)).toBeUndefined();
    const path = join(folder, 'odd.sock');
    const odd = createServer((socket) => socket.end('[1]\n')).listen(path);
    disposables.push({ dispose: () => odd.close() });
    await new Promise((resolve) => odd.once('listening', resolve));
    expect(await windowAt(path).connection(undefined)).toBeUndefined();
  });
});

test.skipIf(process.platform === 'win32')(
  'the scripts run the command with what they are given',
  async () => {
    const storage = join(folder, "global's storage");
    const program = join(folder, `odd "name" $HOME \`x\`.cjs`);
    writeFileSync(
      program,
      'console.log(JSON.stringify([process.env.ELECTRON_RUN_AS_NODE, ...process.argv.slice(2)]))',
    );
    const bin = await writeCommand(storage);
    expect(await writeCommand(storage)).toBe(bin);
    expect(readdirSync(bin).sort()).toEqual(['hippo', 'hippo.cmd']);
    const env = { PATH: `${process.env['PATH']}:${bin}`, ...commandVariables(program) };
    const { stdout } = await promisify(execFile)('hippo', ['push', '.', 'a b', '$x', ''], { env });
    expect(JSON.parse(stdout)).toEqual(['1', 'push', '.', 'a b', '$x', '']);
  },
);
