// What a plan has come to so far: files to make, files that change, and notes.

import type { TextEdit } from '../hippofacts/text-edit.ts';
import type { Insertions } from './insertions.ts';
import type { FileChange, WorkspaceTexts } from './plan.ts';

export class PlannedFiles {
  readonly notes: string[] = [];
  readonly creates = new Map<string, { text: string; why: string }>();
  /** Sources that are added to. */
  readonly files = new Map<string, { file: Insertions; why: string[] }>();
  /** Other files. */
  readonly edits = new Map<string, { edits: readonly TextEdit[]; why: string }>();

  /** Of a file as it is to be. */
  async lengthOf(file: string, texts: WorkspaceTexts): Promise<number> {
    const planned = this.files.get(file)?.file.text ?? this.creates.get(file)?.text;
    return (planned ?? (await texts.read(file)) ?? '').length;
  }

  changes(): FileChange[] {
    const changes: FileChange[] = [];
    for (const [file, { file: insertions, why }] of this.files) {
      const edits = insertions.edits();
      if (edits.length > 0) changes.push({ type: 'edit', path: file, edits, why: why.join(', ') });
    }
    for (const [file, { text, why }] of this.creates) changes.push({ type: 'create', path: file, text, why });
    for (const [file, { edits, why }] of this.edits) changes.push({ type: 'edit', path: file, edits, why });
    return changes;
  }
}
