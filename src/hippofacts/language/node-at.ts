// The key, table or text of the tree at an offset.

import { entriesOf, type Export, type Handler, type Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import type { Key, Value } from '../syntax.ts';
import { headerPath, indexBefore, sectionAt, type Path } from './place.ts';

export interface Node {
  readonly kind: 'table' | 'key' | 'text';
  /** Of the table or key, or of the key whose value the text is, or is in. */
  readonly path: Path;
  /** Of a text with its quotes. */
  readonly range: Range;
  /** Of a text: what it means. */
  readonly text?: string;
  /** What it belongs to. */
  readonly entry: Handler | Export | undefined;
}

/** Undefined in blanks, comments and what cannot be read. */
export function nodeAt(manifest: Manifest, offset: number): Node | undefined {
  const { document } = manifest;
  const index = indexBefore(document.statements, offset);
  const statement = document.statements[index];
  if (!statement || !holds(statement.range, offset)) return undefined;
  const { path, table } = sectionAt(document, index);
  const isHeader = statement.kind === 'header';
  const parents = isHeader ? [] : path;
  const names = isHeader ? headerPath(statement) : statement.keys.map(({ text }) => text);
  const found =
    keyNode(statement.keys, names, parents, offset) ??
    (isHeader
      ? ({ kind: 'table', path, range: statement.range } as const)
      : statement.value && valueNode(statement.value, [...parents, ...names], offset));
  if (!found) return undefined;
  const entries = entriesOf(manifest);
  const entry =
    entries.find(
      (one) => one.table === table || (one.kind === 'handler' && one.external?.value?.table === table),
    ) ?? entries.find((one) => one.table.origin === 'inline' && holds(one.range, offset));
  return { ...found, ...(isHeader && { kind: 'table' }), entry };
}

/** The text without its quotes. */
export function contentRange({ document: { text, lines } }: Manifest, { start, end }: Range): Range {
  const [quotes = ''] = /^(?:"""|'''|"|')/.exec(text.slice(start.offset, end.offset)) ?? [];
  return lines.range(
    start.offset + quotes.length,
    Math.max(start.offset + quotes.length, end.offset - quotes.length),
  );
}

type Found = Omit<Node, 'entry'>;

function holds({ start, end }: Range, offset: number): boolean {
  return start.offset <= offset && offset <= end.offset;
}

function keyNode(keys: readonly Key[], names: Path, parents: Path, offset: number): Found | undefined {
  const index = keys.findIndex(({ range }) => holds(range, offset));
  const range = keys[index]?.range;
  return range && { kind: 'key', path: [...parents, ...names.slice(0, index + 1)], range };
}

function valueNode(value: Value, path: Path, offset: number): Found | undefined {
  if (value.kind === 'text')
    return holds(value.range, offset)
      ? { kind: 'text', path, range: value.range, text: value.text }
      : undefined;
  if (value.kind === 'list') return first(value.items, (item) => valueNode(item, path, offset));
  if (value.kind !== 'table') return undefined;
  return first(
    value.entries.values(),
    ({ key, value: inner }) =>
      keyNode([key], [key.text], path, offset) ?? (inner && valueNode(inner, [...path, key.text], offset)),
  );
}

function first<T, R>(items: Iterable<T>, find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
