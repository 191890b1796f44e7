// scaffold/hostcalls/rust, as an app uses it.

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rustEnv } from '../support/rust.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { HostCallChannels } from '../unit/host-calls/harness.ts';

const MAIN = `
mod hippo;
use hippo::{Database, Store, Value};

fn run() -> hippo::Result<()> {
    let db = Database::new("db");
    db.query("CREATE TABLE t (a, b, c, d, e, f)", &[])?;
    let values = [
        Value::Integer(i64::MIN),
        Value::Float(0.5),
        Value::from("\\"Ä\\\\\\n\\u{1}🦛"),
        Value::Null,
        Value::Bytes(vec![0, 1, 255, 7]),
        Value::Float(f64::NEG_INFINITY),
    ];
    db.transaction(|db| db.query("INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)", &values))?;
    let rows = db.query("SELECT a, b, c, d, e, f FROM t", &[])?;
    println!("{} {}", rows.rows[0] == values, rows.columns[1].name);
    for value in &values {
        println!("{value}");
    }
    println!("{}", Value::Array(vec![Value::from("a"), Value::Integer(1)]));
    println!("{}", db.query("SELECT * FROM nowhere", &[]).unwrap_err());
    let cache = Store::new("db");
    cache.set("k", &[1, 2, 255], None)?;
    println!("{:?} {:?}", cache.get("k")?, cache.get("none")?);
    println!("{} {}", cache.increment("n", 5)?, cache.increment("n", -7)?);
    println!("{} {:?} {}", cache.delete("k")?, cache.list("", None)?, cache.expire("n", Some(0.5))?);
    Ok(())
}

fn main() {
    print!("content-type: text/plain\\n\\n");
    if let Err(error) = run() {
        println!("{}", error);
    }
}
`;

const folder = temporaryFolder();
const host = new HostCallChannels();
beforeAll(() => host.start());
afterAll(() => host.stop());

test('speaks SQL, and keys and values', async () => {
  const source = fileURLToPath(new URL('../../scaffold/hostcalls/rust', import.meta.url));
  cpSync(source, join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'src/main.rs'), MAIN);
  writeFileSync(join(folder, 'Cargo.toml'), '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n');
  const options = { cwd: folder, env: rustEnv(process.env, folder), stdio: 'pipe' } as const;
  execFileSync('cargo', ['build', '--release', '--offline', '--target', 'wasm32-wasip1'], options);
  host.bind('rust', 'db', host.sqliteFile());
  const bytes = readFileSync(join(folder, 'target/wasm32-wasip1/release/app.wasm'));
  await host.channels.install('rust', { '/': { bytes } });
  expect((await host.channels.visit('rust')).text.split('\n')).toEqual([
    'true b',
    '-9223372036854775808',
    '0.5',
    '"Ä\\',
    '\u{1}🦛',
    'NULL',
    '\\x0001ff07',
    '-inf',
    '[a, 1]',
    'no such table: nowhere (sql, 42P01)',
    'Some([1, 2, 255]) None',
    '5 -2',
    'true (["n"], None) true',
    '',
  ]);
});
