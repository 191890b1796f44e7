// A handler for a module that has none yet, below the others.

import type { Manifest } from '../parse.ts';
import { quote } from '../quote.ts';
import { lineEnd } from '../split.ts';
import type { TextEdit } from '../text-edit.ts';
import { freeRoute } from './free-names.ts';
import { commentAbove } from './edits.ts';
import { lineEndOf } from './line-ends.ts';
import { headerPath } from './place.ts';

/**
 * Behind the last handler, else in front of the exports, else at the end.
 * @param module its file, relative to the project with `/`
 * @returns undefined where handlers are written as one list, which a header cannot add to
 */
export function addHandler(manifest: Manifest, module: string): TextEdit | undefined {
  const { document } = manifest;
  const { text, lines, statements, root } = document;
  const written = root.entries.get('handler')?.value;
  if (written && written.kind !== 'tables') return undefined;
  const eol = lineEndOf(text);
  const handler = [
    `[[handler]]`,
    `route = ${quote(freeRoute(manifest, module))}`,
    `name = ${quote(module)}`,
  ].join(eol);
  const add = (at: number, before: string, after: string): TextEdit => ({
    range: lines.range(at, at),
    text: before + handler + after,
  });
  // The last statement of the last handler, or of what stands above the exports.
  let last = -1;
  let table: string | undefined;
  for (const [index, statement] of statements.entries()) {
    if (statement.kind === 'header') table = headerPath(statement)[0];
    if (table === 'handler' || (table !== 'export' && !written)) last = index;
  }
  const anchor = statements[last];
  if (anchor) return add(endWithComments(text, anchor.range.end.offset), eol + eol, '');
  const [first] = statements;
  // Above exports, and the comments that belong to them.
  if (first) return add(commentAbove(text, first.range.start.offset), '', eol + eol);
  return add(text.length, text.trim() === '' ? '' : text.endsWith('\n') ? eol : eol + eol, eol);
}

const COMMENT_LINE = /\r?\n[ \t]*#/y;
const HEADER_LINE = /\r?\n[ \t]*\[/y;

/** The end of a line and of the comments right below it, unless they are those of a header right below them. */
function endWithComments(text: string, offset: number): number {
  const first = lineEnd(text, offset);
  let end = first;
  for (;;) {
    COMMENT_LINE.lastIndex = HEADER_LINE.lastIndex = end;
    if (!COMMENT_LINE.test(text)) return HEADER_LINE.test(text) ? first : end;
    end = lineEnd(text, COMMENT_LINE.lastIndex);
  }
}
