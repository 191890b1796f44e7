// A manifest as it would be with edits, to see whether they do any good.

import { parseManifest, type Manifest } from '../parse.ts';
import { applyEdits, type TextEdit } from '../text-edit.ts';

/** UTF-16 units of a text in which edits are tried out: some thousand lines. */
const MAX_TRIED = 100_000;

/** Undefined for a text that is too long for that. */
export function tried({ document: { text } }: Manifest, edits: readonly TextEdit[]): Manifest | undefined {
  return text.length > MAX_TRIED ? undefined : parseManifest(applyEdits(text, edits));
}
