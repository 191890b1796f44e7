// How long each stage of a publish took.

import type { PublishEvent, Stage } from './run.ts';

/** Listens to the events of one publish. */
export class StageTimes {
  readonly #milliseconds = new Map<Stage, number>();
  #stage: Stage | undefined;
  #since = 0;

  onEvent(event: PublishEvent): void {
    if (event.type !== 'stage') return;
    this.#end();
    this.#stage = event.stage;
    this.#since = performance.now();
  }

  /** Whole milliseconds by stage, in the order in which they began; the last stage ends now. */
  end(): Partial<Record<Stage, number>> {
    this.#end();
    this.#stage = undefined;
    return Object.fromEntries([...this.#milliseconds].map(([stage, time]) => [stage, Math.round(time)]));
  }

  #end(): void {
    if (this.#stage === undefined) return;
    const before = this.#milliseconds.get(this.#stage) ?? 0;
    this.#milliseconds.set(this.#stage, before + performance.now() - this.#since);
  }
}
