// Output of a guest on its way to the control process: held for a moment, so that a short answer travels in one
// message, with its end, and is known whole; after that in as few messages as come.

import { CHUNK } from './messages.ts';

/** Milliseconds. */
const MOMENT = 50;

export class HeldOutput {
  readonly #send: (chunk: Uint8Array) => void;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  #flowing = false;

  constructor(send: (chunk: Uint8Array) => void) {
    this.#send = send;
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length >= CHUNK) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#flowing ? 0 : MOMENT);
  }

  /** What was not sent. */
  take(): Uint8Array {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [first = new Uint8Array()] = this.#chunks;
    const all = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#chunks = [];
    this.#length = 0;
    return all;
  }

  #flush(): void {
    this.#flowing = true;
    this.#send(this.take());
  }
}
