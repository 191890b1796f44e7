// The version in a HIPPOFACTS, changed without touching anything else.

import { parseManifest } from './parse.ts';
import type { TextEdit } from './text-edit.ts';

/** The edit that puts `version` into the file, in the same quotes; undefined where it has no version that is a text. */
export function editVersion(text: string, version: string): TextEdit | undefined {
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
