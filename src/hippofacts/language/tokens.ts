// A piece of TOML as tokens, for places in it that the tree does not name; also where it is half-typed.

import { lineEnd, scanText } from '../split.ts';

export type Mark = '=' | '[' | ']' | '{' | '}' | ',' | '.';

/** Offsets in the whole text, `end` exclusive. Blanks stand between tokens. */
export interface Token {
  /** `word`: all that stands for itself, such as a bare key or a part of a number. */
  readonly kind: 'text' | 'word' | 'comment' | 'newline' | Mark;
  readonly start: number;
  readonly end: number;
  /** A text without its last quote. */
  readonly open?: boolean;
}

const MARKS: ReadonlySet<string> = new Set<Mark>(['=', '[', ']', '{', '}', ',', '.']);
const WORD = /[^\s=[\]{},.#"']+/y;

/** All tokens that start in [start, end). A text or comment may end after it. */
export function tokenize(text: string, start: number, end: number): Token[] {
  const tokens: Token[] = [];
  let at = start;
  while (at < end) {
    const char = text.charAt(at);
    if (char === '\n') {
      tokens.push({ kind: 'newline', start: at, end: at + 1 });
      at++;
    } else if (char === '#') {
      const stop = lineEnd(text, at);
      tokens.push({ kind: 'comment', start: at, end: stop });
      at = stop;
    } else if (char === '"' || char === "'") {
      const scanned = scanText(text, at);
      tokens.push({ kind: 'text', start: at, end: scanned.end, ...(!scanned.closed && { open: true }) });
      at = scanned.end;
    } else if (MARKS.has(char)) {
      tokens.push({ kind: char as Mark, start: at, end: at + 1 });
      at++;
    } else {
      WORD.lastIndex = at;
      if (WORD.test(text)) {
        tokens.push({ kind: 'word', start: at, end: WORD.lastIndex });
        at = WORD.lastIndex;
      } else {
        at++;
      }
    }
  }
  return tokens;
}
