// A new manifest fits the project, is always valid, and overwrites nothing.

import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkManifest } from '../../../src/hippofacts/check.ts';
import { cleanName } from '../../../src/hippofacts/clean-name.ts';
import { proposeManifest, writeNewManifest } from '../../../src/hippofacts/create.ts';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import { makeFolder } from './folders.ts';
import { runs } from '../../support/runs.ts';

async function propose(
  files: Record<string, string>,
  ...options: Parameters<typeof proposeManifest> extends [string, ...infer R] ? R : never
): Promise<string> {
  const folder = await makeFolder(
    Object.fromEntries(Object.entries(files).map(([name, content]) => [`my-shop/${name}`, content])),
  );
  const { mkdir } = await import('node:fs/promises');
  await mkdir(path.join(folder, 'my-shop'), { recursive: true });
  return proposeManifest(path.join(folder, 'my-shop'), ...options);
}

function faults(text: string): string[] {
  const manifest = parseManifest(text);
  return [...manifest.document.problems, ...checkManifest(manifest)].map(({ message }) => message);
}

const CARGO =
  '[package]\nname = "hello-rust"\nversion = "0.3.1"\nauthors = ["Ana <ana@example.com>"]\ndescription = "says hello"\n';

describe('a proposal', () => {
  const cases: [what: string, files: Record<string, string>, text: string][] = [
    [
      'for nothing at all',
      {},
      '[bindle]\nname = "my-shop"\nversion = "0.1.0"\n\n[[handler]]\nroute = "/"\nname = "main.wasm"\n',
    ],
    [
      'for a Rust project that was not built',
      { 'Cargo.toml': CARGO, 'src/main.rs': '', 'static/a.css': '' },
      `[bindle]
name = "hello-rust"
version = "0.3.1"
description = "says hello"
authors = ["Ana <ana@example.com>"]

# Built by: cargo build --release --target wasm32-wasip1
[[handler]]
route = "/"
name = "target/wasm32-wasip1/release/hello-rust.wasm"
files = ["static/**/*"]
`,
    ],
    [
      'for a Rust project that was built by an old compiler',
      {
        'Cargo.toml': CARGO,
        'src/main.rs': '',
        'target/wasm32-wasi/release/hello-rust.wasm': '',
        'target/wasm32-wasi/release/deps/x.wasm': '',
      },
      `[bindle]
name = "hello-rust"
version = "0.3.1"
description = "says hello"
authors = ["Ana <ana@example.com>"]

[[handler]]
route = "/"
name = "target/wasm32-wasi/release/hello-rust.wasm"
`,
    ],
    [
      'for a Rust library with settings of its own, in CRLF with comments',
      {
        'Cargo.toml':
          '# c\r\n[package]\r\nname = "my-lib"\r\nversion.workspace = true\r\n[lib]\r\ncrate-type = ["cdylib"]\r\n',
        'src/lib.rs': '',
        '.cargo/config.toml': '[build]\ntarget = "wasm32-unknown-unknown"\ntarget-dir = "out"\n',
      },
      `[bindle]
name = "my-lib"
version = "0.1.0"

# Built by: cargo build --release --target wasm32-unknown-unknown
[[handler]]
route = "/"
name = "out/wasm32-unknown-unknown/release/my_lib.wasm"
`,
    ],
    [
      'for AssemblyScript by asconfig.json',
      {
        'package.json':
          '{"name":"@team/shop","version":"2.0.0","author":{"name":"Bo","email":"bo@example.com"}}',
        'asconfig.json':
          '{"targets":{"debug":{"outFile":"build/debug.wasm"},"release":{"outFile":"./build/release.wasm"}}}',
        'build/release.wasm': '',
        'build/debug.wasm': '',
        'public/x': '',
        'www/x': '',
      },
      `[bindle]
name = "team/shop"
version = "2.0.0"
authors = ["Bo <bo@example.com>"]

[[handler]]
route = "/"
name = "build/release.wasm"
files = ["public/**/*", "www/**/*"]
`,
    ],
    [
      'for AssemblyScript by its scripts, as yo wasm makes it',
      {
        'package.json': JSON.stringify({
          name: 'yo-app',
          author: 'Ana <ana@example.com>',
          scripts: {
            'asbuild:untouched': 'asc assembly/index.ts -b build/untouched.wasm -t build/untouched.wat',
            'asbuild:optimized':
              'asc assembly/index.ts -b build/optimized.wasm -t build/optimized.wat --optimize',
            build: 'npm run asbuild:untouched && npm run asbuild:optimized',
          },
        }),
      },
      `[bindle]
name = "yo-app"
version = "0.1.0"
authors = ["Ana <ana@example.com>"]

# Built by: npm run build
[[handler]]
route = "/"
name = "build/optimized.wasm"
`,
    ],
    [
      'for modules that lie around',
      {
        'bin/b.wasm': '',
        'bin/a.wasm': '',
        'lib/a.wasm': '',
        'node_modules/x/y.wasm': '',
        '.cache/z.wasm': '',
        'assets/x': '',
      },
      `[bindle]
name = "my-shop"
version = "0.1.0"

[[handler]]
route = "/"
name = "bin/a.wasm"
files = ["assets/**/*"]

[[handler]]
route = "/b"
name = "bin/b.wasm"

[[handler]]
route = "/a"
name = "lib/a.wasm"
`,
    ],
    [
      'for metadata that cannot be read',
      { 'package.json': '{', 'Cargo.toml': '[package', 'asconfig.json': '[]' },
      '[bindle]\nname = "my-shop"\nversion = "0.1.0"\n\n[[handler]]\nroute = "/"\nname = "main.wasm"\n',
    ],
  ];
  test.each(cases)('%s', async (_, files, text) => {
    expect(await propose(files)).toBe(text);
    expect(faults(text)).toEqual([]);
  });

  test('with a name, authors and a module as they are given', async () => {
    const text = await propose(
      { 'Cargo.toml': CARGO, 'bin/x.wasm': '' },
      { name: 'team/app', authors: ['A', 'B <b@c>'], module: 'bin/x.wasm' },
    );
    expect(text).toBe(`[bindle]
name = "team/app"
version = "0.3.1"
description = "says hello"
authors = ["A", "B <b@c>"]

[[handler]]
route = "/"
name = "bin/x.wasm"
`);
  });

  test('with a name that cannot be one is refused', async () => {
    await expect(propose({}, { name: 'my app' })).rejects.toMatchObject({
      code: 'INVALID_NAME',
      message: expect.stringContaining('"my app" cannot be a bindle\'s name: it contains " "') as string,
    });
  });

  test('escapes what TOML does not take as it is', async () => {
    const description = 'quote " backslash \\ tab \t newline \n bell \u0007 delete \u007f é 😀';
    const text = await propose({ 'package.json': JSON.stringify({ description }) });
    expect(faults(text)).toEqual([]);
    expect(parseManifest(text).bindle?.description?.value).toBe(description);
  });

  test('is valid whatever the metadata say', async () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constant('"'),
      fc.constant('\ud800'),
      fc.integer(),
      fc.constant(null),
    );
    const metadata = fc.record({
      name: anything,
      version: anything,
      description: anything,
      author: fc.oneof(anything, fc.record({ name: anything, email: anything })),
      scripts: fc.dictionary(
        fc.string(),
        anything.map((text) => `asc -o "${String(text)}.wasm"`),
        { maxKeys: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(metadata, async (json) => {
        expect(faults(await propose({ 'package.json': JSON.stringify(json) }))).toEqual([]);
      }),
      { numRuns: runs(100) },
    );
  });
});

test('a name is cleaned', () => {
  const names: [string, string | undefined][] = [
    ['my app', 'my-app'],
    ['Ünïcödé', 'Unicode'],
    ['  .hidden. ', 'hidden'],
    ['a//b/../c', 'a/b/c'],
    ['x@y#z', 'x-y-z'],
    ['日本', undefined],
    ['', undefined],
    ['...', undefined],
    ['a'.repeat(500), 'a'.repeat(200)],
    ['snake_case.v2', 'snake_case.v2'],
  ];
  for (const [text, name] of names) expect([text, cleanName(text)]).toEqual([text, name]);
});

describe('writing', () => {
  test('into a folder, or to a file that is named', async () => {
    const folder = await makeFolder();
    expect(await writeNewManifest(folder, 'one')).toBe(path.join(folder, 'HIPPOFACTS'));
    expect(await readFile(path.join(folder, 'HIPPOFACTS'), 'utf8')).toBe('one');
    const named = path.join(folder, 'other.toml');
    expect(await writeNewManifest(named, 'two')).toBe(named);
    expect(await readFile(named, 'utf8')).toBe('two');
  });

  test.each(['HIPPOFACTS', 'hippofacts.toml'])('never over a %s that is there', async (name) => {
    const folder = await makeFolder({ [name]: 'mine' });
    for (const destination of [folder, path.join(folder, name)])
      await expect(writeNewManifest(destination, 'other')).rejects.toMatchObject({
        code: 'EXISTS',
        message: `${path.join(folder, name)} exists and is not overwritten: remove it first.`,
      });
    expect(await readFile(path.join(folder, name), 'utf8')).toBe('mine');
  });
});
