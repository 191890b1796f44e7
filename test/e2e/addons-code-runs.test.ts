// From an add-on to a page that shows its rows, by commands only: the sample in AssemblyScript on a real PostgreSQL.

import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasServer } from '../support/broker.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { ask } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();
const home = join(folder, 'home');
const dir = join(folder, 'shop');
const main = join(dir, 'assembly/index.ts');
let platform: LocalPlatform;

describe.skipIf(!hasServer('postgresql'))('binding code of the sample', () => {
  beforeAll(async () => {
    platform = await startLocalPlatform(home, ['--data', join(folder, 'data'), '--port', '0']);
    const builder = new URL('../../.dev/sample.mjs', import.meta.url).href;
    const { buildSample } = (await import(builder)) as { buildSample: (folder: string) => Promise<string> };
    await buildSample(dir);
    await publish();
    await run('addons', 'add', 'postgresql');
  }, 120_000);
  afterAll(() => platform.stop());

  test('the code that is printed and written compiles, and the page shows its rows', async () => {
    const printed = await run('addons', 'code', 'postgresql');
    await run('addons', 'code', 'postgresql', '--write', main);
    appendFileSync(main, `\n${printed.slice(printed.indexOf('\n{\n') + 1)}`);
    await publish();
    expect((await visit()).split('</html>\n')[1]).toBe('It works\n');
  });

  test('a value that is no text is shown, too', async () => {
    select('ARRAY[6 * 7, NULL]');
    await publish();
    expect((await visit()).split('</html>\n')[1]).toBe('[42, NULL]\n');
  });

  test('what the server refuses is in the log of the channel', async () => {
    select('nothing');
    await publish();
    expect((await visit()).split('</html>\n')[1]).toBe('');
    await expect.poll(() => run('channel', 'log')).toContain('postgresql: column "nothing" does not exist');
  });
});

/** @throws where it does not end well */
async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await hippo(args, { cwd: dir, env: cleanEnv(home) });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function publish(): Promise<void> {
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  execFileSync(process.execPath, [asc, 'assembly/index.ts', '--target', 'release'], { cwd: dir });
  await run('publish', '-y', '-v', 'dev');
}

function select(expression: string): void {
  const text = readFileSync(main, 'utf8');
  const changed = text.replace(/(\.query\(")[^"]*/, (_, call: string) => `${call}SELECT ${expression}`);
  expect(changed).not.toBe(text);
  writeFileSync(main, changed);
}

async function visit(): Promise<string> {
  const { status, text } = await ask(platform.hippoUrl, { headers: { host: 'hello.localhost' } });
  expect(status).toBe(200);
  return text;
}
