// Answers that take a while to find, remembered until they are forgotten. Who asks while one is being found waits for
// the same; when all who wait have gone, it is given up.

export interface RememberedOptions<T> {
  /** All together may weigh so much; the one that was used longest ago goes first. */
  readonly capacity: number;
  /** 1 without it. */
  readonly weigh?: (answer: T) => number;
}

interface Entry<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
  /** Undefined while it is being found. */
  found: { readonly answer: T; readonly weight: number } | undefined;
}

export class Remembered<T> {
  readonly #options: RememberedOptions<T>;
  /** The one that was used last at the end. */
  readonly #entries = new Map<string, Entry<T>>();
  #weight = 0;

  constructor(options: RememberedOptions<T>) {
    this.#options = options;
  }

  /**
   * The answer for a key. A failure is not remembered.
   * @param find given up by its signal when nobody waits any more
   * @throws the signal's reason; what `find` throws
   */
  get(key: string, find: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const entry = this.#entries.get(key) ?? this.#begin(key, find);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.found ? entry.promise : this.#wait(key, entry, signal);
  }

  /**
   * True if there was something to forget. What is being found, whatever it will be, is found to its end for those who
   * wait, and not remembered.
   */
  forget(which: (key: string, answer: T) => boolean = () => true): boolean {
    const entries = [...this.#entries].filter(([key, { found }]) => !found || which(key, found.answer));
    for (const [key, entry] of entries) this.#remove(key, entry);
    return entries.length > 0;
  }

  #begin(key: string, find: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const controller = new AbortController();
    const entry: Entry<T> = { promise: find(controller.signal), controller, waiting: 0, found: undefined };
    entry.promise.then(
      (answer) => {
        if (this.#entries.get(key) !== entry) return;
        entry.found = { answer, weight: this.#options.weigh?.(answer) ?? 1 };
        this.#weight += entry.found.weight;
        this.#shrink();
      },
      () => this.#remove(key, entry),
    );
    return entry;
  }

  #wait(key: string, entry: Entry<T>, signal: AbortSignal | undefined): Promise<T> {
    entry.waiting++;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        signal?.removeEventListener('abort', stop);
        entry.waiting--;
      };
      const stop = (): void => {
        leave();
        reject(signal?.reason as Error);
        if (entry.waiting > 0 || entry.found) return;
        this.#remove(key, entry);
        entry.controller.abort(signal?.reason);
      };
      signal?.addEventListener('abort', stop);
      entry.promise.then(
        (answer) => (leave(), resolve(answer)),
        (error: unknown) => (leave(), reject(error as Error)),
      );
    });
  }

  #remove(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#weight -= entry.found?.weight ?? 0;
  }

  /** The last one stays, however heavy it is. */
  #shrink(): void {
    for (const [key, entry] of [...this.#entries].slice(0, -1)) {
      if (this.#weight <= this.#options.capacity) return;
      if (entry.found) this.#remove(key, entry);
    }
  }
}
