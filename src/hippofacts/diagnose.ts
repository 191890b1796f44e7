// Says what is wrong with a statement that is not TOML, in the words of someone who writes a manifest.

import type { ProblemCode } from './problem.ts';
import { quote } from './quote.ts';
import { completeTableName } from './schema.ts';
import type { Piece, PieceFault } from './split.ts';

/** Offsets are relative to the statement. */
export interface Diagnosis {
  readonly code: ProblemCode;
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly replacement?: string;
}

const FAULTS: Record<PieceFault, string> = {
  'unclosed-text': 'This text is not closed: add the quote at its end',
  'unclosed-list': 'This list is not closed: add ] at its end',
  'unclosed-table': 'This inline table is not closed: add } at its end',
  'too-deep': 'This is nested too deeply',
  'too-long': 'This text is too long',
};

/** The parser gives its reasons as English sentences only. What is not here is passed on as it says it. */
const REASONS: Record<string, readonly [ProblemCode, string]> = {
  'Unterminated string constant': ['unclosed-text', FAULTS['unclosed-text']],
  'Expected comma (,) token': ['missing-comma', 'A comma is missing before this'],
  'Must be a newline': [
    'trailing-text',
    'Only a comment may follow here: put the next statement on a new line',
  ],
  'Invalid character in escape sequence': [
    'bad-escape',
    'This is no escape: write / in a path, and \\\\ for a backslash',
  ],
  'Control characters (codes < 0x1f and 0x7f) are not allowed': [
    'control-character',
    'A control character is not allowed here: write it as an escape',
  ],
  'Defining a key multiple times is invalid': ['duplicate-key', 'This key is already set in the same table'],
  'No newlines are allowed between the curly braces unless they are valid within a value': [
    'multi-line-table',
    'An inline table must stand on one line',
  ],
  'Trailing comma is not permitted in an inline table': [
    'multi-line-table',
    'An inline table may not end with a comma',
  ],
  'Empty bare keys are not allowed': [
    'syntax',
    'This header has no name: write [bindle], [annotations], [[handler]] or [[export]]',
  ],
  'Keys cannot end with a dot': ['syntax', 'A name is missing after this dot'],
};

/** `carriageReturn`: where one stands alone; `error`: what the parser threw. */
export function diagnose(
  source: string,
  piece: Piece,
  carriageReturn: number | undefined,
  error: (Error & { index?: number }) | undefined,
): Diagnosis {
  const whole = { start: 0, end: source.length };
  if (piece.fault) {
    const { code, start, end } = piece.fault;
    return { code, message: FAULTS[code], start: start - piece.start, end: end - piece.start };
  }
  if (carriageReturn !== undefined)
    return {
      code: 'control-character',
      message: 'A carriage return alone ends no line: save the file with LF or CRLF line ends',
      start: carriageReturn,
      end: carriageReturn + 1,
    };
  if (error?.index === undefined) return { code: 'too-long', message: FAULTS['too-long'], ...whole };

  const special = piece.kind === 'header' ? inHeader(source, error) : inPair(source, piece);
  if (special) return { ...whole, ...special };
  const start = Math.min(error.index, source.length - 1);
  const [code, message] = REASONS[error.message] ?? [
    'syntax',
    `This is not valid TOML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`,
  ];
  return { code, message, start, end: wordEnd(source, start) };
}

type Special = Omit<Diagnosis, 'start' | 'end'> & { start?: number };

function inHeader(source: string, error: Error): Special | undefined {
  if (error.message !== 'Unterminated table-key') return undefined;
  const [, brackets = '', name = ''] = /^(\[\[?)[ \t]*([^\][#]*)/.exec(source) ?? [];
  const meant = completeTableName(name.trim());
  const depth = meant ? (meant.many ? 2 : 1) : brackets.length;
  const replacement = `${'['.repeat(depth)}${meant?.name ?? (name.trim() || 'name')}${']'.repeat(depth)}`;
  const message = `This header is not closed: write ${replacement}`;
  return { code: 'unclosed-header', message, ...(meant && { replacement }) };
}

function inPair(source: string, piece: Piece): Special | undefined {
  if (piece.equals === undefined) {
    if (!/^[\w"'.-]+$/.test(source))
      return { code: 'syntax', message: 'This is neither a table header nor a key with a value' };
    return { code: 'missing-equals', message: `${source} has no value: write ${source} = "..."` };
  }
  const key = source.slice(0, piece.equals - piece.start).trim();
  if (key === '') return { code: 'syntax', message: 'A key is missing before this' };
  const value = source.slice(piece.equals - piece.start + 1).trim();
  if (value === '') return { code: 'missing-value', message: `${key} has no value after the equals sign` };
  if (/^["'[{]/.test(value)) return undefined;
  const replacement = quote(value);
  return {
    code: 'unquoted-text',
    message: `Text must stand in quotes: write ${replacement}`,
    start: source.length - value.length,
    replacement,
  };
}

/** The end of the word, or the one character, at `start`. */
function wordEnd(source: string, start: number): number {
  const word = /[\w.-]+|[^]/uy;
  word.lastIndex = start;
  return word.test(source) ? word.lastIndex : source.length;
}
