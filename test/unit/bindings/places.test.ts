// Where imports, definitions and statements are put, and what names they get.

import { describe, expect, test } from 'vitest';
import type { BindingWish } from '../../../src/bindings/plan.ts';
import { atCursor, MAIL, POSTGRESQL, REDIS, SQLITE, Workspace } from './workspace.ts';

const FILES: Record<string, string> = {
  rust: 'src/main.rs',
  assemblyscript: 'assembly/index.ts',
  c: 'main.c',
  typescript: 'src/index.ts',
  python: 'app.py',
};

/** The file after code was added at `|`. */
async function added(
  language: string,
  marked: string,
  more: Partial<BindingWish> = {},
  others: Record<string, string> = {},
): Promise<string> {
  const name = FILES[language] ?? '';
  const { text, place } = atCursor(name, marked);
  const workspace = new Workspace({ [name]: text, ...others });
  const native = ['typescript', 'python'].includes(language);
  await workspace.add({ language, style: native ? 'environment' : 'host-call', place, ...more });
  return workspace.text(name);
}

/** The lines up to the code itself. */
function head(text: string): string[] {
  return text.split('\n').slice(
    0,
    text.split('\n').findIndex((line) => /^\/\/\/ The|^def post|^\/\*\* A/.test(line)),
  );
}

describe('imports stand', () => {
  test('in Rust behind inner attributes and docs, modules before uses', async () => {
    const text = await added('rust', '#!/bin/x\n//! About.\n#![allow(dead_code)]\n\nfn main() {}\n|');
    expect(head(text)).toEqual([
      '#!/bin/x',
      '//! About.',
      '#![allow(dead_code)]',
      '',
      'mod hippo;',
      'use crate::hippo::Database;',
      '',
      'fn main() {}',
      '',
    ]);
  });

  test('behind those that are there, each beside its kind', async () => {
    const text = await added(
      'rust',
      'mod wagi;\n\nuse std::io;\nuse wagi::{\n    a,\n    b,\n};\n\n|fn main() {}\n',
    );
    expect(head(text)).toEqual([
      'mod wagi;',
      'mod hippo;',
      '',
      'use std::io;',
      'use wagi::{',
      '    a,',
      '    b,',
      '};',
      'use crate::hippo::Database;',
      '',
    ]);
  });

  test('in TypeScript behind a shebang and directives', async () => {
    const text = await added('typescript', "#!/usr/bin/env node\n'use strict';\n\nrun();\n|");
    expect(text).toMatch(/^#!\/usr\/bin\/env node\n'use strict';\n\nimport pg from 'pg';\n\nrun\(\);\n/);
  });

  test('in Python behind the docstring and imports of the future', async () => {
    const text = await added('python', '"""About."""\nfrom __future__ import annotations\n\nx = 1\n|');
    expect(head(text).slice(0, 6)).toEqual([
      '"""About."""',
      'from __future__ import annotations',
      '',
      'import os',
      'import psycopg',
      '',
    ]);
  });

  test('behind a comment about the file, in front of one about what follows', async () => {
    expect(await added('c', '/* About. */\n\nint x;\n|')).toMatch(
      /^\/\* About. \*\/\n\n#include "hippo.h"\n\nint x;/,
    );
    expect(await added('c', '/* A number. */\nint x;\n|')).toMatch(
      /^#include "hippo.h"\n\n\/\* A number. \*\/\nint x;/,
    );
  });

  test('once, however they are written', async () => {
    const rust = 'mod hippo;\nuse hippo::{Value, Database};\n\nfn main() {}\n|';
    const library = { 'src/hippo.rs': '// hippo_host\n' };
    expect((await added('rust', rust, {}, library)).match(/Database[;,}]/g)).toHaveLength(1);
    const script = "import { Value, Database } from './hippo';\n|";
    const text = await added('assemblyscript', script, {}, { 'assembly/hippo.ts': '// hippo_host' });
    expect(text.match(/import/g)).toHaveLength(1);
    expect((await added('python', 'import sys, os\nimport psycopg\n|')).match(/import/g)).toHaveLength(2);
  });
});

describe('names that are taken', () => {
  test('of the function', async () => {
    expect(await added('rust', 'fn postgresql() {}\n|')).toContain('pub fn postgresql_addon() -> Database');
    expect(await added('assemblyscript', 'function postgresql(): void {}\n|')).toContain(
      'function postgresqlAddon()',
    );
    // In comments and strings they are not.
    expect(await added('rust', '// postgresql\n|')).toContain('pub fn postgresql() ->');
  });

  test('of what is imported', async () => {
    const text = await added('rust', 'struct Database;\n|');
    expect(text).toContain('use crate::hippo::Database as HippoDatabase;\n');
    expect(text).toContain('pub fn postgresql() -> HippoDatabase {\n    HippoDatabase::new("postgresql")');
  });

  test('of the library', async () => {
    const workspace = new Workspace({
      'src/main.rs': 'fn main() {}\n',
      'src/hippo.rs': 'pub fn mine() {}\n',
    });
    await workspace.add({ language: 'rust' });
    expect(workspace.text('src/hippo.rs')).toBe('pub fn mine() {}\n');
    expect(workspace.text('src/main.rs')).toContain('mod hippo_addons;\n');
    expect(workspace.text('src/hippo_addons.rs')).toContain('#[path = "hippo_addons/json.rs"]');
    expect(workspace.text('src/postgresql.rs')).toContain('use crate::hippo_addons::Database;');
  });

  test('by the language', async () => {
    const addon = { ...POSTGRESQL, name: 'Match' };
    expect(await added('rust', 'fn main() {}\n|', { addon })).toContain('pub fn match_addon() -> Database');
    const redis = { ...REDIS, name: 'redis', variables: ['REDIS_URL'] };
    expect(await added('python', '|', { addon: redis })).toContain('def redis_addon():');
  });
});

describe('statements stand on an empty line of a function', () => {
  test('with its indentation', async () => {
    expect(await added('rust', 'fn main() {\n    a();\n|\n}\n')).toContain(
      '    a();\n    let database = postgresql();\n    match database.query(',
    );
    expect(await added('rust', 'fn main() {\n\tif a {\n\t\t|\n\t}\n}\n')).toContain(
      '\tif a {\n\t\tlet database = postgresql();\n\t\tmatch database',
    );
  });

  test('and nowhere else', async () => {
    for (const marked of [
      'fn main() {\n    match a {\n|\n    }\n}\n',
      'struct A {\n|\n}\n',
      'fn main() {\n    let text = "\n|\n";\n}\n',
      'fn main() {\n    call(\n|\n    );\n}\n',
      'fn main() { /*\n|\n*/ }\n',
    ])
      expect(await added('rust', marked), marked).not.toContain('let database');
    // Only where something can be waited for.
    expect(await added('typescript', 'function f() {\n|\n}\n')).not.toContain('await client.query');
    expect(await added('typescript', 'async function f() {\n|\n}\n')).toContain('await client.query');
  });
});

test('definitions stand between what is at the top level', async () => {
  const text = await added('rust', 'fn a() {\n}\n\n/// About b.\n#[inline]\nfn b() {\n    c(|);\n}\n');
  expect(text).toMatch(
    /fn a\(\) \{\n\}\n\n\/\/\/ The add-on [^]*\n\}\n\n\/\/\/ About b\.\n#\[inline\]\nfn b/,
  );
});

test('a module of its own is declared', async () => {
  const workspace = new Workspace({
    'Cargo.toml': '[package]\nname = "a"\n',
    'src/main.rs': 'fn main() {}\n',
  });
  const { reveal } = await workspace.add({ language: 'rust', addon: REDIS });
  expect(workspace.text('src/main.rs')).toBe('mod my_cache;\nmod hippo;\n\nfn main() {}\n');
  expect(reveal?.path).toMatch(/src.my_cache\.rs$/);
});

test('a program in another folder finds the library', async () => {
  const { text, place } = atCursor('src/bin/tool.rs', 'fn main() {}\n|');
  const workspace = new Workspace({ 'Cargo.toml': '[package]\nname = "a"\n', 'src/bin/tool.rs': text });
  await workspace.add({ language: 'rust', place });
  expect(workspace.text('src/bin/tool.rs')).toMatch(/^#\[path = "\.\.\/hippo\.rs"\]\nmod hippo;\n/);
});

test('texts of brokers stay in comments', async () => {
  const workspace = new Workspace({ 'package.json': '{}' });
  await workspace.add({ language: 'typescript', style: 'environment', addon: MAIL });
  expect(workspace.text('src/mail.ts')).toContain(
    '/** The variables of the add-on mail (Mail * / relay, small);',
  );
  expect(workspace.text('src/mail.ts')).toContain('    apiKey: process.env.MAIL_API_KEY,\n');
});

test('what an add-on does not have is refused', async () => {
  const workspace = new Workspace({});
  await expect(workspace.plan({ language: 'python', style: 'environment', addon: SQLITE })).rejects.toThrow(
    'file gives the channel no variables: it is reached by host calls only.',
  );
  await expect(workspace.plan({ language: 'rust', style: 'host-call', addon: MAIL })).rejects.toThrow(
    'mail cannot be reached by host calls',
  );
  await expect(workspace.plan({ language: 'cobol' })).rejects.toThrow('There are no templates for cobol.');
});
