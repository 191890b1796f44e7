import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { raiseVersion, writeVersion } from '../../../src/publish/raise-version.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const posix = process.platform !== 'win32';
let next = 0;
let dir: string;
let file: string;
beforeEach(() => {
  dir = join(folder, String(next++));
  file = join(dir, 'HIPPOFACTS');
  mkdirSync(dir);
  writeFileSync(file, textOf('1.0.0'));
});
const textOf = (version: string, name = 'a'): string =>
  `# by hand\r\n[bindle]\r\nname = '${name}'\r\nversion = '${version}' # see above\r\n`;
const text = (): string => readFileSync(file, 'utf8');

describe('a version', () => {
  it('is raised in memory first, and nothing but the version is written', async () => {
    const raised = await raiseVersion(dir, 'patch');
    expect(raised).toEqual({ file, from: '1.0.0', to: '1.0.1', text: textOf('1.0.1') });
    expect(text()).toBe(textOf('1.0.0'));
    expect(await writeVersion(raised)).toBe(true);
    expect(text()).toBe(textOf('1.0.1'));
    expect(readdirSync(dir)).toEqual(['HIPPOFACTS']);
  });

  it.each([
    ['1.2.3', 'patch', '1.2.4'],
    ['1.2.3', 'minor', '1.3.0'],
    ['1.2.3', 'major', '2.0.0'],
    ['1.2.3', 'prerelease', '1.2.4-0'],
    ['1.2.3-rc.1', 'prerelease', '1.2.3-rc.2'],
    ['1.2.3-rc.1', 'patch', '1.2.3'],
    ['1.2.3+build', 'patch', '1.2.4'],
  ] as const)('%s and %s is %s', async (from, bump, to) => {
    writeFileSync(file, textOf(from));
    expect(await raiseVersion(file, bump)).toMatchObject({ from, to });
  });

  it('goes on after one that is taken', async () => {
    expect(await raiseVersion(dir, 'minor', '1.4.0')).toMatchObject({ from: '1.0.0', to: '1.5.0' });
  });

  it('is put into the file as it is by then', async () => {
    const raised = await raiseVersion(dir, 'patch');
    writeFileSync(file, `${textOf('1.0.0', 'another')}# and more\n`);
    expect(await writeVersion(raised)).toBe(true);
    expect(text()).toBe(`${textOf('1.0.1', 'another')}# and more\n`);
    // Whoever has written it already has done the work.
    expect(await writeVersion(raised)).toBe(true);
  });

  it('that somebody else has changed meanwhile is left alone', async () => {
    const raised = await raiseVersion(dir, 'patch');
    for (const other of [textOf('3.0.0'), '[bindle]\n', 'half [']) {
      writeFileSync(file, other);
      expect(await writeVersion(raised)).toBe(false);
      expect(text()).toBe(other);
    }
  });

  it.each([
    ['no version', '[bindle]\nname = "a"\n'],
    ['a version that is none', '[bindle]\nversion = "1.0"\n'],
    ['a number', '[bindle]\nversion = 1.0\n'],
    ['nothing in it', ''],
  ])('is not raised in a file with %s', async (_what, content) => {
    writeFileSync(file, content);
    await expect(raiseVersion(dir, 'patch')).rejects.toMatchObject({ code: 'NO_VERSION' });
  });

  it('is not there for a bare module', async () => {
    writeFileSync(join(dir, 'm.wasm'), '');
    await expect(raiseVersion(join(dir, 'm.wasm'), 'patch')).rejects.toMatchObject({
      code: 'NO_VERSION',
      hint: expect.stringContaining('hippo new'),
    });
  });

  it('says where it stands when the file is gone in the end', async () => {
    const raised = await raiseVersion(dir, 'patch');
    rmSync(file);
    await expect(writeVersion(raised)).rejects.toMatchObject({
      code: 'NOT_WRITTEN',
      message: expect.stringContaining('1.0.1 is published'),
      hint: expect.stringContaining('version = "1.0.1"'),
    });
  });
});

describe.runIf(posix)('the file', () => {
  it('keeps its permissions, and a link stays one', async () => {
    const real = join(dir, 'real');
    mkdirSync(real);
    writeFileSync(join(real, 'facts'), textOf('1.0.0'));
    chmodSync(join(real, 'facts'), 0o640);
    rmSync(file);
    symlinkSync(join('real', 'facts'), file);
    expect(await writeVersion(await raiseVersion(dir, 'patch'))).toBe(true);
    expect(readFileSync(join(real, 'facts'), 'utf8')).toBe(textOf('1.0.1'));
    expect(statSync(join(real, 'facts')).mode & 0o777).toBe(0o640);
    expect(
      readdirSync(dir, { withFileTypes: true })
        .find(({ name }) => name === 'HIPPOFACTS')
        ?.isSymbolicLink(),
    ).toBe(true);
    expect(readdirSync(real)).toEqual(['facts']);
  });

  it('may be executable by its group, whatever the umask', async () => {
    chmodSync(file, 0o775);
    const before = process.umask(0o077);
    try {
      await writeVersion(await raiseVersion(dir, 'patch'));
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o777).toBe(0o775);
  });

  it('is another one than its other names afterwards', async () => {
    linkSync(file, join(dir, 'other'));
    await writeVersion(await raiseVersion(dir, 'patch'));
    expect(readFileSync(join(dir, 'other'), 'utf8')).toBe(textOf('1.0.0'));
  });
});

// Root may write everywhere.
describe.runIf(posix && process.getuid?.() !== 0)('a file that cannot be written', () => {
  it('is said before anything is done', async () => {
    chmodSync(file, 0o444);
    await expect(raiseVersion(dir, 'patch')).rejects.toMatchObject({ code: 'READ_ONLY' });
  });

  it('because of its folder is said in the end', async () => {
    const raised = await raiseVersion(dir, 'patch');
    chmodSync(dir, 0o555);
    try {
      await expect(writeVersion(raised)).rejects.toMatchObject({ code: 'NOT_WRITTEN' });
      expect(text()).toBe(textOf('1.0.0'));
    } finally {
      chmodSync(dir, 0o755);
    }
  });
});
