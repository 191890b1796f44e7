// Closes what a half-typed statement has left open: quotes, brackets and braces.

import type { Manifest } from '../parse.ts';
import { lineEnd } from '../split.ts';
import type { Statement } from '../syntax.ts';
import type { TextEdit } from '../text-edit.ts';
import { indentOf } from './edits.ts';
import { lineEndOf } from './line-ends.ts';
import { tokenize, type Token } from './tokens.ts';
import { tried } from './tried.ts';

/** The edit that makes the statement whole; undefined if none of the likely ones does. */
export function closeOpen(manifest: Manifest, statement: Statement): TextEdit | undefined {
  const { document } = manifest;
  const { text, lines } = document;
  const { start, end } = statement.range;
  const tokens = tokenize(text, start.offset, end.offset);
  const before = document.problems.length;
  for (const { at, closing } of candidates(text, tokens, indentOf(text, statement))) {
    const edit = { range: lines.range(at, at), text: closing };
    const fixed = tried(manifest, [edit])?.document;
    // Which one is right cannot be told without a try.
    if (!fixed) return undefined;
    if (fixed.problems.length < before && fixed.statements.length >= document.statements.length) return edit;
  }
  return undefined;
}

interface Candidate {
  readonly at: number;
  readonly closing: string;
}

/** The likeliest first. */
function* candidates(text: string, tokens: readonly Token[], indent: string): Generator<Candidate> {
  const openText = tokens.find(({ open }) => open);
  if (openText) {
    const [quotes = '"'] = /^(?:"""|'''|"|')/.exec(text.slice(openText.start, openText.end)) ?? [];
    const brackets = closers(tokens.slice(0, tokens.indexOf(openText)));
    for (const at of textEnds(text, openText)) {
      yield { at, closing: quotes };
      if (brackets !== '') yield { at, closing: quotes + brackets };
    }
    return;
  }
  const brackets = closers(tokens);
  const last = tokens.findLast(({ kind }) => kind !== 'comment' && kind !== 'newline');
  const opening = tokens.find(({ kind }) => kind === '[' || kind === '{');
  if (!last || !opening) return;
  const isLong = text.slice(opening.start, last.start).includes('\n');
  if (isLong) yield { at: lineEnd(text, last.end), closing: lineEndOf(text) + indent + brackets.trimStart() };
  yield { at: last.end, closing: brackets };
}

/** What closes the lists and inline tables that are open after the tokens. */
function closers(tokens: readonly Token[]): string {
  const open: string[] = [];
  for (const { kind } of tokens) {
    if (kind === '[') open.push(']');
    else if (kind === '{') open.push(' }');
    else if (kind === ']' || kind === '}') open.pop();
  }
  return open.toReversed().join('');
}

/** Where a text may end: with its first word, before what closes a list, before a comment, or with its line. */
function textEnds(text: string, { start, end }: Token): number[] {
  const written = text.slice(start, end);
  const ends = [/[ \t]*[\],}]*[ \t]*(?:#[^"']*)?$/, /[ \t]+#[^"']*$/, /[ \t]*$/].map(
    (tail) => start + (tail.exec(written)?.index ?? written.length),
  );
  return [...new Set(ends)].filter((at) => at > start);
}
