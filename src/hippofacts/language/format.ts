// Formatting: one way to set blanks and line ends. Nothing else changes, and nothing in or around what is broken.
//
// Lines stay lines: a list on one line stays on it, and one on several keeps its line ends.

import type { LineIndex, Range } from '../position.ts';
import { completeTableName } from '../schema.ts';
import { parseDocument, type Statement } from '../syntax.ts';
import type { TextEdit } from '../text-edit.ts';
import { lineEndOf } from './line-ends.ts';
import { tokenize, type Token } from './tokens.ts';

export interface FormatOptions {
  /** Of the items of a list on several lines. Default: two blanks. */
  readonly indent?: string;
  /** Only what stands in these lines. */
  readonly range?: Range;
}

/** Edits of blanks and line ends; none where all is as it should be. Never throws. */
export function formatEdits(text: string, { indent = '  ', range }: FormatOptions = {}): TextEdit[] {
  const { statements, lines } = parseDocument(text, completeTableName);
  const pieces = piecesOf(text, statements);
  const gaps = gapsOf(text, pieces);
  const own = lineEndOf(text);
  const sections = sectionStarts(pieces, gaps);
  const wanted = gaps.map((gap, index) =>
    isLeft(gap, pieces[index - 1], pieces[index])
      ? gap
      : wantedGap(gap, pieces[index - 1], pieces[index], { indent, lineEnd: own, sections }),
  );
  alignComments(pieces, gaps, wanted, text);
  const edits = wanted.flatMap((blanks, index) => {
    const from = pieces[index - 1]?.end ?? startOf(text);
    return blanks === gaps[index] ? [] : edit(lines, from, gaps[index] ?? '', blanks);
  });
  if (!range) return edits;
  return edits.filter(
    (one) => one.range.start.line >= range.start.line && one.range.end.line <= range.end.line,
  );
}

/** Something whose characters stay as they are. */
interface Piece {
  readonly kind: Token['kind'] | 'broken';
  readonly start: number;
  readonly end: number;
  /** What it is a part of; a comment that stands by itself, or behind a statement, is part of none. */
  readonly statement?: Statement;
  /** It is a part of a key or a header. */
  readonly key?: boolean;
  /** Lists and inline tables that it stands in. */
  readonly depth: number;
}

function startOf(text: string): number {
  return text.startsWith('\uFEFF') ? 1 : 0;
}

function piecesOf(text: string, statements: readonly Statement[]): Piece[] {
  const pieces: Piece[] = [];
  const addComments = (from: number, to: number): void => {
    for (const { kind, start, end } of tokenize(text, from, to))
      if (kind === 'comment') pieces.push(comment(text, start, end));
  };
  let at = startOf(text);
  for (const statement of statements) {
    const { start, end } = statement.range;
    addComments(at, start.offset);
    at = end.offset;
    if (statement.broken) pieces.push({ kind: 'broken', start: start.offset, end: at, statement, depth: 0 });
    else pieces.push(...statementPieces(text, statement));
  }
  addComments(at, text.length);
  return pieces;
}

/** Blanks at its end are none of it. */
function comment(text: string, start: number, end: number, more: Partial<Piece> = {}): Piece {
  let last = end;
  while (text[last - 1] === ' ' || text[last - 1] === '\t') last--;
  return { kind: 'comment', start, end: last, depth: 0, ...more };
}

function statementPieces(text: string, statement: Statement): Piece[] {
  const { range, kind: form } = statement;
  const pieces: Piece[] = [];
  const open: ('[' | '{')[] = [];
  let key = true;
  for (const { kind, start, end } of tokenize(text, range.start.offset, range.end.offset)) {
    if (kind === 'newline') continue;
    const isHeader = form === 'header';
    if (!isHeader && (kind === ']' || kind === '}')) open.pop();
    const depth = open.length;
    if (kind === 'comment') pieces.push(comment(text, start, end, { statement, depth }));
    else pieces.push({ kind, start, end, statement, depth, key });
    if (isHeader) continue;
    if (kind === '[' || kind === '{') open.push(kind);
    if (kind === '{' || (kind === ',' && open.at(-1) === '{')) key = true;
    else if (kind === '=') key = false;
  }
  return pieces;
}

/** What stands before each piece, and at last what stands after all. */
function gapsOf(text: string, pieces: readonly Piece[]): string[] {
  const ends = [startOf(text), ...pieces.map(({ end }) => end)];
  return ends.map((end, index) => text.slice(end, pieces[index]?.start ?? text.length));
}

/** What touches something broken, or is more than blanks, stays. */
function isLeft(gap: string, before: Piece | undefined, after: Piece | undefined): boolean {
  return before?.kind === 'broken' || after?.kind === 'broken' || !/^(?:[ \t\n]|\r\n)*$/.test(gap);
}

interface Rules {
  readonly indent: string;
  readonly lineEnd: string;
  readonly sections: ReadonlySet<Piece>;
}

function wantedGap(gap: string, before: Piece | undefined, after: Piece | undefined, rules: Rules): string {
  if (!before) return '';
  const ends = gap.match(/\r?\n/g) ?? [];
  if (!after) return ends[0] ?? rules.lineEnd;
  if (ends.length > 0) {
    // One empty line at most, and one above a table.
    const count = rules.sections.has(after) ? 2 : Math.min(ends.length, 2);
    const breaks = Array.from({ length: count }, (_, index) => ends[index] ?? rules.lineEnd).join('');
    return breaks + rules.indent.repeat(after.depth);
  }
  if (after.kind === 'comment') return ' ';
  if (before.statement !== after.statement) return gap;
  if (after.statement?.kind === 'header') return '';
  if (before.kind === '{' || after.kind === '}') return before.kind === '{' && after.kind === '}' ? '' : ' ';
  if (before.kind === '=' || after.kind === '=') return ' ';
  if (before.kind === '[' || after.kind === ']' || after.kind === ',') return '';
  if (before.kind === ',') return ' ';
  if (before.key && after.key) return '';
  // Within a number or a date.
  return gap;
}

/** The header of each table, or the first of the comments that stand right above it; parts of a table have none. */
function sectionStarts(pieces: readonly Piece[], gaps: readonly string[]): Set<Piece> {
  const starts = new Set<Piece>();
  const breaks = (index: number): number => gaps[index]?.match(/\n/g)?.length ?? 0;
  for (const [index, piece] of pieces.entries()) {
    const { statement } = piece;
    if (statement?.kind !== 'header' || statement.broken || statement.keys.length > 1) continue;
    if (pieces[index - 1]?.statement === statement) continue;
    let first = index;
    while (breaks(first) === 1) {
      const above = pieces[first - 1];
      if (above?.kind !== 'comment' || above.statement || (first > 1 && breaks(first - 1) === 0)) break;
      first--;
    }
    const start = pieces[first];
    if (start) starts.add(start);
  }
  return starts;
}

/** Comments behind something that stood in one column do so again. */
function alignComments(
  pieces: readonly Piece[],
  gaps: readonly string[],
  wanted: string[],
  text: string,
): void {
  const columns = new Map<number, { index: number; width: number }[]>();
  let width = 0;
  for (const [index, piece] of pieces.entries()) {
    const blanks = wanted[index] ?? '';
    const isBehind = piece.kind === 'comment' && index > 0 && !/\n/.test(gaps[index] ?? '');
    if (isBehind && !isLeft(gaps[index] ?? '', pieces[index - 1], piece)) {
      const column = piece.start - (text.lastIndexOf('\n', piece.start) + 1);
      const group = columns.get(column);
      if (group) group.push({ index, width });
      else columns.set(column, [{ index, width }]);
    }
    const line = blanks + text.slice(piece.start, piece.end);
    const end = line.lastIndexOf('\n');
    width = end === -1 ? width + line.length : line.length - end - 1;
  }
  for (const group of columns.values()) {
    const column = Math.max(...group.map((one) => one.width)) + 1;
    for (const one of group) wanted[one.index] = ' '.repeat(column - one.width);
  }
}

/** Only what differs: CR and LF stay together. */
function edit(lines: LineIndex, from: number, before: string, after: string): TextEdit {
  const limit = Math.min(before.length, after.length);
  let start = 0;
  while (start < limit && before[start] === after[start]) start++;
  if (before[start - 1] === '\r') start--;
  let end = 0;
  while (end < limit - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  if (end > 0 && before.at(-end) === '\n' && before.at(-1 - end) === '\r') end--;
  if (end > 0 && after.at(-end) === '\n' && after.at(-1 - end) === '\r') end--;
  return {
    range: lines.range(from + start, from + before.length - end),
    text: after.slice(start, after.length - end),
  };
}
