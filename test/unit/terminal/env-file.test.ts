// A .env with a part of ours: what others wrote stays, and git does not see it.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ignoreByGit, isTrackedByGit, writeEnvBlock } from '../../../src/terminal/env-file.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const URL_VARIABLE = { key: 'POSTGRESQL_URL', value: 'postgres://u:p@127.0.0.1:5432/d' };

function file(text?: string): string {
  const name = join(mkdtempSync(join(folder, 'env-')), '.env');
  if (text !== undefined) writeFileSync(name, text);
  return name;
}

const read = (name: string): string => readFileSync(name, 'utf8');

describe('the part of ours', () => {
  test('is a new file that its owner alone can read', async () => {
    const name = file();
    expect(await writeEnvBlock(name, 'shop:beta', [URL_VARIABLE])).toEqual({
      written: ['POSTGRESQL_URL'],
      kept: [],
      removed: [],
      exposed: false,
    });
    expect(read(name)).toMatch(/^# --- begin: .*shop:beta.*\nPOSTGRESQL_URL=postgres:\S+\n# --- end: .*\n$/);
    if (process.platform !== 'win32') expect(statSync(name).mode & 0o777).toBe(0o600);
  });

  test('is written anew between what others wrote, byte by byte', async () => {
    const name = file('A=1\r\nB = "2"');
    await writeEnvBlock(name, 'shop:beta', [URL_VARIABLE, { key: 'OLD', value: 'x' }]);
    writeFileSync(name, `${read(name)}export LATER=3`);
    const written = await writeEnvBlock(name, 'shop:beta', [{ key: 'POSTGRESQL_URL', value: 'other' }]);
    expect(written).toMatchObject({ written: ['POSTGRESQL_URL'], removed: ['OLD'] });
    expect(read(name)).toMatch(
      /^A=1\r\nB = "2"\n# --- begin.*\nPOSTGRESQL_URL=other\n# --- end.*\nexport LATER=3$/,
    );
  });

  test('leaves out what others have set', async () => {
    const name = file('export POSTGRESQL_URL=mine\n');
    expect(await writeEnvBlock(name, 'shop:beta', [URL_VARIABLE])).toMatchObject({
      written: [],
      kept: ['POSTGRESQL_URL'],
    });
    expect(read(name)).toBe('export POSTGRESQL_URL=mine\n');
  });

  test('goes when there is nothing for it', async () => {
    const name = file('A=1\n');
    await writeEnvBlock(name, 'shop:beta', [URL_VARIABLE]);
    expect(await writeEnvBlock(name, 'shop:beta', [])).toMatchObject({ removed: ['POSTGRESQL_URL'] });
    expect(read(name)).toBe('A=1\n');
    const none = file();
    await writeEnvBlock(none, 'shop:beta', []);
    expect(existsSync(none)).toBe(false);
  });

  test('that lacks its end is taken for theirs', async () => {
    const name = file();
    await writeEnvBlock(name, 'shop:beta', [URL_VARIABLE]);
    const half = read(name).replace(/# --- end.*\n/, 'MINE=1\n');
    writeFileSync(name, half);
    await writeEnvBlock(name, 'shop:beta', [{ key: 'NEW', value: '1' }]);
    expect(read(name).startsWith(half)).toBe(true);
    expect(read(name)).toContain('NEW=1');
  });

  test.skipIf(process.platform === 'win32')('keeps links and permissions, and tells of those', async () => {
    const name = file('A=1\n');
    const link = join(mkdtempSync(join(folder, 'link-')), '.env');
    symlinkSync(name, link);
    expect(await writeEnvBlock(link, 'shop:beta', [URL_VARIABLE])).toMatchObject({ exposed: true });
    expect(statSync(name).mode & 0o777).toBe(0o644);
    expect(read(name)).toContain('POSTGRESQL_URL');
  });

  test.skipIf(process.platform === 'win32')('means to a shell what it should', async () => {
    const name = file();
    const values = ['plain', "it's", 'a "b" $HOME `ls` \\', 'two words & more; #3', '', 'tab\there'];
    const variables = values.map((value, index) => ({ key: `V${index}`, value }));
    await writeEnvBlock(name, 'shop:beta', variables);
    const names = variables.map(({ key }) => `"$${key}"`).join(' ');
    const script = `set -a; . "$0"; printf '%s\\n' ${names}`;
    const { stdout } = spawnSync('sh', ['-c', script, name], { encoding: 'utf8' });
    expect(stdout).toBe(values.map((value) => `${value}\n`).join(''));
  });
});

describe('.gitignore', () => {
  test.each([
    [undefined, '.env\n'],
    ['node_modules', 'node_modules\n.env\n'],
    ['# .env\n!.env\n', '# .env\n!.env\n.env\n'],
  ])('of %j gets a line', async (before, after) => {
    const name = file();
    const ignore = join(name, '..', '.gitignore');
    if (before !== undefined) writeFileSync(ignore, before);
    expect(await ignoreByGit(name)).toEqual({ file: ignore, line: '.env' });
    expect(read(ignore)).toBe(after);
    expect(await ignoreByGit(name)).toBeUndefined();
  });

  test.each(['.env', '/.env', '.env*', 'dist\r\n.env\r\n'])('%j will do', async (before) => {
    const name = file();
    const ignore = join(name, '..', '.gitignore');
    writeFileSync(ignore, before);
    expect(await ignoreByGit(name)).toBeUndefined();
    expect(read(ignore)).toBe(before);
  });
});

test('a file that git has already is known', async () => {
  const name = file('A=1\n');
  const git = (...args: string[]): unknown => spawnSync('git', args, { cwd: dirname(name) });
  expect(await isTrackedByGit(name)).toBe(false);
  git('init', '-q');
  expect(await isTrackedByGit(name)).toBe(false);
  git('add', '.env');
  expect(await isTrackedByGit(name)).toBe(true);
  expect(await isTrackedByGit(join(dirname(name), '*'))).toBe(false);
});
