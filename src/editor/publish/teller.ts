// What the events of a publish come to for whoever listens: lines that stay, and what is going on just now.

import type { Plan } from '../../publish/plan.ts';
import type { Progress } from '../../publish/push-tally.ts';
import type { PublishEvent, Stage } from '../../publish/run.ts';
import { listOf } from '../../hippofacts/text.ts';
import type { Line } from '../../publish/words.ts';
import type { Core } from '../connections/connections.ts';

/** What is going on just now; it takes the place of what was before. */
export interface Moment {
  readonly text: string;
  /** Of the whole, 0 to 100; it never goes back. */
  readonly percent: number;
  /** Of the upload, while there is one. */
  readonly upload?: Progress;
}

/** Where a publish shows itself, and from where it is cancelled. */
export interface Listener {
  line(line: Line): void;
  now(moment: Moment): void;
  /** Cancelled, but uploads that have begun are finished first: `abort` drops them. */
  finishing(uploads: number): void;
  readonly signal: AbortSignal;
  readonly abort: AbortSignal;
}

/** Where each stage begins in the whole, and what it is called. */
const STAGES: Readonly<Record<Stage, { percent: number; text: string }>> = {
  build: { percent: 0, text: 'Building' },
  collect: { percent: 5, text: 'Collecting files' },
  plan: { percent: 15, text: 'Comparing with the server' },
  push: { percent: 20, text: 'Sending' },
  release: { percent: 80, text: 'Releasing' },
  wait: { percent: 90, text: 'Waiting' },
};

export class Teller {
  readonly #core: Core;
  readonly #listener: Listener;
  readonly #wording: Parameters<Core['eventLines']>[1];
  readonly #build: string | undefined;
  #tally: InstanceType<Core['PushTally']>;
  #percent = 0;

  /** @param about where it is sent to, how files are named, and the task that builds */
  constructor(
    core: Core,
    listener: Listener,
    about: Parameters<Core['eventLines']>[1] & { build?: string | undefined },
  ) {
    this.#core = core;
    this.#listener = listener;
    this.#wording = about;
    this.#build = about.build;
    this.#tally = new core.PushTally();
  }

  onEvent(event: PublishEvent): void {
    for (const line of this.#core.eventLines(event, this.#wording)) this.#listener.line(line);
    if (event.type === 'stage') this.#onStage(event.stage);
    else if (event.type === 'planned') this.#onPlan(event.plan);
    else if (event.type === 'push') {
      this.#tally.onEvent(event.event);
      const upload = this.#tally.progress;
      if (event.event.type === 'finishing') this.#listener.finishing(event.event.uploads);
      if (upload.files > 0) {
        const { push, release } = STAGES;
        const percent = push.percent + this.#core.shareOf(upload) * (release.percent - push.percent);
        this.#now(`Sending ${this.#core.progressText(upload)}`, percent, upload);
      }
    } else if (event.type === 'release' && event.event.type === 'waiting')
      this.#now(
        `Waiting for ${listOf(event.event.channels.map(({ name }) => name))} to answer`,
        STAGES.wait.percent,
      );
  }

  /** It goes on when a person has answered. */
  asking(): void {
    this.#now('Waiting for your answer', this.#percent);
  }

  #onStage(stage: Stage): void {
    const { text, percent } = STAGES[stage];
    // Each push counts from the beginning.
    if (stage === 'push') this.#tally = new this.#core.PushTally();
    if (stage === 'build' && this.#build !== undefined)
      this.#listener.line({ text: `Building with "${this.#build}"` });
    this.#now(
      stage === 'build' && this.#build !== undefined ? `Building with "${this.#build}"` : text,
      percent,
    );
  }

  #onPlan(plan: Plan): void {
    for (const line of this.#core.planLines(plan)) this.#listener.line(line);
  }

  #now(text: string, percent: number, upload?: Progress): void {
    this.#percent = Math.max(this.#percent, percent);
    this.#listener.now({ text, percent: this.#percent, ...(upload ? { upload } : {}) });
  }
}
