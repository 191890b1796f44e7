// Bytes that come in pieces, as whole lines of text.

/** Bytes after which a line is passed on even if it goes on. */
const LONGEST = 8 * 1024;

export class LineBuffer {
  readonly #out: (text: string) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** @param out gets one or more lines, the last one without its line feed */
  constructor(out: (text: string) => void) {
    this.#out = out;
  }

  add(bytes: Uint8Array): void {
    const all = Buffer.concat([this.#rest, bytes]);
    const lineEnd = all.lastIndexOf('\n');
    this.#rest = all.subarray(lineEnd + 1);
    if (lineEnd >= 0) this.#out(all.toString('utf8', 0, lineEnd));
    if (this.#rest.length > LONGEST) this.end();
  }

  /** Passes on what is left. */
  end(): void {
    if (this.#rest.length > 0) this.#out(this.#rest.toString('utf8'));
    this.#rest = Buffer.alloc(0);
  }
}
