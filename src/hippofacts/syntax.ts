// TOML 1.0 as a tree that keeps everything it could read, with the place of every key and value.

import { diagnose } from './diagnose.ts';
import { parsePiece, type PieceKey, type PieceTree, type PieceValue } from './piece-tree.ts';
import { LineIndex, type Range } from './position.ts';
import type { Problem, ProblemCode } from './problem.ts';
import { split, type Piece, type Span } from './split.ts';

/** One part of a dotted key or of a table's name. */
export interface Key {
  readonly text: string;
  readonly range: Range;
}

export type Value = Text | List | Table | Tables | Scalar;

export interface Text {
  readonly kind: 'text';
  readonly text: string;
  /** With its quotes. */
  readonly range: Range;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Value[];
  readonly range: Range;
}

/** A value of a type that no key of a manifest wants. */
export interface Scalar {
  readonly kind: 'number' | 'boolean' | 'date';
  readonly range: Range;
}

export interface Table {
  readonly kind: 'table';
  /** What made it: `[a]` or an item of `[[a]]`, `a.b = 1`, `[a.b]` for its `a`, or `a = {}`. */
  origin: 'header' | 'dotted' | 'implied' | 'inline';
  readonly entries: Map<string, Entry>;
  /** The header, the braces, or the first key that implied it. */
  range: Range;
  /** From the start of `range` to the end of the last statement in it, sub-tables aside. */
  extent: Range;
  /** Its header is half-typed: with the next letter, it may be another table. */
  guessed?: boolean;
}

/** What `[[name]]` headers make. */
export interface Tables {
  readonly kind: 'tables';
  readonly tables: readonly Table[];
  /** The first header. */
  readonly range: Range;
}

export interface Entry {
  readonly key: Key;
  /** Undefined while the statement is half-typed. */
  readonly value: Value | undefined;
}

export interface Statement {
  readonly kind: 'header' | 'pair';
  readonly range: Range;
  /** The key or the table's name as far as it could be read. */
  readonly keys: readonly Key[];
  /** Undefined in a header, and where it could not be read. */
  readonly value: Value | undefined;
  /** The table that a header opens, or that a key stands in. */
  readonly table: Table;
  readonly broken: boolean;
}

/** A section that cannot be put into the tree because it repeats another, or its name is not known yet. */
export interface Stray {
  readonly keys: readonly Key[];
  readonly table: Table;
}

export interface Document {
  readonly text: string;
  readonly lines: LineIndex;
  readonly root: Table;
  readonly strays: readonly Stray[];
  /** In the order of the text, without comments. */
  readonly statements: readonly Statement[];
  readonly problems: readonly Problem[];
}

/** The table that the first letters of a header's name stand for; `many` if it is written `[[name]]`. */
export type CompleteName = (start: string) => { name: string; many: boolean } | undefined;

/**
 * Reads any text: what is wrong is in `problems`, all the rest in the tree. Never throws.
 * @param complete guesses what a header that is being typed will be, so that its keys have a place
 */
export function parseDocument(text: string, complete: CompleteName): Document {
  const { pieces, strays } = split(text);
  const builder = new Builder(text, complete);
  for (const { start, end } of strays)
    builder.report('control-character', start, end, 'A control character is not allowed here');
  for (const piece of pieces) builder.add(piece);
  return builder.finish();
}

class Builder {
  readonly #text: string;
  readonly #complete: CompleteName;
  readonly #lines: LineIndex;
  readonly #root: Table;
  readonly #strays: Stray[] = [];
  readonly #statements: Statement[] = [];
  readonly #problems: Problem[] = [];
  /** The table that the next key goes to. */
  #current: Table;

  constructor(text: string, complete: CompleteName) {
    this.#text = text;
    this.#complete = complete;
    this.#lines = new LineIndex(text);
    this.#root = newTable('header', this.#lines.range(0, 0));
    this.#current = this.#root;
  }

  finish(): Document {
    this.#problems.sort((a, b) => a.range.start.offset - b.range.start.offset);
    return {
      text: this.#text,
      lines: this.#lines,
      root: this.#root,
      strays: this.#strays,
      statements: this.#statements,
      problems: this.#problems,
    };
  }

  report(code: ProblemCode, start: number, end: number, message: string, replacement?: string): void {
    const problem: Problem = { code, severity: 'error', message, range: this.#lines.range(start, end) };
    this.#problems.push(replacement === undefined ? problem : { ...problem, replacement });
  }

  add(piece: Piece): void {
    const source = this.#text.slice(piece.start, piece.end);
    const { tree, error } = piece.fault ? {} : parsePiece(source);
    const carriageReturn = /\r(?!\n)/.exec(source)?.index;
    const broken = piece.fault !== undefined || error !== undefined || carriageReturn !== undefined;
    if (broken) {
      const { code, message, start, end, replacement } = diagnose(source, piece, carriageReturn, error);
      this.report(code, piece.start + start, piece.start + end, message, replacement);
    }
    if (piece.kind === 'header') this.#addHeader(piece, tree, broken);
    else this.#addPair(piece, tree, broken);
  }

  #addHeader(piece: Piece, tree: PieceTree | undefined, broken: boolean): void {
    const range = this.#lines.range(piece.start, piece.end);
    let keys: readonly Key[];
    let opened: Table | undefined;
    if (tree?.kind === 'header') {
      keys = this.#keys(tree.keys, piece.start);
      opened = this.#open(keys, tree.many, range, true);
    } else {
      // A header that is not closed starts a section nevertheless: its keys must not fall to the one above.
      let name = piece.start;
      while ('[ \t'.includes(this.#text.charAt(name)) && name < piece.end) name++;
      keys = this.#readKeys(name, piece.end);
      const [first, ...others] = keys;
      const meant = first && this.#complete(first.text);
      if (meant) {
        const path = [{ ...first, text: meant.name }, ...others];
        opened = this.#open(path, meant.many && others.length === 0, range, false);
      }
    }
    const table = opened ?? newTable('header', range);
    if (broken) table.guessed = true;
    if (!opened) this.#strays.push({ keys, table });
    this.#current = table;
    this.#statements.push({ kind: 'header', range, keys, value: undefined, table, broken });
  }

  #addPair(piece: Piece, tree: PieceTree | undefined, broken: boolean): void {
    const range = this.#lines.range(piece.start, piece.end);
    const table = this.#current;
    const parsed = tree?.kind === 'pair' ? tree : undefined;
    const keys = parsed
      ? this.#keys(parsed.keys, piece.start)
      : this.#readKeys(piece.start, piece.equals ?? piece.end);
    const value = parsed && this.#value(parsed.value, piece.start);
    this.#statements.push({ kind: 'pair', range, keys, value, table, broken });
    extend(table, range);
    this.#set(table, keys, value, range);
  }

  /** The table of a header; undefined, and a problem if `loud`, where the name is taken. */
  #open(keys: readonly Key[], many: boolean, range: Range, loud: boolean): Table | undefined {
    let table = this.#root;
    for (const key of keys.slice(0, -1)) {
      const entry = table.entries.get(key.text);
      const within = entry?.value ? lastTable(entry.value) : newTable('implied', key.range);
      if (!within || within.origin === 'inline') return this.#taken(key, entry, loud);
      if (!entry?.value) table.entries.set(key.text, { key, value: within });
      table = within;
    }
    const key = keys.at(-1);
    if (!key) return undefined;
    const entry = table.entries.get(key.text);
    const value = entry?.value;
    const opened = newTable('header', range);
    // What is half-typed gives way to what is there.
    if (!entry?.value) {
      const made: Value = many ? { kind: 'tables', tables: [opened], range } : opened;
      table.entries.set(key.text, { key, value: made });
      return opened;
    }
    if (many && value?.kind === 'tables') {
      (value.tables as Table[]).push(opened);
      return opened;
    }
    if (!many && value?.kind === 'table' && value.origin === 'implied') {
      value.origin = 'header';
      value.range = range;
      value.extent = range;
      return value;
    }
    return this.#taken(key, entry, loud, 'duplicate-table');
  }

  #set(table: Table, keys: readonly Key[], value: Value | undefined, range: Range): void {
    let within = table;
    for (const key of keys.slice(0, -1)) {
      const entry = within.entries.get(key.text);
      const next = entry?.value ?? newTable('dotted', key.range);
      // Only what dotted keys, or headers further down, brought about may be added to by dotted keys.
      if (next.kind !== 'table' || next.origin === 'header' || next.origin === 'inline') {
        this.#taken(key, entry, true);
        return;
      }
      if (!entry?.value) within.entries.set(key.text, { key, value: next });
      next.origin = 'dotted';
      extend(next, range);
      within = next;
    }
    const key = keys.at(-1);
    if (!key) return;
    const entry = within.entries.get(key.text);
    if (!entry?.value) within.entries.set(key.text, { key, value });
    else if (value) this.#taken(key, entry, true);
  }

  /** Reports that a name is in use already, unless what uses it is broken and was reported. */
  #taken(key: Key, by: Entry | undefined, loud: boolean, code: ProblemCode = 'duplicate-key'): undefined {
    if (!loud || !by?.value) return;
    const line = by.key.range.start.line + 1;
    const { start, end } = key.range;
    this.report(code, start.offset, end.offset, `${key.text} is already set on line ${line}`);
  }

  #keys(keys: readonly PieceKey[], offset: number): Key[] {
    return keys.map((key) => ({ text: key.text, range: this.#range(key, offset) }));
  }

  /** The parts of a key as far as they can be made out, where the statement cannot be parsed. */
  #readKeys(start: number, end: number): Key[] {
    const source = this.#text.slice(start, end);
    const part = /([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)'/y;
    const dot = /[ \t]*\.[ \t]*/y;
    const keys: Key[] = [];
    for (;;) {
      const from = part.lastIndex;
      const match = part.exec(source);
      if (!match) return keys;
      const text = match[1] ?? match[2] ?? match[3] ?? '';
      keys.push({ text, range: this.#lines.range(start + from, start + part.lastIndex) });
      dot.lastIndex = part.lastIndex;
      if (!dot.test(source)) return keys;
      part.lastIndex = dot.lastIndex;
    }
  }

  #value(value: PieceValue, offset: number): Value {
    const range = this.#range(value, offset);
    if (value.kind === 'text') return { kind: 'text', text: value.text, range };
    if (value.kind === 'list')
      return { kind: 'list', items: value.items.map((item) => this.#value(item, offset)), range };
    if (value.kind !== 'table') return { kind: value.kind, range };
    const table = newTable('inline', range);
    for (const pair of value.pairs)
      this.#set(table, this.#keys(pair.keys, offset), this.#value(pair.value, offset), range);
    return table;
  }

  #range({ start, end }: Span, offset: number): Range {
    return this.#lines.range(offset + start, offset + end);
  }
}

function newTable(origin: Table['origin'], range: Range): Table {
  return { kind: 'table', origin, entries: new Map(), range, extent: range };
}

function extend(table: Table, statement: Range): void {
  table.extent = { start: table.extent.start, end: statement.end };
}

/** The table that `[name.more]` adds to. */
function lastTable(value: Value | undefined): Table | undefined {
  return value?.kind === 'tables' ? value.tables.at(-1) : value?.kind === 'table' ? value : undefined;
}
