// The workflows of scaffold/: the same for every template but for its build, and in both packages. They and the action
// name the command by its version.

import { listFiles, PackageManager } from '@vscode/vsce';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { TEMPLATES } from '../../../src/hippofacts/templates.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const scaffold = join(root, 'scaffold');
const templates = TEMPLATES.map(({ id }) => id);
const FILES = ['_github/workflows/publish.yml', '_gitlab-ci.yml'];

function read(template: string, file: string): string {
  return readFileSync(join(scaffold, template, file), 'utf8');
}

/** The versions of the packed command that a text names. */
function namedVersions(text: string): string[] {
  return [...text.matchAll(/hippo-tools-(\S+?)\.tgz/g)].map(([, version = '']) => version);
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

test('the action names the version of this package', () => {
  const text = readFileSync(join(root, '.github/actions/publish/action.yml'), 'utf8');
  expect(namedVersions(text)).toEqual([version]);
});

describe.each(FILES)('%s', (file) => {
  test.each(templates)('of %s names the version of this package', (template) => {
    expect(namedVersions(read(template, file))).toEqual([version]);
  });

  test('publishes every template in the same way', () => {
    const publishing = templates.map((template) => {
      const text = read(template, file);
      const comment = text.slice(0, text.search(/^[^#]/m));
      const content = parse(text) as {
        jobs?: { publish: { steps: { name?: string }[] } };
        release?: object;
        development?: object;
      };
      const { jobs, release, development } = content;
      return {
        comment,
        release,
        development,
        steps: jobs?.publish.steps.filter(({ name }) => name !== undefined),
      };
    });
    expect(publishing.length).toBeGreaterThan(1);
    for (const one of publishing) expect(one).toEqual(publishing[0]);
  });
});

/** npm leaves `.gitignore` out and vsce most that begins with a dot: such names are stored with `_` instead. */
test('no file of a template has a name that a package leaves out', () => {
  const names = readdirSync(scaffold, { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => name.split(sep).some((part) => part.startsWith('.')))).toEqual([]);
});

test('both packages hold all of them', { timeout: 120_000 }, async () => {
  const wanted = templates.flatMap((template) =>
    [...FILES, '_gitignore'].map((file) => `scaffold/${template}/${file}`),
  );
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
  const shell = process.platform === 'win32';
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8', shell })) as [
    { files: { path: string }[] },
  ];
  expect(packed.files.map(({ path }) => path)).toEqual(expect.arrayContaining(wanted));
  const extension = await listFiles({ cwd: root, packageManager: PackageManager.None });
  expect(extension.map((path) => path.replaceAll('\\', '/'))).toEqual(expect.arrayContaining(wanted));
});
