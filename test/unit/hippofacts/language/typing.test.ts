// Files as they are typed, character by character: what is whole stays whole, what is half-typed is helped on.

import { describe, expect, test } from 'vitest';
import { checkManifest } from '../../../../src/hippofacts/check.ts';
import { completions } from '../../../../src/hippofacts/language/completion.ts';
import { outline, type Symbol } from '../../../../src/hippofacts/language/outline.ts';
import { headerPath } from '../../../../src/hippofacts/language/place.ts';
import { parseManifest, type Manifest } from '../../../../src/hippofacts/parse.ts';
import { ask } from './ask.ts';
import { corpus, RICH, type CorpusFile } from './corpus.ts';
import { knownFacts, SERVER } from './known-facts.ts';

const facts = knownFacts(SERVER);
const valid = corpus().filter(({ name }) => !name.startsWith('error-'));

/** Headers and what stands below them, in the order of the text: the tables without those within. */
function sections(symbols: readonly Symbol[]): Symbol[] {
  return symbols.flatMap((symbol) => (symbol.kind === 'key' ? [] : [symbol, ...sections(symbol.children)]));
}

/** Name and value of each key of a section. */
function keys({ children }: Symbol): string[] {
  return children.flatMap(({ kind, name, detail }) => (kind === 'key' ? [`${name} = ${detail}`] : []));
}

/** Where unknown keys are reported. */
function unknown(manifest: Manifest): number[] {
  return checkManifest(manifest).flatMap(({ code, range }) =>
    code === 'unknown-field' ? [range.start.offset] : [],
  );
}

describe.each(valid)('$name', ({ text }: CorpusFile) => {
  const whole = parseManifest(text);

  test('typed from its start', async () => {
    for (let offset = 0; offset <= text.length; offset++) {
      const typed = text.slice(0, offset);
      const { manifest, outline: symbols } = await ask(typed, offset, facts);
      const headers = whole.document.statements.filter(
        ({ kind, range }) => kind === 'header' && range.end.offset <= offset,
      );
      const found = manifest.document.statements.filter(({ kind, broken }) => kind === 'header' && !broken);
      expect(found.map(headerPath), typed).toEqual(headers.map(headerPath));
      expect(sections(symbols).length, typed).toBeGreaterThanOrEqual(headers.length);
      const last = manifest.document.statements.at(-1)?.range.start.offset ?? 0;
      expect(
        unknown(manifest).filter((at) => at < last),
        typed,
      ).toEqual([]);
    }
  });

  test('with each of its statements typed anew', () => {
    const before = sections(outline(whole));
    for (const { range } of whole.document.statements) {
      const [start, end] = [range.start.offset, range.end.offset];
      // The table that is being typed in, and those that a header that is not there leaves its keys to.
      const others = before.filter(
        (section, index) =>
          !(section.range.start.offset <= start && start <= section.range.end.offset) &&
          !(before[index + 1]?.selection.start.offset === start),
      );
      for (let length = 0; length < end - start; length++) {
        const typed = text.slice(0, start + length) + text.slice(end);
        const manifest = parseManifest(typed);
        const after = sections(outline(manifest));
        for (const other of others)
          expect(
            after.some(
              ({ name, detail, ...rest }) =>
                name === other.name &&
                detail === other.detail &&
                String(keys({ name, detail, ...rest })) === String(keys(other)),
            ),
            `${other.name} is lost in\n${typed}`,
          ).toBe(true);
        const line = (at: number): boolean => at >= start && at <= start + length;
        // Without its header, a section's keys are those of the one above: that is what the text says.
        if (length > 0 || text[start] !== '[')
          expect(
            unknown(manifest).filter((at) => !line(at)),
            typed,
          ).toEqual([]);
      }
    }
  });

  test('every key and table is offered while it is typed', async () => {
    for (const { kind, range, keys: names, table } of whole.document.statements) {
      const [name] = names;
      const [start, end] = [range.start.offset, range.end.offset];
      const source = text.slice(start, end);
      if (
        !name ||
        names.length > 1 ||
        (kind === 'pair' && table === whole.document.root.entries.get('annotations')?.value)
      )
        continue;
      const written = kind === 'header' ? source : text.slice(name.range.start.offset, name.range.end.offset);
      for (let length = 0; length <= written.length; length++) {
        // A comment is no place for a table.
        if (kind === 'header' && length === 0 && /^[ \t]*#/.test(text.slice(end))) continue;
        if (kind === 'header' && length > written.indexOf(name.text) + name.text.length) break;
        const typed = text.slice(0, start) + written.slice(0, length);
        const offered = await completions(parseManifest(typed + text.slice(end)), typed.length, facts);
        const wanted = kind === 'header' ? source : name.text;
        const found = offered.find(({ label }) => label === wanted);
        expect(found, `${typed}|`).toBeDefined();
        expect(found?.filter.startsWith(typed.slice(found.edit.range.start.offset)), `${typed}|`).toBe(true);
      }
    }
  });
});

test('a pattern is offered while it is typed, with each of its folders', async () => {
  for (const wanted of ['img/*.png', 'img/birds/kea.jpg', 'img/**/*', 'bin/b.wasm'])
    for (let length = 0; length < wanted.length; length++) {
      const head = `${RICH}\n[[handler]]\nroute = "/x"\nfiles = ["${wanted.slice(0, length)}`;
      const offered = (await completions(parseManifest(`${head}"]\n`), head.length, facts)).map(
        ({ label }) => label,
      );
      const next = wanted.slice(0, wanted.indexOf('/', length) + 1);
      expect(
        offered.some((label) => label === wanted || (next !== '' && label === next)),
        `${head}| ${offered.join(' ')}`,
      ).toBe(true);
    }
});
