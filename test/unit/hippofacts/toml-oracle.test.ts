// Our reading of TOML against @iarna/toml's: after random edits both accept a text, or both refuse it.

import { parse } from '@iarna/toml';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import type { ProblemCode } from '../../../src/hippofacts/problem.ts';
import { runs } from '../../support/runs.ts';
import { TOML_BITS } from './toml-bits.ts';

interface Verdict {
  text: string;
  /** @iarna/toml's first line, or undefined if it accepts. */
  theirs: string | undefined;
  /** Code of our first problem, or undefined if we accept. */
  ours: ProblemCode | undefined;
}

/** Where the two may differ. TOML 1.0 agrees with us in each; a class that is not needed here would be a fault. */
const DIFFERENCES: { reason: string; applies: (verdict: Verdict) => boolean }[] = [
  {
    reason: 'a byte order mark at the start is allowed (and Windows editors write it); iarna refuses it',
    applies: ({ text, theirs, ours }) =>
      !ours &&
      text.startsWith('\uFEFF') &&
      theirs !== undefined &&
      theirs.startsWith('Unknown character "65279"'),
  },
  {
    reason: 'a comment may end in CRLF; iarna takes the CR for a control character',
    applies: ({ text, theirs, ours }) =>
      !ours &&
      /#[^\n]*\r\n/.test(text) &&
      theirs !== undefined &&
      theirs.includes('not allowed in comments, use \\u000d'),
  },
  {
    reason:
      'a CR alone is a control character everywhere; iarna takes it for a blank, and keeps it in long texts',
    applies: ({ text, theirs, ours }) => !theirs && ours === 'control-character' && /\r(?!\n)/.test(text),
  },
  {
    reason:
      'a table that dotted keys made, or that has a header, cannot be extended by the other; iarna merges them',
    applies: ({ text, theirs, ours }) =>
      !theirs &&
      (ours === 'duplicate-table' || ours === 'duplicate-key') &&
      /^\s*\[?[\w."' -]+\./m.test(text),
  },
  {
    reason:
      'a number needs digits after its dot and after each underscore; iarna takes "1." and "1_" before a comma or bracket',
    applies: ({ text, theirs, ours }) => !theirs && ours === 'syntax' && /\d[._]\s*[,\]}]/.test(text),
  },
  {
    reason: 'a date has two digits for month and day, and is one that exists; iarna accepts more',
    applies: ({ text, theirs, ours }) =>
      !theirs && (ours === 'unquoted-text' || ours === 'syntax') && /\d{4}-/.test(text),
  },
  {
    reason:
      'a date or time ends where its digits end; iarna wants a blank after a date and swallows the character after a time',
    applies: ({ text, theirs, ours }) =>
      ours === undefined ? /\d{4}-\d\d|\d\d:\d\d:\d\d/.test(text) : !theirs && /\d\d:\d\d:\d\d\S/.test(text),
  },
];

const MANIFEST = `# c
[bindle]
name = "team/birds"
version = "1.2.3" # c
description = """
two \\
  lines"""
authors = ["Ana <a@b.c>", 'Bo']

[annotations]
"quoted key" = 'x'

[[handler]]
route = "/"
files = [
  "img/*.png", # comment
  "css/site.css",
]
[[handler]]
external.bindleId = "a/b/1.0.0"
external.handlerId = "static"
[[handler]]
external = { bindleId = "a/b/1.0.0", handlerId = "h" }
[[export]]
entrypoint = '''go'''
`;
const VALUES = `a = 1.5e3\nb = 0x1F\nc = 2020-01-01T10:00:00.5+01:00\nd = 10:00:00.5\ne = [1, [true], {x = nan}]\nf = +1_000\n`;
const TABLES = `[a]\nb.c = 1\nb.d = {x = 1, y.z = 2}\n[a.e]\n[[l]]\n[l.m]\n[[l]]\nq = [[1,2],['a']]\n[d.f.g]\n[d]\n`;
const TEXTS = `s = """a\\\n  b"""\nt = '''x'y'''\nu = "\\u00e9\\t"\nv = """\n""a"""""\n`;

const LINES = [
  '[a]',
  '[[a]]',
  '[a.b]',
  '[[a.b]]',
  'b = 1',
  'b.c = 1',
  'a.b = {}',
  'a = []',
  'a.b.c = 2',
  'c = {d = 1}',
  'c.d = 3',
  '[b]',
  '[c.e]',
];

const edit = fc.record({
  at: fc.nat(10_000),
  drop: fc.nat(5),
  bit: fc.constantFrom('', ...TOML_BITS),
  copy: fc.nat(12),
  from: fc.nat(10_000),
});
const edited = fc
  .tuple(fc.constantFrom(MANIFEST, VALUES, TABLES, TEXTS), fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([text, edits]) =>
    edits.reduce<string>((before, { at, drop, bit, copy, from }) => {
      const place = at % (before.length + 1);
      const source = from % (before.length + 1);
      const added = bit === '' ? before.slice(source, source + copy) : bit;
      return before.slice(0, place) + added + before.slice(place + (drop > 2 ? drop - 2 : 0));
    }, text),
  );
const shuffled = fc
  .array(fc.constantFrom(...LINES), { minLength: 1, maxLength: 7 })
  .map((lines) => `${lines.join('\n')}\n`);

function judge(text: string): Verdict {
  let theirs: string | undefined;
  try {
    parse(text);
  } catch (error) {
    theirs = (error as Error).message.split('\n')[0];
  }
  return { text, theirs, ours: parseManifest(text).document.problems[0]?.code };
}

test('after random edits both agree, but for known differences', () => {
  fc.assert(
    fc.property(fc.oneof({ arbitrary: edited, weight: 3 }, { arbitrary: shuffled, weight: 1 }), (text) => {
      const verdict = judge(text);
      if ((verdict.theirs === undefined) === (verdict.ours === undefined)) return;
      const difference = DIFFERENCES.find(({ applies }) => applies(verdict));
      expect(difference && true, JSON.stringify(verdict)).toBe(true);
    }),
    { numRuns: runs(6000) },
  );
});

test.each<[string, string]>([
  ['\uFEFFa = 1\n', 'byte order mark'],
  ['# c\r\na = 1\r\n', 'CRLF'],
  ['a = """x\ry"""\n', 'CR alone'],
  ['a.b.c = 1\n[a]\n', 'dotted keys'],
  ['[a.b]\n[a]\nb.c = 1\n', 'dotted keys'],
  ['a = [1.]\n', 'digits after its dot'],
  ['a = [1_]\n', 'digits after its dot'],
  ['a = 2020-01-019\n', 'a date'],
  ['a = [2020-01-01]\n', 'a date or time ends'],
  ['a = 10:00:00[\n', 'a date or time ends'],
])('%j is a known difference: %s', (text, reason) => {
  const verdict = judge(text);
  expect(verdict.theirs === undefined).not.toBe(verdict.ours === undefined);
  expect(DIFFERENCES.find(({ applies }) => applies(verdict))?.reason).toContain(reason);
});
