// What stands at an offset of the text: in which table, which key or value, inside which text, and how much of it is
// typed; also in statements that are half-typed.

import { fieldOf, completeTableName, MANIFEST, type Field, type Fields } from '../schema.ts';
import { lineEnd, MAX_DEPTH } from '../split.ts';
import type { Document, Entry, Statement, Table } from '../syntax.ts';
import { tokenize, type Token } from './tokens.ts';

/** What would be replaced: what is typed before the offset, and the rest of the word after it. */
export interface Word {
  readonly start: number;
  readonly end: number;
  /** Before the offset. */
  readonly typed: string;
}

/** Names from the top of the manifest, such as `['handler', 'external']`; `[]` is the manifest itself. */
export type Path = readonly string[];

interface InTable {
  /** The table. */
  readonly path: Path;
  /** The table of the last header above: where the entry that this belongs to is found. */
  readonly section: Table;
}

/** In a header, between its brackets or where they are still missing. */
export interface HeaderPlace {
  readonly kind: 'header';
  /** From the first bracket to the last, or to the end of what is typed of the name. */
  readonly start: number;
  readonly end: number;
  /** The brackets that are there, `[` or `[[`. */
  readonly brackets: number;
  /** The parts of the name before the one at the offset. */
  readonly before: Path;
  readonly word: Word;
  /** Keys follow in the next lines. */
  readonly filled: boolean;
}

export interface KeyPlace extends InTable {
  readonly kind: 'key';
  readonly word: Word;
  /** The keys that the table has, without the one at this place. */
  readonly taken: ReadonlySet<string>;
  /** A dot, or the equals sign, follows. */
  readonly followed: boolean;
  /** The table has braces. */
  readonly inline: boolean;
  /** Another pair of the inline table follows without a comma. */
  readonly comma: boolean;
  /** Nothing else is on the line, so that a header could be written here. */
  readonly alone: boolean;
}

export interface ValuePlace extends InTable {
  readonly kind: 'value';
  readonly key: string;
  /** The texts that the other keys of the table have. */
  readonly siblings: ReadonlyMap<string, string>;
  /** Of the key; undefined where it is not one of a manifest. */
  readonly field: Field | undefined;
  /** What is typed, without the quotes. */
  readonly word: Word;
  /** The quotes before it; empty where it is not written as a text yet. */
  readonly quotes: string;
  /** The quotes after it are still missing. */
  readonly open: boolean;
  /** It is an item of a list. */
  readonly list: boolean;
  /** The texts of the list besides this one, as they are written without their quotes. */
  readonly items: readonly string[];
  /** Another item follows without a comma. */
  readonly comma: boolean;
}

export type Place = HeaderPlace | KeyPlace | ValuePlace | { readonly kind: 'comment' | 'nothing' };

const NOTHING: Place = { kind: 'nothing' };

/** Never throws; an offset outside of the text is at its end. */
export function placeAt(document: Document, offset: number): Place {
  const { text, statements } = document;
  const at = Math.max(0, Math.min(offset, text.length));
  const index = indexBefore(statements, at);
  const statement = statements[index];
  if (!statement) return onLine(document, -1, at);
  if (statement.kind === 'header') return inHeader(document, index, statement, at);
  return new PairReader(document, index, statement, at).read();
}

/** The last statement that starts at the offset or before it; -1 if none does. */
export function indexBefore(statements: readonly Statement[], offset: number): number {
  let low = 0;
  let high = statements.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((statements[middle]?.range.start.offset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The shape of what a path names; undefined where a manifest has no such key. */
export function fieldAt(path: Path): Field | undefined {
  let fields: Fields | undefined = MANIFEST;
  let field: Field | undefined;
  for (const name of path) {
    field = field?.type === 'map' ? { type: 'string' } : fields && fieldOf(fields, name);
    fields = field && 'fields' in field ? field.fields : undefined;
  }
  return field;
}

/** The keys that a table can have; undefined where it is none of a manifest's, or takes any. */
export function fieldsAt(path: Path): Fields | undefined {
  if (path.length === 0) return MANIFEST;
  const field = fieldAt(path);
  return field && 'fields' in field ? field.fields : undefined;
}

/** What a header names, completed where it is half-typed. */
export function headerPath({ keys, broken }: Statement): Path {
  const [first, ...others] = keys.map(({ text }) => text);
  if (first === undefined) return [];
  return [(broken ? completeTableName(first)?.name : undefined) ?? first, ...others];
}

export interface Section {
  readonly path: Path;
  readonly table: Table;
}

/** The table that a key after the statement at `index` stands in. */
export function sectionAt({ statements, root }: Document, index: number): Section {
  for (let at = index; at >= 0; at--) {
    const statement = statements[at];
    if (statement?.kind === 'header') return { path: headerPath(statement), table: statement.table };
  }
  return { path: [], table: root };
}

/** A place that no statement covers; `index` is of the statement before it. */
function onLine(document: Document, index: number, at: number): Place {
  const { text } = document;
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(start === 0 && text.startsWith('\uFEFF') ? 1 : start, at);
  if (before.trimStart().startsWith('#')) return { kind: 'comment' };
  const after = text.slice(at, lineEnd(text, at)).trimStart();
  if (before.trim() !== '' || (after !== '' && !after.startsWith('#'))) return NOTHING;
  const { path, table } = sectionAt(document, index);
  return {
    kind: 'key',
    path,
    section: table,
    taken: new Set(table.entries.keys()),
    word: { start: at, end: at, typed: '' },
    followed: false,
    inline: false,
    comma: false,
    alone: after === '',
  };
}

const NAME = /[A-Za-z0-9_-]*/y;
const OPENING = /[ \t]*\[/y;

function inHeader(document: Document, index: number, { range }: Statement, at: number): Place {
  const { text, statements } = document;
  const start = range.start.offset;
  const limit = lineEnd(text, start);
  if (at > limit) return onLine(document, index, at);
  const written = text.slice(start, at);
  const comment = tokenize(text, start, limit).find(({ kind }) => kind === 'comment');
  if (comment && comment.start < at) return { kind: 'comment' };
  const [, brackets = '', name] = /^([ \t]*\[?[ \t]*\[?)([^\][#]*)$/.exec(written) ?? [];
  // Before the first bracket, after the last one, or with a carriage return between.
  if (name === undefined || !brackets.includes('[') || written.includes('\r')) return NOTHING;
  const parts = name.split('.').map((part) => part.trim().replace(/^["']|["']$/g, ''));
  const typed = /[A-Za-z0-9_-]*$/.exec(written)?.[0] ?? '';
  let opened = brackets.replace(/[^[]/g, '').length;
  // The second bracket may stand behind the offset.
  OPENING.lastIndex = at;
  const isAmid = opened === 1 && name === '' && OPENING.test(text);
  if (isAmid) opened++;
  NAME.lastIndex = isAmid ? OPENING.lastIndex : at;
  NAME.test(text);
  const wordEnd = NAME.lastIndex;
  const [closing = ''] = /^[ \t]*\](?:[ \t]*\])?/.exec(text.slice(wordEnd, limit)) ?? [];
  return {
    kind: 'header',
    start,
    end: wordEnd + closing.length,
    brackets: opened,
    before: parts.slice(0, -1),
    word: { start: at - typed.length, end: wordEnd, typed },
    filled: statements[index + 1]?.kind === 'pair',
  };
}

/** What ends a value without quotes. */
const BARE_END = /[\s=[\]{},#"']/;

/** A table or list that is open where the reader stands, or the statement itself. */
interface Frame {
  readonly kind: 'top' | 'list' | 'table';
  /** Of the table that its keys stand in; of a list, that of its key. */
  readonly path: Path;
  /** Of the first token in it. */
  readonly from: number;
  phase: 'key' | 'value' | 'after';
  /** The parts of the key that is being read. */
  parts: string[];
  /** A dot stands before the next part. */
  dotted: boolean;
}

/** Reads a statement up to an offset. */
class PairReader {
  readonly #document: Document;
  readonly #index: number;
  readonly #statement: Statement;
  readonly #at: number;
  readonly #tokens: readonly Token[];
  readonly #section: Section;
  readonly #frames: [Frame, ...Frame[]];

  constructor(document: Document, index: number, statement: Statement, at: number) {
    const { start, end } = statement.range;
    const next = document.statements[index + 1]?.range.start.offset ?? document.text.length;
    this.#document = document;
    this.#index = index;
    this.#statement = statement;
    this.#at = at;
    // What is broken may go on after the last thing that is typed of it.
    this.#tokens = tokenize(document.text, start.offset, statement.broken ? next : end.offset);
    this.#section = sectionAt(document, index);
    this.#frames = [
      { kind: 'top', path: this.#section.path, from: 0, phase: 'key', parts: [], dotted: false },
    ];
  }

  get #frame(): Frame {
    return this.#frames.at(-1) ?? this.#frames[0];
  }

  read(): Place {
    for (const [number, token] of this.#tokens.entries()) {
      if (token.start >= this.#at) return this.#before(number, undefined);
      if (this.#at < token.end || this.#touches(token)) return this.#before(number, token);
      if (token.kind === 'newline' && this.#isOver()) return onLine(this.#document, this.#index, this.#at);
      this.#take(token, number);
      if (this.#frames.length - 1 > MAX_DEPTH) return this.#tooDeep();
    }
    const behind = this.#document.text.slice(this.#statement.range.end.offset, this.#at);
    return behind.includes('\n') && this.#isOver()
      ? onLine(this.#document, this.#index, this.#at)
      : this.#before(this.#tokens.length, undefined);
  }

  /** The offset is at the end of a token that could still grow. */
  #touches({ kind, end, open }: Token): boolean {
    return this.#at === end && (kind === 'word' || kind === 'comment' || (kind === 'text' && open === true));
  }

  /** A line end here ends the statement, or did so in its author's mind. */
  #isOver(): boolean {
    const { kind, phase } = this.#frame;
    return kind === 'top' || (this.#statement.broken && phase === 'after');
  }

  /** What the parser does not read ends with its line. */
  #tooDeep(): Place {
    const end = lineEnd(this.#document.text, this.#statement.range.end.offset);
    return this.#at > end ? onLine(this.#document, this.#index, this.#at) : NOTHING;
  }

  #take(token: Token, number: number): void {
    const { text } = this.#document;
    const frame = this.#frame;
    switch (token.kind) {
      case 'newline':
      case 'comment':
        return;
      case '.':
        if (frame.phase === 'key') frame.dotted = true;
        return;
      case '=':
        if (frame.phase === 'key') frame.phase = 'value';
        return;
      case ',':
        if (frame.kind === 'top') return;
        frame.phase = frame.kind === 'list' ? 'value' : 'key';
        if (frame.kind === 'table') frame.parts = [];
        return;
      case '[':
      case '{': {
        if (frame.phase !== 'value') return;
        const path = frame.kind === 'list' ? frame.path : [...frame.path, ...frame.parts];
        const isList = token.kind === '[';
        this.#frames.push({
          kind: isList ? 'list' : 'table',
          path,
          from: number + 1,
          phase: isList ? 'value' : 'key',
          parts: [],
          dotted: false,
        });
        return;
      }
      case ']':
      case '}': {
        const wanted = token.kind === ']' ? 'list' : 'table';
        const opened = this.#frames.findLastIndex(({ kind }) => kind === wanted);
        if (opened <= 0) return;
        this.#frames.length = opened;
        this.#frame.phase = 'after';
        return;
      }
      default:
        if (frame.phase === 'key') {
          if (frame.dotted || frame.parts.length === 0)
            frame.parts.push(unquoted(text.slice(token.start, token.end)));
          frame.dotted = false;
        } else if (frame.phase === 'value') {
          frame.phase = 'after';
        }
    }
  }

  /** The place in front of the token with this number, or in `inside` if that is given. */
  #before(number: number, inside: Token | undefined): Place {
    if (inside?.kind === 'comment') return { kind: 'comment' };
    const { phase, parts, dotted } = this.#frame;
    if (phase === 'key') {
      // After a blank that ends the key, only an equals sign may follow.
      if (parts.length > 0 && !dotted) return NOTHING;
      return this.#key(number, inside);
    }
    // A bare value has parts: `1.0` is three tokens.
    if (phase === 'after') {
      const last = this.#tokens[number - 1];
      const isPart = last?.end === (inside?.start ?? this.#at) && (last.kind === 'word' || last.kind === '.');
      return isPart ? this.#value(number, inside, this.#bareRun()) : NOTHING;
    }
    return this.#value(number, inside, undefined);
  }

  #key(number: number, inside: Token | undefined): Place {
    const { text } = this.#document;
    const frame = this.#frame;
    const token = inside ?? (this.#tokens[number]?.start === this.#at ? this.#tokens[number] : undefined);
    const word =
      token?.kind === 'word' || token?.kind === 'text'
        ? { start: token.start, end: token.end, typed: text.slice(token.start, this.#at) }
        : { start: this.#at, end: this.#at, typed: '' };
    // Three quotes begin a text of several lines, which no key can be.
    if (text.slice(word.start, word.end).includes('\n')) return NOTHING;
    const isWord = word.end > word.start;
    const next = this.#tokens[isWord ? number + 1 : number];
    const path = [...frame.path, ...frame.parts];
    return {
      kind: 'key',
      path,
      section: this.#section.table,
      taken: this.#taken(isWord ? number : -1),
      word,
      followed: next?.kind === '=' || next?.kind === '.',
      inline: frame.kind === 'table',
      comma: frame.kind === 'table' && !isWord && (next?.kind === 'word' || next?.kind === 'text'),
      alone:
        frame.kind === 'top' && frame.parts.length === 0 && (next === undefined || next.kind === 'newline'),
    };
  }

  #taken(own: number): ReadonlySet<string> {
    const { kind, from, parts } = this.#frame;
    if (kind === 'table') return new Set(this.#pairs(from, parts, own).keys());
    const table = this.#tableOf(parts);
    const taken = new Set(table?.entries.keys());
    // The key that stands here may be written anew.
    const written = own === -1 ? undefined : this.#statement.keys[parts.length];
    const entry = written && table?.entries.get(written.text);
    if (written && entry?.key.range.start.offset === written.range.start.offset) taken.delete(written.text);
    return taken;
  }

  #siblings(parts: readonly string[]): ReadonlyMap<string, string> {
    const frame = this.#frames.findLast(({ kind }) => kind !== 'list');
    if (frame?.kind === 'table') return this.#pairs(frame.from, parts);
    const texts = new Map<string, string>();
    for (const [name, { value }] of this.#tableOf(parts)?.entries ?? [])
      if (value?.kind === 'text') texts.set(name, value.text);
    return texts;
  }

  /** The table that dotted keys of this statement stand in. */
  #tableOf(parts: readonly string[]): Table | undefined {
    let table: Table | undefined = this.#section.table;
    for (const part of parts) {
      const entry: Entry | undefined = table?.entries.get(part);
      table = entry?.value?.kind === 'table' ? entry.value : undefined;
    }
    return table;
  }

  /** Keys and texts in the inline table that begins at the token `from`, or below `parts` there, without the token `own`. */
  #pairs(from: number, parts: readonly string[], own = -1): Map<string, string> {
    const pairs = new Map<string, string>();
    let depth = 0;
    let names: string[] = [];
    let isKey = true;
    for (let number = from; number < this.#tokens.length && depth >= 0; number++) {
      const token = this.#tokens[number] as Token;
      if (token.kind === '[' || token.kind === '{') depth++;
      else if (token.kind === ']' || token.kind === '}') depth--;
      if (depth !== 0) continue;
      const name = names[parts.length];
      if (token.kind === ',') [names, isKey] = [[], true];
      else if (token.kind === '=') isKey = false;
      else if (token.kind === 'text' || token.kind === 'word') {
        const text = unquoted(this.#document.text.slice(token.start, token.end));
        if (isKey) {
          names.push(text);
          const isHere =
            names.length === parts.length + 1 && parts.every((part, index) => names[index] === part);
          if (isHere && number !== own) pairs.set(text, '');
        } else if (token.kind === 'text' && name !== undefined && pairs.has(name)) pairs.set(name, text);
      }
    }
    return pairs;
  }

  /** The part of a bare value before the offset, with the rest of it. */
  #bareRun(): Word | undefined {
    const { text } = this.#document;
    let start = this.#at;
    while (start > this.#statement.range.start.offset && !BARE_END.test(text.charAt(start - 1))) start--;
    if (start === this.#at) return undefined;
    const typed = text.slice(start, this.#at);
    const [rest = ''] = /^[^\s=[\]{},#"']*/.exec(text.slice(this.#at)) ?? [];
    return { start, end: this.#at + rest.length, typed };
  }

  #value(number: number, inside: Token | undefined, run: Word | undefined): Place {
    const { text } = this.#document;
    const frame = this.#frame;
    const list = frame.kind === 'list';
    // Of a list, the path has the key already.
    const names = list ? frame.path : [...frame.path, ...frame.parts];
    const path = names.slice(0, -1);
    const within = this.#frames.findLast(({ kind }) => kind !== 'list');
    const isText = inside?.kind === 'text';
    let word = run ?? { start: this.#at, end: this.#at, typed: '' };
    let quotes = '';
    let open = false;
    if (isText) {
      quotes = /^(?:"""|'''|"|')/.exec(text.slice(inside.start, inside.end))?.[0] ?? '"';
      const start = inside.start + quotes.length;
      // Amid the quotes themselves.
      if (this.#at < start || (!inside.open && this.#at > inside.end - quotes.length)) return NOTHING;
      const next = this.#tokens[number + 1];
      // A text with a word right behind it is one that was not closed, up to the first quote of another.
      open = inside.open === true || (next?.kind === 'word' && next.start === inside.end);
      const end = open ? unclosedEnd(text, this.#at) : inside.end - quotes.length;
      word = { start, end, typed: text.slice(start, this.#at) };
    } else if (inside?.kind === 'word' && !run) {
      const bare = this.#bareRun();
      if (bare) word = bare;
    } else if (!run && !inside && !list && startsValue(this.#tokens[number])) {
      // In front of a value that is there; one on another line would follow a line end.
      return NOTHING;
    }
    const after = this.#tokens.slice(number).find(({ start, kind }) => {
      return (
        start >= word.end &&
        start >= this.#at &&
        kind !== 'newline' &&
        kind !== 'comment' &&
        !(isText && start === inside.start)
      );
    });
    return {
      kind: 'value',
      path,
      section: this.#section.table,
      siblings: this.#siblings(within?.parts.slice(0, -1) ?? []),
      key: names.at(-1) ?? '',
      field: fieldAt(names),
      word,
      quotes,
      open,
      list,
      items: list ? this.#items(frame.from, inside) : [],
      comma: list && !isText && startsValue(after),
    };
  }

  #items(from: number, inside: Token | undefined): string[] {
    const items: string[] = [];
    let depth = 0;
    for (let number = from; number < this.#tokens.length; number++) {
      const token = this.#tokens[number] as Token;
      if (token.kind === '[' || token.kind === '{') depth++;
      else if ((token.kind === ']' || token.kind === '}') && depth-- === 0) break;
      else if (token.kind === 'text' && depth === 0 && token !== inside && !token.open)
        items.push(unquoted(this.#document.text.slice(token.start, token.end)));
    }
    return items;
  }
}

function startsValue(token: Token | undefined): boolean {
  return token?.kind === 'text' || token?.kind === 'word' || token?.kind === '[' || token?.kind === '{';
}

/** Where a text without its last quote probably ends: with the characters that paths, ids and versions have. */
function unclosedEnd(text: string, at: number): number {
  const rest = /[^\s[\]{},#"'=]*/y;
  rest.lastIndex = at;
  rest.test(text);
  return rest.lastIndex;
}

/** Without its quotes; escapes stay as they are written. */
function unquoted(text: string): string {
  return text.replace(/^(?:"""|'''|"|')|(?:"""|'''|"|')$/g, '');
}
