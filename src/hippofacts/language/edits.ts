// Edits of a manifest by what it means: a key added to a table, statements taken out. They touch nothing else.

import type { Range } from '../position.ts';
import { keyOrder } from '../schema-docs.ts';
import { lineEnd } from '../split.ts';
import type { Document, Statement, Table, Value } from '../syntax.ts';
import type { TextEdit } from '../text-edit.ts';
import { lineEndOf } from './line-ends.ts';
import type { Path } from './place.ts';

/**
 * A key put where people write it, in the way in which the table is written: below a header, with dots, or in braces.
 * @param path of the table
 * @param value TOML
 * @returns undefined where no place for it can be found
 */
export function addKey(
  document: Document,
  table: Table,
  path: Path,
  name: string,
  value: string,
): TextEdit | undefined {
  if (table.origin === 'inline') return addInline(document, table, `${name} = ${value}`);
  const { statements, text } = document;
  const header = statements.findIndex((one) => one.kind === 'header' && one.table === table);
  const order = keyOrder(path);
  const rank = (key: string | undefined): number => (key === undefined ? -1 : order.indexOf(key));
  if (header >= 0) {
    const pairs = pairsBelow(statements, header);
    const before = pairs.findLast(({ keys }) => rank(keys[0]?.text) < rank(name) && rank(keys[0]?.text) >= 0);
    const model = before ?? pairs[0] ?? statements[header];
    return addLine(
      document,
      before ?? (statements[header] as Statement),
      indentOf(text, model as Statement),
      `${name} = ${value}`,
    );
  }
  // Dotted keys: `bindle.name`, or `external.bindleId` in a handler.
  const dotted = statements.findLast((one) => one.kind === 'pair' && !one.broken && leadsTo(one, table));
  const [first, last] = [dotted?.keys[0], dotted?.keys.at(-1)];
  if (!dotted || !first || !last) return undefined;
  const prefix = text.slice(first.range.start.offset, last.range.start.offset);
  return addLine(document, dotted, indentOf(text, dotted), `${prefix}${name} = ${value}`);
}

/** Lines of their own behind a statement, and behind the comment that follows it. */
export function addLine({ text, lines }: Document, after: Statement, indent: string, line: string): TextEdit {
  const at = lineEnd(text, after.range.end.offset);
  return { range: lines.range(at, at), text: `${lineEndOf(text)}${indent}${line}` };
}

/** Whole lines, with the comments at their ends; undefined for what is not alone on its lines. */
export function removeStatement({ text, lines }: Document, { range }: Statement): TextEdit | undefined {
  const start = text.lastIndexOf('\n', range.start.offset - 1) + 1;
  if (text.slice(start, range.start.offset).trim() !== '') return undefined;
  const end = text.indexOf('\n', range.end.offset);
  return { range: lines.range(start, end === -1 ? text.length : end + 1), text: '' };
}

/** The blanks that a statement's line begins with. */
export function indentOf(text: string, { range }: { range: Range }): string {
  const start = text.lastIndexOf('\n', range.start.offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, range.start.offset))?.[0] ?? '';
}

/** The keys of a header, up to the next one. */
export function pairsBelow(statements: readonly Statement[], header: number): Statement[] {
  const next = statements.findIndex(({ kind }, index) => index > header && kind === 'header');
  return statements.slice(header + 1, next === -1 ? undefined : next);
}

/** True if the last of a statement's dotted keys stands in the table. */
function leadsTo({ table, keys }: Statement, wanted: Table): boolean {
  let within: Table | undefined = table;
  for (const { text } of keys.slice(0, -1)) {
    const value: Value | undefined = within?.entries.get(text)?.value;
    within = value?.kind === 'table' ? value : undefined;
  }
  return keys.length > 1 && within === wanted;
}

function addInline({ text, lines }: Document, { range, entries }: Table, pair: string): TextEdit {
  const ends = [...entries.values()].map(({ key, value }) => (value ?? key).range.end.offset);
  const last = Math.max(range.start.offset + 1, ...ends);
  const isEmpty = entries.size === 0;
  const isTight = text.slice(last, range.end.offset - 1) === '';
  return {
    range: lines.range(last, last),
    text: isEmpty ? ` ${pair}${isTight ? ' ' : ''}` : `, ${pair}`,
  };
}
