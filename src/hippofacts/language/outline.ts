// The file as a tree of names: the bindle, annotations, each handler by its route, each export by its id, and their keys.

import { entriesOf, type Export, type Handler, type Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import type { Statement, Table, Value } from '../syntax.ts';
import { headerPath } from './place.ts';

export type SymbolKind = 'bindle' | 'annotations' | 'handler' | 'export' | 'table' | 'key';

export interface Symbol {
  /** Never empty. */
  readonly name: string;
  /** Beside it: the module of a handler, the value of a key. */
  readonly detail: string;
  readonly kind: SymbolKind;
  /** All that belongs to it; holds those of its children. */
  readonly range: Range;
  /** What is shown when it is chosen. */
  readonly selection: Range;
  readonly children: readonly Symbol[];
}

/** By statements, so that what is broken, repeated or unknown is there, too. */
export function outline(manifest: Manifest): Symbol[] {
  const { document } = manifest;
  const top: Growing[] = [];
  let section: Growing | undefined;
  let owner: Growing | undefined;
  const entries = new Map(entriesOf(manifest).map((entry) => [entry.table, entry]));
  for (const statement of document.statements) {
    if (statement.kind === 'pair') {
      const key = keySymbol(manifest, statement);
      if (section) section.add(key);
      else top.push(key);
      if (owner !== section) owner?.growTo(key.range);
      continue;
    }
    section = sectionSymbol(manifest, statement, entries.get(statement.table));
    const [first, ...others] = headerPath(statement);
    // `[handler.external]` is a part of the handler above it.
    if (others.length > 0 && owner && owner.path === first) owner.add(section);
    else {
      top.push(section);
      owner = section;
    }
  }
  return top;
}

class Growing implements Symbol {
  readonly name: string;
  readonly detail: string;
  readonly kind: SymbolKind;
  readonly selection: Range;
  readonly children: Growing[] = [];
  /** The first name of its header. */
  readonly path: string | undefined;
  range: Range;

  constructor(symbol: Omit<Symbol, 'children'>, path?: string) {
    this.name = symbol.name === '' ? '""' : symbol.name;
    this.detail = symbol.detail;
    this.kind = symbol.kind;
    this.selection = symbol.selection;
    this.range = symbol.range;
    this.path = path;
  }

  add(child: Growing): void {
    this.children.push(child);
    this.growTo(child.range);
  }

  growTo({ end }: Range): void {
    this.range = { start: this.range.start, end };
  }
}

function sectionSymbol(
  manifest: Manifest,
  statement: Statement,
  entry: Handler | Export | undefined,
): Growing {
  const { range, keys } = statement;
  const path = headerPath(statement);
  const place = { range, selection: range };
  if (entry) {
    const module = entry.name?.value;
    const external = entry.kind === 'handler' ? entry.external?.value?.bindleId?.value : undefined;
    const named = entry.kind === 'handler' ? entry.route?.value : entry.id?.value;
    return new Growing(
      { ...place, name: named ?? entry.kind, detail: module ?? external ?? '', kind: entry.kind },
      path[0],
    );
  }
  const name = path.join('.') || manifest.document.text.slice(range.start.offset, range.end.offset);
  const isWhole = keys.length === 1;
  const kind = isWhole && (name === 'bindle' || name === 'annotations') ? name : 'table';
  const { bindle } = manifest;
  const detail =
    kind === 'bindle' ? [bindle?.name?.value, bindle?.version?.value].filter(Boolean).join('/') : '';
  return new Growing({ ...place, name, detail, kind }, path[0]);
}

function keySymbol(manifest: Manifest, { range, keys, value }: Statement): Growing {
  const { text, lines } = manifest.document;
  const [first, last] = [keys[0], keys.at(-1)];
  const selection = first && last ? lines.range(first.range.start.offset, last.range.end.offset) : range;
  const name =
    keys.map((key) => key.text).join('.') || firstLine(text.slice(range.start.offset, range.end.offset));
  const symbol = new Growing({ range, selection, name, detail: value ? valueText(value) : '', kind: 'key' });
  const tables =
    value?.kind === 'table'
      ? [value]
      : value?.kind === 'list'
        ? value.items.filter((item) => item.kind === 'table')
        : [];
  for (const table of tables) for (const child of inlineSymbols(table)) symbol.children.push(child);
  return symbol;
}

function inlineSymbols(table: Table): Growing[] {
  return [...table.entries.values()].map(({ key, value }) => {
    const range = { start: key.range.start, end: (value ?? key).range.end };
    const symbol = new Growing({
      name: key.text,
      detail: value ? valueText(value) : '',
      kind: 'key',
      // A dotted key stands for its table with the range of its first part only.
      range: range.end.offset < key.range.end.offset ? key.range : range,
      selection: key.range,
    });
    if (value?.kind === 'table' && value.origin === 'inline') symbol.children.push(...inlineSymbols(value));
    return symbol;
  });
}

function valueText(value: Value): string {
  if (value.kind === 'text') return firstLine(value.text);
  if (value.kind === 'list')
    return value.items.flatMap((item) => (item.kind === 'text' ? firstLine(item.text) : [])).join(', ');
  return '';
}

function firstLine(text: string): string {
  return (text.trim().split(/[\r\n]/, 1)[0] ?? '').slice(0, 200);
}
