// Other ways to write the same: a pattern as the files that it matches and back, and what comes out of another bindle in
// braces or with dots.

import type { ProjectFacts } from '../facts.ts';
import { escapePattern } from '../near-miss.ts';
import { entriesOf, type Item, type Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import { quote } from '../quote.ts';
import type { Key, Statement, Value } from '../syntax.ts';
import { indentOf } from './edits.ts';
import { keepsWhole, type Fix } from './fixes.ts';
import { lineEndOf } from './line-ends.ts';
import { plainPrefix } from './pattern-text.ts';
import { indexBefore } from './place.ts';
import { tokenize } from './tokens.ts';

/** Files that a pattern is written out to; more are what patterns are for. */
const MAX_NAMES = 50;

/** What can be written in another way at a place. @throws the signal's reason */
export async function refactors(
  manifest: Manifest,
  range: Range,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<Fix[]> {
  const { offset } = range.start;
  const entry = entriesOf(manifest).find(({ files }) => files && holds(files.range, offset));
  const items = entry?.files?.value ?? [];
  const item = items.find((one) => holds(one.range, offset));
  const found = [
    ...(item ? await writtenOut(manifest, item, items, facts, signal) : []),
    ...(item ? await asPattern(manifest, item, items, facts, signal) : []),
    ...otherExternal(manifest, offset),
  ];
  return found.filter(({ edits }) => keepsWhole(manifest, edits));
}

function holds({ start, end }: Range, offset: number): boolean {
  return start.offset <= offset && offset <= end.offset;
}

async function writtenOut(
  { document: { text, lines } }: Manifest,
  { text: pattern, range }: Item,
  items: readonly Item[],
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<Fix[]> {
  const { literal, matches } = await facts.pattern(pattern, signal);
  if (literal || matches.length === 0 || matches.length > MAX_NAMES) return [];
  // A name that is written out says that a secret is meant to be published.
  if ((await facts.secrets(pattern, signal)).length > 0) return [];
  // What others of the list match, they match still.
  const others = new Set<string>();
  for (const other of items)
    if (other.range !== range)
      for (const { name } of (await facts.pattern(other.text, signal)).matches) others.add(name);
  const names = matches.flatMap(({ name }) => (others.has(name) ? [] : escapePattern(name)));
  if (names.length === 0) return [];
  const start = text.lastIndexOf('\n', range.start.offset - 1) + 1;
  const before = text.slice(start, range.start.offset);
  // Below each other where the pattern has a line of its own.
  const between = before.trim() === '' ? `,${lineEndOf(text)}${before}` : ', ';
  const files = names.length === 1 ? 'file' : `${names.length} files`;
  const edit = {
    range: lines.range(range.start.offset, range.end.offset),
    text: names.map(quote).join(between),
  };
  return [
    {
      title: `Write out the ${files} that ${names.length < matches.length ? 'only it' : 'it'} matches`,
      edits: [edit],
    },
  ];
}

/** A pattern for this name and others of the list, which matches these and nothing else. */
async function asPattern(
  manifest: Manifest,
  { text: own }: Item,
  items: readonly Item[],
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<Fix[]> {
  if (plainPrefix(own) === undefined) return [];
  const slash = own.lastIndexOf('/') + 1;
  const extension = /\.[^./*?[\]]+$/.exec(own.slice(slash))?.[0];
  const names = new Map(items.map((item) => [item.text, item]));
  const folder = own.slice(0, slash);
  for (const pattern of [...(extension === undefined ? [] : [`${folder}*${extension}`]), `${folder}*`]) {
    if (pattern === own) continue;
    const { matches } = await facts.pattern(pattern, signal);
    const replaced = matches.map(({ name }) => names.get(escapePattern(name)));
    if (matches.length < 2 || replaced.some((item) => item === undefined)) continue;
    const edits = replaceItems(manifest, replaced as Item[], quote(pattern));
    if (edits) return [{ title: `Replace the ${matches.length} names by ${quote(pattern)}`, edits }];
  }
  return [];
}

/** The first of the items gives way to a text; the others go, with their commas and what is between them. */
function replaceItems({ document }: Manifest, items: readonly Item[], by: string): Fix['edits'] | undefined {
  const { text, lines, statements } = document;
  const ordered = items.toSorted((a, b) => a.range.start.offset - b.range.start.offset);
  const [first, ...others] = ordered;
  if (!first) return undefined;
  const statement = statements[indexBefore(statements, first.range.start.offset)];
  if (!statement) return undefined;
  const tokens = tokenize(text, statement.range.start.offset, statement.range.end.offset).filter(
    ({ kind }) => kind !== 'newline',
  );
  const edits = [{ range: first.range, text: by }];
  for (const { range } of others) {
    const index = tokens.findIndex(({ start }) => start === range.start.offset);
    const comma = tokens[index - 1];
    // A comment between them is about one of them: whose, nobody can tell.
    if (comma?.kind !== ',' || tokens[index - 2]?.kind === 'comment') return undefined;
    edits.push({ range: lines.range(comma.start, range.end.offset), text: '' });
  }
  return edits;
}

/** `external = { … }` as dotted keys, and dotted keys on neighbouring lines in braces. */
function otherExternal(manifest: Manifest, offset: number): Fix[] {
  const { statements } = manifest.document;
  const statement = statements[indexBefore(statements, offset)];
  if (!statement || statement.broken || !holds(statement.range, offset) || !isExternal(statement)) return [];
  return statement.keys.length === 1 ? dotted(manifest, statement) : inBraces(manifest, statement);
}

function isExternal({ keys, kind, table }: Statement): boolean {
  return kind === 'pair' && keys[0]?.text === 'external' && table.entries.get('external')?.key !== undefined;
}

function dotted({ document: { text, lines } }: Manifest, statement: Statement): Fix[] {
  const { range, value } = statement;
  if (value?.kind !== 'table' || value.entries.size === 0) return [];
  const eol = `${lineEndOf(text)}${indentOf(text, statement)}`;
  const pairs = [...value.entries.values()];
  if (pairs.some((pair) => pair.value?.kind !== 'text')) return [];
  const written = pairs
    .map(({ key, value: inner }) => `external.${sourceOf(text, key)} = ${sourceOf(text, inner)}`)
    .join(eol);
  const edit = { range: lines.range(range.start.offset, range.end.offset), text: written };
  return [{ title: 'Write it with dots', edits: [edit] }];
}

function inBraces({ document: { text, lines, statements } }: Manifest, statement: Statement): Fix[] {
  const all = statements.filter((one) => one.table === statement.table && isExternal(one));
  const [first, last] = [all[0], all.at(-1)];
  if (
    !first ||
    !last ||
    all.some(({ broken, value, keys }) => broken || value?.kind !== 'text' || keys.length !== 2)
  )
    return [];
  // With anything between them, its place would have to be guessed.
  const between = all
    .slice(1)
    .map(({ range }, index) => text.slice(all[index]?.range.end.offset, range.start.offset));
  if (between.some((blanks) => blanks.trim() !== '')) return [];
  const pairs = all
    .map(({ keys, value }) => `${sourceOf(text, keys[1])} = ${sourceOf(text, value)}`)
    .join(', ');
  const edit = {
    range: lines.range(first.range.start.offset, last.range.end.offset),
    text: `external = { ${pairs} }`,
  };
  return [{ title: 'Write it in braces', edits: [edit] }];
}

function sourceOf(text: string, node: Key | Value | undefined): string {
  return node ? text.slice(node.range.start.offset, node.range.end.offset) : '';
}
