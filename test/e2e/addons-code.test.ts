// `hippo addons code`: printed, written, written again; and what a publish says of add-ons without code.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { startScriptedBroker, type ScriptedBroker } from '../support/scripted-broker.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const dir = join(folder, 'shop');
let platform: LocalPlatform;
let market: ScriptedBroker;
let published: Ran;

beforeAll(async () => {
  market = await startScriptedBroker();
  platform = await startLocalPlatform(home, ['--data', join(folder, 'data'), '--port', '0']);
  const { url, userName, password } = market;
  const brokers = ['addons', 'brokers', 'add', 'market', url, '--username', userName];
  mkdirSync(join(dir, 'src'), { recursive: true });
  expect(await run(brokers, { HIPPO_BROKER_PASSWORD: password })).toMatchObject({ code: 0 });
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    '# The shop\n[bindle]\nname = "shop"\nversion = "1.0.0"\n\n[[handler]]\nroute = "/"\nname = "m.wasm"\n\n[annotations]\nhippo_addons = "sqlite:free as db" # kept\n',
  );
  writeFileSync(
    join(dir, 'm.wasm'),
    await compile(`process.stdout.write('content-type: text/plain\\n\\nhello')`),
  );
  writeFileSync(join(dir, 'Cargo.toml'), '[package]\nname = "m"\nversion = "0.1.0"\n');
  writeFileSync(join(dir, 'src/main.rs'), '//! A page.\r\n\r\nfn main() {\r\n}\r\n');
  published = await run(['publish', '-v', 'production', '-y']);
  expect(published).toMatchObject({ code: 0 });
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await market.close();
});

function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return hippo(args, {
    cwd: dir,
    env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl, BINDLE_URL: platform.bindleUrl, ...env }),
  });
}

const text = (name: string): string => readFileSync(join(dir, name), 'utf8');

test('a publish names the command for an add-on that no code uses', () => {
  expect(published.stderr).toContain(
    'No code here uses db: `hippo addons code db --lang rust` prints some.\n',
  );
});

test('code is printed, with what it needs besides, and nothing is changed', async () => {
  const { code, stdout, stderr } = await run(['addons', 'code', 'db', '--lang', 'rust']);
  expect([code, stdout]).toEqual([
    0,
    `use crate::hippo::Database;

/// The add-on db of the channel (SQLite, free), by host calls.
pub fn db() -> Database {
    Database::new("db")
}

let database = db();
match database.query("SELECT 'It works' AS answer", &[]) {
    Ok(answer) => {
        for row in &answer.rows {
            println!("{}", row[0]);
        }
    }
    Err(error) => eprintln!("db: {error}"),
}
`,
  ]);
  expect(stderr).toMatch(/^It needs besides:\n[^]*src\/hippo\.rs[^]*--write FILE puts it into a file/m);
  expect(existsSync(join(dir, 'src/hippo.rs'))).toBe(false);
});

test('what cannot be is said in a sentence', async () => {
  const unknown = await run(['addons', 'code', 'db', '--lang', 'cobol']);
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toMatch(/There is no binding code in cobol\.\n.*--lang: there is .*rust/);
  const native = await run(['addons', 'code', 'db', '--lang', 'python']);
  expect(native.code).toBe(1);
  expect(native.stderr).toContain('db gives the channel no variables: it is reached by host calls only.');
  const other = await run(['addons', 'code', 'db', '--lang', 'rust', '--write', 'HIPPOFACTS']);
  expect(other.code).toBe(1);
  expect(other.stderr).toContain('HIPPOFACTS is no file of Rust.');
  const dry = await run(['addons', 'code', 'db', '--dry-run']);
  expect(dry.code).toBe(2);
  expect(text('HIPPOFACTS')).toContain('hippo_addons = "sqlite:free as db" # kept');
});

test('--write puts it into the file, with all that it needs; again it changes nothing', async () => {
  const write = ['addons', 'code', 'db', '--write', 'src/main.rs'];
  const before = text('src/main.rs');
  const dry = await run([...write, '--dry-run']);
  expect(dry.stdout).toContain('changed: src/main.rs (code for db, the module hippo; 6 lines)');
  expect(dry.stdout).toContain('  + pub fn db() -> Database {\n');
  expect([text('src/main.rs'), existsSync(join(dir, 'src/hippo.rs'))]).toEqual([before, false]);
  const written = await run(write);
  expect(written).toMatchObject({ code: 0, stdout: dry.stdout });
  expect(text('src/main.rs')).toBe(
    [
      '//! A page.',
      '',
      'mod hippo;',
      'use crate::hippo::Database;',
      '',
      'fn main() {',
      '}',
      '',
      '/// The add-on db of the channel (SQLite, free), by host calls.',
      'pub fn db() -> Database {',
      '    Database::new("db")',
      '}',
      '',
    ].join('\r\n'),
  );
  expect(existsSync(join(dir, 'src/hippo/json.rs'))).toBe(true);
  const after = text('src/main.rs');
  const again = await run(write);
  expect(again).toMatchObject({
    code: 0,
    stdout: 'The code for db is there already, and what it needs: nothing was changed.\n',
  });
  expect(text('src/main.rs')).toBe(after);
  const once = await run(['publish', '-v', 'production', '-y', '--bump', 'patch']);
  expect([once.code, once.stderr.includes('No code here uses')]).toEqual([0, false]);
}, 60_000);

test('of a broker that nobody here knows, variables are read by their names', async () => {
  expect(await run(['addons', 'add', 'db@market', '--plan', 'free', '--as', 'other'])).toMatchObject({
    code: 0,
  });
  const write = ['addons', 'code', 'other', '--write', 'tools/other.py', '-o', 'json'];
  const { code, stdout, stderr } = await run(write);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({
    addon: 'other',
    language: 'python',
    style: 'environment',
    changes: [{ type: 'create' }, { type: 'create' }, { type: 'edit', path: 'HIPPOFACTS' }],
  });
  expect(text('tools/other.py')).toMatch(/^import os\n\ndef other\(\):\n[^]*os\.environ\.get\("OTHER_\w+"\)/);
  expect(text('.env.example')).toMatch(/^(OTHER_\w+=\n)+$/);
  expect(text('HIPPOFACTS')).toMatch(/hippo_addons = "sqlite:free as db, [^"]+ as other" # kept\n/);
}, 60_000);
