// Memory for file contents that is used again. Node collects large buffers late: without this, publishing
// thousands of files holds on to the bytes of most of them.

const SMALLEST = 64 * 1024;

export class BufferPool {
  readonly #limit: number;
  #free: Buffer[] = [];
  #bytes = 0;

  /** @param limit keeps at most so many bytes for later */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A buffer of at least `size` bytes with anything in it. */
  take(size: number): Buffer {
    const wanted = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(size || 1)));
    const index = this.#free.findIndex(({ length }) => length === wanted);
    const [found] = index < 0 ? [] : this.#free.splice(index, 1);
    if (!found) return Buffer.allocUnsafeSlow(wanted);
    this.#bytes -= found.length;
    return found;
  }

  /** Gives a buffer back that nobody reads or writes any more. */
  give(buffer: Buffer): void {
    if (this.#bytes + buffer.length > this.#limit) return;
    this.#bytes += buffer.length;
    this.#free.push(buffer);
  }
}
