// The command in a terminal of an editor's window: it asks the window, and does without one that is gone.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveWindow, type WindowServer } from '../../src/editor/connections/window-server.ts';
import { WINDOW_SOCKET } from '../../src/session/window-socket.ts';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
/** Of the user, who has added that Hippo and never signed in on the command line. */
const home = join(folder, 'home');
let far: LocalPlatform;
let window: WindowServer;
let token: string | undefined;
const asked: string[] = [];

beforeAll(async () => {
  const farHome = join(folder, 'far');
  far = await startLocalPlatform(farHome);
  const account = ['--username', 'ana', '--password', 'a secret of ana'];
  const there = cleanEnv(farHome, { HIPPO_URL: far.hippoUrl });
  expect(await hippo(['register', ...account], { env: there })).toMatchObject({ code: 0 });
  await hippo(['connection', 'add', 'far', far.hippoUrl], { env: cleanEnv(home) });
  const signIn = await fetch(`${far.hippoUrl}/api/auth-tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userName: 'ana', password: 'a secret of ana' }),
  });
  ({ token } = (await signIn.json()) as { token: string });
  window = await serveWindow(
    {
      connection: async (url) => {
        asked.push(url ?? 'current');
        return url === undefined || url === far.hippoUrl ? 'far' : undefined;
      },
      token: async (name) => (name === 'far' ? token : undefined),
      bindlePassword: async () => undefined,
    },
    () => undefined,
  );
});
afterAll(async () => {
  window.dispose();
  await far.stop();
});

const run = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  hippo(args, { env: cleanEnv(home, { [WINDOW_SOCKET]: window.path, ...env }) });

test("it goes to the window's Hippo as who is signed in there", async () => {
  expect(await run(['whoami'])).toMatchObject({ code: 0, stdout: 'ana\n', stderr: '' });
  expect(await run(['whoami'], { HIPPO_URL: far.hippoUrl })).toMatchObject({ code: 0, stdout: 'ana\n' });
  expect(asked).toEqual(['current', far.hippoUrl]);
});

test('it reads and writes the Bindle server there, too', async () => {
  const searched = await run(['search', '-o', 'json'], { BINDLE_URL: far.bindleUrl });
  expect(searched).toMatchObject({ code: 0 });
});

test('another server that is named gets nothing from the window', async () => {
  const elsewhere = await run(['whoami'], { HIPPO_URL: 'http://127.0.0.1:1' });
  expect(elsewhere).toMatchObject({ code: 4, stderr: expect.stringContaining('127.0.0.1:1') });
});

test('choosing another connection says that this terminal keeps that of the window', async () => {
  const used = await run(['connection', 'use', 'local']);
  expect(used).toMatchObject({ code: 0, stderr: expect.stringContaining('go on with far') });
  expect((await run(['connection', 'use', 'far'])).stderr).toBe('');
});

test('a window that is gone, or in which nobody is signed in, leaves it as it is elsewhere', async () => {
  const kept = token;
  token = undefined;
  expect(await run(['whoami'])).toMatchObject({ code: 5, stderr: expect.stringContaining('hippo login') });
  token = kept;
  const gone = await run(['whoami'], { [WINDOW_SOCKET]: join(folder, 'gone.sock') });
  expect(gone).toMatchObject({ code: 5 });
});
