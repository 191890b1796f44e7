// Places in a text, as editors count them: offsets in UTF-16 units, lines and columns from 0.

export interface Position {
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
  readonly line: number;
  /** UTF-16 units from the start of the line; no editor shows a byte order mark, so it has no column. */
  readonly column: number;
}

/** `end` is the first place that no longer belongs to it. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** Finds line and column of an offset. Lines end at LF, CRLF or a CR alone, as in the Language Server Protocol. */
export class LineIndex {
  readonly #starts: number[];

  constructor(text: string) {
    this.#starts = [text.startsWith('\uFEFF') ? 1 : 0];
    for (const end of text.matchAll(/\r\n|\n|\r/g)) this.#starts.push(end.index + end[0].length);
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { offset, line: low, column: Math.max(0, offset - (this.#starts[low] ?? 0)) };
  }

  range(start: number, end: number): Range {
    return { start: this.position(start), end: this.position(end) };
  }
}
