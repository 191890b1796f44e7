// Which file an argument means.

import { link, rename } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findManifest, manifestNames, readManifest } from '../../../src/hippofacts/find.ts';
import { ManifestError } from '../../../src/hippofacts/manifest-error.ts';
import { makeFolder } from './folders.ts';

const SPELLINGS = [
  'HIPPOFACTS',
  'hippofacts',
  'Hippofacts',
  'HIPPOFACTS.toml',
  'hippofacts.toml',
  'Hippofacts.toml',
];

describe('in a folder', () => {
  test.each(SPELLINGS)('%s is found on Linux', async (name) => {
    const folder = await makeFolder({ [name]: '' });
    expect(await findManifest(folder, 'linux')).toEqual({
      kind: 'manifest',
      file: path.join(folder, name),
      directory: folder,
    });
  });

  test('two names are enough where case does not count', () => {
    expect(manifestNames('win32')).toEqual(['HIPPOFACTS', 'hippofacts.toml']);
    expect(manifestNames('darwin')).toEqual(['HIPPOFACTS', 'hippofacts.toml']);
    expect(manifestNames('linux')).toEqual(SPELLINGS);
  });

  test('none is an error that names what was looked for', async () => {
    const folder = await makeFolder({ 'HIPPOFACTS/': '', 'hippofacts.json': '' });
    await expect(findManifest(folder, 'linux')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `There is no HIPPOFACTS in ${folder} (looked for ${SPELLINGS.join(', ')}): make one with "hippo new", or name a file.`,
    });
  });

  test('several are an error that asks for one', async () => {
    const folder = await makeFolder({ HIPPOFACTS: '', 'hippofacts.toml': '' });
    for (const platform of ['linux', 'win32', 'darwin'] as const)
      await expect(findManifest(folder, platform)).rejects.toMatchObject({
        code: 'SEVERAL_FOUND',
        message: expect.stringContaining('pass a specific file') as string,
      });
  });

  test('a file that answers to several spellings is one', async () => {
    // What a file system without case does, by a second name for the same file.
    const folder = await makeFolder({ HIPPOFACTS: '' });
    await link(path.join(folder, 'HIPPOFACTS'), path.join(folder, 'hippofacts'));
    expect(await findManifest(folder, 'linux')).toMatchObject({ file: path.join(folder, 'HIPPOFACTS') });
  });
});

test('a file is taken whatever its name, a .wasm file as a module', async () => {
  const folder = await makeFolder({ 'facts.txt': '', 'bin/App.WASM': '' });
  expect(await findManifest(path.join(folder, 'facts.txt'))).toEqual({
    kind: 'manifest',
    file: path.join(folder, 'facts.txt'),
    directory: folder,
  });
  expect(await findManifest(path.join(folder, 'bin/App.WASM'))).toEqual({
    kind: 'module',
    file: path.join(folder, 'bin/App.WASM'),
    directory: path.join(folder, 'bin'),
  });
});

test('a path relative to the working directory is made absolute', async () => {
  const folder = await makeFolder({ HIPPOFACTS: '' });
  const found = await findManifest(path.relative(process.cwd(), folder));
  expect(found.file).toBe(path.join(folder, 'HIPPOFACTS'));
});

test('what does not exist is an error that says so', async () => {
  const folder = await makeFolder();
  await expect(findManifest(path.join(folder, 'nope'))).rejects.toBeInstanceOf(ManifestError);
  await expect(findManifest(path.join(folder, 'nope'))).rejects.toMatchObject({
    code: 'NO_SUCH_FILE',
    message: expect.stringContaining(`${folder}/nope does not exist`) as string,
  });
});

test('a text is read with its byte order mark, and refused if it is not UTF-8', async () => {
  const folder = await makeFolder({ HIPPOFACTS: '\uFEFF[bindle]\r\n' });
  expect(await readManifest(path.join(folder, 'HIPPOFACTS'))).toBe('\uFEFF[bindle]\r\n');
  const { writeFile } = await import('node:fs/promises');
  await writeFile(path.join(folder, 'latin1'), Buffer.from('name = "caf\xe9"', 'latin1'));
  await expect(readManifest(path.join(folder, 'latin1'))).rejects.toMatchObject({ code: 'NOT_UTF8' });
  await rename(path.join(folder, 'latin1'), path.join(folder, 'gone'));
  await expect(readManifest(path.join(folder, 'latin1'))).rejects.toMatchObject({ code: 'ENOENT' });
});
