// What has to change in a manifest when files or folders of the project get other names.

import { escapePattern } from '../near-miss.ts';
import { entriesOf, type Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import { quote } from '../quote.ts';
import type { TextEdit } from '../text-edit.ts';
import { plainPrefix } from './pattern-text.ts';

export interface Rename {
  /** Relative to the project, with `/` and without one at its end; a file or a folder. */
  readonly from: string;
  readonly to: string;
}

/**
 * Names of modules and files, and the folders that patterns begin with. What has left the project, and what only a
 * special character stands for, stays as it is.
 */
export function renameEdits(manifest: Manifest, renames: readonly Rename[]): TextEdit[] {
  const { text, lines } = manifest.document;
  const edits: TextEdit[] = [];
  const change = (range: Range, before: string, after: string | undefined): void => {
    if (after === undefined || after === before) return;
    const { start, end } = range;
    const [quotes = '"'] = /^(?:"""|'''|"|')/.exec(text.slice(start.offset, end.offset)) ?? [];
    const isPlain = quotes === "'" && !/['\p{Cc}]/u.test(after);
    edits.push({ range: lines.range(start.offset, end.offset), text: isPlain ? `'${after}'` : quote(after) });
  };
  for (const { name, files } of entriesOf(manifest)) {
    if (name?.value !== undefined) change(name.range, name.value, renamed(name.value, renames));
    for (const { text: pattern, range } of files?.value ?? [])
      change(range, pattern, renamedPattern(pattern, renames));
  }
  return edits;
}

function renamed(name: string, renames: readonly Rename[]): string | undefined {
  const [, dot = '', plain = ''] = /^((?:\.\/)*)(.*)$/s.exec(name) ?? [];
  for (const { from, to } of renames) {
    if (to.startsWith('../')) continue;
    if (plain === from) return dot + to;
    if (plain.startsWith(`${from}/`)) return dot + to + plain.slice(from.length);
  }
  return undefined;
}

function renamedPattern(pattern: string, renames: readonly Rename[]): string | undefined {
  // The part without special characters, up to whole names.
  const parts = pattern.split('/');
  let count = parts.length;
  while (count > 0 && plainPrefix(parts.slice(0, count).join('/')) === undefined) count--;
  const prefix = parts.slice(0, count).join('/');
  const plain = plainPrefix(prefix);
  const dot = /^(?:\.\/)*/.exec(prefix)?.[0] ?? '';
  const after = plain === undefined || plain === '' ? undefined : renamed(plain, renames);
  return after === undefined ? undefined : [dot + escapePattern(after), ...parts.slice(count)].join('/');
}
