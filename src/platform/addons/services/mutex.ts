// One at a time; the others wait in order, each as long as it wants to.

export class Mutex {
  readonly #waiting: (() => void)[] = [];
  readonly #bound: number;
  #held = false;

  /** @param bound how many may wait */
  constructor(bound: number) {
    this.#bound = bound;
  }

  get held(): boolean {
    return this.#held;
  }

  /** For what has to be done: waits as long as it takes. */
  async acquireSurely(): Promise<void> {
    if (this.#held) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#held = true;
  }

  /** False if there were too many, or the time was over, or the signal aborted. @param time milliseconds */
  acquire(time: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (!this.#held) {
      this.#held = true;
      return Promise.resolve(true);
    }
    if (this.#waiting.length >= this.#bound) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (got: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        resolve(got);
      };
      const pass = (): void => settle(true);
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(pass), 1);
        settle(false);
      };
      const timer = setTimeout(giveUp, time);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(pass);
    });
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next();
  }
}
