// Puts a result together as its rows are read, and stops where it becomes too much.

import {
  ABI_LIMITS,
  ABI_VERSION,
  HostCallError,
  type SqlColumn,
  type SqlValue,
} from '../../../addons/host-calls.ts';

/** What is left for the rows of a response. */
const MAX_BYTES = ABI_LIMITS.response - 64;

export class ResultRows {
  readonly #maxRows: number;
  readonly #rows: string[] = [];
  #columns = '[]';
  #bytes = 0;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get count(): number {
    return this.#rows.length;
  }

  /** @throws HostCallError `response_too_large` */
  describe(columns: readonly SqlColumn[]): void {
    this.#columns = JSON.stringify(columns);
    this.#take(Buffer.byteLength(this.#columns));
  }

  /** @throws HostCallError `response_too_large` */
  add(row: readonly SqlValue[]): void {
    if (this.#rows.length >= this.#maxRows) throw tooLarge(`has more than ${this.#maxRows} rows`);
    const text = JSON.stringify(row);
    this.#take(Buffer.byteLength(text) + 1);
    this.#rows.push(text);
  }

  /** Told of bytes that will become part of the result, before they are read. @throws HostCallError */
  expect(bytes: number): void {
    if (this.#bytes + bytes > MAX_BYTES) throw tooLarge(`is larger than ${ABI_LIMITS.response} bytes`);
  }

  /** The whole response. */
  encode(affected: number): Uint8Array {
    return Buffer.from(
      `{"version":${ABI_VERSION},"columns":${this.#columns},"rows":[${this.#rows.join(',')}],"affected":${affected}}`,
    );
  }

  #take(bytes: number): void {
    this.expect(bytes);
    this.#bytes += bytes;
  }
}

export function tooLarge(how: string): HostCallError {
  return new HostCallError('response_too_large', `The result ${how}: ask for less, with LIMIT.`);
}
