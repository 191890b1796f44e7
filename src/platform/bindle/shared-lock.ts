// A lock that many hold together or one holds alone, in the order in which they ask.

export class SharedLock {
  #shared = new Set<Promise<unknown>>();
  #alone: Promise<unknown> = Promise.resolve();

  /** Runs together with others of its kind. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#alone;
    const done = work();
    const settled = done.catch(() => undefined);
    this.#shared.add(settled);
    try {
      return await done;
    } finally {
      this.#shared.delete(settled);
    }
  }

  /** Runs when those before it have ended; those after it wait. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#alone;
    const done = (async () => {
      await before;
      await Promise.all(this.#shared);
      return work();
    })();
    this.#alone = done.catch(() => undefined);
    return done;
  }
}
