// Languages are folders; which one a file is in, and where code for an add-on stands.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { guess, likelyGuess } from '../../../src/bindings/guess.ts';
import { planBinding } from '../../../src/bindings/plan-binding.ts';
import {
  findLanguage,
  HANDLER_WARNING,
  languages,
  loadTemplates,
  stylesFor,
} from '../../../src/bindings/templates.ts';
import { usesOf, withoutBindingCode } from '../../../src/bindings/uses.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { MAIL, POSTGRESQL, ROOT, SCAFFOLD, SQLITE, templates, Workspace } from './workspace.ts';

const HIPPOFACTS = `[bindle]\nname = "a"\nversion = "1.0.0"\n\n[[handler]]\nroute = "/"\nname = "target/wasm32-wasip1/release/app.wasm"\n`;

test('what there is', async () => {
  expect(languages(await templates()).map(({ id, styles }) => [id, styles.join()])).toEqual([
    ['generic', 'environment'],
    ['assemblyscript', 'host-call,environment'],
    ['c', 'host-call,environment'],
    ['javascript', 'environment'],
    ['commonjs', 'environment'],
    ['python', 'environment'],
    ['rust', 'host-call,environment'],
    ['typescript', 'environment'],
  ]);
  expect(findLanguage(await templates(), 'JavaScript (CommonJS)')?.id).toBe('commonjs');
  expect(findLanguage(await templates(), 'py')?.id).toBe('python');
});

test('the libraries of host calls are of files with less than 200 lines', () => {
  for (const language of ['rust', 'assemblyscript', 'c'])
    for (const name of readdirSync(path.join(SCAFFOLD, 'hostcalls', language), { recursive: true })) {
      const file = path.join(SCAFFOLD, 'hostcalls', language, String(name));
      if (/\.\w+$/.test(file))
        expect([file, readFileSync(file, 'utf8').split('\n').length < 200]).toEqual([file, true]);
    }
});

test('a language is added by files alone', async () => {
  const scaffold = temporaryFolder();
  cpSync(path.join(SCAFFOLD, 'bindings'), path.join(scaffold, 'bindings'), { recursive: true });
  const folder = path.join(scaffold, 'bindings/lua');
  mkdirSync(folder);
  const language = {
    name: 'Lua',
    languageIds: ['lua'],
    extensions: ['.lua'],
    projects: ['init.lua'],
    case: 'snake',
    syntax: { comment: '--[^\\n]*', string: '"[^"\\n]*"' },
    imports: { is: 'local \\w+ = require[^\\n]*' },
    module: { path: '{{function}}.lua' },
    forms: [
      {
        style: 'environment',
        code: 'variables.lua',
        imports: [{ line: 'local os = require "os"', present: 'require "os"' }],
      },
    ],
  };
  writeFileSync(path.join(folder, 'language.json'), JSON.stringify(language));
  const code =
    'function {{function}}()\n  return {\n    -- {{#variables}}\n    {{key}} = os.getenv("{{variable}}"),\n    -- {{/variables}}\n  }\nend\n';
  writeFileSync(path.join(folder, 'variables.lua'), code);
  const workspace = new Workspace({});
  const place = { kind: 'file', path: undefined } as const;
  const wish = {
    addon: MAIL,
    style: 'environment',
    language: 'lua',
    place,
    folder: ROOT,
    hippofacts: undefined,
  } as const;
  const { changes } = await planBinding(wish, workspace, await loadTemplates(scaffold));
  expect(changes[0]).toMatchObject({
    path: path.join(ROOT, 'mail.lua'),
    text: 'local os = require "os"\n\nfunction mail()\n  return {\n    host = os.getenv("MAIL_HOST"),\n    api_key = os.getenv("MAIL_API_KEY"),\n  }\nend\n',
  });

  const broken = async (text: string): Promise<string> => {
    writeFileSync(path.join(folder, 'language.json'), text);
    return loadTemplates(scaffold).then(
      () => '',
      (error: unknown) => (error as Error).message.replace(folder, ''),
    );
  };
  expect(await broken('{')).toMatch(/^\/language\.json is not JSON/);
  expect(await broken(JSON.stringify({ ...language, forms: [] }))).toMatch(
    /is not as README.md says: \/forms/,
  );
  expect(await broken(JSON.stringify({ ...language, imports: { is: '(' } }))).toMatch(
    /has a pattern that is none/,
  );
  const missing = [{ style: 'environment', code: 'none.lua' }];
  expect(await broken(JSON.stringify({ ...language, forms: missing }))).toMatch(/none\.lua is not there/);
});

test('styles: what a handler can use first, with a warning for the other', async () => {
  const styles = async (language: string, addon = POSTGRESQL, handler = true): Promise<unknown> =>
    stylesFor(await templates(), language, addon, handler).map(({ style, warning }) => [style, warning]);
  expect(await styles('rust')).toEqual([
    ['host-call', undefined],
    ['environment', HANDLER_WARNING],
  ]);
  expect(await styles('rust', POSTGRESQL, false)).toEqual([['environment', undefined]]);
  expect(await styles('rust', SQLITE)).toEqual([['host-call', undefined]]);
  expect(await styles('rust', MAIL)).toEqual([['environment', HANDLER_WARNING]]);
  expect(await styles('assemblyscript', MAIL)).toEqual([['environment', HANDLER_WARNING]]);
  expect(await styles('generic', MAIL, false)).toEqual([['environment', undefined]]);
  expect(await styles('python', SQLITE, false)).toEqual([]);
});

test.each([
  ['src/main.rs', 'rust', true],
  ['src/deep/part.rs', 'rust', true],
  ['src/bin/tool.rs', 'rust', false],
  ['other/src/main.rs', 'rust', false],
  ['assembly/index.ts', 'assemblyscript', true],
  ['tools/run.ts', 'typescript', false],
  ['tools/run.js', 'javascript', false],
  ['tools/old.js', 'commonjs', false],
  ['x.cjs', 'commonjs', false],
  ['x.py', 'python', false],
  ['x.c', 'c', true],
])('%s is %s', async (name, language, handler) => {
  const workspace = new Workspace({
    HIPPOFACTS,
    'Cargo.toml': '[package]\nname = "app"\n',
    'other/Cargo.toml': '[package]\nname = "other"\n',
    'asconfig.json': '{}',
    'package.json': '{}',
    'tools/old.js': "'use strict';\nconst fs = require('fs');\n",
  });
  const project = { folder: ROOT, hippofacts: path.join(ROOT, 'HIPPOFACTS') };
  const style = handler ? 'host-call' : 'environment';
  expect(await guess({ ...project, path: path.join(ROOT, name) }, workspace, await templates())).toEqual({
    language,
    style,
    handler,
  });
});

test('what a project is written in', async () => {
  const project = { folder: ROOT, hippofacts: undefined };
  const workspace = new Workspace({ 'a.py': '', 'b.py': '', 'assembly/a.ts': '' });
  expect((await likelyGuess(project, workspace, await templates()))?.language).toBe('assemblyscript');
  expect(await likelyGuess(project, new Workspace({ 'a.txt': '' }), await templates())).toBeUndefined();
});

test('where code for an add-on stands', async () => {
  const workspace = new Workspace({
    'a.rs':
      '// Database::new("postgresql")\nlet a = Database::new("postgresql");\nlet b = env::var("POSTGRESQL_URL");\n',
    'assembly/b.ts': "const a = new Database('postgresql');\nconst b = new Database('postgresql2');\n",
    'c.py': 'x = os.environ["POSTGRESQL_URL"] # POSTGRESQL_URL\ny = os.environ["POSTGRESQL_URL_2"]\n',
    'd.c': 'hippo_query("postgresql", sql, 0, NULL);\n',
    'e.txt': 'POSTGRESQL_URL',
  });
  const uses = await usesOf(POSTGRESQL, workspace, ROOT, await templates());
  expect(
    uses.map(({ path: file, text, style, start, end }) => [
      path.relative(ROOT, file).replaceAll('\\', '/'),
      style,
      text,
      workspace.files.get(file)?.slice(start, end),
    ]),
  ).toEqual([
    ['a.rs', 'host-call', 'postgresql', 'postgresql'],
    ['a.rs', 'environment', 'POSTGRESQL_URL', 'POSTGRESQL_URL'],
    ['assembly/b.ts', 'host-call', 'postgresql', 'postgresql'],
    ['c.py', 'environment', 'POSTGRESQL_URL', 'POSTGRESQL_URL'],
    ['d.c', 'host-call', 'postgresql', 'postgresql'],
  ]);
  expect(await withoutBindingCode([POSTGRESQL, MAIL], workspace, ROOT, await templates())).toEqual([MAIL]);
});
