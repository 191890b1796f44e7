// What is added to a project's own files, with everything else as it was.

import { expect, test } from 'vitest';
import { addDependencies, type Dependency } from '../../../src/bindings/dependencies.ts';
import { addAnnotation, addNames } from '../../../src/bindings/project-files.ts';
import { applyEdits } from '../../../src/hippofacts/text-edit.ts';
import { MAIL, POSTGRESQL } from './workspace.ts';

const pg = { in: 'package.json', name: 'pg', version: '^8.16.0' } as const;
const types = { in: 'package.json', name: '@types/pg', version: '^8.15.0', dev: true } as const;
const crate = { in: 'Cargo.toml', name: 'postgres', version: '0.19' } as const;
const module = { in: 'go.mod', name: 'github.com/jackc/pgx/v5', version: 'v5.7.0' } as const;
const psycopg = { in: 'requirements.txt', name: 'psycopg[binary]', version: '>=3.1' } as const;

function after(
  text: string,
  wanted: readonly Dependency[],
  file: Parameters<typeof addDependencies>[1] | undefined = wanted[0]?.in,
): string {
  const edits = addDependencies(text, file ?? 'go.mod', wanted);
  if (typeof edits === 'string') return edits;
  const added = applyEdits(text, edits);
  expect(addDependencies(added, file ?? 'go.mod', wanted)).toEqual([]);
  return added;
}

test.each([
  ['{}', '{\n  "dependencies": {\n    "pg": "^8.16.0"\n  }\n}'],
  [
    '{\n\t"name": "a",\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"z": "1"\n\t}\n}\n',
    '{\n\t"name": "a",\n\t"dependencies": {\n\t\t"a": "1",\n\t\t"pg": "^8.16.0",\n\t\t"z": "1"\n\t}\n}\n',
  ],
  ['{"dependencies":{"z":"1"}}', '{"dependencies":{"pg": "^8.16.0", "z":"1"}}'],
  ['{\r\n  "dependencies": {}\r\n}\r\n', '{\r\n  "dependencies": {\r\n    "pg": "^8.16.0"\r\n  }\r\n}\r\n'],
  ['{ "devDependencies": { "pg": "8" } }', '{ "devDependencies": { "pg": "8" } }'],
  [
    '\uFEFF{\n  "scripts": { "dependencies": "{" }\n}',
    '\uFEFF{\n  "scripts": { "dependencies": "{" },\n  "dependencies": {\n    "pg": "^8.16.0"\n  }\n}',
  ],
  ['{ // no', 'is not JSON'],
  ['[]', 'holds no object'],
  ['{ "dependencies": [] }', 'has "dependencies", which is no object'],
])('package.json: %j', (text, expected) => expect(after(text, [pg])).toBe(expected));

test('package.json: what is for development stands there', () => {
  expect(JSON.parse(after('{ "name": "a" }', [pg, types]))).toEqual({
    name: 'a',
    dependencies: { pg: '^8.16.0' },
    devDependencies: { '@types/pg': '^8.15.0' },
  });
});

test.each([
  ['[package]\nname = "a"', '[package]\nname = "a"\n\n[dependencies]\npostgres = "0.19"\n'],
  [
    '[package]\nname = "a"\n\n[dependencies]\n# json\nserde = "1" # kept\n\n[profile.release]\n',
    '[package]\nname = "a"\n\n[dependencies]\n# json\nserde = "1" # kept\npostgres = "0.19"\n\n[profile.release]\n',
  ],
  [
    '[package]\nname = "a"\n[dependencies]\npostgres = { version = "0.18" }\n',
    '[package]\nname = "a"\n[dependencies]\npostgres = { version = "0.18" }\n',
  ],
  [
    '[package]\nname = "a"\n[dependencies.postgres]\nversion = "1"\n',
    '[package]\nname = "a"\n[dependencies.postgres]\nversion = "1"\n',
  ],
  [
    '[package]\r\nname = "a"\r\n[dependencies]\r\n',
    '[package]\r\nname = "a"\r\n[dependencies]\r\npostgres = "0.19"\r\n',
  ],
  ['[workspace]\n', 'has no [package]'],
  ['[package\n', 'cannot be read'],
])('Cargo.toml: %j', (text, expected) => expect(after(text, [crate])).toBe(expected));

test.each([
  ['module a\n\ngo 1.22\n', 'module a\n\ngo 1.22\n\nrequire github.com/jackc/pgx/v5 v5.7.0\n'],
  [
    'module a\n\nrequire (\n\tb v1 // kept\n)\n',
    'module a\n\nrequire (\n\tb v1 // kept\n\tgithub.com/jackc/pgx/v5 v5.7.0\n)\n',
  ],
  [
    'module a\nrequire github.com/jackc/pgx/v5 v5.1.0\n',
    'module a\nrequire github.com/jackc/pgx/v5 v5.1.0\n',
  ],
  ['go 1.22\n', 'names no module'],
])('go.mod: %j', (text, expected) => expect(after(text, [module])).toBe(expected));

test.each([
  ['requests==2 # pinned', 'requests==2 # pinned\npsycopg[binary]>=3.1\n'],
  ['Psycopg==3.1\r\n', 'Psycopg==3.1\r\n'],
  ['# psycopg\r\n', '# psycopg\r\npsycopg[binary]>=3.1\r\n'],
])('requirements.txt: %j', (text, expected) => expect(after(text, [psycopg])).toBe(expected));

test.each([
  ['[project]\ndependencies = []\n', '[project]\ndependencies = ["psycopg[binary]>=3.1"]\n'],
  [
    '[project]\ndependencies = [\n  "a", # kept\n]\n',
    '[project]\ndependencies = [\n  "a",\n  "psycopg[binary]>=3.1", # kept\n]\n',
  ],
  ['[project]\ndependencies = ["psycopg ~= 3"]\n', '[project]\ndependencies = ["psycopg ~= 3"]\n'],
  ['[project]\nname = "a"\n', 'has no list `dependencies` in [project]'],
])('pyproject.toml: %j', (text, expected) => expect(after(text, [psycopg], 'pyproject.toml')).toBe(expected));

const BINDLE = '[bindle]\nname = "a" # kept\n';
test.each([
  [BINDLE, `${BINDLE.trimEnd()}\n\n[annotations]\nhippo_addons = "postgresql:free"\n`],
  [
    `${BINDLE}[annotations]\nx = "y"\n`,
    `${BINDLE}[annotations]\nhippo_addons = "postgresql:free"\nx = "y"\n`,
  ],
  [
    `[annotations]\nhippo_addons = 'redis' # kept\n`,
    `[annotations]\nhippo_addons = 'redis, postgresql:free' # kept\n`,
  ],
  [`[annotations]\nhippo_addons = ""\n`, `[annotations]\nhippo_addons = "postgresql:free"\n`],
  [
    `[annotations]\nhippo_addons = "pg:x as PostgreSQL"\n`,
    `[annotations]\nhippo_addons = "pg:x as PostgreSQL"\n`,
  ],
  ['', '[annotations]\nhippo_addons = "postgresql:free"\n'],
])('HIPPOFACTS: %j', (text, expected) => {
  const added = applyEdits(text, addAnnotation(text, POSTGRESQL) ?? []);
  expect(added).toBe(expected);
  expect(addAnnotation(added, POSTGRESQL)).toEqual([]);
});

test('HIPPOFACTS: other names, other brokers, and what must be mended first', () => {
  const text = applyEdits('', addAnnotation('', { ...MAIL, reference: 'mail-relay@post' }) ?? []);
  expect(text).toContain('"mail-relay@post:small as mail"');
  expect(addAnnotation('[annotations]\nhippo_addons = "a b c"\n', MAIL)).toBeUndefined();
  expect(addAnnotation('[annotations]\nhippo_addons = \n', MAIL)).toBeUndefined();
});

test('.env.example: names that are missing, without values', () => {
  const text = '# A=1\nexport B=2';
  expect(applyEdits(text, addNames(text, ['A', 'B', 'C']))).toBe('# A=1\nexport B=2\nC=\n');
  expect(addNames('A=\r\n', ['A'])).toEqual([]);
});
