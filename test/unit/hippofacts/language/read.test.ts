// What is shown of a manifest: hovers, outline, folds, links, definitions and lenses.

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, describe, test } from 'vitest';
import { selectRevision } from '../../../../src/hippo/rules.ts';
import { folds } from '../../../../src/hippofacts/language/folds.ts';
import { hover, type HoverOptions } from '../../../../src/hippofacts/language/hover.ts';
import { lenses, type Lens } from '../../../../src/hippofacts/language/lenses.ts';
import { definition, links } from '../../../../src/hippofacts/language/links.ts';
import { code, escapeMarkdown, link } from '../../../../src/hippofacts/language/markdown.ts';
import { outline, type Symbol } from '../../../../src/hippofacts/language/outline.ts';
import type { KnownChannel } from '../../../../src/hippofacts/facts.ts';
import { parseManifest } from '../../../../src/hippofacts/parse.ts';
import { DiskFacts } from '../../../../src/hippofacts/project-facts.ts';
import { devVersion } from '../../../../src/publish/version.ts';
import { makeFolder } from '../folders.ts';
import { RICH } from './corpus.ts';
import { knownFacts, SERVER } from './known-facts.ts';

const options: HoverOptions = {
  select: selectRevision,
  buildOf: (version) => devVersion(version, 'ana', new Date(2026, 10, 20)),
};

/** What is shown with the pointer on the first `word`. */
async function over(text: string, word: string, facts = knownFacts(SERVER)): Promise<string | undefined> {
  return (await hover(parseManifest(text), text.indexOf(word), facts, options))?.markdown;
}

describe('hover', () => {
  test.each(['/healthz', 'shop', '/a?b'])('says nowhere that the route %s answers', async (route) => {
    const text = `[[handler]]\nroute = "${route}"\n`;
    expect(await over(text, `${route}"`)).not.toMatch(/^Answers/);
  });

  test.each([
    ['a table', '[bindle]', 'What the app is called'],
    ['the name of a table', 'handler', 'answers the requests for a route'],
    ['a key', 'version =', 'Semantic Versioning'],
    ['a key in braces', 'handlerId', 'exports the module'],
    ['a dotted key', 'external.bindleId', 'out of another bindle'],
    ['its second part', 'bindleId = "tools/fileserver/1.0.3"\nexternal', 'its name, a slash'],
    ['a text of which nothing is known', 'Pictures', 'What the app is'],
    ['a pattern', 'img/*.png', 'It matches 2 files, 200 B:'],
    ['a name', 'css/site.css', '[css/site.css](file:///projects/birds/css/site.css)'],
    ['a module', 'bin/a.wasm', 'Exports `_start` and `run_b`\n\nImports WASI preview 1: `fd_write`'],
    ['an entrypoint', 'run_b', 'Exports `_start`'],
    ['a route', '/"', 'Answers `/` alone.'],
    [
      'a route for all below it',
      '/lib/',
      'Answers `/lib` and all below it, such as `/lib/a` and `/lib/a/b`, but not `/libs`.',
    ],
    ['its address', '/lib/', '](http://127.0.0.1:5400/lib) (birds, channel production)'],
    ['another bindle', 'tools/file', 'It exports `static` and `list`.'],
    [
      'its handler',
      'list"',
      '`list` is a module of `tools/fileserver/1.0.3` and runs its function `list_files`.',
    ],
    ['the name of the app', 'team/birds', 'birds, channel production: runs `1.2.3` at [http'],
    ['a version that is there', '1.2.3', '`1.2.3` is on `https://bindle.example.com` already'],
    [
      'who takes builds of it',
      '1.2.3',
      '- birds, channel ana: takes your development builds of it (`P:*-ana-*`)',
    ],
    [
      'who takes that version',
      '1.2.3',
      '- birds, channel production: stays at `1.2.4` (`^1.0.0`)\n- birds, channel pinned: pinned to `1.2.3`',
    ],
  ])('over %s', async (_what, word, expected) => {
    expect(await over(RICH, word)).toContain(expected);
  });

  test.each([
    ['a version that a channel follows', '1.3.0', '- birds, channel production: **takes it** (`^1.0.0`)'],
    ['one that it does not', '2.0.0', 'stays at `1.2.4`'],
  ])('over %s', async (_what, version, expected) => {
    expect(await over(RICH.replace('1.2.3', version), version)).toContain(expected);
  });

  test('nothing over blanks, comments and what is broken', async () => {
    expect(await over(RICH, '# What')).toBeUndefined();
    expect(await over('[bindle]\n\nname = "a"', '\n\n')).toContain('What the app');
    expect(await over('[bindle]\nname = "a\n', '"a')).toBeUndefined();
  });

  test('the first ten files, and how many more', async () => {
    const folder = await makeFolder();
    await mkdir(path.join(folder, 'img'));
    for (let number = 10; number < 23; number++)
      await writeFile(path.join(folder, 'img', `${number} [a].png`), 'x'.repeat(number));
    const text = '[[handler]]\nfiles = ["img/*"]\n';
    const shown = await over(text, 'img', new DiskFacts(folder));
    expect(shown).toMatch(/^It matches 13 files, 208 B:/);
    expect(shown?.match(/^- \[/gm)).toHaveLength(10);
    expect(shown).toContain(
      `- [img/10 \\[a\\].png](${pathToFileURL(path.join(folder, 'img', '10 [a].png')).href}) (10 B)`,
    );
    expect(shown).toContain('- and 3 more');
  });

  test('says what the annotation of add-ons takes, and nothing of those of others', async () => {
    const text = '[annotations]\nhippo_addons = "redis"\nteam = "web"\n';
    for (const word of ['hippo_addons', 'redis'])
      expect(await over(text, word)).toContain('`offering[:plan] [as name]`');
    expect(await over(text, 'team')).toBeUndefined();
  });
});

describe('Markdown', () => {
  test.each([
    [
      '*a* _b_ `c` [d](e) <f> | ~g~ $(h) & \\',
      '\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) &#60;f&#62; \\| \\~g\\~ \\$(h) &#38; \\\\',
    ],
    ['https://a.b www.c.d e@f.g', 'https&#58;//a.b www\\.c.d e&#64;f.g'],
    ['1. a', '1\\. a'],
    ['# a', '\\# a'],
    ['a\nb\u202e', 'a b\\\\u{202e}'],
  ])('%j is read as it is written', (text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected);
  });

  test('code has as many quotes as it takes', () => {
    expect([code('a'), code('a`b'), code('``'), code(' a')]).toEqual([
      '`a`',
      '``a`b``',
      '``` `` ```',
      '`  a `',
    ]);
  });

  test('links lead to the web and to files alone', () => {
    expect(link('a', 'javascript:alert(1)')).toBe('a');
    expect(link('a', 'http://b/(c)')).toBe('[a](http://b/%28c%29)');
  });
});

describe('outline', () => {
  const lines = (symbols: readonly Symbol[], indent = ''): string[] =>
    symbols.flatMap(({ kind, name, detail, children }) => [
      `${indent}${kind} ${name}${detail === '' ? '' : `: ${detail}`}`,
      ...lines(children, `${indent}  `),
    ]);

  test('of a whole file', () => {
    expect(lines(outline(parseManifest(RICH)))).toEqual([
      'bindle bindle: team/birds/1.2.3',
      '  key name: team/birds',
      '  key version: 1.2.3',
      '  key description: Pictures of birds',
      '  key authors: Ana <ana@example.com>, Bo',
      'annotations annotations',
      '  key team: web',
      '  key quoted key: x',
      'handler /: bin/a.wasm',
      '  key route: /',
      '  key name: bin/a.wasm',
      '  key files: img/*.png, css/site.css',
      'handler /lib/...: tools/fileserver/1.0.3',
      '  key route: /lib/...',
      '  key external',
      '    key bindleId: tools/fileserver/1.0.3',
      '    key handlerId: static',
      '  key files: img/birds/kea.jpg',
      'handler /more/...: tools/fileserver/1.0.3',
      '  key route: /more/...',
      '  table handler.external',
      '    key bindleId: tools/fileserver/1.0.3',
      '    key handlerId: list',
      'handler /dotted: tools/fileserver/1.0.3',
      '  key route: /dotted',
      '  key external.bindleId: tools/fileserver/1.0.3',
      '  key external.handlerId: static',
      'export b: bin/b.wasm',
      '  key id: b',
      '  key name: bin/b.wasm',
      '  key entrypoint: run_b',
    ]);
  });

  test('of what is broken, repeated and unknown', () => {
    const text = 'top = 1\n[bindle]\nname =\n[bindle]\nx = "y"\n[other]\n[[han\nroute = "/"\n[\n';
    expect(lines(outline(parseManifest(text)))).toEqual([
      'key top',
      'bindle bindle',
      '  key name',
      'bindle bindle',
      '  key x: y',
      'table other',
      'handler /',
      '  key route: /',
      'table [',
    ]);
  });
});

test('what can be folded', () => {
  const text =
    '# a\n# b\n\n[bindle]\nname = "x"\nauthors = [\n  # c\n  # d\n  "y",\n]\n\n# e\n[[handler]]\nroute = "/"\n[handler.external]\nbindleId = "z"\n';
  expect(folds(parseManifest(text))).toEqual([
    { start: 0, end: 1, kind: 'comment' },
    { start: 3, end: 9, kind: 'table' },
    { start: 5, end: 9, kind: 'value' },
    { start: 12, end: 15, kind: 'table' },
    { start: 14, end: 15, kind: 'table' },
  ]);
});

test('links lead to modules and to files, where it is one file', async () => {
  const manifest = parseManifest(RICH);
  const found = await links(manifest, knownFacts());
  expect(
    found.map(({ range, path: target }) => [RICH.slice(range.start.offset, range.end.offset), target]),
  ).toEqual([
    ['bin/a.wasm', '/projects/birds/bin/a.wasm'],
    ['css/site.css', '/projects/birds/css/site.css'],
    ['img/birds/kea.jpg', '/projects/birds/img/birds/kea.jpg'],
    ['bin/b.wasm', '/projects/birds/bin/b.wasm'],
  ]);
});

test('the definition of a pattern is all that it matches', async () => {
  const manifest = parseManifest(RICH);
  const of = async (word: string): Promise<readonly string[] | undefined> =>
    (await definition(manifest, RICH.indexOf(word), knownFacts()))?.paths;
  expect(await of('*.png')).toEqual(['/projects/birds/img/one.png', '/projects/birds/img/shared.png']);
  expect(await of('a.wasm')).toEqual(['/projects/birds/bin/a.wasm']);
  expect(await of('team/birds')).toBeUndefined();
});

test('what a handler brings stands above it before the server has said where it answers', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly KnownChannel[] | undefined>();
  const facts = knownFacts({ ...SERVER, channels: () => promise });
  const answered = Promise.withResolvers<undefined>();
  const ask = (): Promise<Lens[]> =>
    lenses(parseManifest(RICH), facts, { onAnswer: () => answered.resolve(undefined) });
  expect((await ask()).map(({ kind }) => kind)).toEqual(['files', 'files', 'files']);
  resolve(await SERVER.channels('team/birds'));
  await answered.promise;
  expect(await ask()).toEqual(await lenses(parseManifest(RICH), knownFacts(SERVER)));
});

test('above each handler stands what it brings, and where it answers', async () => {
  const found = await lenses(parseManifest(RICH), knownFacts(SERVER));
  expect(found.map(({ range, title }) => [range.start.line, title])).toEqual([
    [14, 'module 100 B · 3 files, 300 B'],
    [14, 'http://127.0.0.1:5400/'],
    [22, '1 file, 100 B'],
    [22, 'http://127.0.0.1:5400/lib'],
    [27, 'http://127.0.0.1:5400/more'],
    [33, 'http://127.0.0.1:5400/dotted'],
    [38, 'module 100 B'],
  ]);
});
