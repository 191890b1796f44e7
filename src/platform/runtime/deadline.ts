// A deadline whose clock stands still while somebody else is waited for.

export class Deadline {
  readonly #expire: () => void;
  #left: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Starts it. @param milliseconds of running time */
  constructor(milliseconds: number, expire: () => void) {
    this.#left = milliseconds;
    this.#expire = expire;
    this.run(true);
  }

  /** Lets the clock run, or stand still. */
  run(running: boolean): void {
    if (running === (this.#timer !== undefined)) return;
    if (running) {
      this.#since = performance.now();
      this.#timer = setTimeout(this.#expire, this.#left);
    } else {
      this.stop();
      this.#left = Math.max(0, this.#left - (performance.now() - this.#since));
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
