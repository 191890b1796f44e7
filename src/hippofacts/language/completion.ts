// What can be written at a place: tables and keys with what they mean, and the values that this project and its server
// have for them.

import type { ProjectFacts } from '../facts.ts';
import type { Manifest } from '../parse.ts';
import type { TextEdit } from '../text-edit.ts';
import { headerCompletions, keyCompletions } from './complete-keys.ts';
import { valueCompletions } from './complete-values.ts';
import { placeAt } from './place.ts';

export type CompletionKind =
  | 'table'
  | 'key'
  | 'text'
  | 'route'
  | 'file'
  | 'folder'
  | 'pattern'
  | 'function'
  | 'version'
  | 'bindle'
  | 'person';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** A few words beside the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly documentation?: string;
  /** Its range is on one line and holds the offset. */
  readonly edit: TextEdit;
  /** `edit.text` has places to fill in (snippet.ts). */
  readonly snippet: boolean;
  /** What the text from the start of the range to the offset is held against. */
  readonly filter: string;
  /** Sorts by this; the first is the most likely. */
  readonly sort: string;
  /** Ask again as soon as it is taken: there is something to choose at the place that it leads to. */
  readonly again: boolean;
  /** What takes longer to find out. Throws the signal's reason only. */
  resolve?(signal?: AbortSignal): Promise<Resolved>;
}

export interface Resolved {
  readonly detail?: string;
  /** Markdown. */
  readonly documentation?: string;
}

/** In the order of their `sort`. @throws the signal's reason */
export async function completions(
  manifest: Manifest,
  offset: number,
  facts: ProjectFacts,
  signal?: AbortSignal,
): Promise<Completion[]> {
  const place = placeAt(manifest.document, offset);
  const found =
    place.kind === 'header'
      ? await headerCompletions(manifest, place, facts, signal)
      : place.kind === 'key'
        ? await keyCompletions(manifest, place, facts, signal)
        : place.kind === 'value'
          ? await valueCompletions(manifest, place, facts, signal)
          : [];
  return found.toSorted((a, b) => (a.sort < b.sort ? -1 : a.sort > b.sort ? 1 : 0));
}
