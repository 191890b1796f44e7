// Changes of a text that leave the rest of it alone.

import type { Range } from './position.ts';

export interface TextEdit {
  readonly range: Range;
  /** What comes in its place. */
  readonly text: string;
}

/** The text after the edits, whose ranges are of the text before and do not overlap; of two at one place, the first comes first. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const ordered = edits.toSorted((a, b) => a.range.start.offset - b.range.start.offset);
  let result = '';
  let at = 0;
  for (const { range, text: added } of ordered) {
    result += text.slice(at, range.start.offset) + added;
    at = range.end.offset;
  }
  return result + text.slice(at);
}
