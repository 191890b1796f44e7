// Edits of a manifest by what it means: a key added to a table, statements taken out. They touch nothing else.

import type { Range } from '../position.ts';
import { keyOrder } from '../schema-docs.ts';
import { lineEnd, type Span } from '../split.ts';
import type { Document, Statement, Table, Value } from '../syntax.ts';
import type { TextEdit } from '../text-edit.ts';
import { lineEndOf } from './line-ends.ts';
import { indexBefore, type Path } from './place.ts';
import { tokenize } from './tokens.ts';

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

/** The start of the comment lines right above a place, or of its line. */
export function commentAbove(text: string, offset: number): number {
  let start = text.lastIndexOf('\n', offset - 1) + 1;
  for (;;) {
    const above = text.lastIndexOf('\n', start - 2) + 1;
    if (start === 0 || !/^[ \t]*#/.test(text.slice(above, start))) break;
    start = above;
  }
  return start === 0 && text.startsWith('\uFEFF') ? 1 : start;
}

/**
 * Puts a table of `[[…]]`, with its parts and the comments right above it, in front of another one that stands above it.
 * Undefined where either has no header.
 */
export function moveSection(document: Document, moved: Table, before: Table): TextEdit[] | undefined {
  const { text, lines } = document;
  const own = sectionSpan(document, moved);
  const other = sectionSpan(document, before);
  if (!own || !other || other.start >= own.start) return undefined;
  const eol = lineEndOf(text);
  const isLast = own.end === text.length;
  const content = text.slice(own.start, own.end);
  const added = isLast ? `${content.trimEnd()}${eol}${eol}` : content;
  // At the end of the file, the empty line above it goes with it.
  const cut = isLast ? text.slice(0, own.start).trimEnd().length : own.start;
  const rest = isLast && /\n\s*$/.test(content) ? eol : '';
  return [
    { range: lines.range(other.start, other.start), text: added },
    { range: lines.range(cut, own.end), text: rest },
  ];
}

/** From the comments right above a header to those of the next table that is no part of it. */
function sectionSpan({ text, statements }: Document, table: Table): Span | undefined {
  const header = statements.findIndex((one) => one.kind === 'header' && one.table === table);
  const first = statements[header];
  if (!first) return undefined;
  const next = statements.find(
    ({ kind, keys }, index) =>
      index > header && kind === 'header' && !(keys.length > 1 && keys[0]?.text === first.keys[0]?.text),
  );
  return {
    start: commentAbove(text, first.range.start.offset),
    end: next ? commentAbove(text, next.range.start.offset) : text.length,
  };
}

/** An item of a list with its comma, and its line if nothing else is on it; undefined where that cannot be told. */
export function removeItem(
  { text, lines, statements }: Document,
  { start, end }: Range,
): TextEdit | undefined {
  const statement = statements[indexBefore(statements, start.offset)];
  if (!statement || statement.broken) return undefined;
  const tokens = tokenize(text, statement.range.start.offset, statement.range.end.offset);
  const own = tokens.findIndex((token) => token.start === start.offset);
  const [previous, next] = [tokens[own - 1], tokens[own + 1]];
  const after = next?.kind === ',' ? next.end : end.offset;
  const line = text.lastIndexOf('\n', start.offset - 1) + 1;
  const isAlone = text.slice(line, start.offset).trim() === '' && /^[ \t]*\r?\n/.test(text.slice(after));
  if (isAlone) return { range: lines.range(line, text.indexOf('\n', after) + 1), text: '' };
  if (next?.kind === ',') {
    const blanks = /^[ \t]*/.exec(text.slice(after))?.[0].length ?? 0;
    return { range: lines.range(start.offset, after + blanks), text: '' };
  }
  const from = previous?.kind === ',' ? previous.start : start.offset;
  return { range: lines.range(from, end.offset), text: '' };
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
