// Lets a number of jobs pass at a time; more wait in order, up to a bound.

/** Too many wait already. */
export class BusyError extends Error {
  readonly code = 'BUSY';
  constructor(message = 'The channel is busy: too many requests wait for it. Try again in a moment.') {
    super(message);
    this.name = 'BusyError';
  }
}

export class Gate {
  readonly #waiting: (() => void)[] = [];
  readonly #bound: number;
  #free: number;

  /** @param bound how many may wait */
  constructor(places: number, bound: number) {
    this.#free = places;
    this.#bound = bound;
  }

  /** Waits for a place. Whoever gets one gives it back by `leave`. @throws BusyError, the signal's reason */
  enter(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#bound) return Promise.reject(new BusyError());
    return new Promise((resolve, reject) => {
      const pass = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(pass), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(pass);
    });
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
