// The version in a HIPPOFACTS, changed without touching anything else.

import { parseManifest } from './parse.ts';
import type { Range } from './position.ts';

export interface VersionEdit {
  /** Of the value, its quotes included. */
  readonly range: Range;
  /** What comes in its place, in the same quotes. */
  readonly text: string;
}

/** The edit that puts `version` into the file; undefined where it has no version that is a text. */
export function editVersion(text: string, version: string): VersionEdit | undefined {
  const field = parseManifest(text).bindle?.version;
  if (field?.value === undefined) return undefined;
  const { range } = field;
  const written = text.slice(range.start.offset, range.end.offset);
  const [quote] = /^("""|'''|"|')/.exec(written) ?? ['"'];
  return { range, text: `${quote}${version}${quote}` };
}

/** The version that the file has now; undefined where it has none that is a text. */
export function readVersion(text: string): string | undefined {
  return parseManifest(text).bindle?.version?.value;
}

/** The text after the edit. */
export function applyEdit(text: string, edit: VersionEdit): string {
  const { start, end } = edit.range;
  return text.slice(0, start.offset) + edit.text + text.slice(end.offset);
}
