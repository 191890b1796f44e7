// Import lines: found, and put where imports of the language stand.

import type { Insertions } from './insertions.ts';
import { scan } from './scan.ts';
import type { Language } from './templates.ts';

interface Head {
  /** Where the next import goes. */
  readonly at: number;
  /** Imports that are there, without comments. */
  readonly imports: readonly { readonly text: string; readonly start: number; readonly end: number }[];
}

/** What a file begins with, before its first statement that is no import. */
export function headOf(text: string, language: Language): Head {
  const { bare } = scan(text, language);
  const is = new RegExp(language.imports.is, 'uy');
  const before =
    language.imports.before === undefined ? undefined : new RegExp(language.imports.before, 'uy');
  const imports: { text: string; start: number; end: number }[] = [];
  let at = 0;
  let preamble = 0;
  for (;;) {
    const next = at + (/^\s*/.exec(bare.slice(at))?.[0].length ?? 0);
    const first = matchAt(before, bare, next) ?? matchAt(before, text, next);
    const found = first === undefined ? matchAt(is, bare, next) : undefined;
    const length = (first ?? found)?.length;
    if (length === undefined || length === 0) break;
    at = endOfLine(text, next + length);
    if (found === undefined) preamble = at;
    else imports.push({ text: found.trim(), start: next, end: at });
  }
  const last = imports.at(-1)?.end ?? 0;
  return { at: Math.max(last, preamble, last === 0 ? commentEnd(text, bare, preamble) : 0), imports };
}

function matchAt(pattern: RegExp | undefined, text: string, at: number): string | undefined {
  if (!pattern) return undefined;
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Behind the comment that a file begins with, where it is about the file: an empty line follows, or it is marked so. */
function commentEnd(text: string, bare: string, from: number): number {
  const start = Math.max(from, text.startsWith('\uFEFF') ? 1 : 0);
  const blank = /^\s*/.exec(bare.slice(start))?.[0] ?? '';
  const comments = text.slice(start, start + blank.length);
  if (comments.trim() === '') return start;
  const about = /^[^]*\n[ \t]*(?=\r?\n)/.exec(comments)?.[0];
  if (about !== undefined) return endOfLine(text, start + about.length);
  if (start + blank.length >= text.length) return text.length;
  const marked = [...comments.matchAll(/^[ \t]*(?:\/\/!|\/\*!|#!)[^\n]*(?:\n|$)/gm)].at(-1);
  return marked ? start + marked.index + marked[0].length : start;
}

/** The next line's start, if nothing but a comment follows on this one. */
function endOfLine(text: string, at: number): number {
  if (text.charAt(at - 1) === '\n') return at;
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

/**
 * Adds a line to the imports: behind the last that begins with the same word, else behind all of them.
 * @param before without such a one, in front of all of them
 */
export function addImport(
  file: Insertions,
  line: string,
  language: Language,
  eol: string,
  before = false,
): void {
  const { text } = file;
  const { at, imports } = headOf(text, language);
  const word = /[#\w]+/.exec(line)?.[0] ?? '';
  const alike = imports.findLast((one) => one.text.startsWith(word));
  const place = alike?.end ?? (before ? imports[0]?.start : undefined) ?? at;
  const added = line.replaceAll('\n', eol) + eol;
  if (imports.length > 0) {
    const opens = place === text.length && !text.endsWith('\n') ? eol : '';
    file.insert(place, opens + added);
    return;
  }
  const above = text.slice(0, place).replace('\uFEFF', '');
  const opens = above === '' || /\n[ \t]*\r?\n$/.test(above) ? '' : above.endsWith('\n') ? eol : eol + eol;
  const isLast = text.slice(place).trim() === '';
  const nextIsBlank = /^[ \t]*\r?\n/.test(text.slice(place));
  file.insert(place, opens + added + (isLast || nextIsBlank ? '' : eol));
}
