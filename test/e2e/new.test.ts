// `hippo new --template`: new apps, wherever the command is installed.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { temporaryFolder } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();
let cwd: string;
let number = 0;

beforeEach(() => {
  cwd = join(folder, `here-${number++}`);
  mkdirSync(cwd);
});

/** Git's settings of a user called Ana. */
function env(): NodeJS.ProcessEnv {
  const config = join(folder, 'gitconfig');
  writeFileSync(config, '[user]\n name = Ana\n email = ana@example.com\n');
  return cleanEnv(join(folder, 'home'), { GIT_CONFIG_GLOBAL: config, GIT_CONFIG_NOSYSTEM: '1' });
}

function run(...args: string[]): Promise<Ran> {
  return hippo(['new', ...args], { cwd, env: env() });
}

function read(...path: string[]): string {
  return readFileSync(join(cwd, ...path), 'utf8');
}

test('--list shows the templates', async () => {
  const { code, stdout } = await run('--list');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^TEMPLATE +LANGUAGE +WHAT IT IS\nassemblyscript +AssemblyScript +.+\nrust +Rust +.+\n$/,
  );
  const asJson = await run('--list', '-o', 'json');
  expect(JSON.parse(asJson.stdout)).toMatchObject([{ id: 'assemblyscript' }, { id: 'rust', label: 'Rust' }]);
});

describe.each([
  ['assemblyscript', 'npm run build'],
  ['rust', 'cargo build --release --target wasm32-wasip1'],
])('--template %s', (template, build) => {
  test('makes a new folder, and says how to go on', async () => {
    const { code, stdout, stderr } = await run('--template', template, 'my app');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'created: my app\n' });
    expect(stderr).toContain('  cd "my app"\n');
    expect(stderr).toContain(`  hippo publish --build "${build}"\n`);
    expect(read('my app', 'HIPPOFACTS')).toMatch(
      /^\[bindle\]\nname = "my-app"\nversion = "0\.1\.0"\n.*\nauthors = \["Ana <ana@example\.com>"\]\n/,
    );
    expect(existsSync(join(cwd, 'my app', '.gitignore'))).toBe(true);
  });
});

test('fills the current folder, if it is empty', async () => {
  const { code, stdout, stderr } = await run('--template', 'rust');
  expect({ code, stdout }).toEqual({ code: 0, stdout: `created: ${cwd}\n` });
  expect(stderr).not.toContain('cd ');
  const again = await run('--template', 'rust');
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toMatch(/^error: .* is not empty: .*Cargo\.toml, HIPPOFACTS, README\.md, .*\n$/);
});

test('takes the name, the authors and the folder as they are given', async () => {
  const args = ['-t', 'Rust', '--name', 'ana/shop', '-a', 'Bo', '-a', 'Cy <c@example.com>', '-d', 'x/y'];
  const { code, stdout } = await run(...args, '-o', 'json');
  expect(code).toBe(0);
  const answer = JSON.parse(stdout) as Record<string, unknown>;
  expect(answer).toMatchObject({ path: join(cwd, 'x', 'y'), name: 'ana/shop', template: 'rust' });
  expect(answer['files']).toContain('.vscode/tasks.json');
  expect(read('x/y/HIPPOFACTS')).toContain('name = "ana/shop"\n');
  expect(read('x/y/HIPPOFACTS')).toContain('authors = ["Bo", "Cy <c@example.com>"]\n');
});

test.each([
  [['--template', 'c'], 'There is no template "c": there are assemblyscript and rust.'],
  [['--template', 'rust', 'my', 'app'], 'hippo new --template rust "my app"'],
  [['--template', 'rust', 'a', '-d', 'b'], 'takes one folder'],
  [['--template', 'rust', 'a', '--name', 'a b'], `"a b" cannot be a bindle's name`],
  [['--template', 'rust', '--list'], "cannot be used with option '--list'"],
  [['--template', 'rust', '-m', 'x.wasm'], "cannot be used with option '-m, --module <file>'"],
  [['--name', 'shop'], 'hippo new shop'],
])('%j is wrong usage', async (args, sentence) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(sentence);
  expect(existsSync(join(cwd, 'HIPPOFACTS'))).toBe(false);
});

test('works wherever the package lies', () => {
  const installed = join(folder, 'päckage with blanks');
  for (const part of ['scaffold', 'package.json', 'dist/cli.cjs', 'dist/terminal.cjs'])
    cpSync(join(root, part), join(installed, part), { recursive: true });
  const args = [join(installed, 'dist/cli.cjs'), 'new', '--template', 'assemblyscript', 'app'];
  expect(spawnSync(process.execPath, args, { cwd, env: env(), encoding: 'utf8' })).toMatchObject({
    status: 0,
    stdout: 'created: app\n',
  });
  expect(existsSync(join(cwd, 'app/.vscode/launch.json'))).toBe(true);
});
