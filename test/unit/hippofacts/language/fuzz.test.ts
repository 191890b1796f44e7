// Whatever the text is: nothing throws, every range is in it, every edit changes what it says and nothing else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatEdits } from '../../../../src/hippofacts/language/format.ts';
import { unfilled } from '../../../../src/hippofacts/language/snippet.ts';
import { parseManifest } from '../../../../src/hippofacts/parse.ts';
import type { Problem } from '../../../../src/hippofacts/problem.ts';
import type { Range } from '../../../../src/hippofacts/position.ts';
import { applyEdits, type TextEdit } from '../../../../src/hippofacts/text-edit.ts';
import type { Symbol } from '../../../../src/hippofacts/language/outline.ts';
import { ask, problemsOf } from './ask.ts';
import { corpus, RICH } from './corpus.ts';
import { knownFacts, SERVER } from './known-facts.ts';

/** `npm run test:long`: 100,000 edited texts. */
const RUNS = process.env['HIPPO_TEST_LONG'] ? 100_000 : 150;

const BITS = [
  ...[
    '[',
    ']',
    '[[',
    ']]',
    '{',
    '}',
    '"',
    "'",
    '"""',
    "'''",
    '=',
    '.',
    ',',
    '#',
    '\n',
    '\r\n',
    '\r',
    '\\',
    ' ',
    '\t',
  ],
  ...[
    'a',
    '1',
    '-',
    '_',
    '*',
    '/',
    '\0',
    '\u007f',
    '\uFEFF',
    '\u00a0',
    'é',
    '😀',
    '\ud800',
    '1.0',
    'true',
    '# x',
  ],
  ...[
    '[[handler]]\n',
    '[bindle]\n',
    '[handler.external]\n',
    '[han',
    'route = "/"\n',
    'fil',
    'files = [',
    'external = {',
  ],
];

const edit = fc.record({
  at: fc.nat(10_000),
  drop: fc.nat(8),
  bit: fc.constantFrom('', ...BITS),
  copy: fc.nat(30),
  from: fc.nat(10_000),
});
const texts = corpus().map(({ text }) => text);
const edited = fc
  .tuple(fc.constantFrom(...texts, RICH, RICH), fc.array(edit, { minLength: 1, maxLength: 6 }))
  .map(([text, edits]) =>
    edits.reduce<string>((before, { at, drop, bit, copy, from }) => {
      const place = at % (before.length + 1);
      const source = from % (before.length + 1);
      const added = bit === '' ? before.slice(source, source + copy) : bit;
      return before.slice(0, place) + added + before.slice(place + (drop > 4 ? drop - 4 : 0));
    }, text),
  );

const facts = knownFacts(SERVER);

function expectWithin({ start, end }: Range, text: string): void {
  expect(start.offset).toBeGreaterThanOrEqual(0);
  expect(end.offset).toBeGreaterThanOrEqual(start.offset);
  expect(end.offset).toBeLessThanOrEqual(text.length);
}

function expectApart(edits: readonly TextEdit[], text: string): void {
  const ordered = edits.toSorted((a, b) => a.range.start.offset - b.range.start.offset);
  for (const [index, { range }] of ordered.entries()) {
    expectWithin(range, text);
    expect(range.start.offset).toBeGreaterThanOrEqual(ordered[index - 1]?.range.end.offset ?? 0);
  }
}

function expectNested(symbols: readonly Symbol[], within: { start: number; end: number }): void {
  for (const { name, range, selection, children } of symbols) {
    expect(name).not.toBe('');
    expect(range.start.offset).toBeGreaterThanOrEqual(within.start);
    expect(range.end.offset).toBeLessThanOrEqual(within.end);
    expect(selection.start.offset).toBeGreaterThanOrEqual(range.start.offset);
    expect(selection.end.offset).toBeLessThanOrEqual(range.end.offset);
    expectNested(children, { start: range.start.offset, end: range.end.offset });
  }
}

const visible = (text: string): string => text.replace(/[ \t\r\n]/g, '');

test('after random edits, every question has an answer that fits the text', async () => {
  await fc.assert(
    fc.asyncProperty(edited, fc.double({ min: 0, max: 1, noNaN: true }), async (text, part) => {
      const offset = Math.floor(part * text.length);
      const answers = await ask(text, offset, facts);
      const { line } = answers.manifest.document.lines.position(offset);
      for (const {
        edit: { range, text: added },
        snippet,
      } of answers.completions) {
        expectWithin(range, text);
        expect([range.start.line, range.end.line]).toEqual([line, line]);
        expect(range.start.offset).toBeLessThanOrEqual(offset);
        expect(range.end.offset).toBeGreaterThanOrEqual(offset);
        if (snippet) expect(unfilled(added)).not.toMatch(/\$\{/);
      }
      for (const { range } of [answers.hover, answers.definition].filter((one) => one !== undefined))
        expectWithin(range, text);
      for (const { range } of [...answers.links, ...answers.lenses]) expectWithin(range, text);
      expectNested(answers.outline, { start: 0, end: text.length });
      const lines = text.split('\n').length;
      for (const fold of answers.folds) {
        expect(fold.end).toBeGreaterThan(fold.start);
        expect(fold.end).toBeLessThan(lines + (text.match(/\r(?!\n)/g)?.length ?? 0));
      }
      for (const action of answers.actions) {
        expectApart(action.edits, text);
        const after = problemsOf(parseManifest(applyEdits(text, action.edits)));
        // What it reveals may be of the same kind, but not the same.
        for (const problem of action.problems) {
          const count = (all: readonly Problem[]): number =>
            all.filter(({ code, message }) => code === problem.code && message === problem.message).length;
          expect(count(after), `${action.title}: ${problem.code}`).toBeLessThan(count(answers.problems));
        }
      }
      expectApart(answers.format, text);
      const formatted = applyEdits(text, answers.format);
      expect(visible(formatted)).toBe(visible(text));
      expect(applyEdits(formatted, formatEdits(formatted))).toBe(formatted);
    }),
    { numRuns: RUNS },
  );
});
