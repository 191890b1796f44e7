// Whatever a file looks like, and wherever the cursor is: what was done once is not done again, and nothing is lost.

import fc from 'fast-check';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BindingError } from '../../../src/bindings/binding-error.ts';
import type { BindingStyle, BoundAddon } from '../../../src/bindings/plan.ts';
import { MAIL, POSTGRESQL, REDIS, ROOT, SQLITE, Workspace } from './workspace.ts';

/** Pieces of which files are made, in any order. */
const PIECES: Record<string, string[]> = {
  rust: [
    '#!/usr/bin/env run\n',
    '//! About the file.\n',
    '#![allow(dead_code)]\n',
    'use std::io;\n',
    'mod wagi;\n',
    'use crate::hippo::{Database, Value};\n',
    '#[cfg(test)]\nmod tests {\n    use super::page;\n\n    fn postgresql() {}\n}\n',
    '/* a /* nested */ comment { */\n',
    'fn quote<\'a>(c: char) -> &\'a str {\n\n    if c == \'"\' { "}" } else { r#"a " { "# }\n}\n',
    'fn main() {\n\n    let a = 1;\n\n\tlet text = "two\n\nlines";\n}\n',
    'struct Database;\n',
    '// postgresql\n',
    'macro_rules! x {\n    () => {};\n}\n',
  ],
  assemblyscript: [
    "import { answer } from './wagi';\n",
    "import { Database, Value } from './hippo';\n",
    "'use strict';\n",
    '/** About what follows. */\n',
    'class Store {\n  get(): void {\n\n  }\n}\n',
    'const text = `a ${1} {\n\n}`;\n',
    'const pattern = /[/"`{]/;\n',
    'export function main(): void {\n\n  if (true) {\n\n  }\n}\n',
    "const one = 'x'\nconst two = one\n  .length\n",
    'function postgresql(): void {}\n',
  ],
  c: [
    '#include <stdio.h>\n',
    '/* About\n * the file. */\n\n',
    '#define LONG \\\n  1\n',
    '#include "hippo.h"\n',
    'int main(void) {\n\n    puts("} \\" {");\n    return 0;\n}\n',
    'static int numbers[] = {\n    1,\n\n    2,\n};\n',
    '#ifdef A\nvoid postgresql(void) {}\n#endif\n',
  ],
  typescript: [
    '#!/usr/bin/env node\n',
    "'use strict';\n",
    "import fs from 'node:fs';\n",
    "import {\n  a,\n  b,\n} from './a';\n",
    "export * from './b';\n",
    "import pg from 'pg';\n",
    'async function run(): Promise<void> {\n\n}\n',
    'const f = (\n  a: number,\n\n) => a;\n',
    'if (a) {\n\n}\nelse {\n}\n',
    'export default class postgresql {}\n',
  ],
  python: [
    '#!/usr/bin/env python3\n',
    '"""About the file."""\n',
    'from __future__ import annotations\n',
    'import sys, os\n',
    'from a import (\n    b,\n    c,\n)\n',
    'import psycopg\n',
    '@decorated\ndef f():\n    text = """\n\nx\n"""\n\n    return text\n',
    'if True:\n    pass\nelse:\n    pass\n',
    'values = [\n    1,\n\n]\n',
    'def postgresql():\n    pass\n',
  ],
};
PIECES['javascript'] = PIECES['typescript']!;
PIECES['commonjs'] = ["'use strict';\n", "const pg = require('pg');\n", 'function f() {\n\n}\n', '// end\n'];

const FILES: Record<string, string> = {
  rust: 'src/main.rs',
  assemblyscript: 'assembly/index.ts',
  c: 'main.c',
  typescript: 'src/index.ts',
  javascript: 'src/index.js',
  commonjs: 'src/index.cjs',
  python: 'app.py',
};

const BESIDE: Record<string, string> = {
  'Cargo.toml': '[package]\nname = "app" # named\nversion = "0.1.0"\n\n[dependencies]\n# kept\n',
  'package.json': '{\n  "name": "app",\n  "dependencies": {\n    "a": "1"\n  }\n}\n',
  'requirements.txt': 'requests==2 # pinned\n',
  HIPPOFACTS: '# shop\n[bindle]\nname = "shop"\nversion = "1.0.0"\nauthors = []\n',
};

const cases: [string, BindingStyle, BoundAddon][] = [
  ['rust', 'host-call', POSTGRESQL],
  ['rust', 'host-call', REDIS],
  ['rust', 'environment', POSTGRESQL],
  ['rust', 'environment', MAIL],
  ['assemblyscript', 'host-call', SQLITE],
  ['assemblyscript', 'host-call', REDIS],
  ['c', 'host-call', POSTGRESQL],
  ['c', 'host-call', REDIS],
  ['assemblyscript', 'environment', MAIL],
  ['c', 'environment', MAIL],
  ['typescript', 'environment', POSTGRESQL],
  ['typescript', 'environment', MAIL],
  ['javascript', 'environment', REDIS],
  ['commonjs', 'environment', POSTGRESQL],
  ['python', 'environment', POSTGRESQL],
  ['python', 'environment', REDIS],
  ['python', 'environment', MAIL],
];

test.each(cases.map((one) => ({ name: `${one[0]}, ${one[1]}, ${one[2].displayName.trim()}`, one })))(
  '$name',
  async ({ one: [language, style, addon] }) => {
    const name = FILES[language] ?? '';
    const shape = fc.record({
      pieces: fc.array(fc.constantFrom(...(PIECES[language] ?? [])), { maxLength: 7 }),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      crlf: fc.boolean(),
      bom: fc.boolean(),
      tabs: fc.boolean(),
      open: fc.boolean(),
      cut: fc.boolean(),
      kind: fc.constantFrom('cursor' as const, 'file' as const),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ pieces, at, crlf, bom, tabs, open, cut, kind }) => {
        let text = pieces.join('');
        if (open) text = text.replace(/\n$/, '');
        if (cut) text = text.slice(0, Math.floor(text.length * at) + 3);
        if (tabs) text = text.replaceAll(/^( {2,4})/gm, '\t');
        if (crlf) text = text.replaceAll('\n', '\r\n');
        if (bom) text = `\uFEFF${text}`;
        const workspace = new Workspace({ ...BESIDE, [name]: text });
        const before = new Map(workspace.files);
        const wish = {
          language,
          style,
          addon,
          place:
            kind === 'file'
              ? { kind, path: undefined }
              : { kind, path: path.join(ROOT, name), offset: Math.floor(at * text.length) },
        } as const;
        const plan = await workspace.add(wish).catch((error: unknown) => {
          // Half a comment leaves no place.
          if (cut && error instanceof BindingError && error.code === 'BINDING_FILE') return undefined;
          throw error;
        });
        if (!plan) {
          expect(workspace.files).toEqual(before);
          return;
        }
        for (const [file, old] of before) expect(isKept(old, workspace.files.get(file) ?? '')).toBe(true);
        for (const [file, now] of workspace.files)
          if (text.includes('\r\n') && file === path.join(ROOT, name))
            expect(now.replaceAll('\r\n', '').includes('\n')).toBe(false);
        if (bom) expect(workspace.text(name).lastIndexOf('\uFEFF')).toBe(0);
        if (plan.reveal) expect(workspace.files.has(plan.reveal.path)).toBe(true);
        expect((await workspace.plan(wish)).changes).toEqual([]);
      }),
      { numRuns: 150 },
    );
  },
);

/** What was there is there still, in its order. */
function isKept(before: string, after: string): boolean {
  let at = 0;
  for (const char of after) if (before.startsWith(char, at)) at += char.length;
  return at === before.length;
}
