// One statement parsed by itself, with places relative to its start: what stays the same while others are typed.

import { ParseError, parseTOML, type AST } from 'toml-eslint-parser';
import type { Span } from './split.ts';

export interface PieceKey extends Span {
  readonly text: string;
}

export type PieceValue = Span &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'list'; readonly items: readonly PieceValue[] }
    | { readonly kind: 'table'; readonly pairs: readonly PiecePair[] }
    | { readonly kind: 'number' | 'boolean' | 'date' }
  );

export interface PiecePair {
  readonly keys: readonly PieceKey[];
  readonly value: PieceValue;
}

export type PieceTree =
  | { readonly kind: 'header'; readonly keys: readonly PieceKey[]; readonly many: boolean }
  | ({ readonly kind: 'pair' } & PiecePair);

export interface ParsedPiece {
  readonly tree?: PieceTree;
  /** May come with a tree, where only the form is wrong. `index` is where, if that is known. */
  readonly error?: Error & { index?: number };
}

/** Statements of a generation of the memory: those of a few thousand lines. */
const MAX_REMEMBERED = 4096;
/** UTF-16 units. */
const MAX_SOURCE = 1024;

/** What was asked for lately, by its source, and what was before that: with each key typed, one statement is new. */
let lately = new Map<string, ParsedPiece>();
let before = new Map<string, ParsedPiece>();

/** Remembers what it has parsed. */
export function parsePiece(source: string): ParsedPiece {
  const known = lately.get(source) ?? before.get(source);
  const parsed = known ?? parse(source);
  if (source.length <= MAX_SOURCE) {
    if (lately.size >= MAX_REMEMBERED) {
      before = lately;
      lately = new Map();
    }
    lately.set(source, parsed);
  }
  return parsed;
}

function parse(source: string): ParsedPiece {
  try {
    return { tree: parseAs(source, '1.0') };
  } catch (error) {
    // The parser spreads texts into arguments, so a very long one ends the stack.
    if (!(error instanceof ParseError)) return { error: error as RangeError };
    try {
      // A line break or a last comma in an inline table is TOML 1.1: wrong, but not hard to understand.
      return { tree: parseAs(source, '1.1'), error };
    } catch {
      return { error };
    }
  }
}

function parseAs(source: string, tomlVersion: '1.0' | '1.1'): PieceTree {
  // With its line end: where the text ends amid a look ahead, the parser forgets the rest of it.
  const [tree, ...others] = parseTOML(`${source}\n`, { tomlVersion }).body[0].body;
  if (!tree || others.length > 0) throw new RangeError('A piece holds one statement.');
  return tree.type === 'TOMLTable'
    ? { kind: 'header', keys: keysOf(tree.key), many: tree.kind === 'array' }
    : { kind: 'pair', ...pairOf(tree) };
}

function pairOf({ key, value }: AST.TOMLKeyValue): PiecePair {
  return { keys: keysOf(key), value: valueOf(value) };
}

function keysOf({ keys }: AST.TOMLKey): PieceKey[] {
  return keys.map((part) => ({ text: part.type === 'TOMLBare' ? part.name : part.value, ...spanOf(part) }));
}

function valueOf(node: AST.TOMLContentNode): PieceValue {
  const span = spanOf(node);
  if (node.type === 'TOMLArray') return { kind: 'list', items: node.elements.map(valueOf), ...span };
  if (node.type === 'TOMLInlineTable') return { kind: 'table', pairs: node.body.map(pairOf), ...span };
  if (node.kind === 'string') return { kind: 'text', text: node.value, ...span };
  if (node.kind === 'boolean') return { kind: 'boolean', ...span };
  return { kind: node.kind === 'integer' || node.kind === 'float' ? 'number' : 'date', ...span };
}

function spanOf({ range }: AST.TOMLNode): Span {
  return { start: range[0], end: range[1] };
}
