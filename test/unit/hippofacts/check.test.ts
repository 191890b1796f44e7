// What a manifest's text alone gives away, each problem with its words and its place.

import { describe, expect, test } from 'vitest';
import { checkManifest } from '../../../src/hippofacts/check.ts';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import { formatProblem, type Problem } from '../../../src/hippofacts/problem.ts';

const BINDLE = '[bindle]\nname = "x"\nversion = "1.2.3"\n';
const HANDLER = '[[handler]]\nroute = "/r"\nname = "m.wasm"\n';
const EXTERNAL = '[[handler]]\nroute = "/r"\nexternal.bindleId = "a/b/1.0.0"\nexternal.handlerId = "h"\n';

function check(text: string, versioning?: 'dev' | 'production'): Problem[] {
  return checkManifest(parseManifest(text), versioning);
}

function about(text: string, { range }: Problem): string {
  return text.slice(range.start.offset, range.end.offset);
}

const CASES: [what: string, text: string, code: string, message: string, about: string][] = [
  [
    'an unknown key',
    BINDLE + HANDLER + 'file = ["a"]',
    'unknown-field',
    '[[handler]] has the unknown field `file`: did you mean `files`?',
    'file',
  ],
  [
    'an unknown key far from any',
    BINDLE + HANDLER + 'colour = "red"',
    'unknown-field',
    '[[handler]] has the unknown field `colour`: expected one of `name`, `entrypoint`, `external`, `route`, `files`',
    'colour',
  ],
  [
    'another spelling',
    BINDLE + EXTERNAL.replace('bindleId', 'bindle_id') + 'external.bindleId = "a/1.0.0"',
    'unknown-field',
    '[external] has the unknown field `bindle_id`: did you mean `bindleId`?',
    'bindle_id',
  ],
  [
    'an unknown table',
    BINDLE + HANDLER + '[[handlers]]\n',
    'unknown-field',
    'The manifest has the unknown field `handlers`: did you mean `handler`?',
    'handlers',
  ],
  [
    'an unknown key of the bindle',
    BINDLE + 'auther = "x"\n' + HANDLER,
    'unknown-field',
    '[bindle] has the unknown field `auther`: did you mean `authors`?',
    'auther',
  ],
  [
    'an unknown key of an export',
    BINDLE + '[[export]]\nid = "e"\nname = "m"\nroute = "/"',
    'unknown-field',
    '[[export]] has the unknown field `route`: expected one of `name`, `entrypoint`, `id`, `files`',
    'route',
  ],
  [
    'a number for a version',
    BINDLE.replace('"1.2.3"', '1.2') + HANDLER,
    'wrong-type',
    '`version` must be text in quotes',
    '1.2',
  ],
  [
    'one author',
    BINDLE + 'authors = "Ana"\n' + HANDLER,
    'wrong-type',
    '`authors` must be a list of texts in quotes',
    '"Ana"',
  ],
  [
    'a number among files',
    BINDLE + HANDLER + 'files = ["a", 5]',
    'wrong-type',
    'Every item of `files` must be text in quotes',
    '5',
  ],
  [
    'a number as annotation',
    BINDLE + HANDLER + '[annotations]\nsize = 5',
    'wrong-type',
    '`size` must be text in quotes',
    '5',
  ],
  [
    'a table in annotations',
    BINDLE + HANDLER + '[annotations.team]\nname = "x"',
    'wrong-type',
    '`team` must be text in quotes',
    '[annotations.team]',
  ],
  [
    'annotations that are text',
    `annotations = "x"\n${BINDLE}${HANDLER}`,
    'wrong-type',
    '`annotations` must be a table of texts in quotes',
    '"x"',
  ],
  [
    'one pair of brackets',
    BINDLE + HANDLER.replace('[[handler]]', '[handler]'),
    'wrong-type',
    '`handler` must be written as [[handler]]',
    '[handler]',
  ],
  [
    'two pairs of brackets',
    BINDLE.replace('[bindle]', '[[bindle]]') + HANDLER,
    'wrong-type',
    '`bindle` must be written as [bindle]',
    '[[bindle]]',
  ],
  [
    'external as text',
    BINDLE + '[[handler]]\nroute = "/"\nexternal = "a/1.0.0:h"',
    'wrong-type',
    '`external` must be written as [external]',
    '"a/1.0.0:h"',
  ],
  [
    'no route',
    BINDLE + '[[handler]]\nname = "m.wasm"',
    'missing-field',
    '[[handler]] is missing field `route`',
    '[[handler]]',
  ],
  [
    'no version',
    '[bindle]\nname = "x"\n' + HANDLER,
    'missing-field',
    '[bindle] is missing field `version`',
    '[bindle]',
  ],
  ['no bindle', HANDLER, 'missing-field', 'The manifest is missing field [bindle]', ''],
  [
    'no id',
    BINDLE + '[[export]]\nname = "m.wasm"',
    'missing-field',
    '[[export]] is missing field `id`',
    '[[export]]',
  ],
  [
    'no handler id',
    BINDLE + '[[handler]]\nroute = "/"\nexternal = { bindleId = "a/1.0.0" }',
    'missing-field',
    '[external] is missing field `handlerId`',
    '{ bindleId = "a/1.0.0" }',
  ],
  [
    'name and external',
    BINDLE + EXTERNAL + 'name = "m.wasm"',
    'name-and-external',
    "Route '/r' must specify exactly one of 'name' and 'external'",
    'external',
  ],
  [
    'neither name nor external',
    BINDLE + '[[handler]]\nroute = "/r"',
    'name-and-external',
    "Route '/r' must specify exactly one of 'name' and 'external'",
    '[[handler]]',
  ],
  [
    'an entrypoint on an external',
    BINDLE + EXTERNAL + 'entrypoint = "go"',
    'entrypoint-on-external',
    "Route '/r' may not specify an entrypoint on an external reference",
    'entrypoint',
  ],
  [
    'a bindle id without a version',
    BINDLE + EXTERNAL.replace('a/b/1.0.0', 'a/b'),
    'invalid-id',
    '"a/b" is not a valid bindle id: write the name, a slash and the version, as in "tools/fileserver/1.0.3"',
    '"a/b"',
  ],
  [
    'a bindle id with a version that is none',
    BINDLE + EXTERNAL.replace('a/b/1.0.0', 'a/b/1.0'),
    'invalid-id',
    '"a/b/1.0" is not a valid bindle id: write the name, a slash and the version, as in "tools/fileserver/1.0.3"',
    '"a/b/1.0"',
  ],
  [
    'no handlers',
    BINDLE,
    'no-handlers',
    'No handlers are defined: add a [[handler]] with a route and a name, or an [[export]]',
    '[bindle]',
  ],
  [
    'an empty list of handlers',
    `handler = []\n${BINDLE}`,
    'no-handlers',
    'No handlers are defined: add a [[handler]] with a route and a name, or an [[export]]',
    '[bindle]',
  ],
  [
    'a version of four numbers',
    BINDLE.replace('1.2.3', '1.2.3.4') + HANDLER,
    'invalid-version',
    'Version 1.2.3.4 is not a valid semantic version (e.g. 1.2.3)',
    '"1.2.3.4"',
  ],
  [
    'an empty name',
    BINDLE.replace('"x"', '""') + HANDLER,
    'invalid-name',
    'The bindle name "" is not valid: it is empty',
    '""',
  ],
  [
    'a blank in the name',
    BINDLE.replace('"x"', '"my app"') + HANDLER,
    'invalid-name',
    'The bindle name "my app" is not valid: it contains " "; use letters, digits, "-", "_", "." and "/"',
    '"my app"',
  ],
  [
    'a name with dots for parts',
    BINDLE.replace('"x"', '"a/../b"') + HANDLER,
    'invalid-name',
    'The bindle name "a/../b" is not valid: it has "." or ".." as a part',
    '"a/../b"',
  ],
];

describe('a problem', () => {
  test.each(CASES)('%s', (_, text, code, message, place) => {
    const problems = check(text);
    expect(
      problems.map((problem) => [problem.code, problem.severity, problem.message, about(text, problem)]),
    ).toEqual([[code, 'error', message, place]]);
  });

  test('HTML escapes in authors warn, and give the plain text', () => {
    const text = `${BINDLE}authors = ["Ana &lt;ana@example.com&gt;", "B &amp; C", "D &#39;d&#x27;", "Plain <p@x> & co"]\n${HANDLER}`;
    expect(check(text).map(({ code, severity, replacement }) => [code, severity, replacement])).toEqual([
      ['escaped-author', 'warning', '"Ana <ana@example.com>"'],
      ['escaped-author', 'warning', '"B & C"'],
      ['escaped-author', 'warning', `"D 'd'"`],
    ]);
    expect(check(text)[0]?.message).toBe(
      'The author is written with HTML escapes: write "Ana <ana@example.com>"',
    );
  });

  test('what can be put right says what to write', () => {
    const replacements = (text: string): (string | undefined)[] =>
      check(text).map(({ replacement }) => replacement);
    expect(replacements(BINDLE + HANDLER + 'file = ["a"]')).toEqual(['files']);
    expect(replacements(BINDLE.replace('"1.2.3"', '1.2') + HANDLER)).toEqual(['"1.2"']);
    expect(replacements(BINDLE + 'authors = "Ana"\n' + HANDLER)).toEqual(['["Ana"]']);
    expect(replacements(BINDLE + HANDLER.replace('[[handler]]', '[handler]'))).toEqual(['[[handler]]']);
  });

  test('all are told at once, in the order of the text', () => {
    const text = `[bindle]
name = "my app"
versoin = "1"
[[handler]]
external.bindleId = "nope"
entrypoint = "go"
[[handler]]
route = 5
name = "m.wasm"
`;
    expect(check(text).map(({ code, range }) => [code, range.start.line])).toEqual([
      ['missing-field', 0],
      ['invalid-name', 1],
      ['unknown-field', 2],
      ['missing-field', 3],
      ['missing-field', 4],
      ['invalid-id', 4],
      ['entrypoint-on-external', 5],
      ['wrong-type', 7],
    ]);
  });

  test('is written as compilers do', () => {
    const text = BINDLE + HANDLER + 'file = ["a"]';
    expect(formatProblem('HIPPOFACTS', check(text)[0]!)).toBe(
      'HIPPOFACTS:7:1: error: [[handler]] has the unknown field `file`: did you mean `files`?',
    );
  });
});

describe('no problem', () => {
  test.each([
    ['the least', BINDLE + HANDLER],
    ['an external', BINDLE + EXTERNAL],
    ['exports alone', `${BINDLE}[[export]]\nid = "e"\nname = "m.wasm"`],
    [
      'routes of any kind, twice',
      BINDLE + HANDLER + HANDLER + HANDLER.replace('/r', '') + HANDLER.replace('/r', 'x y'),
    ],
    ['our own annotations', `${BINDLE}${HANDLER}[annotations]\nhippo_x = "1"\n"odd key é" = ""`],
    ['no files', `${BINDLE}${HANDLER}files = []`],
    ['a pre-release with build metadata', BINDLE.replace('1.2.3', '1.2.3-rc.1+build.05') + HANDLER],
  ])('%s', (_, text) => {
    expect(parseManifest(text).document.problems).toEqual([]);
    expect(check(text)).toEqual([]);
  });

  test('is made up about what is being typed', () => {
    for (const typed of [
      'rou',
      'route',
      'route =',
      'route = "',
      'name = "m',
      'files = ["a", "',
      'external.',
      'x y z',
    ]) {
      const text = `${BINDLE}${HANDLER}\n[[handler]]\n${typed}\n`;
      const codes = check(text).map(({ code }) => code);
      expect([
        typed,
        codes.filter((code) => code !== 'missing-field' && code !== 'name-and-external'),
      ]).toEqual([typed, []]);
    }
    expect(check(`${BINDLE}[[hand\nroute = "/"\nname = "m.wasm"`)).toEqual([]);
    expect(check(`handler =\n${BINDLE}`)).toEqual([]);
    expect(check(`${BINDLE}${HANDLER}[[zzz\nfoo = "1"`)).toEqual([]);
    expect(check(`[bindle]\nname =\nversion = "1.0.0"\n${HANDLER}`)).toEqual([]);
  });
});

test('a repeated table is checked for what stands in it, and not for what does not', () => {
  const text = `${BINDLE}${HANDLER}[bindle]\nversion = 5\nfoo = "x"\n`;
  expect(check(text).map(({ code }) => code)).toEqual(['wrong-type', 'unknown-field']);
});

test('a version that becomes one by what dev mode appends', () => {
  const text = (version: string): string => BINDLE.replace('1.2.3', version) + HANDLER;
  expect(check(text('1.2.3-01'), 'production').map(({ code }) => code)).toEqual(['invalid-version']);
  expect(check(text('1.2.3-01'), 'dev')).toEqual([]);
  for (const version of ['1.2', 'v1.0.0', '', '1.0.0 ']) expect(check(text(version), 'dev')).toHaveLength(1);
  expect(check(text('1.0.0+b'), 'dev')).toEqual([]);
});
