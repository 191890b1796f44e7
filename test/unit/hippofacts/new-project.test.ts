// A new app from a template is complete and valid, or not there at all, and changes nothing that is there.

import { parse } from '@iarna/toml';
import fc from 'fast-check';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nameProblem } from '../../../src/bindle/id.ts';
import { checkManifest } from '../../../src/hippofacts/check.ts';
import { detectProject } from '../../../src/hippofacts/detect.ts';
import { gitAuthor } from '../../../src/hippofacts/git-author.ts';
import { createProject } from '../../../src/hippofacts/new-project.ts';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import { findTemplate, TEMPLATES } from '../../../src/hippofacts/templates.ts';
import { runs } from '../../support/runs.ts';
import { makeFolder } from './folders.ts';

const SCAFFOLD = fileURLToPath(new URL('../../../scaffold', import.meta.url));
const rust = findTemplate('rust');

/** All files and folders below a folder, with `/`. */
async function listed(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.map((name) => name.split(path.sep).join('/')).sort();
}

async function json(...file: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path.join(...file), 'utf8')) as Record<string, unknown>;
}

test('every folder of scaffold/ with a manifest is a template, and the other way round', async () => {
  const folders = await readdir(SCAFFOLD);
  const whole = folders.filter((folder) => existsSync(path.join(SCAFFOLD, folder, 'HIPPOFACTS')));
  expect(whole.sort()).toEqual(TEMPLATES.map(({ id }) => id).sort());
});

describe.each(TEMPLATES)('$id', (template) => {
  test('makes a project that has all it needs', async () => {
    const folder = path.join(await makeFolder(), 'shop');
    const created = await createProject(SCAFFOLD, { template, folder, authors: ['Ana <ana@example.com>'] });
    expect(created).toMatchObject({ folder, name: 'shop' });
    expect(created.files).toEqual(
      expect.arrayContaining([
        '.gitignore',
        '.vscode/launch.json',
        '.vscode/tasks.json',
        'HIPPOFACTS',
        'README.md',
      ]),
    );
    expect(created.files).toContain(template.main);
    expect(created.files.filter((name) => /(^|\/)_/.test(name))).toEqual([]);
    const there = [];
    for (const name of await listed(folder))
      if ((await stat(path.join(folder, name))).isFile()) there.push(name);
    expect(there).toEqual(created.files);
    for (const name of created.files)
      expect(await readFile(path.join(folder, name), 'utf8'), name).not.toMatch(/(?<!\$)\{\{/);
  });

  test('has a HIPPOFACTS without faults, whose modules the build makes', async () => {
    const folder = path.join(await makeFolder(), 'shop');
    await createProject(SCAFFOLD, { template, folder, name: 'ana/shop', authors: ['A "B" <a@b>', 'C\\'] });
    const text = await readFile(path.join(folder, 'HIPPOFACTS'), 'utf8');
    const manifest = parseManifest(text);
    expect(checkManifest(manifest)).toEqual([]);
    expect(manifest.bindle?.name?.value).toBe('ana/shop');
    expect((parse(text).bindle as { authors?: string[] }).authors).toEqual(['A "B" <a@b>', 'C\\']);
    const { modules } = await detectProject(folder);
    expect(modules).toEqual([{ name: manifest.handlers[0]?.name?.value, command: template.build }]);
  });

  test('has tasks to build and to publish, and something to launch', async () => {
    const folder = await makeFolder();
    await createProject(SCAFFOLD, { template, folder });
    const { tasks } = (await json(folder, '.vscode/tasks.json')) as { tasks: Record<string, unknown>[] };
    const publish = tasks.find(({ command }) => command === 'hippo');
    expect(publish).toMatchObject({ type: 'shell', args: ['publish', '.'] });
    expect(tasks.find(({ label }) => label === publish?.['dependsOn'])).toMatchObject({
      group: { kind: 'build', isDefault: true },
    });
    const { configurations } = await json(folder, '.vscode/launch.json');
    const labels = tasks.map(({ label }) => label);
    for (const { preLaunchTask } of configurations as { preLaunchTask: string }[])
      expect(labels).toContain(preLaunchTask);
  });

  test('is valid whatever its folder is called', async () => {
    const above = await makeFolder();
    // What a file system takes for one name.
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .map((text) => text.toWellFormed().replace(/[/\\\0:*?"<>|]/g, ' '))
      .filter((text) => !/^[. ]*$|[. ]$/.test(text));
    let number = 0;
    await fc.assert(
      fc.asyncProperty(name, async (text) => {
        const folder = path.join(above, String(number++), text);
        const created = await createProject(SCAFFOLD, { template, folder });
        expect(nameProblem(created.name)).toBeUndefined();
        await expectPackageNames(folder, template.id);
      }),
      { numRuns: runs(20) },
    );
  });
});

/** As npm and Cargo want them. */
async function expectPackageNames(folder: string, template: string): Promise<void> {
  const manifest =
    template === 'rust'
      ? (parse(await readFile(path.join(folder, 'Cargo.toml'), 'utf8')).package as { name?: string })
      : await json(folder, 'package.json');
  expect(manifest.name).toMatch(/^[a-z][a-z0-9_-]*$/);
}

describe('names', () => {
  test.each([
    ['my app', 'my-app', 'my-app'],
    ['Ünïcödé', 'Unicode', 'unicode'],
    ['2048.v1', '2048.v1', 'app-2048-v1'],
    ['app', 'app', 'app'],
    ['日本', 'app', 'app'],
    ['{{package}}', 'package', 'package'],
  ])('a folder %j is for the bindle %j and the package %j', async (called, name, packageName) => {
    const folder = path.join(await makeFolder(), called);
    expect(await createProject(SCAFFOLD, { template: rust, folder })).toMatchObject({ name });
    expect(await readFile(path.join(folder, 'Cargo.toml'), 'utf8')).toContain(`name = "${packageName}"\n`);
  });

  test('the package of a bindle with slashes is called by the last part', async () => {
    const folder = await makeFolder();
    await createProject(SCAFFOLD, { template: rust, folder, name: 'example.com/ana/Shop_1' });
    expect(await readFile(path.join(folder, 'Cargo.toml'), 'utf8')).toContain('name = "shop_1"\n');
  });

  test.each(['', 'my app', '../x', 'a//b', 'x'.repeat(201), 'a"b'])('%j is refused', async (name) => {
    const folder = path.join(await makeFolder(), 'new');
    await expect(createProject(SCAFFOLD, { template: rust, folder, name })).rejects.toMatchObject({
      code: 'INVALID_NAME',
    });
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('nobody is named where nobody is known', async () => {
    const folder = await makeFolder();
    await createProject(SCAFFOLD, { template: rust, folder });
    expect(await readFile(path.join(folder, 'HIPPOFACTS'), 'utf8')).not.toContain('authors');
  });

  test.each([
    ['Rust', 'rust'],
    ['ASSEMBLYSCRIPT', 'assemblyscript'],
  ])('a template is found as %s', (name, id) => expect(findTemplate(name).id).toBe(id));

  test('a template that is not there is told with those that are', () => {
    expect(() => findTemplate('rusty')).toThrow(
      expect.objectContaining({
        code: 'NO_SUCH_TEMPLATE',
        message: 'There is no template "rusty" (did you mean rust?): there are assemblyscript and rust.',
      }),
    );
  });
});

describe('a folder that is there', () => {
  test('is filled if it is empty, or holds a repository without files', async () => {
    const folder = await makeFolder({ '.git/HEAD': 'ref: refs/heads/main\n' });
    await createProject(SCAFFOLD, { template: rust, folder });
    expect(await listed(folder)).toEqual(expect.arrayContaining(['.git/HEAD', 'HIPPOFACTS']));
  });

  test('is left alone if there is anything in it, which is listed', async () => {
    const folder = await makeFolder({ 'README.md': 'mine', 'src/main.rs': 'mine', '.env': '' });
    const before = await listed(folder);
    await expect(createProject(SCAFFOLD, { template: rust, folder })).rejects.toMatchObject({
      code: 'NOT_EMPTY',
      message: `${folder} is not empty: .env, README.md, src. Name a new folder, or an empty one.`,
    });
    expect(await listed(folder)).toEqual(before);
    expect(await readFile(path.join(folder, 'README.md'), 'utf8')).toBe('mine');
  });

  test('is not listed to its end', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index + 10}`, '']));
    const folder = await makeFolder(files);
    await expect(createProject(SCAFFOLD, { template: rust, folder })).rejects.toThrow(
      'is not empty: f10, f11, f12, f13, f14, f15, f16, f17 and 22 more.',
    );
  });

  test('may be a file, which stays', async () => {
    const folder = await makeFolder({ taken: 'mine' });
    await expect(
      createProject(SCAFFOLD, { template: rust, folder: path.join(folder, 'taken') }),
    ).rejects.toMatchObject({ code: 'NOT_A_FOLDER' });
    await expect(
      createProject(SCAFFOLD, { template: rust, folder: path.join(folder, 'taken', 'below') }),
    ).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(await readFile(path.join(folder, 'taken'), 'utf8')).toBe('mine');
  });
});

describe('what fails leaves nothing', () => {
  /** A file and a folder of it have the same name, so one of them cannot be written. */
  function brokenScaffold(): Promise<string> {
    return makeFolder({ 'rust/.x/y.txt': '', 'rust/_x': '', 'rust/a.txt': '', 'rust/b/c/d.txt': '' });
  }

  test('of a folder that was made for it, and of those above', async () => {
    const above = await makeFolder({ 'kept.txt': '' });
    const folder = path.join(above, 'some', 'where', 'new');
    await expect(createProject(await brokenScaffold(), { template: rust, folder })).rejects.toMatchObject({
      code: expect.stringMatching(/EEXIST|EISDIR|EPERM|EACCES/) as string,
    });
    expect(await listed(above)).toEqual(['kept.txt']);
  });

  test('in a folder that was there', async () => {
    const folder = await makeFolder({ '.git/HEAD': '' });
    await expect(createProject(await brokenScaffold(), { template: rust, folder })).rejects.toThrow();
    expect(await listed(folder)).toEqual(['.git', '.git/HEAD']);
  });

  test('of a name that is too long for the file system', async () => {
    const above = await makeFolder();
    const folder = path.join(above, 'made', 'x'.repeat(300));
    await expect(createProject(SCAFFOLD, { template: rust, folder })).rejects.toThrow();
    expect(await listed(above)).toEqual([]);
  });

  test('where the template is not there', async () => {
    const above = await makeFolder();
    await expect(
      createProject(path.join(above, 'none'), { template: rust, folder: path.join(above, 'new') }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await listed(above)).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')('where nothing may be written', async () => {
    const above = await makeFolder({ 'empty/': '' });
    await chmod(path.join(above, 'empty'), 0o555);
    await chmod(above, 0o555);
    await withoutPrivileges(async () => {
      for (const folder of ['empty', 'new'])
        await expect(
          createProject(SCAFFOLD, { template: rust, folder: path.join(above, folder) }),
        ).rejects.toMatchObject({ code: 'EACCES' });
    });
    await chmod(above, 0o755);
    expect(await listed(above)).toEqual(['empty']);
  });

  test('of one of two that are made in the same place at the same time', async () => {
    const folder = path.join(await makeFolder(), 'new');
    const both = await Promise.allSettled(
      TEMPLATES.map((template) => createProject(SCAFFOLD, { template, folder })),
    );
    const made = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(made.length).toBeLessThanOrEqual(1);
    const there = await listed(folder).catch(() => []);
    if (made[0]) expect(there).toEqual(expect.arrayContaining([...made[0].files]));
    else expect(there).toEqual([]);
  });
});

/** The superuser may write everywhere; anybody else may not. */
async function withoutPrivileges(work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("Git's author", () => {
  const author = async (config: string): Promise<string | undefined> => {
    const folder = await makeFolder({ config });
    const own = { GIT_CONFIG_GLOBAL: path.join(folder, 'config'), GIT_CONFIG_NOSYSTEM: '1', HOME: folder };
    return gitAuthor({ PATH: process.env['PATH'], ...own });
  };

  test.each([
    ['[user]\n name = Ana María\n email = ana@example.com\n', 'Ana María <ana@example.com>'],
    ['[user]\n name = Ana\n', 'Ana'],
    ['[user]\n email = ana@example.com\n[user]\n email = late@example.com\n', 'late@example.com'],
    ['[user]\n name = ""\n', undefined],
    ['[core]\n bare = false\n', undefined],
    ['[user', undefined],
  ])('%j is %j', async (config, expected) => expect(await author(config)).toBe(expected));

  test('is nobody where there is no Git', async () => {
    expect(await gitAuthor({ PATH: await makeFolder() })).toBeUndefined();
  });
});
