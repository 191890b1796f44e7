// `hippo broker run`: a broker for platform engineers who want it alone.

import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { BrokerClient, type Credentials } from '../support/broker.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { temporaryFolder } from '../support/temporary.ts';

const home = temporaryFolder();
const env = cleanEnv(home);
const program = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const running: (() => Promise<number | null>)[] = [];

afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [program, 'broker', 'run', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    return (await ended)[0];
  };
  running.push(stop);
  return { lines: createInterface(child.stdout)[Symbol.asyncIterator](), stop };
}

test('it says where it is and who may come in, and ends when it is asked to', async () => {
  const { lines, stop } = start('sqlite');
  const said: string[] = [];
  for (let count = 0; count < 3; count++) said.push(String((await lines.next()).value));
  const [, url = ''] = /^Broker: +(http:\/\/127\.0\.0\.1:\d+)$/.exec(said[0] ?? '') ?? [];
  const [, username] = /^User name: +(\S+)$/.exec(said[1] ?? '') ?? [];
  const [, file = ''] = /^Password: +in (.+)$/.exec(said[2] ?? '') ?? [];
  expect(file).toBe(join(home, 'brokers/sqlite/credentials.json'));
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  const credentials = JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  expect(credentials.username).toBe(username);
  expect(said.join()).not.toContain(credentials.password);
  const { status, body } = await new BrokerClient(url, credentials).request('GET', '/v2/catalog');
  expect([status, body.services[0].name]).toEqual([200, 'sqlite']);
  expect(await stop()).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

test('the same port and credentials at the next time, and a folder of choice', async () => {
  const data = join(home, 'elsewhere');
  const first = start('sqlite', '--data', data, '-o', 'json');
  const ready = String((await first.lines.next()).value);
  const second = await hippo(['broker', 'run', 'sqlite', '--data', data], { env });
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('Another broker is running')]);
  await first.stop();
  const again = JSON.parse(String((await start('sqlite', '--data', data, '-o', 'json').lines.next()).value));
  expect(again.url).toBe(JSON.parse(ready).url);
  expect(existsSync(again.credentialsFile)).toBe(true);
});

test('what it cannot do', async () => {
  expect(await hippo(['broker', 'run', 'oracle'], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('postgresql, redis, sqlite'),
  });
  expect(await hippo(['broker', 'run', 'sqlite', '--port', 'x'], { env })).toMatchObject({ code: 2 });
});
