// When a runtime process that died may be started again: soon the first time, later each time that it happens.

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
/** Milliseconds after which a process counts as one that had come up well. */
const WELL = 60_000;

export class Restarts {
  #deaths = 0;
  #readyAt = -Infinity;
  #reason = '';

  /** @param lived milliseconds @param now milliseconds of any clock that only goes forward */
  died(reason: string, lived: number, now: number): void {
    this.#deaths = lived >= WELL ? 1 : this.#deaths + 1;
    this.#readyAt = now + Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.#deaths - 1));
    this.#reason = reason;
  }

  /** Why nothing is started now, and for how many milliseconds; undefined if it may be. */
  wait(now: number): { readonly reason: string; readonly milliseconds: number } | undefined {
    const milliseconds = this.#readyAt - now;
    return milliseconds > 0 ? { reason: this.#reason, milliseconds } : undefined;
  }
}
