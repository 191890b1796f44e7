// What has to change in a manifest when files or folders of the project get other names.

import { posix } from 'node:path';
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
 * @param windows a backslash separates folders too
 */
export function renameEdits(
  manifest: Manifest,
  renames: readonly Rename[],
  windows = process.platform === 'win32',
): TextEdit[] {
  const { text, lines } = manifest.document;
  const edits: TextEdit[] = [];
  const slashed = (name: string): string => (windows ? name.replaceAll('\\', '/') : name);
  const change = (range: Range, before: string, after: string | undefined): void => {
    if (after === undefined || after === before) return;
    const { start, end } = range;
    const [quotes = '"'] = /^(?:"""|'''|"|')/.exec(text.slice(start.offset, end.offset)) ?? [];
    const isPlain = quotes === "'" && !/['\p{Cc}]/u.test(after);
    edits.push({ range: lines.range(start.offset, end.offset), text: isPlain ? `'${after}'` : quote(after) });
  };
  for (const { name, files } of entriesOf(manifest)) {
    if (name?.value !== undefined) change(name.range, name.value, renamed(slashed(name.value), renames));
    for (const { text: pattern, range } of files?.value ?? [])
      change(range, pattern, renamedPattern(pattern, slashed(pattern), renames));
  }
  return edits;
}

function renamed(name: string, renames: readonly Rename[]): string | undefined {
  const [, dot = '', plain = ''] = /^((?:\.\/)*)(.*)$/s.exec(name) ?? [];
  for (const { from, to } of renames) {
    if (to.startsWith('../') || !passes(plain, from)) continue;
    const whole = posix.normalize(plain);
    if (whole === from) return dot + to;
    // With `..`, what is no longer there may have been on the way only.
    return dot + (whole.startsWith(`${from}/`) ? to + whole.slice(from.length) : whole);
  }
  return undefined;
}

/** True if a file or folder is on the way that a name describes. */
function passes(name: string, file: string): boolean {
  const wanted = file.split('/');
  const way: string[] = [];
  return name.split('/').some((part) => {
    if (part === '..' && way.length > 0 && way.at(-1) !== '..') way.pop();
    else if (part !== '' && part !== '.') way.push(part);
    return way.length === wanted.length && wanted.every((one, index) => one === way[index]);
  });
}

/** @param slashed the pattern with `/` only */
function renamedPattern(pattern: string, slashed: string, renames: readonly Rename[]): string | undefined {
  // The part without special characters, up to whole names.
  const ends = [...slashed.matchAll(/\/|$/g)].map(({ index }) => index);
  const end = ends.findLast((one) => plainPrefix(slashed.slice(0, one)) !== undefined) ?? 0;
  const prefix = slashed.slice(0, end).replace(/\/+$/, '');
  const plain = plainPrefix(prefix);
  const dot = /^(?:\.\/)*/.exec(prefix)?.[0] ?? '';
  const after = plain === undefined || plain === '' ? undefined : renamed(plain, renames);
  return after === undefined ? undefined : dot + escapePattern(after) + pattern.slice(prefix.length);
}
