// Modules, files and patterns in words, for hovers and completions. Markdown.

import type { MatchedFile, ModuleFacts, PatternFacts } from '../facts.ts';
import { bytesText, count, listOf } from '../text.ts';
import { code, escapeMarkdown, fileLink } from './markdown.ts';

/** Files that are named; the others are counted. */
const SHOWN = 10;

/** A line beside a completion, and what stands in its window. */
interface Summary {
  readonly detail: string;
  readonly documentation: string;
}

/** `12 files, 3.4 KB`. */
export function patternDetail({ matches, bytes }: PatternFacts): string {
  return matches.length === 0 ? 'no file' : `${count(matches.length, 'file')}, ${bytesText(bytes)}`;
}

export function patternSummary(pattern: PatternFacts): Summary {
  const sentences = pattern.problems.map(({ message }) => `${escapeMarkdown(message)}.`);
  return {
    detail: patternDetail(pattern),
    documentation: [patternText(pattern), ...sentences].join('\n\n'),
  };
}

/** How many files and bytes a pattern matches, and the first of them as links. Problems are told at their places. */
export function patternText(pattern: PatternFacts): string {
  const { matches } = pattern;
  if (matches.length === 0) return 'It matches no file.';
  const one = pattern.literal ? `${bytesText(pattern.bytes)}` : `It matches ${patternDetail(pattern)}`;
  return [`${one}:`, fileList(matches)].join('\n\n');
}

/** The first files as links, and how many more there are. */
export function fileList(files: readonly MatchedFile[]): string {
  const shown = files
    .slice(0, SHOWN)
    .map(({ name, path, size }) => `- ${fileLink(name, path)} (${bytesText(size)})`);
  const more = files.length - SHOWN;
  return [...shown, ...(more > 0 ? [`- and ${more.toLocaleString('en')} more`] : [])].join('\n');
}

export function moduleSummary(module: ModuleFacts): Summary {
  return {
    detail: module.found ? bytesText(module.size) : 'not there',
    documentation: moduleText(module),
  };
}

/** Exports and imports that are named; a module may have thousands. */
const SHOWN_ITEMS = 12;

/** A module's size, what it exports and what it needs; or why it is not there. */
export function moduleText(module: ModuleFacts): string {
  if (!module.found) return `${escapeMarkdown(module.problem.message)}.`;
  const { name, path, size, wasm } = module;
  const head = `${fileLink(name, path)}, ${bytesText(size)}`;
  if (wasm?.kind === 'component')
    return `${head}\n\nIt is a component. Hippo runs modules: build it for \`wasm32-wasip1\`.`;
  if (wasm && 'reason' in wasm) return `${head}\n\nIt cannot be run: ${escapeMarkdown(wasm.reason)}.`;
  if (wasm?.kind !== 'module') return head;
  const functions = wasm.exports.filter(({ kind }) => kind === 'function').map((item) => code(item.name));
  const imports = Map.groupBy(wasm.imports, (item) => item.module);
  return [
    head,
    functions.length === 0 ? 'It exports no function.' : `Exports ${someOf(functions)}`,
    ...(imports.size === 0
      ? ['It imports nothing.']
      : [...imports].map(
          ([from, items]) =>
            `Imports ${importName(from)}: ${someOf([...new Set(items.map(({ name: item }) => code(item)))])}`,
        )),
  ].join('\n\n');
}

/** Which system a module asks for, by the name of what it imports from. */
function importName(module: string): string {
  if (module === 'wasi_snapshot_preview1') return 'WASI preview 1';
  if (module === 'wasi_unstable') return 'WASI as it was before preview 1 (`wasi_unstable`)';
  return `${code(module)}, which is not WASI`;
}

function someOf(names: readonly string[]): string {
  return names.length > SHOWN_ITEMS
    ? `${names.slice(0, SHOWN_ITEMS).join(', ')} and ${(names.length - SHOWN_ITEMS).toLocaleString('en')} more`
    : listOf(names);
}
