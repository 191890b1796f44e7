// Binding code of every language, as it is put into a project, compiled and run against real services.

import { execFile, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyPlan } from '../../src/bindings/apply.ts';
import { DiskTexts } from '../../src/bindings/disk-texts.ts';
import type { BindingStyle, BoundAddon } from '../../src/bindings/plan.ts';
import { planBinding } from '../../src/bindings/plan-binding.ts';
import { postgresqlPrograms, startPostgresql, type RealPostgresql } from '../support/postgresql-server.ts';
import { redisProgram, startRedis, type RealRedis } from '../support/redis-server.ts';
import { rustEnv } from '../support/rust.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { MAIL, POSTGRESQL, REDIS, SQLITE, templates } from '../unit/bindings/workspace.ts';
import { HostCallChannels } from '../unit/host-calls/harness.ts';

/** While it runs, connections that were idle for too long are closed, and seen to be. */
const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const programs = postgresqlPrograms();
const program = redisProgram();
const CLANG = '/usr/bin/clang';
/** Where Debian's packages of Python are. */
const PYTHON = '/usr/bin/python3';

let postgresql: RealPostgresql;
let redis: RealRedis;
const host = new HostCallChannels();

describe.skipIf(programs === undefined || program === undefined)('binding code', () => {
  beforeAll(async () => {
    postgresql = await startPostgresql(programs ?? '');
    await postgresql.query("CREATE ROLE guest LOGIN PASSWORD 'secret'");
    redis = await startRedis(program ?? '');
    await host.start();
  });
  afterAll(async () => {
    await host.stop();
    await postgresql.stop();
    await redis.stop();
  });

  test('in Rust, for a handler', async () => {
    const folder = project({
      'Cargo.toml': '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/main.rs': 'fn main() {\n    print!("content-type: text/plain\\n\\n");\n\n\n\n}\n',
    });
    for (const addon of [POSTGRESQL, REDIS, SQLITE])
      await add(folder, 'rust', 'host-call', addon, 'src/main.rs');
    const options = { cwd: folder, env: rustEnv(process.env, folder) } as const;
    await execute('cargo', ['build', '--release', '--offline', '--target', 'wasm32-wasip1'], options);
    const bytes = readFileSync(join(folder, 'target/wasm32-wasip1/release/app.wasm'));
    expect(await visit('rust', bytes)).toMatch(/^It works\n\d+\nIt works\n$/);
  });

  test('in AssemblyScript, for a handler', async () => {
    const folder = project({
      'asconfig.json': '{ "extends": "./node_modules/@assemblyscript/wasi-shim/asconfig.json" }',
      'assembly/index.ts':
        "process.stdout.write('content-type: text/plain\\n\\n');\nmain();\n\nfunction main(): void {\n\n\n\n}\n",
    });
    for (const addon of [POSTGRESQL, REDIS, SQLITE])
      await add(folder, 'assemblyscript', 'host-call', addon, 'assembly/index.ts');
    await add(folder, 'assemblyscript', 'environment', MAIL, 'assembly/index.ts', 'before');
    const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
    await execute('node', [asc, 'assembly/index.ts', '-o', 'app.wasm'], { cwd: folder });
    expect(await visit('assemblyscript', readFileSync(join(folder, 'app.wasm')))).toMatch(
      /^It works\n\d+\nIt works\n$/,
    );
  });

  test.skipIf(!existsSync(CLANG))('in C, for a handler', async () => {
    const folder = project({
      'main.c':
        '#include <stdio.h>\n\nint main(void) {\n    puts("content-type: text/plain\\n");\n\n\n\n    return 0;\n}\n',
    });
    for (const addon of [POSTGRESQL, REDIS, SQLITE]) await add(folder, 'c', 'host-call', addon, 'main.c');
    await add(folder, 'c', 'environment', MAIL, 'main.c', 'before');
    const flags = ['--target=wasm32-wasi', '-Wall', '-Wextra', '-Werror', '-Os', '-o', 'app.wasm', 'main.c'];
    await execute(CLANG, flags, { cwd: folder });
    expect(await visit('c', readFileSync(join(folder, 'app.wasm')))).toMatch(/^It works\n\d+\nIt works\n$/);
  });

  test.each([
    ['typescript', 'src/index.ts', 'module', 'export async function main(): Promise<void> {', 'void main();'],
    ['javascript', 'src/index.js', 'module', 'async function main() {', 'main();'],
    ['commonjs', 'src/index.js', 'commonjs', 'async function main() {', 'main();'],
  ])('in %s, natively', async (language, file, type, header, call) => {
    const folder = project({
      'package.json': `{ "name": "app", "type": "${type}" }\n`,
      [file]: `'use strict';\n\n${header}\n\n\n\n}\n\n${call}\n`,
    });
    await add(folder, language, 'environment', POSTGRESQL, file);
    await add(folder, language, 'environment', REDIS, file);
    await add(folder, language, 'environment', MAIL, file);
    if (language === 'typescript') {
      const flags = '--noEmit --strict --module nodenext --target es2024 --types node --skipLibCheck'.split(
        ' ',
      );
      const tsc = spawnSync('node', [join(root, 'node_modules/typescript/bin/tsc'), ...flags, file], {
        cwd: folder,
      });
      expect(tsc.stdout.toString()).toBe('');
    }
    const { stdout, stderr } = spawnSync('node', [file], {
      cwd: folder,
      env: environment(),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\[ \{ answer: 'It works' \} \]\n\d+\n$/);
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(dependencies)).toEqual(['@redis/client', 'pg']);
  });

  test('in Python, natively', async () => {
    const probe = spawnSync(PYTHON, ['-c', 'import psycopg, redis']);
    expect(probe.stderr.toString()).toBe('');
    const folder = project({
      'app.py': '"""A page."""\n\nimport sys\n\n\ndef main():\n    run()\n    sys.exit(0)\n',
    });
    for (const addon of [POSTGRESQL, REDIS, MAIL])
      await add(folder, 'python', 'environment', addon, 'app.py', 'before');
    const calls = [
      'def run():',
      '    with postgresql() as connection:',
      '        print(connection.execute("SELECT 6 * 7").fetchone()[0])',
      '    print(my_cache().incr("python"))',
      '    print(mail()["api_key"])',
      '',
      'main()',
    ];
    appendFileSync(join(folder, 'app.py'), `\n\n${calls.join('\n')}\n`);
    const text = readFileSync(join(folder, 'app.py'), 'utf8');
    const { stdout, stderr } = spawnSync(PYTHON, ['app.py'], {
      cwd: folder,
      env: environment(),
      encoding: 'utf8',
    });
    expect([stderr, stdout, text]).toEqual(['', '42\n1\nkey\n', expect.stringContaining('import psycopg')]);
    expect(readFileSync(join(folder, 'requirements.txt'), 'utf8')).toBe('psycopg[binary]>=3.1\nredis>=4.3\n');
  });

  test('in Rust, natively: the variables of any add-on', async () => {
    const folder = project({
      'Cargo.toml': '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/main.rs': 'fn main() {\n    run();\n}\n',
    });
    await add(folder, 'rust', 'environment', MAIL, 'src/main.rs', 'before');
    appendFileSync(
      join(folder, 'src/main.rs'),
      '\nfn run() {\n    println!("{} {}", mail("api_key").unwrap(), mail("x").unwrap_err());\n}\n',
    );
    const env = { ...rustEnv(process.env, folder), MAIL_API_KEY: 'key' };
    const options = { cwd: folder, env, encoding: 'utf8' } as const;
    const { stdout } = await execute('cargo', ['run', '--quiet', '--offline'], options);
    expect(stdout).toBe('key mail has no x\n');
  });
});

function project(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}

/** At the first line of a function's body that is empty, or at the file's end. */
async function add(
  folder: string,
  language: string,
  style: BindingStyle,
  addon: BoundAddon,
  file: string,
  where: 'body' | 'before' = 'body',
): Promise<void> {
  const text = readFileSync(join(folder, file), 'utf8');
  const body = /\n(?=\n+ *\}|\n+ *return)/.exec(text)?.index ?? text.length - 1;
  const place = {
    kind: 'cursor',
    path: join(folder, file),
    offset: where === 'body' ? body + 1 : text.search(/^(?:def|fn|function|int) main/m),
  } as const;
  const wish = { addon, style, language, place, folder, hippofacts: undefined };
  await applyPlan(await planBinding(wish, new DiskTexts(), await templates()));
  expect((await planBinding(wish, new DiskTexts(), await templates())).changes).toEqual([]);
}

async function visit(channel: string, bytes: Buffer): Promise<string> {
  host.bind(channel, POSTGRESQL.name, { uri: postgresql.uriOf('guest', 'secret', 'postgres') });
  host.bind(channel, REDIS.name, { uri: redis.uri });
  host.bind(channel, SQLITE.name, host.sqliteFile());
  await host.channels.install(channel, { '/': { bytes } });
  const page = await host.channels.visit(channel);
  expect([page.status, host.log(channel)]).toEqual([200, []]);
  return page.text;
}

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    POSTGRESQL_URL: postgresql.uriOf('guest', 'secret', 'postgres'),
    MY_CACHE_URL: redis.uri,
    MAIL_API_KEY: 'key',
  };
}
