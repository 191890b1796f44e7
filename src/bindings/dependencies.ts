// Dependencies in a project's own files, added with everything else left as it is.

import { LineIndex } from '../hippofacts/position.ts';
import {
  parseDocument,
  type Document,
  type Statement,
  type Table,
  type Value,
} from '../hippofacts/syntax.ts';
import { addLine, indentOf, pairsBelow } from '../hippofacts/language/edits.ts';
import { lineEndOf } from '../hippofacts/language/line-ends.ts';
import type { TextEdit } from '../hippofacts/text-edit.ts';
import { escapePattern } from './escape-pattern.ts';
import type { Form } from './templates.ts';

export type Dependency = NonNullable<Form['dependencies']>[number];

/** `[]`: they are there. A text: why it cannot be done, as the rest of a sentence that begins with the file. */
export type DependencyEdits = readonly TextEdit[] | string;

/**
 * @param text of a file called `dependencies[…].in`
 * @param wanted all are of that file
 */
export function addDependencies(
  text: string,
  file: Dependency['in'] | 'pyproject.toml',
  wanted: readonly Dependency[],
): DependencyEdits {
  switch (file) {
    case 'package.json':
      return addToPackage(text, wanted);
    case 'Cargo.toml':
      return addToCargo(text, wanted);
    case 'go.mod':
      return addToGoModule(text, wanted);
    case 'requirements.txt':
      return addToRequirements(text, wanted);
    case 'pyproject.toml':
      return addToPyproject(text, wanted);
  }
}

/** As a person would write it into the file. */
export function dependencyText({ in: file, name, version }: Dependency): string {
  if (file === 'package.json') return `"${name}": "${version}"`;
  if (file === 'Cargo.toml') return `${name} = ${version.startsWith('{') ? version : `"${version}"`}`;
  return file === 'go.mod' ? `require ${name} ${version}` : `${name}${version}`;
}

function insertion(text: string, at: number, added: string): TextEdit {
  return { range: new LineIndex(text).range(at, at), text: added };
}

const SECTIONS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];

function addToPackage(text: string, wanted: readonly Dependency[]): DependencyEdits {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return 'is not JSON';
  }
  const root = jsonObject(text, text.indexOf('{'));
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest) || !root)
    return 'holds no object';
  const sections = manifest as Record<string, Record<string, unknown> | undefined>;
  const missing = wanted.filter(
    ({ name }) => !SECTIONS.some((section) => sections[section]?.[name] !== undefined),
  );
  const eol = lineEndOf(text);
  const unit = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  const edits: TextEdit[] = [];
  const added: string[] = [];
  for (const section of ['dependencies', 'devDependencies']) {
    const lines = missing
      .filter(({ dev }) => (dev === true) === (section === 'devDependencies'))
      .map(dependencyText)
      .sort();
    if (lines.length === 0) continue;
    const member = root.members.find(({ key }) => key === section);
    const there = member && jsonObject(text, member.value);
    if (member && !there) return `has "${section}", which is no object`;
    if (there) edits.push(...lines.flatMap((line) => addMember(text, there, line, unit + unit, unit, eol)));
    else {
      const inner = lines.map((line) => `${eol}${unit}${unit}${line}`).join(',');
      added.push(`"${section}": {${inner}${eol}${unit}}`);
    }
  }
  const joined = added.join(`,${eol}${unit}`);
  if (joined !== '') edits.push(...addMember(text, root, joined, unit, '', eol));
  return edits;
}

interface JsonObject {
  readonly start: number;
  /** Behind the brace. */
  readonly end: number;
  readonly members: readonly {
    readonly key: string;
    readonly start: number;
    readonly value: number;
    readonly end: number;
  }[];
}

/** The object that begins at an offset of valid JSON. */
function jsonObject(text: string, start: number): JsonObject | undefined {
  if (text.charAt(start) !== '{') return undefined;
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gy;
  const blank = /\s*/y;
  const members: { key: string; start: number; value: number; end: number }[] = [];
  let depth = 0;
  let current: { key: string; start: number; value: number; end: number } | undefined;
  for (let at = start; at < text.length;) {
    token.lastIndex = at;
    const word = token.exec(text)?.[0];
    if (word === undefined) return undefined;
    const end = at + word.length;
    if (word === '{' || word === '[') depth++;
    if (depth === 1 && word !== '{' && word !== '}' && word !== ',' && word !== ':' && word !== ']') {
      if (!current) current = { key: JSON.parse(word) as string, start: at, value: -1, end };
    }
    if (current && current.value === -2) current.value = at;
    if (depth === 1 && word === ':' && current?.value === -1) current.value = -2;
    if (word === '}' || word === ']') depth--;
    if (current && word !== ',' && depth >= 1) current.end = end;
    if (current && ((word === ',' && depth === 1) || depth === 0)) {
      members.push(current);
      current = undefined;
    }
    if (depth === 0) return { start, end, members };
    blank.lastIndex = end;
    at = end + (blank.exec(text)?.[0].length ?? 0);
  }
  return undefined;
}

/** Between those that are before and behind it in the alphabet. */
function addMember(
  text: string,
  { start, end, members }: JsonObject,
  line: string,
  indent: string,
  outer: string,
  eol: string,
): TextEdit[] {
  const key = /^"([^"]*)"/.exec(line)?.[1] ?? '';
  const isSection = SECTIONS.includes(key);
  const before = isSection ? members.at(-1) : members.findLast((one) => one.key < key);
  const next = members[before ? members.indexOf(before) + 1 : 0];
  if (members.length === 0)
    return [
      {
        range: new LineIndex(text).range(start + 1, end - 1),
        text: `${eol}${indent}${line}${eol}${outer}`,
      },
    ];
  const isOneLine = !text.slice(start, end).includes('\n');
  const gap = isOneLine ? ' ' : `${eol}${indent}`;
  if (before) return [insertion(text, before.end, `,${gap}${line}`)];
  return [insertion(text, next?.start ?? start + 1, `${line},${gap}`)];
}

function readToml(text: string): Document {
  return parseDocument(text, () => undefined);
}

function tableAt({ root }: Document, keys: readonly string[]): Table | undefined {
  let table: Value | undefined = root;
  for (const key of keys) table = table?.kind === 'table' ? table.entries.get(key)?.value : undefined;
  return table?.kind === 'table' ? table : undefined;
}

function addToCargo(text: string, wanted: readonly Dependency[]): DependencyEdits {
  const document = readToml(text);
  if (document.problems.length > 0) return 'cannot be read';
  if (!document.root.entries.has('package')) return 'has no [package]';
  const table = tableAt(document, ['dependencies']);
  const missing = wanted.filter(
    ({ name }) => !table?.entries.has(name) && !table?.entries.has(name.replaceAll('-', '_')),
  );
  if (missing.length === 0) return [];
  const lines = missing.map(dependencyText);
  const eol = lineEndOf(text);
  if (table?.origin === 'inline') return 'has its dependencies in braces';
  const header = document.statements.findIndex(
    (one) => one.kind === 'header' && one.table === table && one.keys.length === 1,
  );
  const found = document.statements[header];
  if (!found) {
    const gap = text.trim() === '' ? '' : text.endsWith('\n') ? eol : eol + eol;
    return [insertion(text, text.length, `${gap}[dependencies]${eol}${lines.join(eol)}${eol}`)];
  }
  const last: Statement = pairsBelow(document.statements, header).at(-1) ?? found;
  const indent = last === found ? '' : indentOf(text, last);
  const edit = addLine(document, last, indent, lines.join(`${eol}${indent}`));
  return [edit];
}

const REQUIRE = /^[ \t]*require[ \t]*\([ \t]*(?:\/\/[^\n]*)?\r?\n((?:[^\n)]*\n)*?)[ \t]*\)/m;

function addToGoModule(text: string, wanted: readonly Dependency[]): DependencyEdits {
  if (!/^[ \t\uFEFF]*module[ \t]+\S+/m.test(text)) return 'names no module';
  const missing = wanted.filter(
    ({ name }) =>
      !new RegExp(`^[ \\t]*(?:require[ \\t]+)?"?${escapePattern(name)}"?[ \\t]+v`, 'm').test(text),
  );
  if (missing.length === 0) return [];
  const eol = lineEndOf(text);
  const block = REQUIRE.exec(text);
  const lines = missing.map(({ name, version }) => `${name} ${version}`);
  if (block) {
    const at = block.index + block[0].length - (/[ \t]*\)$/.exec(block[0])?.[0].length ?? 1);
    return [insertion(text, at, lines.map((line) => `\t${line}${eol}`).join(''))];
  }
  const gap = text.endsWith('\n') ? eol : eol + eol;
  return [insertion(text, text.length, gap + lines.map((line) => `require ${line}${eol}`).join(''))];
}

/** PEP 503: in one form, however it is written. */
function pythonName(requirement: string): string {
  const name = /^[\s"'\uFEFF]*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(requirement)?.[1] ?? '';
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

function addToRequirements(text: string, wanted: readonly Dependency[]): DependencyEdits {
  const there = new Set(text.split(/\r?\n/).map(pythonName));
  const lines = wanted.filter(({ name }) => !there.has(pythonName(name))).map(dependencyText);
  if (lines.length === 0) return [];
  const eol = lineEndOf(text);
  const gap = text === '' || text === '\uFEFF' || text.endsWith('\n') ? '' : eol;
  return [insertion(text, text.length, gap + lines.map((line) => line + eol).join(''))];
}

function addToPyproject(text: string, wanted: readonly Dependency[]): DependencyEdits {
  const document = readToml(text);
  if (document.problems.length > 0) return 'cannot be read';
  const list = tableAt(document, ['project'])?.entries.get('dependencies')?.value;
  if (list?.kind !== 'list') return 'has no list `dependencies` in [project]';
  const there = new Set(list.items.map((item) => (item.kind === 'text' ? pythonName(item.text) : '')));
  const missing = wanted.filter(({ name }) => !there.has(pythonName(name)));
  if (missing.length === 0) return [];
  const eol = lineEndOf(text);
  const items = missing.map((one) => `"${dependencyText(one)}"`);
  const last = list.items.at(-1);
  if (!last) return [insertion(text, list.range.start.offset + 1, items.join(', '))];
  const line = text.lastIndexOf('\n', last.range.start.offset - 1) + 1;
  const before = text.slice(line, last.range.start.offset);
  const gap = before.trim() === '' && line > list.range.start.offset ? eol + before : ' ';
  return [insertion(text, last.range.end.offset, items.map((item) => `,${gap}${item}`).join(''))];
}
