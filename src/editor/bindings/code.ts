// What binding code needs of the editor: texts as they stand, one change of several files, and what is shown of it.

import type { BindingPlan, FileChange, WorkspaceTexts } from '../../bindings/plan.ts';

/** Where a person is writing. */
export interface Cursor {
  /** Absolute; undefined for what is not a file on this machine yet. */
  readonly path: string | undefined;
  /** For people. */
  readonly name: string;
  readonly offset: number;
  /** From 1. */
  readonly line: number;
}

/** A piece of a file. */
export interface CodePlace {
  readonly path: string;
  /** Offsets into its text. */
  readonly start: number;
  readonly end: number;
}

export interface ApplyOptions {
  /** Names it in the preview. */
  readonly title: string;
  /** A person sees it first, and may say no. */
  readonly confirm: boolean;
}

export interface CodeEditor {
  readonly texts: WorkspaceTexts;
  /** Of the active editor; undefined without one. */
  readonly cursor: Cursor | undefined;
  /**
   * All changes in one step, which one undo takes back.
   * @returns false: a person has seen it and does not want it
   * @throws EditorError `READ_ONLY`, `NOT_EDITED`: nothing has changed
   */
  apply(changes: readonly FileChange[], options: ApplyOptions): Promise<boolean>;
  /** Shows it in an editor, with this selected. */
  reveal(place: CodePlace): Promise<void>;
  /** Shows pieces of files beside each other; the first is opened. */
  peek(places: readonly CodePlace[]): Promise<void>;
  /** For people: a path as the workspace has it. */
  nameOf(path: string): string;
}

/** What of a plan is new, in the file that is to be looked at, after it was carried out. */
export function newCode({ changes, reveal }: BindingPlan): CodePlace | undefined {
  if (!reveal) return undefined;
  const { path, offset } = reveal;
  const change = changes.find((one) => one.path === path);
  if (!change) return { path, start: offset, end: offset };
  if (change.type === 'create') return { path, start: offset, end: change.text.trimEnd().length };
  let moved = 0;
  const places = change.edits
    .toSorted((a, b) => a.range.start.offset - b.range.start.offset)
    .map(({ range, text }): CodePlace => {
      const start = range.start.offset + moved;
      moved += text.length - (range.end.offset - range.start.offset);
      const lead = text.length - text.trimStart().length;
      return { path, start: start + lead, end: start + Math.max(lead, text.trimEnd().length) };
    });
  const found = places.find(({ start, end }) => start <= offset && offset <= end);
  return found ?? { path, start: offset, end: offset };
}
