// Insertions into a text, made one after the other, each in the text that the ones before it have left.

import { LineIndex } from '../hippofacts/position.ts';
import type { TextEdit } from '../hippofacts/text-edit.ts';

interface Part {
  readonly text: string;
  /** Where it stands in the first text; undefined for what was added. */
  readonly from: number | undefined;
}

export class Insertions {
  readonly #original: string;
  #parts: Part[];

  constructor(original: string) {
    this.#original = original;
    this.#parts = [{ text: original, from: 0 }];
  }

  /** As it is now. */
  get text(): string {
    return this.#parts.map(({ text }) => text).join('');
  }

  /** @param at offset in the text as it is now */
  insert(at: number, added: string): void {
    const parts: Part[] = [];
    let rest = at;
    let isDone = added === '';
    for (const part of this.#parts) {
      if (isDone || rest > part.text.length) {
        parts.push(part);
        rest -= part.text.length;
        continue;
      }
      const { text, from } = part;
      const behind = from === undefined ? undefined : from + rest;
      parts.push(
        { text: text.slice(0, rest), from },
        { text: added, from: undefined },
        { text: text.slice(rest), from: behind },
      );
      isDone = true;
    }
    this.#parts = parts;
  }

  /** What was added, as edits of the first text. */
  edits(): TextEdit[] {
    const lines = new LineIndex(this.#original);
    const edits: TextEdit[] = [];
    let at = 0;
    let added = '';
    const flush = (): void => {
      if (added !== '') edits.push({ range: lines.range(at, at), text: added });
      added = '';
    };
    for (const { text, from } of this.#parts)
      if (from === undefined) added += text;
      else if (text !== '') {
        flush();
        at = from + text.length;
      }
    flush();
    return edits;
  }
}
