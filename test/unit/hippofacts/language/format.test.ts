// Formatting: only blanks and line ends change, tokens and comments stay, and doing it again changes nothing.

import { parse } from '@iarna/toml';
import { describe, expect, test } from 'vitest';
import { formatEdits } from '../../../../src/hippofacts/language/format.ts';
import { tokenize } from '../../../../src/hippofacts/language/tokens.ts';
import { LineIndex } from '../../../../src/hippofacts/position.ts';
import { applyEdits } from '../../../../src/hippofacts/text-edit.ts';
import { corpus, RICH } from './corpus.ts';

function format(text: string, options = {}): string {
  return applyEdits(text, formatEdits(text, options));
}

/** Tokens and comments without what is around them. */
function tokens(text: string): string[] {
  return tokenize(text, 0, text.length)
    .filter(({ kind }) => kind !== 'newline')
    .map(({ start, end }) => text.slice(start, end).trimEnd());
}

describe('what it makes of', () => {
  test.each<[string, string, string]>([
    ['blanks around the equals sign', 'a="x"\nb   =   "y"\n', 'a = "x"\nb = "y"\n'],
    ['indented lines', '[a]\n  b = "x"\n\tc = "y"\n', '[a]\nb = "x"\nc = "y"\n'],
    ['blanks in headers', '[ a ]\n\n[[ b . c ]]\n', '[a]\n\n[[b.c]]\n'],
    ['blanks in dotted keys', 'a . b = "x"\n', 'a.b = "x"\n'],
    ['a list on one line', 'a = [ "x","y" ,"z" ]\n', 'a = ["x", "y", "z"]\n'],
    ['an empty list', 'a = [ ]\n', 'a = []\n'],
    ['a list on several lines', 'a = [\n"x",\n      "y"   ,\n  ]\n', 'a = [\n  "x",\n  "y",\n]\n'],
    ['a list within a list', 'a = [\n[\n"x"],\n]\n', 'a = [\n  [\n    "x"],\n]\n'],
    ['an inline table', 'a = {b="x",c  =  "y"}\n', 'a = { b = "x", c = "y" }\n'],
    ['an empty inline table', 'a = {  }\n', 'a = {}\n'],
    ['several empty lines', 'a = "x"\n\n\n\nb = "y"\n', 'a = "x"\n\nb = "y"\n'],
    ['empty lines at its start and end', '\n\na = "x"\n\n\n', 'a = "x"\n'],
    ['no line end at its end', 'a = "x"', 'a = "x"\n'],
    ['a table right below another', '[a]\nb = "x"\n[c]\n', '[a]\nb = "x"\n\n[c]\n'],
    ['a table below its comment', 'b = "x"\n# about c\n# more\n[c]\n', 'b = "x"\n\n# about c\n# more\n[c]\n'],
    ['a part of a table', '[[a]]\nb = "x"\n[a.c]\n', '[[a]]\nb = "x"\n[a.c]\n'],
    ['a comment behind a value', 'a = "x"     # why\n', 'a = "x" # why\n'],
    ['comments in one column', 'a = "x"   # 1\nbcd = "y" # 2\n', 'a = "x"   # 1\nbcd = "y" # 2\n'],
    [
      'comments in one column that is too far',
      'a="x"      # 1\nbcd="y"    # 2\n',
      'a = "x"   # 1\nbcd = "y" # 2\n',
    ],
    ['comments in a list', 'a = [ # 1\n"x",# 2\n   # 3\n]\n', 'a = [ # 1\n  "x", # 2\n  # 3\n]\n'],
    ['blanks at the ends of lines', '[a]  \nb = "x"\t\n# c  \n', '[a]\nb = "x"\n# c\n'],
    ['CRLF', '[a]\r\nb="x"\r\n\r\n\r\n[c]\r\n', '[a]\r\nb = "x"\r\n\r\n[c]\r\n'],
    ['CRLF where lines are added', 'b = "x"\r\n[c]\r\nd = "y"', 'b = "x"\r\n\r\n[c]\r\nd = "y"\r\n'],
    ['a byte order mark', '\uFEFF  a="x"\n', '\uFEFFa = "x"\n'],
    ['texts of several lines', 'a="""\n  x  \n\n\n y"""\n', 'a = """\n  x  \n\n\n y"""\n'],
    [
      'numbers and dates',
      'a=1.5e3\nb = 2020-01-01 10:00:00.5\nc=[1,-2]\n',
      'a = 1.5e3\nb = 2020-01-01 10:00:00.5\nc = [1, -2]\n',
    ],
    ['nothing', '', ''],
    ['blanks alone', ' \n\n\t\n', ''],
    ['comments alone', '\n  # a\n\n\n# b', '# a\n\n# b\n'],
    ['what is broken', 'a="x"\n  b  =\nc="y"\n', 'a = "x"\n  b  =\nc = "y"\n'],
    [
      'a list that is not closed',
      'a = [\n   "x",\n"y"\n\n[b]\nc="x"\n',
      'a = [\n   "x",\n"y"\n\n[b]\nc = "x"\n',
    ],
    ['a header that is not closed', '  [ a\nb="x"\n', '  [ a\nb = "x"\n'],
  ])('%s', (_what, text, expected) => {
    expect(format(text)).toBe(expected);
    expect(format(expected)).toBe(expected);
  });
});

test.each(corpus().map(({ name, text }) => [name, text]))('%s means the same after it', (_name, text) => {
  const formatted = format(text);
  expect(tokens(formatted)).toEqual(tokens(text));
  expect(format(formatted)).toBe(formatted);
  const plain = (one: string): unknown => parse(one.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'));
  expect(plain(formatted)).toEqual(plain(text));
});

test('a file that is as it should be needs no edit', () => {
  expect(formatEdits(format(RICH))).toEqual([]);
});

test('an edit is no longer than the blanks that change', () => {
  const [edit, ...others] = formatEdits('[a]\r\n  b = "x"\r\n');
  expect(others).toEqual([]);
  expect(edit).toMatchObject({
    range: { start: { line: 1, column: 0 }, end: { line: 1, column: 2 } },
    text: '',
  });
});

test('only the lines that are selected', () => {
  const text = '[a]\n b="1"\n c="2"\n d="3"\n';
  const range = new LineIndex(text).range(text.indexOf('c'), text.indexOf('c') + 1);
  expect(format(text, { range })).toBe('[a]\n b="1"\nc = "2"\n d="3"\n');
});

test('lists are indented as the editor wants it', () => {
  expect(format('a = [\n"x"\n]\n', { indent: '\t' })).toBe('a = [\n\t"x"\n]\n');
});
