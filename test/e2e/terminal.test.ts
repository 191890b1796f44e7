// The command in a terminal: what is drawn and removed, what is asked, and what Ctrl-C does.

import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../support/bindles.ts';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startGate, type Gate } from '../support/gate.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { noPseudoTerminal, openTerminal, type PseudoTerminal } from '../support/pseudo-terminal.ts';
import { startReferenceServer, type ReferenceServer } from '../support/reference-server.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const PASSWORD = 'open sesame';
const BAR = /[█░]/;
const folder = temporaryFolder();
let platform: LocalPlatform;
/** The way to the platform for a machine that is another. */
let gate: Gate;
let module: Uint8Array;
let projects = 0;
let name: string;
let dir: string;
const terminals: PseudoTerminal[] = [];

beforeAll(async () => {
  module = await compile(`process.stdout.write('content-type: text/plain\\n\\nhello\\n');`);
  const home = join(folder, 'home');
  platform = await startLocalPlatform(home, ['--data', join(home, 'platform'), '--port', '0']);
  const account = ['register', '--username', 'ana', '--password', PASSWORD];
  await hippo(account, { env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl }) });
  gate = await startGate(platform.hippoUrl);
});
afterAll(async () => {
  await gate.close();
  await platform.stop();
});
beforeEach(() => {
  name = `shop${projects++}`;
  dir = join(folder, name);
  mkdirSync(join(dir, 'static'), { recursive: true });
  writeFileSync(join(dir, 'm.wasm'), Buffer.concat([module, customSection(name)]));
  writeFileSync(join(dir, 'static/a.txt'), `a of ${name}`);
  writeFileSync(join(dir, 'static/b.txt'), `b of ${name}`);
  write('1.0.0');
});
afterEach(() => {
  gate.open();
  for (const terminal of terminals.splice(0)) terminal.kill();
});

/** What makes a module another one, and does nothing (WebAssembly Core §5.5.3). */
function customSection(text: string): Buffer {
  return Buffer.from([0, text.length + 1, text.length, ...Buffer.from(text)]);
}

function write(version: string): void {
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "team/${name}"\nversion = "${version}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["static/*"]\n`,
  );
}

/** A machine on which no Hippo runs, and which is signed in to one elsewhere. */
function elsewhere(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return cleanEnv(join(folder, 'elsewhere'), {
    HIPPO_URL: gate.url,
    BINDLE_URL: `${gate.url}/v1`,
    HIPPO_USERNAME: 'ana',
    HIPPO_PASSWORD: PASSWORD,
    NO_COLOR: '',
    ...more,
  });
}

function open(
  args: string[],
  options: { env?: NodeJS.ProcessEnv; columns?: number; kind?: string } = {},
): PseudoTerminal {
  const terminal = openTerminal(args, { cwd: dir, env: elsewhere(), ...options });
  terminals.push(terminal);
  return terminal;
}

const plain = (args: string[], env = elsewhere()): Promise<Ran> => hippo(args, { cwd: dir, env });

/** The upload of one parcel. */
function uploadOf(content: string): (request: IncomingMessage) => boolean {
  return ({ method, url }) => method === 'POST' && (url ?? '').endsWith(`@${sha256(content)}`);
}

function changes(): string[] {
  return gate.log.filter((line) => !line.startsWith('GET ') && !line.includes('/api/auth-tokens'));
}

async function bindles(): Promise<string> {
  return (await plain(['search', name])).stdout;
}

describe.skipIf(noPseudoTerminal)(
  `in a terminal${noPseudoTerminal === undefined ? '' : ` (${noPseudoTerminal})`}`,
  () => {
    describe('the progress of a push', () => {
      test.each([80, 40, 20, 8])('is drawn in one of %i columns, and removed', async (columns) => {
        gate.hold(uploadOf(`b of ${name}`));
        const terminal = open(['publish', '--yes'], { columns });
        await terminal.sees(columns > 30 ? /^█+░+ 2\/3 files/m : columns > 15 ? /^█+░+ /m : /^\d+%$/m);
        if (columns === 80) expect(terminal.screen()).toMatch(/^█{23}░ 2\/3 files, [\d.]+ KB of [\d.]+ KB$/m);
        expect(terminal.screen().match(/^.*[█░].*$/gm) ?? []).toHaveLength(columns > 15 ? 1 : 0);
        gate.open();
        expect(await terminal.ended).toBe(0);
        expect(terminal.screen()).not.toMatch(BAR);
        expect(terminal.screen().replaceAll('\n', '')).toMatch(new RegExp(`published: team/${name}/1`));
      });

      test('is not drawn in a terminal that cannot remove it', async () => {
        gate.hold(uploadOf(`b of ${name}`));
        const terminal = open(['publish', '--yes'], { kind: 'dumb' });
        await terminal.sees('Sending 3 files');
        await expect.poll(gate.waiting).toBe(1);
        gate.open();
        expect(await terminal.ended).toBe(0);
        expect(terminal.written()).not.toMatch(BAR);
        expect(terminal.written()).not.toContain('\u001b[2K');
      });

      test('has no colours where nobody wants them', async () => {
        const terminal = open(['publish', '--yes'], { env: elsewhere({ NO_COLOR: '1' }) });
        expect(await terminal.ended).toBe(0);
        expect(terminal.written()).not.toMatch(/\u001b\[[\d;]*m/);
        const coloured = open(['publish', '--yes']);
        expect(await coloured.ended).toBe(0);
        expect(coloured.written()).toMatch(/\u001b\[1m/);
      });

      test('is plain lines without a terminal', async () => {
        const { code, stderr } = await plain(['publish', '--yes']);
        expect(code).toBe(0);
        expect(stderr).toMatch(/^Sending 3 files \(.*\) to http:/m);
        expect(stderr).not.toMatch(/[█░\r\u001b]/);
      });
    });

    describe('before an app is made on a Hippo that is not of this machine', () => {
      test.each([['n'], [''], ['what?']])('the answer "%s" ends it with nothing sent', async (answer) => {
        const before = changes().length;
        const terminal = open(['publish']);
        await terminal.sees(`make the app ${name} for the bindles of team/${name}? [y/N]`);
        terminal.enter(answer);
        expect(await terminal.ended).toBe(130);
        expect(changes().slice(before)).toEqual([]);
        expect(await bindles()).toBe('');
      });

      test('y goes on, question by question', async () => {
        const terminal = open(['publish']);
        await terminal.sees(`make the app ${name} for the bindles of team/${name}? [y/N]`);
        terminal.enter('y');
        await terminal.sees('make the channel ana with the rule "P:*-ana-*"? [y/N]');
        terminal.enter('yes');
        expect(await terminal.ended).toBe(0);
        expect(terminal.screen()).toMatch(/^ana: http/m);
      });

      test('Ctrl-C at the question ends it with nothing sent', async () => {
        const before = changes().length;
        const terminal = open(['publish']);
        await terminal.sees('[y/N]');
        terminal.pressCtrlC();
        expect(await terminal.ended).toBe(130);
        // The message stands on a line of its own.
        expect(terminal.screen()).toMatch(/\? \[y\/N\]\nerror: Cancelled/);
        expect(changes().slice(before)).toEqual([]);
      });

      test('so does a signal', async () => {
        const terminal = open(['publish']);
        await terminal.sees('[y/N]');
        await terminal.signal('SIGTERM');
        expect(await terminal.ended).toBe(130);
      });

      test.each(['push', 'ship'])('%s asks nothing and says what is missing', async (command) => {
        const terminal = open([command, '.']);
        expect(await terminal.ended).toBe(1);
        expect(terminal.screen()).not.toContain('[y/N]');
        expect(terminal.screen()).toContain('--yes');
        expect(await bindles()).toBe('');
      });

      test('nothing is asked where CI runs', async () => {
        const terminal = open(['publish'], { env: elsewhere({ CI: '1' }) });
        expect(await terminal.ended).toBe(1);
        expect(terminal.screen()).not.toContain('[y/N]');
        expect(terminal.written()).not.toContain('\u001b');
      });
    });

    describe('before a channel changes that others look at', () => {
      beforeEach(async () => {
        expect(await plain(['publish', '--yes', '-v', 'production'])).toMatchObject({ code: 0 });
        write('1.1.0');
      });
      const runs = async (): Promise<string[]> =>
        (
          JSON.parse((await plain(['channel', 'list', '--app', name, '-o', 'json'])).stdout) as {
            activeRevision: { revisionNumber: string };
          }[]
        ).map(({ activeRevision }) => activeRevision.revisionNumber);

      test('it is asked', async () => {
        const declined = open(['publish', '-v', 'production']);
        await declined.sees(`This changes what ${name}:production runs. Go on? [y/N]`);
        declined.enter();
        expect(await declined.ended).toBe(130);
        expect(await bindles()).not.toContain('1.1.0');
        const agreed = open(['publish', '-v', 'production']);
        await agreed.sees('[y/N]');
        agreed.enter('Y');
        expect(await agreed.ended).toBe(0);
        expect(await runs()).toEqual(['1.1.0']);
      });

      test.each(['push', 'ship'])('%s says it and goes on', async (command) => {
        const terminal = open([command, '.', '-v', 'production']);
        expect(await terminal.ended).toBe(0);
        expect(terminal.screen()).toContain(`This changes what ${name}:production runs.`);
        expect(terminal.screen()).not.toContain('[y/N]');
        expect(await runs()).toEqual(['1.1.0']);
      });
    });

    describe('Ctrl-C while files are sent', () => {
      let server: ReferenceServer;
      let release: () => void;
      beforeEach(async () => {
        server = await startReferenceServer();
      });
      afterEach(() => server.close());

      /** A push to a server that other people run, in the middle of one upload. */
      async function sending(): Promise<PseudoTerminal> {
        const held = new Promise<void>((open) => (release = open));
        const isHeld = uploadOf(`b of ${name}`);
        server.intercept = async (request) => {
          if (isHeld(request)) await held;
          return false;
        };
        const env = elsewhere({ BINDLE_URL: server.url, HIPPO_URL: undefined });
        const terminal = open(['bindle', '.', '-v', 'production'], { env });
        await terminal.sees('2/3 files');
        return terminal;
      }
      const again = (): Promise<Ran> =>
        plain(['bindle', '.', '-v', 'production', '-o', 'json'], elsewhere({ BINDLE_URL: server.url }));

      test('lets the upload end, and the next time it goes on', async () => {
        const terminal = await sending();
        terminal.pressCtrlC();
        await terminal.sees('Finishing 1 upload; Ctrl-C once more');
        release();
        expect(await terminal.ended).toBe(130);
        expect(terminal.screen()).toContain('Cancelled');
        expect(terminal.screen()).not.toMatch(BAR);
        const { code, stdout } = await again();
        expect(code).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({ sentParcels: 0 });
        expect(server.parcels.size).toBe(3);
      });

      test('twice drops it, and says what may be stuck', async () => {
        const terminal = await sending();
        terminal.pressCtrlC();
        await terminal.sees('Finishing 1 upload');
        terminal.pressCtrlC();
        expect(await terminal.ended).toBe(130);
        expect(terminal.screen().replaceAll('\n', '')).toContain('stuck on the server: static/b.txt');
        expect(terminal.screen()).not.toMatch(BAR);
      });

      test('to a Hippo of ours ends it at once, and the next time it goes on', async () => {
        gate.hold(uploadOf(`b of ${name}`));
        const terminal = open(['publish', '--yes', '-v', 'production'], { columns: 30 });
        await terminal.sees('░');
        terminal.pressCtrlC();
        expect(await terminal.ended).toBe(130);
        expect(terminal.screen()).not.toMatch(BAR);
        gate.open();
        const { code, stdout } = await plain(['publish', '--yes', '-v', 'production', '-o', 'json']);
        expect(code).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({ created: false, sentParcels: 1 });
      });
    });

    describe('hippo login', () => {
      let users = 0;
      /** Of somebody who has never signed in. */
      const login = (): PseudoTerminal =>
        open(['login', '--url', gate.url], { env: cleanEnv(join(folder, `user-${users++}`)) });

      test('shows nothing of the password', async () => {
        const terminal = login();
        await terminal.sees('User name:');
        terminal.enter('ana');
        await terminal.sees('Password:');
        terminal.enter(PASSWORD);
        expect(await terminal.ended).toBe(0);
        expect(terminal.screen()).toContain('User name: ana\nPassword:\nLogged in as ana\n');
        expect(terminal.written()).not.toContain(PASSWORD);
      });

      test.each(['User name:', 'Password:'])('ends with Ctrl-C at "%s"', async (question) => {
        const terminal = login();
        await terminal.sees('User name:');
        if (question === 'Password:') {
          terminal.enter('ana');
          await terminal.sees('Password:');
          terminal.type(PASSWORD.slice(0, 4));
        }
        terminal.pressCtrlC();
        expect(await terminal.ended).toBe(130);
        expect(terminal.written()).not.toContain(PASSWORD.slice(0, 4));
        expect(terminal.screen()).toMatch(/^error: .*[Cc]ancelled/m);
      });
    });
  },
);
