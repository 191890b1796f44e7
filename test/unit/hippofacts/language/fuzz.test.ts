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
import { TOML_BITS } from '../toml-bits.ts';
import { knownFacts, SERVER } from './known-facts.ts';

/** `npm run test:long`: 100,000 edited texts. */
const RUNS = process.env['HIPPO_TEST_LONG'] ? 100_000 : 300;

const BITS = [
  ...TOML_BITS,
  ...['*', '/', '\ud800', '1.0', '[[handler]]\n', '[handler.external]\n', '[han'],
  ...['fil', 'files = [', 'external = {'],
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

/** What random edits have found. */
const FOUND = [
  '[\rle]\nname = "a"\n',
  '"""[bindle]\nname = "a"\n',
  '[[export]]\nfiles = ["a"][export]]\nid = "b"\nname = "c"\n',
  '[[handler]]\nname = "m"\nexternal.bindleId =\n[handler.external]\n "a/b/1.0.0"\nexternal.handlerId = "h"\n',
  '[[handler]]\nx = {oute = "/r"\nname = "m"\nexternal[.bindleId = "a/b/1.0.0"\nexternal.handlerId = "h"\n',
];

const facts = knownFacts(SERVER);

/** What is wrong with the answers; `expect` for each would take longer than all the rest. */
class Complaints {
  readonly all: string[] = [];
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  check(isFine: boolean, complaint: () => string): void {
    if (!isFine) this.all.push(complaint());
  }

  within({ start, end }: Range, what: string): void {
    const isFine = 0 <= start.offset && start.offset <= end.offset && end.offset <= this.#text.length;
    this.check(isFine, () => `${what} is at ${start.offset} to ${end.offset}`);
  }

  apart(edits: readonly TextEdit[], what: string): void {
    const ordered = edits.toSorted((a, b) => a.range.start.offset - b.range.start.offset);
    for (const [index, { range }] of ordered.entries()) {
      this.within(range, what);
      const before = ordered[index - 1]?.range.end.offset ?? 0;
      this.check(range.start.offset >= before, () => `edits of ${what} overlap at ${before}`);
    }
  }

  nested(symbols: readonly Symbol[], start: number, end: number): void {
    for (const { name, range, selection, children } of symbols) {
      const [from, to] = [range.start.offset, range.end.offset];
      this.check(name !== '', () => `a symbol at ${from} has no name`);
      this.check(start <= from && to <= end, () => `${name} is not within what holds it`);
      const isWithin = from <= selection.start.offset && selection.end.offset <= to;
      this.check(isWithin, () => `the selection of ${name} is not within it`);
      this.nested(children, from, to);
    }
  }
}

const visible = (text: string): string => text.replace(/[ \t\r\n]/g, '');

async function complaintsOf(text: string, offset: number): Promise<string[]> {
  const complaints = new Complaints(text);
  const answers = await ask(text, offset, facts);
  const { line } = answers.manifest.document.lines.position(offset);
  for (const {
    label,
    edit: { range, text: added },
    snippet,
  } of answers.completions) {
    complaints.within(range, label);
    const isHere =
      range.start.line === line &&
      range.end.line === line &&
      range.start.offset <= offset &&
      offset <= range.end.offset;
    complaints.check(isHere, () => `${label} replaces what is elsewhere`);
    complaints.check(!snippet || !unfilled(added).includes('${'), () => `${label} is no snippet`);
  }
  for (const one of [answers.hover, answers.definition])
    if (one) complaints.within(one.range, 'hover or definition');
  for (const { range } of [...answers.links, ...answers.lenses]) complaints.within(range, 'a link or lens');
  complaints.nested(answers.outline, 0, text.length);
  const lines = text.split(/\r\n|\n|\r/).length;
  for (const fold of answers.folds)
    complaints.check(
      fold.start < fold.end && fold.end < lines,
      () => `fold from ${fold.start} to ${fold.end}`,
    );
  for (const action of answers.actions) {
    complaints.apart(action.edits, action.title);
    if (action.problems.length === 0) continue;
    const after = problemsOf(parseManifest(applyEdits(text, action.edits)));
    // What it reveals may be of the same kind, but not the same.
    for (const problem of action.problems) {
      const count = (all: readonly Problem[]): number =>
        all.filter(({ code, message }) => code === problem.code && message === problem.message).length;
      complaints.check(
        count(after) < count(answers.problems),
        () => `${action.title} leaves ${problem.code}`,
      );
    }
  }
  complaints.apart(answers.format, 'format');
  const formatted = applyEdits(text, answers.format);
  complaints.check(visible(formatted) === visible(text), () => 'formatting changes more than blanks');
  complaints.check(formatEdits(formatted).length === 0, () => 'formatting twice is not formatting once');
  return complaints.all;
}

test('after random edits, every question has an answer that fits the text', async () => {
  await fc.assert(
    fc.asyncProperty(edited, fc.double({ min: 0, max: 1, noNaN: true }), async (text, part) => {
      expect(await complaintsOf(text, Math.floor(part * text.length))).toEqual([]);
    }),
    { numRuns: RUNS, examples: FOUND.map((text) => [text, 0.1]) },
  );
});
