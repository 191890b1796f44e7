// A file pattern, with the exact meaning of Rust's glob 0.3.0, which the existing CLI uses (bindle.md §8).
//
// fast-glob cannot be bent to it: braces, extglobs, `!`, `\` and `[^a]` mean other things there, its `dir/**`
// matches files, what Rust refuses it accepts, and it hides links that lead nowhere or in circles.

/** A set of characters by code point, ends included. */
type CharacterRange = readonly [from: number, to: number];

/** One code point, any one, any number of them, or one of a set. */
type Token =
  number | 'any' | 'sequence' | { readonly ranges: readonly CharacterRange[]; readonly negated: boolean };

/** What stands between two slashes. */
export interface Component {
  /** The name that it stands for if it has no special characters; `.`, `..` and empty names are among them. */
  readonly literal: string | undefined;
  /** `**`: any number of folders. */
  readonly recursive: boolean;
  /** A component such as `.*`, which Rust lets match `.` and `..` too. */
  readonly dotFirst: boolean;
  matches(name: string): boolean;
}

export interface Pattern {
  readonly components: readonly Component[];
  /** No component has a special character: it names one file. */
  readonly literal: boolean;
  /** It ends in a slash or `**`: folders match, files never do. */
  readonly foldersOnly: boolean;
}

/** A pattern that Rust's glob refuses; the message is its reason and what to write instead. */
export class PatternError extends Error {
  readonly code = 'INVALID_PATTERN';
  constructor(message: string) {
    super(message);
    this.name = 'PatternError';
  }
}

const RANGE_REASON = 'invalid range pattern: close the bracket, or write [[] where a bracket itself is meant';

/**
 * @param windows a backslash separates folders too; elsewhere it is a character like any other
 * @throws PatternError
 */
export function parsePattern(text: string, windows = false): Pattern {
  const isSeparator = (char: string | undefined): boolean => char === '/' || (windows && char === '\\');
  // Rust checks the whole first, and then each component: `[a/b]` passes the first and fails the second.
  tokenize(text, isSeparator);
  const parts = text.split(windows ? /[/\\]/ : '/');
  const endsInSeparator = parts.at(-1) === '';
  if (endsInSeparator) parts.pop();
  const components = parts
    .map((part) => component(part, tokenize(part, isSeparator)))
    // Several `**` in a row are one.
    .filter(({ recursive }, index, all) => !(recursive && all[index + 1]?.recursive));
  return {
    components,
    literal: components.every(({ literal }) => literal !== undefined),
    foldersOnly: endsInSeparator || (components.at(-1)?.recursive ?? true),
  };
}

function component(text: string, tokens: readonly Token[] | 'recursive'): Component {
  if (tokens === 'recursive')
    return { literal: undefined, recursive: true, dotFirst: false, matches: () => true };
  const isLiteral = tokens.every((token) => typeof token === 'number');
  return {
    literal: isLiteral ? text : undefined,
    recursive: false,
    dotFirst: tokens[0] === 0x2e,
    matches: (name) => matches(tokens, name),
  };
}

/** `recursive` for `**` by itself; within a longer text its parts are only checked. */
function tokenize(text: string, isSeparator: (char: string | undefined) => boolean): Token[] | 'recursive' {
  const chars = [...text];
  const tokens: Token[] = [];
  let at = 0;
  while (at < chars.length) {
    const char = chars[at] ?? '';
    if (char === '?') {
      tokens.push('any');
      at++;
    } else if (char === '*') {
      const start = at;
      while (chars[at] === '*') at++;
      if (at - start > 2) throw new PatternError('wildcards are either regular * or recursive **');
      if (at - start === 1) {
        tokens.push('sequence');
        continue;
      }
      const alone =
        (start === 0 || isSeparator(chars[start - 1])) && (at === chars.length || isSeparator(chars[at]));
      if (!alone)
        throw new PatternError(
          'recursive wildcards must form a single path component: write **/* for the files in all folders',
        );
      if (chars.length === 2) return 'recursive';
    } else if (char === '[') {
      const negated = chars[at + 1] === '!';
      // The first character of a set is never its end: `[]]` is a set of one bracket.
      const first = at + (negated ? 2 : 1);
      const end = chars.indexOf(']', first + 1);
      if (end === -1) throw new PatternError(RANGE_REASON);
      tokens.push({ ranges: characterRanges(chars.slice(first, end)), negated });
      at = end + 1;
    } else {
      tokens.push(char.codePointAt(0) ?? 0);
      at++;
    }
  }
  return tokens;
}

function characterRanges(chars: readonly string[]): CharacterRange[] {
  const codes = chars.map((char) => char.codePointAt(0) ?? 0);
  const ranges: CharacterRange[] = [];
  for (let at = 0; at < codes.length;) {
    const from = codes[at] ?? 0;
    const to = codes[at + 2];
    if (chars[at + 1] === '-' && to !== undefined) {
      ranges.push([from, to]);
      at += 3;
    } else {
      ranges.push([from, from]);
      at++;
    }
  }
  return ranges;
}

/** Goes back to the last `*` only, so time is bounded by the product of the lengths, whatever the pattern. */
function matches(tokens: readonly Token[], name: string): boolean {
  const codes = Array.from(name, (char) => char.codePointAt(0) ?? 0);
  let token = 0;
  let code = 0;
  let lastSequence = -1;
  let resumeAt = 0;
  while (code < codes.length) {
    const current = tokens[token];
    if (current === 'sequence') {
      lastSequence = token++;
      resumeAt = code;
    } else if (current !== undefined && matchesOne(current, codes[code] ?? 0)) {
      token++;
      code++;
    } else if (lastSequence >= 0) {
      token = lastSequence + 1;
      code = ++resumeAt;
    } else {
      return false;
    }
  }
  while (tokens[token] === 'sequence') token++;
  return token === tokens.length;
}

function matchesOne(token: Exclude<Token, 'sequence'>, code: number): boolean {
  if (token === 'any') return true;
  if (typeof token === 'number') return token === code;
  return token.ranges.some(([from, to]) => from <= code && code <= to) !== token.negated;
}
