// Completions: what is offered at a place, and what the text is when one is taken.

import { describe, expect, test } from 'vitest';
import { completions, type Completion } from '../../../../src/hippofacts/language/completion.ts';
import { unfilled } from '../../../../src/hippofacts/language/snippet.ts';
import { parseManifest } from '../../../../src/hippofacts/parse.ts';
import { applyEdits } from '../../../../src/hippofacts/text-edit.ts';
import { knownFacts, SERVER } from './known-facts.ts';

/** `|` is where the cursor stands. */
async function at(
  marked: string,
  facts = knownFacts(SERVER),
): Promise<{ text: string; found: Completion[] }> {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  return { text, found: await completions(parseManifest(text), offset, facts) };
}

async function labels(marked: string, facts = knownFacts(SERVER)): Promise<string[]> {
  return (await at(marked, facts)).found.map(({ label }) => label);
}

/** The text with a completion taken. */
async function taken(marked: string, label: string): Promise<string> {
  const { text, found } = await at(marked);
  const completion = found.find((one) => one.label === label);
  if (!completion) throw new Error(`${label} is not offered, but ${found.map((one) => one.label).join(' ')}`);
  const { edit, snippet } = completion;
  return applyEdits(text, [{ ...edit, text: snippet ? unfilled(edit.text) : edit.text }]);
}

const HANDLER = '[[handler]]\nroute = "/"\n';
const TABLES = [
  '[bindle]',
  '[[handler]]',
  '[annotations]',
  '[[export]]',
  '[[handler]] out of another bindle',
];

describe('tables and keys', () => {
  test.each([
    ['an empty file', '|', TABLES],
    ['a half-typed header', '[bin|', TABLES],
    ['between brackets', '[[|]]', TABLES],
    [
      'a header above its keys',
      '[[han|\nroute = "/"',
      ['[bindle]', '[[handler]]', '[annotations]', '[[export]]'],
    ],
    [
      'the line below what is nested too deeply',
      `[bindle]\nname = ${'{a='.repeat(40)}\n|`,
      ['version', 'description', 'authors', ...TABLES.slice(1)],
    ],
    [
      'a file with a bindle and annotations',
      '[bindle]\n[annotations]\n[|',
      ['[[handler]]', '[[export]]', '[[handler]] out of another bindle'],
    ],
    ['a bindle', 'bindle = { | }', ['name', 'version', 'description', 'authors']],
    [
      'a bindle with keys',
      '[bindle]\nname = "a"\n|\nauthors = []\n[[handler]]\n',
      [
        'version',
        'description',
        '[[handler]]',
        '[annotations]',
        '[[export]]',
        '[[handler]] out of another bindle',
      ],
    ],
    [
      'a half-typed key',
      '[bindle]\nname = "a"\nver|\n[annotations]\n[[handler]]\n',
      ['version', 'description', 'authors', '[[handler]]', '[[export]]', '[[handler]] out of another bindle'],
    ],
    ['a key that is there', '[bindle]\nna|me = "a"\nversion = "1.0.0"', ['name', 'description', 'authors']],
    ['a handler out of another bindle', `${HANDLER}external.bindleId = "x"\nfi| = []`, ['files']],
    ['what another bindle has', `${HANDLER}external.|`, ['bindleId', 'handlerId']],
    ['the same in braces', `${HANDLER}external = { handlerId = "x", | }`, ['bindleId']],
    ['the same in braces that are open', `${HANDLER}external = { |`, ['bindleId', 'handlerId']],
    ['the same in front of another', `${HANDLER}external = { | handlerId = "x" }`, ['bindleId']],
    [
      'the same as a table',
      `${HANDLER}[handler.external]\n|`,
      [
        'bindleId',
        'handlerId',
        '[bindle]',
        '[[handler]]',
        '[annotations]',
        '[[export]]',
        '[[handler]] out of another bindle',
      ],
    ],
    ['the name of that table', `${HANDLER}[handler.|`, ['[handler.external]']],
    ['annotations', '[annotations]\na| = "b"', ['hippo_addons']],
    ['an unknown table', '[other]\na| = "b"', []],
    ['a comment', '# |', []],
    ['a comment behind a value', '[bindle]\nname = "a" # |', []],
    ['behind a value', '[bindle]\nname = "a" |', []],
    ['behind a header', '[bindle] |', []],
    ['behind a key', '[bindle]\nname |', []],
    ['in front of a statement', '[bindle]\n | name = "a"', []],
  ])('of %s', async (_what, marked, expected) => {
    expect(await labels(marked)).toEqual(expected);
  });

  test('those that must be there come first, and say so', async () => {
    const { found } = await at(`[[handler]]\n|`);
    expect(found.slice(0, 3).map(({ label, detail }) => [label, detail])).toEqual([
      ['route', 'required'],
      ['name', 'required'],
      ['entrypoint', undefined],
    ]);
    expect(found[0]?.documentation).toContain('The path that this handler answers.');
  });

  test.each([
    ['[bin|', '[bindle]', '[bindle]\nname = "name"\nversion = "0.1.0"'],
    ['[[han|]]', '[[handler]]', '[[handler]]\nroute = "/"\nname = "bin/a.wasm"\nfiles = []'],
    ['[han|', '[[handler]]', '[[handler]]\nroute = "/"\nname = "bin/a.wasm"\nfiles = []'],
    ['[[han|\nroute = "/"', '[[handler]]', '[[handler]]\nroute = "/"'],
    [
      '[bindle]\r\nname = "a"\r\n\r\nexp|',
      '[[export]]',
      '[bindle]\r\nname = "a"\r\n\r\n[[export]]\r\nid = "a"\r\nname = "bin/a.wasm"',
    ],
    [
      '[[handler]]\nname = "bin/a.wasm"\nroute = "/"\n[[|',
      '[[handler]]',
      '[[handler]]\nname = "bin/a.wasm"\nroute = "/"\n[[handler]]\nroute = "/new"\nname = "build/new.wasm"\nfiles = []',
    ],
    ['[|[handler]]\nroute = "/"', '[[handler]]', '[[handler]]\nroute = "/"'],
    ['[|[han', '[bindle]', '[bindle]\nname = "name"\nversion = "0.1.0"'],
    ['[[handler]]\nro|', 'route', '[[handler]]\nroute = ""'],
    ['[[handler]]\nfi|', 'files', '[[handler]]\nfiles = [""]'],
    ['[[handler]]\nex|', 'external', '[[handler]]\nexternal = { bindleId = "", handlerId = "" }'],
    ['[[handler]]\nfi|les = []', 'files', '[[handler]]\nfiles = []'],
    ['[[handler]]\n"ro|" = "/"', 'route', '[[handler]]\nroute = "/"'],
    [
      '[[handler]]\nexternal = { |handlerId = "x" }',
      'bindleId',
      '[[handler]]\nexternal = { bindleId = "x" }',
    ],
    [
      '[[handler]]\nexternal = { | handlerId = "x" }',
      'bindleId',
      '[[handler]]\nexternal = { bindleId = "", handlerId = "x" }',
    ],
  ])('%j takes %s', async (marked, label, expected) => {
    expect(await taken(marked, label)).toBe(expected);
  });
});

describe('values', () => {
  test.each([
    [
      'routes',
      '[[handler]]\nname = "bin/shop.wasm"\nfiles = ["img/*"]\nroute = "|"',
      ['/', '/...', '/shop', '/shop/...', '/a', '/a/...', '/new', '/new/...', '/img', '/img/...'],
    ],
    [
      'routes that are free',
      `${HANDLER}[[handler]]\nroute = |`,
      ['/...', '/a', '/a/...', '/new', '/new/...'],
    ],
    [
      'modules',
      '[[handler]]\nname = "|"',
      ['bin/a.wasm', 'build/new.wasm', 'main.wasm', 'bin/', 'css/', 'img/'],
    ],
    ['modules of a folder', '[[handler]]\nname = "bin/|"', ['bin/a.wasm', 'build/new.wasm', 'bin/b.wasm']],
    ['functions', '[[export]]\nname = "bin/b.wasm"\nentrypoint = "|', ['_start', 'run_b']],
    ['functions of no module', '[[export]]\nentrypoint = "|', []],
    ['ids', '[[export]]\nname = "bin/b.wasm"\nid = "|"', ['b']],
    [
      'patterns',
      '[[handler]]\nfiles = ["|"]',
      [
        'bin/*',
        'bin/**/*',
        'bin/',
        'css/*',
        'css/**/*',
        'css/',
        'img/*',
        'img/**/*',
        'img/',
        '*.wasm',
        'main.wasm',
      ],
    ],
    [
      'patterns of a folder',
      '[[handler]]\nfiles = ["img/|"]',
      [
        'img/*',
        'img/**/*',
        'img/birds/*',
        'img/birds/**/*',
        'img/birds/',
        'img/*.png',
        'img/one.png',
        'img/shared.png',
      ],
    ],
    [
      'patterns that are not in the list',
      '[[handler]]\nfiles = ["img/*", "img/one.png", "img/|", "img/*.png"]',
      ['img/**/*', 'img/birds/*', 'img/birds/**/*', 'img/birds/', 'img/shared.png'],
    ],
    [
      'patterns behind a pattern',
      '[[handler]]\nfiles = ["img/**/|"]',
      ['img/**/*', 'img/**/*.png', 'img/**/*.jpg'],
    ],
    ['people', '[bindle]\nauthors = ["|"]', ['Ana <ana@example.com>']],
    ['people who are there', '[bindle]\nauthors = ["Ana <ana@example.com>", "|"]', []],
    [
      'versions after those of the server',
      '[bindle]\nname = "team/birds"\nversion = "1.2.3|"',
      ['1.2.5', '1.3.0', '2.0.0', '1.2.4-0'],
    ],
    [
      'versions without a server',
      '[bindle]\nname = "new"\nversion = "1.2.3|"',
      ['1.2.4', '1.3.0', '2.0.0', '1.2.4-0'],
    ],
    ['first versions', '[bindle]\nname = "new"\nversion = "|"', ['0.1.0', '1.0.0']],
    ['names', '[bindle]\nname = "|"', ['birds', 'team/birds', 'tools/fileserver']],
    ['bindles', `${HANDLER}external.bindleId = "to|"`, ['tools/fileserver/']],
    [
      'their versions',
      `${HANDLER}external.bindleId = "tools/fileserver/|"`,
      ['tools/fileserver/1.1.0', 'tools/fileserver/1.0.3'],
    ],
    [
      'their handlers',
      `${HANDLER}external = { bindleId = "tools/fileserver/1.0.3", handlerId = "|" }`,
      ['static', 'list'],
    ],
    [
      'their handlers, dotted',
      `${HANDLER}external.bindleId = "tools/fileserver/1.0.3"\nexternal.handlerId = "|`,
      ['static', 'list'],
    ],
    ['nothing for a description', '[bindle]\ndescription = "|"', []],
    ['nothing for an unknown key', '[bindle]\nother = "|"', []],
    ['nothing in front of a text', '[[handler]]\nname =| "app.wasm"', []],
    ['nothing in front of a list', '[[handler]]\nfiles = |["a"]', []],
    ['nothing in front of a table', `${HANDLER}external = |{ bindleId = "a/b/1.0.0" }`, []],
    ['nothing in front of what lacks its quotes', '[[handler]]\nname = | app.wasm', []],
    ['in front of a comment', '[[export]]\nname = "bin/b.wasm"\nid = | # "b"', ['b']],
    ['nothing where it is nested too deeply', `${HANDLER}files = ${'['.repeat(33)}"|`, []],
    ['nothing in a list where a text is wanted', '[[handler]]\nroute = ["|"]', []],
  ])('%s', async (_what, marked, expected) => {
    expect(await labels(marked)).toEqual(expected);
  });

  test('without a server, nothing of it', async () => {
    const facts = knownFacts();
    expect(await labels(`${HANDLER}external.bindleId = "|"`, facts)).toEqual([]);
    expect(await labels('[bindle]\nname = "|"', facts)).toEqual(['birds']);
  });

  test.each([
    // Quotes and brackets come in where they are missing.
    ['[[handler]]\nroute = |', '/a', '[[handler]]\nroute = "/a"'],
    ['[[handler]]\nroute = /|', '/a', '[[handler]]\nroute = "/a"'],
    ['[[handler]]\nroute = "|', '/a', '[[handler]]\nroute = "/a"'],
    ['[[handler]]\nroute = "/x|yz" # c', '/a', '[[handler]]\nroute = "/a" # c'],
    ["[[handler]]\nroute = '|'", '/a', "[[handler]]\nroute = '/a'"],
    ['[[handler]]\nfiles = |', 'img/*', '[[handler]]\nfiles = ["img/*"]'],
    ['[[handler]]\nfiles = im|', 'img/*', '[[handler]]\nfiles = ["img/*"]'],
    ['[[handler]]\nfiles = [|', 'img/*', '[[handler]]\nfiles = ["img/*"'],
    ['[[handler]]\nfiles = [|]', 'img/*', '[[handler]]\nfiles = ["img/*"]'],
    ['[[handler]]\nfiles = ["im|]', 'img/*', '[[handler]]\nfiles = ["img/*"]'],
    ['[[handler]]\nfiles = ["im|, "css/*"]', 'img/*', '[[handler]]\nfiles = ["img/*", "css/*"]'],
    [
      '[[handler]]\nfiles = [\n  "css/*",\n  |\n]',
      'img/*',
      '[[handler]]\nfiles = [\n  "css/*",\n  "img/*"\n]',
    ],
    ['[[handler]]\nfiles = [| "css/*"]', 'img/*', '[[handler]]\nfiles = ["img/*", "css/*"]'],
    ['[[handler]]\nfiles = [\n  im|\n[[export]]', 'img/*', '[[handler]]\nfiles = [\n  "img/*"\n[[export]]'],
    ['[[handler]]\nfiles = ["img/|one.png"]', 'img/*.png', '[[handler]]\nfiles = ["img/*.png"]'],
    // What goes on stays open for that.
    ['[[handler]]\nfiles = [|', 'img/', '[[handler]]\nfiles = ["img/"'],
    ['[bindle]\nname = "x"\nversion = 1.2.|', '0.1.0', '[bindle]\nname = "x"\nversion = "0.1.0"'],
    ['[bindle]\nauthors = |', 'Ana <ana@example.com>', '[bindle]\nauthors = ["Ana <ana@example.com>"]'],
  ])('%j takes %s', async (marked, label, expected) => {
    expect(await taken(marked, label)).toBe(expected);
  });

  test('a folder is gone into', async () => {
    const { found } = await at('[[handler]]\nfiles = [|');
    const folder = found.find(({ label }) => label === 'img/');
    expect(folder).toMatchObject({ again: true, snippet: true, edit: { text: '"img/$1"' } });
    const { found: within } = await at('[[handler]]\nfiles = ["|"]');
    expect(within.find(({ label }) => label === 'img/')).toMatchObject({
      again: true,
      snippet: false,
      edit: { text: 'img/' },
    });
  });

  test('a pattern says what it would match, a module what is in it', async () => {
    const { found } = await at('[[handler]]\nfiles = ["img/|"]');
    const resolved = await found.find(({ label }) => label === 'img/*.png')?.resolve?.();
    expect(resolved?.detail).toBe('2 files, 200 B');
    expect(resolved?.documentation).toContain('[img/one.png](file:///projects/birds/img/one.png)');
    const { found: modules } = await at('[[handler]]\nname = "|"');
    expect((await modules[0]?.resolve?.())?.documentation).toContain('Exports `_start` and `run_b`');
    expect(modules[1]).toMatchObject({ detail: 'not built yet' });
    expect(modules[1]?.documentation).toContain('`npm run build`');
  });

  test('names that are no patterns are written so that they are none', async () => {
    const facts = {
      ...knownFacts(),
      folder: async () => [
        { name: 'a[1].txt', kind: 'file' } as const,
        { name: 'b*', kind: 'folder' } as const,
      ],
    };
    expect(await labels('[[handler]]\nfiles = ["|"]', facts)).toEqual([
      'b[*]/*',
      'b[*]/**/*',
      'b[*]/',
      '*.txt',
      'a[[]1].txt',
    ]);
  });

  test('a file that usually holds a secret is not offered', async () => {
    const facts = {
      ...knownFacts(),
      folder: async () => [{ name: '.env', kind: 'file' } as const, { name: 'a.txt', kind: 'file' } as const],
    };
    expect(await labels('[[handler]]\nfiles = ["|"]', facts)).toEqual(['*.txt', 'a.txt']);
  });

  test('what cannot stand in the quotes that are there is not offered', async () => {
    const facts = { ...knownFacts(), author: async () => "Bo O'Hara" };
    expect(await labels("[bindle]\nauthors = ['|']", facts)).toEqual([]);
    expect(await labels('[bindle]\nauthors = ["|"]', facts)).toEqual(["Bo O'Hara"]);
  });
});
