import { parse } from '@iarna/toml';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../src/hippofacts/text-edit.ts';
import { editVersion, readVersion } from '../../../src/hippofacts/version-edit.ts';
import { runs } from '../../support/runs.ts';

function raise(text: string, to = '1.0.1'): string | undefined {
  const edit = editVersion(text, to);
  return edit && applyEdits(text, [edit]);
}

describe('the version', () => {
  it.each([
    ['a text', 'version = "1.0.0"', 'version = "1.0.1"'],
    ['a literal text', "version = '1.0.0'", "version = '1.0.1'"],
    ['a text of several lines', 'version = """1.0.0"""', 'version = """1.0.1"""'],
    ['a literal text of several lines', "version = '''1.0.0'''", "version = '''1.0.1'''"],
    ['one that begins on the next line', 'version = """\n1.0.0"""', 'version = """1.0.1"""'],
    ['one with escapes', 'version = "1.0\\u002e0"', 'version = "1.0.1"'],
    ['one with a comment', 'version = "1.0.0" # not "1.0.0"', 'version = "1.0.1" # not "1.0.0"'],
    ['one with little room', 'version="1.0.0"', 'version="1.0.1"'],
    ['one with much room', '\tversion \t=  "1.0.0"\t', '\tversion \t=  "1.0.1"\t'],
    ['a quoted key', '"version" = "1.0.0"', '"version" = "1.0.1"'],
  ])('as %s is changed within its quotes', (_what, before, after) => {
    expect(raise(`[bindle]\nname = "a"\n${before}\n[annotations]\nversion = "1.0.0"\n`)).toBe(
      `[bindle]\nname = "a"\n${after}\n[annotations]\nversion = "1.0.0"\n`,
    );
  });

  it.each([
    ['lines that end in CR LF', '[bindle]\r\nname = "a"\r\nversion = "1.0.0"\r\n'],
    ['a byte order mark', '\ufeff[bindle]\nversion = "1.0.0"\n'],
    ['an inline table', 'bindle = { name = "a", version = "1.0.0", authors = [] }'],
    ['a dotted key', 'bindle.name = "a"\nbindle.version = "1.0.0"'],
    ['no end of the last line', '[bindle]\nversion = "1.0.0"'],
    [
      'tables before it',
      '[annotations]\nversion = "9"\n[[handler]]\nroute = "/"\n[bindle]\nversion = "1.0.0"',
    ],
    ['characters outside of the basic plane', '# 🦛🦛\n[bindle]\ndescription = "🦛"\nversion = "1.0.0"\n'],
    ['half-typed lines elsewhere', '[bindle]\nname = \nversion = "1.0.0"\n[[handler\nroute = "/\nfiles = ['],
    ['a version that is none', '[bindle]\nversion = "1.0.0.0"'.replace('1.0.0.0', '1.0.0')],
  ])('is changed in a text with %s, and nothing else is', (_what, text) => {
    expect(raise(text)).toBe(text.replace('"1.0.0"', '"1.0.1"'));
    expect(readVersion(raise(text) ?? '')).toBe('1.0.1');
  });

  it.each([
    ['nothing', ''],
    ['no bindle', 'version = "1.0.0"'],
    ['no version', '[bindle]\nname = "a"'],
    ['a number', '[bindle]\nversion = 1.0'],
    ['a list', '[bindle]\nversion = ["1.0.0"]'],
    ['a value that is still to come', '[bindle]\nversion = '],
    ['a comment', '[bindle]\n# version = "1.0.0"'],
  ])('is not changed where there is %s', (_what, text) => {
    expect(readVersion(text)).toBeUndefined();
    expect(editVersion(text, '1.0.1')).toBeUndefined();
  });

  it('is changed without another parser seeing any other change', () => {
    const word = fc.stringMatching(/^[\w 🦛äß.*/-]{0,12}$/);
    const quoted = fc.tuple(word, fc.constantFrom('"', "'", '"""', "'''")).map(([text, quote]) => {
      return `${quote}${text}${quote}`;
    });
    const comment = fc.option(word).map((text) => (text === null ? '' : ` # ${text}`));
    const line = fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), quoted, comment);
    const lines = fc
      .uniqueArray(line, { selector: ([key]) => key, maxLength: 5 })
      .map((all) =>
        all.filter(([key]) => key !== 'version').map(([key, value, note]) => `${key} = ${value}${note}`),
      );
    const quote = fc.constantFrom('"', "'", '"""', "'''");
    const version = fc.constantFrom('1.0.0', '0.1.0-rc.1+b', '10.20.30', 'none');
    const end = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(
        lines,
        lines,
        lines,
        quote,
        version,
        comment,
        end,
        (above, below, others, mark, from, note, eol) => {
          const head = ['[annotations]', ...others, '[bindle]', ...above].join(eol);
          const tail = [note, ...below, ''].join(eol);
          const text = `${head}${eol}version = ${mark}${from}${mark}${tail}`;
          const known = new Set(above.map((one) => one.split(' ')[0]));
          fc.pre(!below.some((one) => known.has(one.split(' ')[0])));
          expect(readVersion(text)).toBe(from);
          const raised = raise(text, '2.0.0');
          expect(raised).toBe(`${head}${eol}version = ${mark}2.0.0${mark}${tail}`);
          // The other parser takes a CR for a part of the comment before it.
          const oracle = (toml: string): object => parse(toml.replaceAll('\r', ''));
          const before = oracle(text) as { bindle: object };
          expect(oracle(raised ?? '')).toEqual({ ...before, bindle: { ...before.bindle, version: '2.0.0' } });
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
