// A source text without its comments and strings, and the places at which something can be put between its statements.
//
// No language is parsed: brackets are counted in what is neither comment nor string. What that cannot tell for certain
// is not a place.

import { escapePattern } from './escape-pattern.ts';
import type { Language } from './templates.ts';

export interface Scan {
  /** Comments are blanks. The same length as the text. */
  readonly bare: string;
  /** Comments are blanks, strings are quotation marks, and no line ends within either. */
  readonly code: string;
}

export function scan(text: string, { syntax }: Language): Scan {
  const pattern = new RegExp(`(?<comment>${syntax.comment})|(?<string>${syntax.string})`, 'gu');
  const [open, close] = syntax.nested ?? [];
  let [bare, code] = ['', ''];
  let at = 0;
  if (text.startsWith('\uFEFF')) [bare, code, at] = [' ', ' ', 1];
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const start = match?.index ?? text.length;
    bare += text.slice(at, start);
    code += text.slice(at, start);
    if (!match) return { bare, code };
    const isComment = match.groups?.['comment'] !== undefined;
    const isNested = isComment && open !== undefined && match[0].startsWith(open);
    at = isNested ? nestedEnd(text, start, open, close ?? open) : start + Math.max(1, match[0].length);
    bare += isComment ? ' '.repeat(at - start) : text.slice(start, at);
    code += (isComment ? ' ' : '"').repeat(at - start);
  }
}

/** The end of a comment in which others may stand. */
function nestedEnd(text: string, start: number, open: string, close: string): number {
  let at = start + open.length;
  for (let depth = 1; depth > 0 && at < text.length;)
    if (text.startsWith(open, at)) [depth, at] = [depth + 1, at + open.length];
    else if (text.startsWith(close, at)) [depth, at] = [depth - 1, at + close.length];
    else at++;
  return Math.min(at, text.length);
}

/** True if a name stands in the text, but not in a comment or a string. */
export function hasWord({ code }: Scan, word: string): boolean {
  return new RegExp(`(?<![\\w$])${escapePattern(word)}(?![\\w$])`).test(code);
}

/** A line's start, and the bracket that it stands in. */
interface LineStart {
  readonly at: number;
  /** The last thing before it. */
  readonly last: string;
  /** Offsets of the brackets that are open. */
  readonly open: readonly number[];
}

function lineStarts(code: string): LineStart[] {
  const starts: LineStart[] = [{ at: 0, last: '', open: [] }];
  let open: readonly number[] = [];
  let last = '';
  for (let at = 0; at < code.length; at++) {
    const char = code.charAt(at);
    if (char === '\n') starts.push({ at: at + 1, last, open });
    else if ('([{'.includes(char)) open = [...open, at];
    else if (')]}'.includes(char)) open = open.slice(0, -1);
    if (char.trim() !== '') last = char;
  }
  return starts;
}

/** What goes on with the statement above it. */
const GOES_ON = /^\s*(?:[.,;)\]?:=|&+\-*/%<>^([]|(?:else|while|catch|finally|as|in|instanceof)\b)/;
const PYTHON_GOES_ON = /^(?:else|elif|except|finally|case)\b/;

/**
 * The last place at or before an offset, at the top level, where a definition can stand.
 * @param from there is one in any case: behind the imports
 */
export function placeForDefinition(
  text: string,
  { code }: Scan,
  { syntax }: Language,
  from: number,
  offset: number,
): number {
  const hasBraces = syntax.block !== undefined;
  const lineEnd = text.indexOf('\n', offset);
  const isBlank = text.slice(text.lastIndexOf('\n', offset - 1) + 1, lineEnd === -1 ? undefined : lineEnd);
  // On an empty line, below it is as good.
  const until = isBlank.trim() === '' ? (lineEnd === -1 ? text.length : lineEnd + 1) : offset;
  const starts = lineStarts(code).filter(({ at }) => at > from && at <= until);
  if (until >= text.length && code.length > 0) {
    const end = lineStarts(`${code}\n`).at(-1);
    if (end) starts.push({ ...end, at: text.length });
  }
  const found = starts.findLast((start) => {
    const { at, last, open } = start;
    if (open.length > 0 || isBelowComment(text, code, at)) return false;
    const rest = code.slice(at);
    const next = rest.trimStart();
    if (hasBraces) return (last === ';' || last === '}') && !GOES_ON.test(rest);
    const column = /(?:^|\n)([^\n\S]*)\S/.exec(rest)?.[1] ?? '';
    const above = code.slice(0, at).trimEnd();
    const line = above.slice(above.lastIndexOf('\n') + 1);
    return column === '' && !PYTHON_GOES_ON.test(next) && !line.startsWith('@') && !above.endsWith('\\');
  });
  return found?.at ?? from;
}

/** The line above a place holds a comment and nothing else: it is about what comes next. */
function isBelowComment(text: string, code: string, at: number): boolean {
  if (at === 0 || at >= text.length) return false;
  const start = code.lastIndexOf('\n', at - 2) + 1;
  return code.slice(start, at).trim() === '' && text.slice(start, at).replace('\uFEFF', '').trim() !== '';
}

/** An empty line in a function's body, where statements can stand. */
export interface Spot {
  readonly start: number;
  readonly end: number;
  readonly indent: string;
}

/** Undefined where an offset is nowhere that a statement could be. */
export function placeForStatements(
  text: string,
  { code }: Scan,
  { syntax }: Language,
  offset: number,
): Spot | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const next = text.indexOf('\n', offset);
  const end = next === -1 ? text.length : text.charAt(next - 1) === '\r' ? next - 1 : next;
  if (text.slice(start, end).trim() !== '' || syntax.block === undefined) return undefined;
  const line = lineStarts(code).find(({ at }) => at === start);
  const brace = line?.open.at(-1);
  if (!line || brace === undefined || code.charAt(brace) !== '{') return undefined;
  if (!['{', '}', ';'].includes(line.last) || GOES_ON.test(code.slice(start))) return undefined;
  if (isBelowComment(text, code, start)) return undefined;
  const header = code.slice(0, brace);
  const from = Math.max(...[';', '{', '}'].map((mark) => header.lastIndexOf(mark))) + 1;
  if (!new RegExp(syntax.block, 'u').test(header.slice(from).trim())) return undefined;
  return { start, end, indent: indentAt(text, start, end, brace) };
}

/** That of the line, else of the statement above or below, else one step more than the block's. */
function indentAt(text: string, start: number, end: number, brace: number): string {
  const own = text.slice(start, end);
  if (own !== '') return own;
  const blockStart = text.lastIndexOf('\n', brace) + 1;
  const block = /^[ \t]*/.exec(text.slice(blockStart))?.[0] ?? '';
  return block + unitOf(text);
}

/** One step of indentation: a tab, or the spaces with which the text's first indented line begins. */
export function unitOf(text: string, otherwise = '    '): string {
  const first = /^(\t| {2,8})(?=[^\s*])/m.exec(text)?.[1];
  return first ?? otherwise;
}
