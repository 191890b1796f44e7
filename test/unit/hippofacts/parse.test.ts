// The tolerant parser: what it reads, where it says things stand, and what a fault leaves untouched.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entriesOf, parseManifest, type Manifest } from '../../../src/hippofacts/parse.ts';
import type { Range } from '../../../src/hippofacts/position.ts';
import type { Problem } from '../../../src/hippofacts/problem.ts';
import { runs } from '../../support/runs.ts';

const GOOD = `# A hippo's facts
[bindle]
name = "team/birds"
version = "1.2.3"
authors = ["Ana <ana@example.com>"]

[annotations]
team = "web"

[[handler]]
route = "/"
name = "bin/a.wasm"
files = ["img/*.png", "css/site.css"]

[[handler]]
route = "/lib/..."
external.bindleId = "tools/fileserver/1.0.3"
external.handlerId = "static"

[[export]]
id = "e"
name = "p.wasm"
`;

/** All that the manifest says, without places. */
function facts(manifest: Manifest): object {
  const { bindle, annotations, handlers, exports } = manifest;
  const texts = (items: readonly { text: string }[] | undefined): string[] | undefined =>
    items?.map(({ text }) => text);
  return {
    bindle: bindle && {
      name: bindle.name?.value,
      version: bindle.version?.value,
      description: bindle.description?.value,
      authors: texts(bindle.authors?.value),
    },
    annotations: annotations.map(({ key, value }) => [key.text, value]),
    handlers: handlers.map(({ route, name, entrypoint, external, files }) => ({
      route: route?.value,
      name: name?.value,
      entrypoint: entrypoint?.value,
      external: external?.value && [external.value.bindleId?.value, external.value.handlerId?.value],
      files: texts(files?.value),
    })),
    exports: exports.map(({ id, name, files }) => ({
      id: id?.value,
      name: name?.value,
      files: texts(files?.value),
    })),
  };
}

const BIRDS = {
  bindle: {
    name: 'team/birds',
    version: '1.2.3',
    description: undefined,
    authors: ['Ana <ana@example.com>'],
  },
  annotations: [['team', 'web']],
  handlers: [
    { route: '/', name: 'bin/a.wasm', files: ['img/*.png', 'css/site.css'] },
    { route: '/lib/...', external: ['tools/fileserver/1.0.3', 'static'] },
  ],
  exports: [{ id: 'e', name: 'p.wasm' }],
};

function sourceOf(text: string, { start, end }: Range): string {
  return text.slice(start.offset, end.offset);
}

/** Code and the text that it is about. */
function findings(text: string): [string, string][] {
  return parseManifest(text).document.problems.map(({ code, range }: Problem) => [
    code,
    sourceOf(text, range),
  ]);
}

describe('a good file', () => {
  test('is read whole', () => {
    const manifest = parseManifest(GOOD);
    expect(manifest.document.problems).toEqual([]);
    expect(facts(manifest)).toEqual(BIRDS);
    expect(manifest.document.statements).toHaveLength(17);
  });

  test.each<[string, (text: string) => string]>([
    ['with CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['with a byte order mark', (text) => `\uFEFF${text}`],
    ['indented by tabs, with comments', (text) => text.replace(/^(?=.)/gm, '\t').replace(/$/gm, ' # é "[[x')],
    ['without a line end', (text) => text.trimEnd()],
    [
      'with blanks everywhere',
      (text) => text.replace(/^(\w[\w.]*) = /gm, '  $1\t =   ').replace(/\[\[(\w+)\]\]/g, '[[ $1 ]]'),
    ],
    ['in literal quotes', (text) => text.replaceAll('"', "'")],
    ['with quoted keys', (text) => text.replace(/^(\w+) = /gm, '"$1" = ')],
    [
      'with lists on many lines',
      (text) =>
        text.replace(
          '["img/*.png", "css/site.css"]',
          '[\n\n  "img/*.png", # [[handler]]\n"css/site.css",\n]',
        ),
    ],
    ['with escapes', (text) => text.replace('"/"', '"\\u002f"').replace('"web"', '"\\U00000077eb"')],
    [
      'with long texts',
      (text) =>
        text.replace('"/"', '"""\n/"""').replace('"web"', "'''web'''").replace('"e"', '"""\\\n   e"""'),
    ],
    [
      'with inline tables',
      (text) =>
        text.replace(
          /external\.bindleId = (.*)\nexternal\.handlerId = (.*)\n/,
          'external = { bindleId = $1, handlerId = $2 }\n',
        ),
    ],
    [
      'with a table of its own for external',
      (text) =>
        text
          .replace('external.bindleId', '[handler.external]\nbindleId')
          .replace('external.handlerId', 'handlerId'),
    ],
    [
      'with dotted keys on top',
      (text) =>
        `bindle.name = "team/birds"\nbindle.version = "1.2.3"\nbindle.authors = ["Ana <ana@example.com>"]\n${text.slice(text.indexOf('[annotations]'))}`,
    ],
    [
      'with handlers in a list',
      (text) => {
        const start = text.indexOf('[[export]]');
        return `export = [{ id = "e", name = "p.wasm" }]\n${text.slice(0, start)}`;
      },
    ],
  ])('%s says the same', (_, change) => {
    const text = change(GOOD);
    const manifest = parseManifest(text);
    expect(manifest.document.problems).toEqual([]);
    expect(facts(manifest)).toEqual(BIRDS);
  });

  test('knows where each key and value stands, in UTF-16 units, whatever the line ends', () => {
    for (const newline of ['\n', '\r\n']) {
      const text = [
        '[bindle]',
        'name = "x" # 😀',
        '',
        '[[handler]]',
        'route = "/😀/é"  ',
        '  files = ["a", "😀", \'b\']',
      ].join(newline);
      const { handlers, bindle, document } = parseManifest(text);
      const [handler] = handlers;
      expect(sourceOf(text, bindle!.range)).toBe('[bindle]');
      expect(sourceOf(text, handler!.range)).toBe('[[handler]]');
      expect(sourceOf(text, handler!.table.extent).endsWith("'b']")).toBe(true);
      expect(sourceOf(text, handler!.route!.key.range)).toBe('route');
      expect(handler!.route!.range).toMatchObject({
        start: { line: 4, column: 8 },
        end: { line: 4, column: 15 },
      });
      expect(
        handler!.files!.value!.map(({ range }) => [
          range.start.line,
          range.start.column,
          sourceOf(text, range),
        ]),
      ).toEqual([
        [5, 11, '"a"'],
        [5, 16, '"😀"'],
        [5, 22, "'b'"],
      ]);
      expect(document.statements.map(({ range }) => sourceOf(text, range))).toEqual([
        '[bindle]',
        'name = "x"',
        '[[handler]]',
        'route = "/😀/é"',
        'files = ["a", "😀", \'b\']',
      ]);
    }
  });

  test('knows the parts of a dotted key', () => {
    const { handlers } = parseManifest(GOOD);
    const { key, value, range } = handlers[1]!.external!;
    expect(sourceOf(GOOD, key.range)).toBe('external');
    expect(sourceOf(GOOD, value!.bindleId!.key.range)).toBe('bindleId');
    expect(sourceOf(GOOD, range)).toBe('external');
  });
});

/** A file with one fault: what is reported, and how the facts differ from those of the good file. */
const handlers = BIRDS.handlers;
const BROKEN: [fault: string, text: string, found: [string, string][], changed: object][] = [
  [
    'a missing value',
    GOOD.replace('route = "/"', 'route ='),
    [['missing-value', 'route =']],
    { handlers: [{ ...handlers[0], route: undefined }, handlers[1]] },
  ],
  [
    'a half-typed key',
    GOOD.replace('team = "web"', 'team = "web"\nrou'),
    [['missing-equals', 'rou']],
    {
      annotations: [
        ['team', 'web'],
        ['rou', undefined],
      ],
    },
  ],
  [
    'an open text',
    GOOD.replace('"bin/a.wasm"', '"bin/a.wasm'),
    [['unclosed-text', '"bin/a.wasm']],
    { handlers: [{ ...handlers[0], name: undefined }, handlers[1]] },
  ],
  [
    'an open list',
    GOOD.replace('"css/site.css"]', '"css/site.css"'),
    [['unclosed-list', '["img/*.png", "css/site.css"']],
    { handlers: [{ ...handlers[0], files: undefined }, handlers[1]] },
  ],
  [
    'an open list with an open text',
    GOOD.replace('"css/site.css"]', '"css'),
    [['unclosed-text', '"css']],
    { handlers: [{ ...handlers[0], files: undefined }, handlers[1]] },
  ],
  [
    'an open text in a list that is closed',
    GOOD.replace('"img/*.png", ', '"img/*.png,\n  '),
    [['unclosed-text', '"img/*.png,']],
    { handlers: [{ ...handlers[0], files: undefined }, handlers[1]] },
  ],
  ['an open header', GOOD.replace('[[handler]]', '[[hand'), [['unclosed-header', '[[hand']], {}],
  [
    'a header that lacks a bracket',
    GOOD.replace('[[handler]]', '[[handler]'),
    [['unclosed-header', '[[handler]']],
    {},
  ],
  [
    'a duplicate key',
    GOOD.replace('version = "1.2.3"', 'version = "1.2.3"\nversion = "2.0.0"'),
    [['duplicate-key', 'version']],
    {},
  ],
  [
    'a duplicate table',
    GOOD.replace('[annotations]', '[bindle]\nname = "other"\n[annotations]'),
    [['duplicate-table', 'bindle']],
    {},
  ],
  [
    'a bare version',
    GOOD.replace('"1.2.3"', '1.2.3'),
    [['unquoted-text', '1.2.3']],
    { bindle: { ...BIRDS.bindle, version: undefined } },
  ],
  [
    'a trailing dot',
    GOOD.replace('external.handlerId = "static"', 'external.'),
    [['missing-equals', 'external.']],
    { handlers: [handlers[0], { ...handlers[1], external: ['tools/fileserver/1.0.3', undefined] }] },
  ],
  [
    'an open inline table',
    GOOD.replace(/external\.bindleId = .*\nexternal\.handlerId = .*/, 'external = { bindleId = "a/b/1.0.0"'),
    [['unclosed-table', '{ bindleId = "a/b/1.0.0"']],
    { handlers: [handlers[0], { ...handlers[1], external: undefined }] },
  ],
  [
    'two faults',
    GOOD.replace('"team/birds"', 'team/birds').replace('"p.wasm"', '"p.wasm'),
    [
      ['unquoted-text', 'team/birds'],
      ['unclosed-text', '"p.wasm'],
    ],
    { bindle: { ...BIRDS.bindle, name: undefined }, exports: [{ id: 'e' }] },
  ],
  [
    'an open long text',
    GOOD.replace('"team/birds"', '"""team/birds'),
    [['unclosed-text', '"""team/birds']],
    { bindle: { ...BIRDS.bindle, name: undefined } },
  ],
  [
    'an open long text before one that is closed',
    GOOD.replace('"team/birds"', '"""team/birds').replace('"web"', '"""web"""'),
    [['unclosed-text', '"""team/birds']],
    { bindle: { ...BIRDS.bindle, name: undefined } },
  ],
  [
    'two open long texts, of which the second would close the first',
    GOOD.replace('"team/birds"', '"""team/birds').replace('"web"', '"""web'),
    [
      ['unclosed-text', '"""team/birds'],
      ['unclosed-text', '"""web'],
    ],
    { bindle: { ...BIRDS.bindle, name: undefined }, annotations: [['team', undefined]] },
  ],
  [
    'a header typed into a list',
    GOOD.replace('"css/site.css"]', '\n[[handler]]\nroute = "/new"\n]'),
    [
      ['unclosed-list', '["img/*.png",'],
      ['syntax', ']'],
    ],
    { handlers: [{ ...handlers[0], files: undefined }, { route: '/new' }, handlers[1]] },
  ],
  [
    'an inline table on several lines, which is understood',
    GOOD.replace(
      /external\.bindleId = (.*)\nexternal\.handlerId = (.*)/,
      'external = {\n  bindleId = $1,\n  handlerId = $2,\n}',
    ),
    [['multi-line-table', 'bindleId']],
    {},
  ],
  [
    'a backslash in a path',
    GOOD.replace('"bin/a.wasm"', '"bin\\a.wasm"'),
    [['bad-escape', 'a.wasm']],
    { handlers: [{ ...handlers[0], name: undefined }, handlers[1]] },
  ],
  [
    'a missing comma',
    GOOD.replace('"img/*.png", ', '"img/*.png" '),
    [['missing-comma', '"']],
    { handlers: [{ ...handlers[0], files: undefined }, handlers[1]] },
  ],
  [
    'two statements on a line',
    GOOD.replace('[bindle]\nname', '[bindle] name'),
    [['trailing-text', 'name']],
    { bindle: { ...BIRDS.bindle, name: undefined } },
  ],
  [
    'a control character in a comment',
    GOOD.replace('# A', '# \u0001'),
    [['control-character', '\u0001']],
    {},
  ],
  ['a NUL between statements', GOOD.replace('[annotations]', '\0\n[annotations]'), [['syntax', '\0']], {}],
  ['a table under a text', `${GOOD}[bindle.name.more]\nx = 1\n`, [['duplicate-key', 'name']], {}],
];

describe('a fault', () => {
  test.each(BROKEN)('%s leaves all other statements as they are', (_, text, found, changed) => {
    expect(findings(text)).toEqual(found);
    expect(facts(parseManifest(text))).toEqual({ ...BIRDS, ...changed });
  });

  test('text without quotes, and a duplicate, say what to do', () => {
    const [unquoted] = parseManifest('version = 1.2.3').document.problems;
    expect(unquoted).toMatchObject({
      message: 'Text must stand in quotes: write "1.2.3"',
      replacement: '"1.2.3"',
    });
    const [duplicate] = parseManifest('a = "1"\n\na = "2"').document.problems;
    expect(duplicate).toMatchObject({ message: 'a is already set on line 1' });
  });

  test('an open header says what it will be', () => {
    const advice = (text: string): unknown[] =>
      parseManifest(text).document.problems.map(({ message, replacement }) => [message, replacement]);
    expect(advice('[[hand')).toEqual([['This header is not closed: write [[handler]]', '[[handler]]']]);
    expect(advice('[handler')).toEqual([['This header is not closed: write [[handler]]', '[[handler]]']]);
    expect(advice('[bindle # c')).toEqual([['This header is not closed: write [bindle]', '[bindle]']]);
    expect(advice('[[zzz')).toEqual([['This header is not closed: write [[zzz]]', undefined]]);
  });

  test('what follows a date is not lost', () => {
    expect(findings('d = 2020-01-01 9')).toEqual([['unquoted-text', '2020-01-01 9']]);
  });

  test('all duplicates are found, not only the first', () => {
    const text = '[bindle]\nname = "a"\nname = "b"\nversion = "1"\nversion = "2"\n[bindle]\n[bindle]\n';
    expect(findings(text).map(([code]) => code)).toEqual([
      'duplicate-key',
      'duplicate-key',
      'duplicate-table',
      'duplicate-table',
    ]);
    expect(parseManifest(text).bindle?.name?.value).toBe('a');
  });

  test('one that is being typed gives way to one that is there', () => {
    const { bindle, document } = parseManifest('[bindle]\nname = \nname = "x"\n');
    expect(bindle?.name?.value).toBe('x');
    expect(document.problems.map(({ code }) => code)).toEqual(['missing-value']);
    const typed = parseManifest(`handler = \nbindle.\n${GOOD}`);
    expect(typed.document.problems).toHaveLength(2);
    expect(facts(typed)).toEqual(BIRDS);
  });

  test('the library’s words do not reach the reader where ours are better', () => {
    for (const [, text] of BROKEN)
      for (const { message } of parseManifest(text).document.problems) {
        expect(message).not.toMatch(/\.$/);
        expect(message).not.toMatch(/token|Unterminated|Unspecified/);
      }
  });
});

describe('typing', () => {
  test('no start of a file loses a section that is finished', () => {
    for (let length = 0; length <= GOOD.length; length++) {
      const text = GOOD.slice(0, length);
      const manifest = parseManifest(text);
      // At most the last statement is unfinished.
      const lastStart = Math.max(0, ...manifest.document.statements.map(({ range }) => range.start.offset));
      for (const { range } of manifest.document.problems)
        expect(range.start.offset).toBeGreaterThanOrEqual(lastStart);
      const headers = [...text.matchAll(/^\[\[handler\]\]$/gm)].length;
      expect(manifest.handlers.length).toBeGreaterThanOrEqual(headers);
      if (/^name = "team\/birds"$/m.test(text)) expect(manifest.bindle?.name?.value).toBe('team/birds');
    }
  });

  test('a header being typed amid a file takes no keys from its neighbours', () => {
    const [before, after] = [
      GOOD.slice(0, GOOD.indexOf('[[export]]')),
      GOOD.slice(GOOD.indexOf('[[export]]')),
    ];
    for (const typed of ['[', '[[', '[[h', '[[handler', '[[handler]', '[x', '[[zzz', '[bind']) {
      const manifest = parseManifest(`${before}${typed}\n${after}`);
      expect(manifest.document.problems).toHaveLength(1);
      expect(manifest.handlers.slice(0, 2).map(({ route }) => route?.value)).toEqual(['/', '/lib/...']);
      expect(manifest.exports.map(({ id }) => id?.value)).toEqual(['e']);
      expect(manifest.bindle?.version?.value).toBe('1.2.3');
    }
  });
});

describe('hostile texts', () => {
  const bits = [
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '=',
    '\n',
    '\r',
    ',',
    '.',
    '#',
    '\\',
    '"""',
    "'''",
    'a',
    ' ',
    '\0',
    '\ud800',
    '😀',
    '[[handler]]\n',
    'name = "x"\n',
  ];

  test('never throw, and every place lies in the text', () => {
    const soup = fc.array(fc.constantFrom(...bits), { maxLength: 40 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
        const { document, ...manifest } = parseManifest(text);
        for (const { range } of [...document.problems, ...document.statements]) {
          expect(range.start.offset).toBeGreaterThanOrEqual(0);
          expect(range.end.offset).toBeGreaterThanOrEqual(range.start.offset);
          expect(range.end.offset).toBeLessThanOrEqual(text.length);
        }
        for (const statement of document.statements)
          if (statement.broken)
            expect(
              document.problems.some(
                ({ range }) =>
                  range.start.offset >= statement.range.start.offset &&
                  range.start.offset <= statement.range.end.offset,
              ),
            ).toBe(true);
        expect(entriesOf({ document, ...manifest }).length).toBeLessThanOrEqual(
          document.statements.length + text.length,
        );
      }),
      { numRuns: runs(4000) },
    );
  });

  test('keys like those of every object are keys', () => {
    const { annotations, document } = parseManifest(
      '[annotations]\n__proto__ = "a"\nconstructor = "b"\ntoString = "c"\n',
    );
    expect(document.problems).toEqual([]);
    expect(annotations.map(({ key, value }) => [key.text, value])).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ]);
  });

  test.each<[string, string, string | undefined]>([
    ['deep lists', `x = ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`, 'too-deep'],
    ['deep lists on many lines', 'x = [\n'.repeat(50_000), 'unclosed-list'],
    ['deep inline tables', `x = ${'{a = '.repeat(50_000)}`, 'too-deep'],
    ['a long text', `x = "${'a'.repeat(1_000_000)}"\n`, 'too-long'],
    ['a long key', `${'a'.repeat(1_000_000)} = 1\n`, undefined],
    ['a long quoted key', `"${'a'.repeat(1_000_000)}" = 1\n`, 'too-long'],
    ['a key of many parts', `${'a.'.repeat(20_000)}b = 1\n`, undefined],
    ['a long list', `x = [${'"a",\n'.repeat(100_000)}]\n`, undefined],
    ['many open lists', 'x = ["a",\n'.repeat(20_000), 'unclosed-list'],
    ['many open tables', 'x = {a = 1,\n'.repeat(20_000), 'unclosed-table'],
    ['many open long texts', 'x = """a\ny = \'\'\'b\n'.repeat(20_000), undefined],
    ['many quotes', '"'.repeat(100_000), 'missing-equals'],
    ['many headers', '[[handler]]\n'.repeat(50_000), undefined],
    ['many open headers', '[[\n'.repeat(50_000), 'unclosed-header'],
    ['no line ends', `# ${'#'.repeat(1_000_000)}`, undefined],
  ])('%s are read in reasonable time', (_, text, code) => {
    const started = performance.now();
    const { document } = parseManifest(text);
    console.log(`${_}: ${Math.round(performance.now() - started)} ms, ${document.problems.length} problems`);
    if (code !== undefined) expect(document.problems[0]?.code).toBe(code);
    expect(document.problems[0]?.message ?? '').not.toMatch(/Maximum call stack/);
  });

  test('10,000 handlers are read', () => {
    const one = (index: number): string =>
      `[[handler]]\nroute = "/${index}"\nname = "m.wasm"\nfiles = ["a", "b"]\n`;
    const text = `[bindle]\nname = "x"\nversion = "1.0.0"\n${Array.from({ length: 10_000 }, (_, index) => one(index)).join('\n')}`;
    const started = performance.now();
    const { handlers: found, document } = parseManifest(text);
    console.log(
      `10,000 handlers: ${Math.round(performance.now() - started)} ms for ${text.length} characters`,
    );
    expect(document.problems).toEqual([]);
    expect(found).toHaveLength(10_000);
    expect(found.at(-1)?.route?.value).toBe('/9999');
  });
});
