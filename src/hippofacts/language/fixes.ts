// What mends a problem, as edits of its own place.

import { coerce } from 'semver';
import { isVersion } from '../../bindle/id.ts';
import { checkManifest } from '../check.ts';
import { cleanName } from '../clean-name.ts';
import type { ProjectFacts } from '../facts.ts';
import type { Handler, Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import type { Problem, ProblemCode } from '../problem.ts';
import { quote } from '../quote.ts';
import type { Statement } from '../syntax.ts';
import type { TextEdit } from '../text-edit.ts';
import { addHandler } from './add-handler.ts';
import { closeOpen } from './close-open.ts';
import { addKey, moveSection, pairsBelow, removeItem, removeStatement } from './edits.ts';
import { freeId, freeModule } from './free-names.ts';
import { lineEndOf } from './line-ends.ts';
import { firstValue, missingKeys } from './missing-keys.ts';
import { nextVersions } from './next-versions.ts';
import { contentRange, nodeAt } from './node-at.ts';
import { indexBefore } from './place.ts';
import { tokenize } from './tokens.ts';
import { tried } from './tried.ts';

export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** One of several ways, none of which is the likeliest. */
  readonly choice?: boolean;
}

export interface FixOptions {
  readonly manifest: Manifest;
  readonly problem: Problem;
  readonly facts: ProjectFacts;
  readonly signal: AbortSignal | undefined;
}

type FixesOf = (options: FixOptions) => Fix[] | Promise<Fix[]>;

const FIXES: Partial<Record<ProblemCode, FixesOf>> = {
  'bad-escape': badEscape,
  'duplicate-export': otherId,
  'duplicate-key': repeated,
  'entrypoint-on-external': repeated,
  'invalid-name': invalidName,
  'invalid-version': invalidVersion,
  'matched-twice': removePattern,
  'missing-comma': missingComma,
  'missing-entrypoint': otherEntrypoints,
  'missing-field': missingField,
  'missing-module': otherModules,
  'multi-line-table': oneLine,
  'name-and-external': nameAndExternal,
  'no-handlers': noHandlers,
  'route-shadowed': moveHandler,
  'trailing-text': trailingText,
  'unclosed-list': close,
  'unclosed-table': close,
  'unclosed-text': close,
  'version-taken': raise,
};

/** The likeliest first. @throws the signal's reason */
export async function fixesOf(options: FixOptions): Promise<Fix[]> {
  const { problem } = options;
  const { code, range, replacement } = problem;
  const replace: Fix[] =
    replacement === undefined
      ? []
      : [{ title: replaceTitle(problem, replacement), edits: [{ range, text: replacement }] }];
  const fixes = [...replace, ...((await FIXES[code]?.(options)) ?? [])];
  return fixes.filter(({ edits }) => mends(options, edits));
}

/** True unless the text alone shows that the problem stays, or that others come up which hide more of the text. */
function mends({ manifest, problem }: FixOptions, edits: readonly TextEdit[]): boolean {
  const after = tried(manifest, edits);
  if (!after) return true;
  const count = (all: readonly Problem[]): number =>
    all.filter(({ code, message }) => code === problem.code && message === problem.message).length;
  const before = count(textProblems(manifest));
  return isAsWhole(after, manifest) && (before === 0 || count(textProblems(after)) < before);
}

/** True unless edits break what is TOML. */
export function keepsWhole(manifest: Manifest, edits: readonly TextEdit[]): boolean {
  const after = tried(manifest, edits);
  return !after || isAsWhole(after, manifest);
}

/** Where a statement is broken, the next one may become a part of it. */
function isAsWhole(after: Manifest, before: Manifest): boolean {
  return after.document.problems.length <= before.document.problems.length;
}

function textProblems(manifest: Manifest): Problem[] {
  return [...manifest.document.problems, ...checkManifest(manifest)];
}

function replaceTitle({ code }: Problem, replacement: string): string {
  switch (code) {
    case 'escaped-author':
      return `Write the author as ${replacement}`;
    case 'missing-module':
      return `Use ${replacement}`;
    case 'unclosed-header':
      return `Close the header: ${replacement}`;
    case 'unknown-field':
      return `Rename it to ${replacement}`;
    default:
      return `Replace with ${replacement}`;
  }
}

function statementAt({ document: { statements } }: Manifest, { start }: Range): Statement | undefined {
  const statement = statements[indexBefore(statements, start.offset)];
  return statement && statement.range.end.offset >= start.offset ? statement : undefined;
}

function close({ manifest, problem }: FixOptions): Fix[] {
  const statement = statementAt(manifest, problem.range);
  const edit = statement && closeOpen(manifest, statement);
  if (!edit) return [];
  return [{ title: `Add ${edit.text.trim()}`, edits: [edit] }];
}

function badEscape({ manifest, problem }: FixOptions): Fix[] {
  const { text, lines } = manifest.document;
  const statement = statementAt(manifest, problem.range);
  if (!statement) return [];
  const { start, end } = statement.range;
  const { offset } = problem.range.start;
  const within = tokenize(text, start.offset, end.offset).find(
    (token) => token.kind === 'text' && token.start < offset && offset < token.end,
  );
  if (!within) return [];
  const replaced = (by: string): TextEdit[] =>
    [...text.slice(within.start, within.end).matchAll(/\\(?:\\|(?=[^]))/g)].map(({ index, 0: found }) => ({
      range: lines.range(within.start + index, within.start + index + found.length),
      text: by,
    }));
  return [
    { title: 'Write / for every \\', edits: replaced('/') },
    { title: 'Write \\\\ for every \\', edits: replaced('\\\\') },
  ];
}

function missingComma({ manifest, problem }: FixOptions): Fix[] {
  const { text, lines } = manifest.document;
  const statement = statementAt(manifest, problem.range);
  if (!statement) return [];
  const end = lastTokenEnd(text, statement, problem.range.start.offset);
  return [{ title: 'Add a comma', edits: [{ range: lines.range(end, end), text: ',' }] }];
}

/** Where the last token before an offset ends: comments and line ends aside. */
function lastTokenEnd(text: string, { range }: Statement, offset: number): number {
  const tokens = tokenize(text, range.start.offset, offset);
  return tokens.findLast(({ kind }) => kind !== 'comment' && kind !== 'newline')?.end ?? offset;
}

function trailingText({ manifest, problem }: FixOptions): Fix[] {
  const { text, lines } = manifest.document;
  const { offset } = problem.range.start;
  const before = text.slice(0, offset).trimEnd().length;
  return [
    { title: 'Put it on a new line', edits: [{ range: lines.range(before, offset), text: lineEndOf(text) }] },
  ];
}

/** An inline table without its line ends, and without a comma at its end. */
function oneLine({ manifest, problem }: FixOptions): Fix[] {
  const { text, lines } = manifest.document;
  const statement = statementAt(manifest, problem.range);
  if (!statement) return [];
  const { start, end } = statement.range;
  const tokens = tokenize(text, start.offset, end.offset);
  // A comment would swallow what follows.
  if (tokens.some(({ kind }) => kind === 'comment')) return [];
  const shown = tokens.filter(({ kind }) => kind !== 'newline');
  const edits = shown.flatMap((token, index): TextEdit[] => {
    const next = shown[index + 1];
    if (!next) return [];
    const blanks = text.slice(token.end, next.start);
    const range = lines.range(token.end, next.start);
    if (token.kind === ',' && next.kind === '}')
      return [{ range: lines.range(token.start, next.start), text: ' ' }];
    return blanks.includes('\n') && !(next.kind === ',' && shown[index + 2]?.kind === '}')
      ? [{ range, text: next.kind === ',' ? '' : ' ' }]
      : [];
  });
  return [{ title: 'Put it on one line', edits }];
}

/** What should not be there at all. */
function repeated({ manifest, problem }: FixOptions): Fix[] {
  const statement = statementAt(manifest, problem.range);
  const key = statement?.keys.at(-1);
  // In an inline table, the statement is not the key alone.
  if (
    !statement ||
    statement.kind !== 'pair' ||
    !key ||
    key.range.start.offset !== lastKey(statement, problem.range)
  )
    return [];
  const edit = removeStatement(manifest.document, statement);
  return edit ? [{ title: `Remove this ${key.text}`, edits: [edit] }] : [];
}

function lastKey({ keys }: Statement, { start }: Range): number | undefined {
  return keys.some(({ range }) => range.start.offset === start.offset)
    ? keys.at(-1)?.range.start.offset
    : undefined;
}

function invalidName({ manifest, problem }: FixOptions): Fix[] {
  const name = cleanName(manifest.bindle?.name?.value ?? '');
  return name === undefined ? [] : [replaceText(manifest, problem.range, name)];
}

function invalidVersion({ manifest, problem }: FixOptions): Fix[] {
  const written = manifest.bindle?.version?.value ?? '';
  const meant = coerce(written, { includePrerelease: true })?.format() ?? coerce(written)?.format();
  return meant !== undefined && isVersion(meant) && meant !== written
    ? [replaceText(manifest, problem.range, meant)]
    : [];
}

/** In the quotes that are there. */
function replaceText(manifest: Manifest, range: Range, text: string): Fix {
  return { title: `Replace with ${quote(text)}`, edits: [{ range: contentRange(manifest, range), text }] };
}

async function raise({ manifest, facts }: FixOptions): Promise<Fix[]> {
  return raisedVersions(manifest, facts);
}

/** One for each version that could be next. */
export async function raisedVersions(manifest: Manifest, { server }: ProjectFacts): Promise<Fix[]> {
  const { name, version } = manifest.bindle ?? {};
  if (version?.value === undefined || !isVersion(version.value)) return [];
  const known = (name?.value === undefined ? undefined : await server?.versions(name.value)) ?? [];
  return nextVersions(version.value, known).map(({ version: next, how }) => ({
    title: `Raise the version to ${next} (${how})`,
    edits: [{ range: contentRange(manifest, version.range), text: next }],
  }));
}

async function missingField({ manifest, problem, facts, signal }: FixOptions): Promise<Fix[]> {
  const { document } = manifest;
  if (problem.message.includes('[bindle]') && !manifest.bindle) return addBindle(manifest, facts, signal);
  const fixes: Fix[] = [];
  for (const missing of missingKeys(manifest, problem.range.start.offset)) {
    if (!problem.message.includes(`\`${missing.name}\``)) continue;
    const value = await firstValue(manifest, missing, facts, signal);
    const edit = addKey(document, missing.table, missing.path, missing.name, value);
    if (edit) fixes.push({ title: `Add ${missing.name} = ${value}`, edits: [edit] });
  }
  return fixes;
}

/** At the top: behind the comment that the file begins with, if an empty line sets it off. */
async function addBindle(
  manifest: Manifest,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<Fix[]> {
  const { text, lines, root } = manifest.document;
  // Something else has the name.
  if (root.entries.has('bindle')) return [];
  const eol = lineEndOf(text);
  const value = (name: string): Promise<string> =>
    firstValue(manifest, { table: root, path: ['bindle'], name }, facts, signal);
  const section = ['[bindle]', `name = ${await value('name')}`, `version = ${await value('version')}`].join(
    eol,
  );
  const isFirst = manifest.document.statements[0]?.kind !== 'pair';
  const intro = /^\uFEFF?(?:(?:[ \t]*#[^\n]*\n)+[ \t]*\r?\n)?/.exec(text)?.[0].length ?? 0;
  const end = text.trimEnd().length;
  // Keys without a header would become the bindle's.
  const edit = isFirst
    ? { range: lines.range(intro, intro), text: section + (end > intro ? eol + eol : eol) }
    : { range: lines.range(end, text.length), text: eol + eol + section + eol };
  return [{ title: 'Add [bindle]', edits: [edit] }];
}

async function nameAndExternal({ manifest, problem, facts, signal }: FixOptions): Promise<Fix[]> {
  const { document, handlers } = manifest;
  const handler = handlers.find(({ range, external }) =>
    [range, external?.key.range].some((one) => one?.start.offset === problem.range.start.offset),
  );
  if (!handler) return [];
  const { name, external, table } = handler;
  if (!name && !external) {
    const value = quote(freeModule(manifest, await facts.modules(signal)));
    const edit = addKey(document, table, ['handler'], 'name', value);
    return edit ? [{ title: `Add name = ${value}`, edits: [edit] }] : [];
  }
  const { statements } = document;
  const written = (key: string): Statement[] =>
    statements.filter((one) => one.kind === 'pair' && one.table === table && one.keys[0]?.text === key);
  const header = statements.findIndex((one) => one.kind === 'header' && one.table === external?.value?.table);
  const parts =
    header === -1 ? [] : statements.slice(header, header + 1 + pairsBelow(statements, header).length);
  const ways: [key: string, all: readonly Statement[]][] = [
    ['name', written('name')],
    ['external', [...written('external'), ...parts]],
  ];
  return ways.flatMap(([key, all]): Fix[] => {
    const edits = all.flatMap((one) => removeStatement(document, one) ?? []);
    if (edits.length === 0 || edits.length < all.length) return [];
    return [{ title: `Remove ${key}`, edits, choice: true }];
  });
}

async function noHandlers({ manifest, facts, signal }: FixOptions): Promise<Fix[]> {
  const module = freeModule(manifest, await facts.modules(signal));
  const edit = addHandler(manifest, module);
  return edit ? [{ title: `Add a handler for ${module}`, edits: [edit] }] : [];
}

/** Modules or functions that are offered instead. */
const MAX_OTHERS = 3;

async function otherModules({ problem, facts, signal }: FixOptions): Promise<Fix[]> {
  if (problem.replacement !== undefined) return [];
  const there = (await facts.modules(signal)).filter(({ command }) => command === undefined);
  return there.slice(0, MAX_OTHERS).map(({ name }) => useInstead(problem.range, name));
}

async function otherEntrypoints({ manifest, problem, facts, signal }: FixOptions): Promise<Fix[]> {
  if (problem.replacement !== undefined) return [];
  const node = nodeAt(manifest, problem.range.start.offset);
  const name = node?.entry?.name?.value;
  const module = name === undefined ? undefined : await facts.module(name, signal);
  if (node?.text === undefined || !module?.found || module.wasm?.kind !== 'module') return [];
  return module.wasm.exports
    .filter(({ kind }) => kind === 'function')
    .slice(0, MAX_OTHERS)
    .map((item) => useInstead(problem.range, item.name));
}

function useInstead(range: Range, text: string): Fix {
  return { title: `Use ${quote(text)}`, edits: [{ range, text: quote(text) }], choice: true };
}

function otherId({ manifest, problem }: FixOptions): Fix[] {
  const { entry } = nodeAt(manifest, problem.range.start.offset) ?? {};
  return [useInstead(problem.range, freeId(manifest, entry?.name?.value ?? ''))];
}

/** Nothing is lost with a pattern whose files others match as well. */
async function removePattern({ manifest, problem, facts, signal }: FixOptions): Promise<Fix[]> {
  const node = nodeAt(manifest, problem.range.start.offset);
  if (node?.text === undefined) return [];
  const { matches } = await facts.pattern(node.text, signal);
  if (matches.length !== problem.files?.length) return [];
  const edit = removeItem(manifest.document, problem.range);
  return edit ? [{ title: 'Remove this pattern', edits: [edit] }] : [];
}

/** In front of the handler that takes its requests. */
function moveHandler({ manifest, problem }: FixOptions): Fix[] {
  const { document, handlers } = manifest;
  const place = ({ start }: Range): Handler | undefined =>
    handlers.find(({ route }) => route?.range.start.offset === start.offset);
  const [first] = problem.related ?? [];
  const [moved, before] = [place(problem.range), first && place(first.range)];
  // Of two that are the same, one is too much.
  if (!moved || !before || moved.route?.value === before.route?.value) return [];
  const edits = moveSection(document, moved.table, before.table);
  return edits ? [{ title: `Move this handler above the one for ${before.route?.value}`, edits }] : [];
}
