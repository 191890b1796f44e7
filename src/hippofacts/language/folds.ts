// What can be folded: tables, values of several lines, and comments that stand together.

import type { Manifest } from '../parse.ts';
import { lineEnd } from '../split.ts';
import { outline, type Symbol } from './outline.ts';

export interface Fold {
  /** The line that stays, from 0. */
  readonly start: number;
  /** The last line that goes. */
  readonly end: number;
  readonly kind: 'table' | 'value' | 'comment';
}

/** In the order of the lines. */
export function folds(manifest: Manifest): Fold[] {
  const found: Fold[] = [];
  const add = (kind: Fold['kind'], start: number, end: number): void => {
    if (end > start) found.push({ start, end, kind });
  };
  const addTables = ({ kind, range, children }: Symbol): void => {
    if (kind === 'key') return;
    add('table', range.start.line, range.end.line);
    for (const child of children) addTables(child);
  };
  for (const symbol of outline(manifest)) addTables(symbol);
  for (const { kind, range } of manifest.document.statements)
    if (kind === 'pair') add('value', range.start.line, range.end.line);
  for (const [start, end] of commentBlocks(manifest)) add('comment', start, end);
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** First and last lines of comments that follow each other, each alone on its line. */
function commentBlocks({ document: { text, lines, statements } }: Manifest): [number, number][] {
  const blocks: [number, number][] = [];
  let next = 0;
  for (let start = 0; start < text.length; start = text.indexOf('\n', start) + 1 || text.length) {
    // A line that begins within a statement is none of a comment, whatever it looks like.
    while ((statements[next]?.range.end.offset ?? Infinity) <= start) next++;
    if ((statements[next]?.range.start.offset ?? Infinity) < start) continue;
    if (!/^\uFEFF?[ \t]*#/.test(text.slice(start, lineEnd(text, start)))) continue;
    const { line } = lines.position(start);
    const last = blocks.at(-1);
    if (last?.[1] === line - 1) last[1] = line;
    else blocks.push([line, line]);
  }
  return blocks;
}
