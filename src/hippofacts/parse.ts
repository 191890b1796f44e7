// HIPPOFACTS as what it means: the bindle, its annotations, handlers and exports, each with its place.
//
// This is the one parser, for the editor and for publish. It reads any text; check.ts says what is wrong with it.

import type { Range } from './position.ts';
import { completeTableName } from './schema.ts';
import { parseDocument, type Document, type Entry, type Key, type Table, type Value } from './syntax.ts';

export interface Field<T> {
  readonly key: Key;
  /** Undefined while it is half-typed, or if it has another type than this key wants. */
  readonly value: T | undefined;
  /** Of the value; of the key while there is none. */
  readonly range: Range;
}

/** One text of a list. */
export interface Item {
  readonly text: string;
  readonly range: Range;
}

interface Section {
  /** The header, or the table itself where it is written inline. */
  readonly range: Range;
  readonly table: Table;
}

export interface BindleSection extends Section {
  readonly name: Field<string> | undefined;
  readonly version: Field<string> | undefined;
  readonly description: Field<string> | undefined;
  readonly authors: Field<Item[]> | undefined;
}

export interface External extends Section {
  readonly bindleId: Field<string> | undefined;
  readonly handlerId: Field<string> | undefined;
}

interface Module extends Section {
  /** The module's file. */
  readonly name: Field<string> | undefined;
  readonly entrypoint: Field<string> | undefined;
  readonly files: Field<Item[]> | undefined;
}

export interface Handler extends Module {
  readonly kind: 'handler';
  readonly route: Field<string> | undefined;
  readonly external: Field<External> | undefined;
}

export interface Export extends Module {
  readonly kind: 'export';
  readonly id: Field<string> | undefined;
}

export interface Manifest {
  /** The tree that this is a view of: every statement, and what could not be understood. */
  readonly document: Document;
  readonly bindle: BindleSection | undefined;
  readonly annotations: readonly Field<string>[];
  readonly handlers: readonly Handler[];
  readonly exports: readonly Export[];
}

/** Never throws. Problems of syntax are in `document.problems`. */
export function parseManifest(text: string): Manifest {
  const document = parseDocument(text, completeTableName);
  const tables = (name: string): Table[] => tablesOf(document.root.entries.get(name)?.value);
  const [bindle] = tables('bindle');
  return {
    document,
    bindle: bindle && bindleSection(bindle),
    annotations: tables('annotations').flatMap((table) => [...table.entries.values()].map(string)),
    handlers: tables('handler').map(handler),
    exports: tables('export').map(exported),
  };
}

/** Handlers before exports, each in the order of the file. */
export function entriesOf(manifest: Manifest): (Handler | Export)[] {
  return [...manifest.handlers, ...manifest.exports];
}

/** Also of one table where several are wanted and the other way round: check.ts reports it. */
function tablesOf(value: Value | undefined): Table[] {
  if (value?.kind === 'table') return [value];
  if (value?.kind === 'tables') return [...value.tables];
  if (value?.kind === 'list') return value.items.filter((item) => item.kind === 'table');
  return [];
}

function bindleSection(table: Table): BindleSection {
  return {
    range: table.range,
    table,
    name: optional(table, 'name', string),
    version: optional(table, 'version', string),
    description: optional(table, 'description', string),
    authors: optional(table, 'authors', strings),
  };
}

function moduleSection(table: Table): Module {
  return {
    range: table.range,
    table,
    name: optional(table, 'name', string),
    entrypoint: optional(table, 'entrypoint', string),
    files: optional(table, 'files', strings),
  };
}

function handler(table: Table): Handler {
  return {
    ...moduleSection(table),
    kind: 'handler',
    route: optional(table, 'route', string),
    external: optional(table, 'external', external),
  };
}

function exported(table: Table): Export {
  return { ...moduleSection(table), kind: 'export', id: optional(table, 'id', string) };
}

function optional<T>(table: Table, name: string, read: (entry: Entry) => Field<T>): Field<T> | undefined {
  const entry = table.entries.get(name);
  return entry && read(entry);
}

function field<T>({ key, value }: Entry, read: (value: Value) => T | undefined): Field<T> {
  return { key, value: value && read(value), range: value?.range ?? key.range };
}

function string(entry: Entry): Field<string> {
  return field(entry, (value) => (value.kind === 'text' ? value.text : undefined));
}

function strings(entry: Entry): Field<Item[]> {
  return field(entry, (value) =>
    value.kind === 'list' ? value.items.filter((item) => item.kind === 'text') : undefined,
  );
}

function external(entry: Entry): Field<External> {
  return field(entry, (value) => {
    if (value.kind !== 'table') return undefined;
    const { range } = value;
    return {
      range,
      table: value,
      bindleId: optional(value, 'bindleId', string),
      handlerId: optional(value, 'handlerId', string),
    };
  });
}
