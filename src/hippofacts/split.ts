// Cuts TOML into statements so that each can be parsed alone: what is broken in one does not hide the others.
//
// The scanner follows TOML's own lexical rules, so what is valid is cut exactly. In what is not, a list, table
// or text that was never closed ends where the next line looks like a new statement.

/** Nesting of lists and inline tables; a manifest needs two. Bounds the recursion of the parser behind this. */
export const MAX_DEPTH = 32;
/** UTF-16 units of one text; the parser behind this fails on a hundred thousand. */
const MAX_TEXT = 65_536;

/** Offsets in the whole text, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Piece extends Span {
  readonly kind: 'header' | 'pair';
  /** Where the `=` stands; undefined in a header and where it is missing. */
  readonly equals?: number;
  /** What the scanner saw to be wrong. The rest is the parser's to say. */
  readonly fault?: Fault;
}

export type PieceFault = 'unclosed-text' | 'unclosed-list' | 'unclosed-table' | 'too-deep' | 'too-long';

type Fault = Span & { readonly code: PieceFault };

export interface Split {
  readonly pieces: readonly Piece[];
  /** Characters that TOML allows nowhere outside of a statement: control characters, most in comments. */
  readonly strays: readonly Span[];
}

const KEY = String.raw`(?:[A-Za-z0-9_-]+|"(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*')`;
const PAIR_LINE = new RegExp(String.raw`[ \t]*${KEY}(?:[ \t]*\.[ \t]*${KEY})*[ \t]*=`, 'y');
/** `[handler` and `[[handler`, but not the start of a list of values such as `[true` or `["a"`. */
const HEADER_LINE = /[ \t]*\[\[?[ \t]*(?!(?:true|false|inf|nan)\b)[A-Za-z_]/y;
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/g;

export function split(text: string): Split {
  const pieces: Piece[] = [];
  const strays: Span[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    const char = text[at];
    if (char === '#') {
      const end = lineEnd(text, at);
      for (const { index } of text.slice(at, end).matchAll(CONTROL))
        strays.push({ start: at + index, end: at + index + 1 });
      at = end;
    } else if (char === '\r' && text[at + 1] !== '\n') {
      strays.push({ start: at, end: ++at });
    } else if (char === ' ' || char === '\t' || char === '\n' || char === '\r') {
      at++;
    } else {
      const piece = char === '[' ? scanHeader(text, at) : scanPair(text, at);
      pieces.push(piece);
      at = piece.end;
    }
  }
  return { pieces, strays };
}

/** Offset of the LF or CRLF that ends the line, or the end of the text. A CR alone ends nothing in TOML. */
export function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  if (newline === -1) return text.length;
  return newline > from && text[newline - 1] === '\r' ? newline - 1 : newline;
}

/** The end without the blanks before it: TOML's, since any other is part of what is written. */
function trimmed(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && ' \t\r\n'.includes(text.charAt(last - 1))) last--;
  return last;
}

function matchesAt(pattern: RegExp, text: string, offset: number): boolean {
  pattern.lastIndex = offset;
  return pattern.test(text);
}

/** A header is one line, up to a comment. */
function scanHeader(text: string, start: number): Piece {
  const limit = lineEnd(text, start);
  let at = start;
  while (at < limit && text[at] !== '#') at = isQuote(text[at]) ? scanText(text, at).end : at + 1;
  return { kind: 'header', start, end: trimmed(text, start, Math.min(at, limit)) };
}

function scanPair(text: string, start: number): Piece {
  const limit = lineEnd(text, start);
  let equals = start;
  while (equals < limit && text[equals] !== '=' && text[equals] !== '#')
    equals = isQuote(text[equals]) ? scanText(text, equals).end : equals + 1;
  if (text[equals] !== '=' || equals >= limit)
    return { kind: 'pair', start, end: trimmed(text, start, Math.min(equals, limit)) };

  const value = scanValue(text, equals + 1);
  const piece = { kind: 'pair', start, equals } as const;
  // What was left open, or is followed by more text, took in too much if a statement starts in a later line.
  const cut = value.whole ? undefined : nextStatement(text, limit, value.end);
  if (cut !== undefined) return moved(scanPair(text.slice(start, cut), 0), start);
  const end = trimmed(text, start, value.end);
  const fault = value.fault ?? value.unclosed;
  return { ...piece, end, ...(fault && { fault: { ...fault, end: Math.min(fault.end, end) } }) };
}

/** A piece of a part of the text as one of the whole. */
function moved(piece: Piece, by: number): Piece {
  const span = ({ start, end }: Span): Span => ({ start: start + by, end: end + by });
  return {
    kind: piece.kind,
    ...span(piece),
    ...(piece.equals !== undefined && { equals: piece.equals + by }),
    ...(piece.fault && { fault: { code: piece.fault.code, ...span(piece.fault) } }),
  };
}

/** The start of the first line after `from` that looks like a statement. */
function nextStatement(text: string, from: number, to: number): number | undefined {
  for (let line = text.indexOf('\n', from) + 1; line > 0 && line < to; line = text.indexOf('\n', line) + 1)
    if (matchesAt(PAIR_LINE, text, line) || matchesAt(HEADER_LINE, text, line)) return line;
  return undefined;
}

interface ScannedValue {
  end: number;
  /** Everything that was opened was closed, and nothing follows it. */
  whole: boolean;
  fault?: Fault;
  /** The outermost list or table that is open at `end`. */
  unclosed?: Fault;
}

function scanValue(text: string, from: number): ScannedValue {
  const open: { char: string; at: number }[] = [];
  let at = from;
  /** The last character that means something: tells whether a key may follow in an inline table. */
  let last = '';
  let complete = false;
  let trailing = false;
  /** Where the statement ends if nothing else follows on its line: before a comment. */
  let end = from;
  /** A text in a list that was not closed on its line. */
  let openText: Fault | undefined;

  const result = (stop: number, whole: boolean, found?: Fault): ScannedValue => {
    const [outer] = open;
    const code = outer?.char === '[' ? 'unclosed-list' : 'unclosed-table';
    const fault = openText ?? found;
    return {
      end: stop,
      whole,
      ...(fault && { fault }),
      ...(outer && { unclosed: { code, start: outer.at, end: stop } }),
    };
  };

  while (at < text.length) {
    const char = text.charAt(at);
    const within = open.at(-1);
    if (char === '\n') {
      if (!within) break;
      at++;
      if (startsStatement(text, at, within.char, last)) break;
      continue;
    }
    if (char === '#') {
      at = lineEnd(text, at);
      continue;
    }
    if (char === ' ' || char === '\t' || char === '\r') {
      at++;
      continue;
    }
    if (complete && !within) trailing = true;
    last = char;
    if (isQuote(char)) {
      const scanned = scanText(text, at);
      const place = { start: at, end: scanned.end };
      if (!scanned.closed) {
        const fault: Fault = { code: 'unclosed-text', ...place };
        if (scanned.multiLine || !within) return result(scanned.end, false, fault);
        // It ends with its line; the list that it stands in may go on.
        openText ??= fault;
      } else if (scanned.end - at > MAX_TEXT) {
        return result(scanned.end, true, { code: 'too-long', ...place });
      }
      at = scanned.end;
      complete ||= !within;
    } else {
      if (char === '[' || char === '{') {
        if (open.length === MAX_DEPTH)
          return result(lineEnd(text, at), false, { code: 'too-deep', start: at, end: at + 1 });
        open.push({ char, at });
      } else if (within && char === (within.char === '[' ? ']' : '}')) {
        open.pop();
        complete ||= open.length === 0;
      }
      at++;
    }
    end = at;
  }

  return open.length === 0 ? result(end, !trailing) : result(at, false);
}

/** True if the line at `offset`, inside of an open list or inline table, can only be a new statement. */
function startsStatement(text: string, offset: number, within: string, last: string): boolean {
  if (matchesAt(HEADER_LINE, text, offset)) return true;
  // `key =` never stands in a list. In an inline table it may, after the brace or a comma: TOML 1.0 forbids
  // the line break, but the author's meaning is clear.
  return matchesAt(PAIR_LINE, text, offset) && (within === '[' || (last !== '{' && last !== ','));
}

function isQuote(char: string | undefined): boolean {
  return char === '"' || char === "'";
}

export interface ScannedText {
  end: number;
  closed: boolean;
  multiLine: boolean;
}

/** The text that starts with the quote at `start`; one that is not closed ends with its line, or the file. */
export function scanText(text: string, start: number): ScannedText {
  const quote = text.charAt(start);
  const triple = quote.repeat(3);
  const escapes = quote === '"';
  if (text.startsWith(triple, start)) {
    for (let at = start + 3; at < text.length; at++) {
      if (escapes && text[at] === '\\') at++;
      else if (text.startsWith(triple, at)) {
        // Up to two more quotes belong to the text.
        let end = at + 3;
        while (text[end] === quote && end < at + 5) end++;
        return { end, closed: true, multiLine: true };
      }
    }
    return { end: text.length, closed: false, multiLine: true };
  }
  const limit = lineEnd(text, start);
  for (let at = start + 1; at < limit; at++) {
    if (escapes && text[at] === '\\') at++;
    else if (text[at] === quote) return { end: at + 1, closed: true, multiLine: false };
  }
  return { end: limit, closed: false, multiLine: false };
}
