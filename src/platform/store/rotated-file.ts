// A text file that is kept by size: the file and, once it is full, the one before it.

import { appendFileSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';

export class RotatedFile {
  readonly #path: string;
  readonly #older: string;
  readonly #limit: number;
  #size: number;

  /**
   * @param path what ends in `.log` has its older generation in `.1.log`; the folder is there
   * @param limit bytes of one generation
   */
  constructor(path: string, limit: number) {
    this.#path = path;
    this.#older = path.replace(/(\.log)?$/, '.1$1');
    this.#limit = limit;
    this.#size = sizeOf(path);
  }

  /** @throws what the file system says */
  append(text: string): void {
    if (this.#size >= this.#limit) {
      renameSync(this.#path, this.#older);
      this.#size = 0;
    }
    appendFileSync(this.#path, text, { mode: 0o600 });
    this.#size += Buffer.byteLength(text);
  }

  /** All lines that are kept, oldest first. */
  lines(): string[] {
    return [this.#older, this.#path].flatMap((path) => {
      const text = sizeOf(path) > 0 ? readFileSync(path, 'utf8') : '';
      return text === '' ? [] : text.replace(/\n$/, '').split('\n');
    });
  }

  remove(): void {
    for (const path of [this.#older, this.#path]) rmSync(path, { force: true });
    this.#size = 0;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
