// Many changes in close succession as one: a build that rewrites thousands of files is followed by one update.

/** Time, for tests to stand in for. */
export interface BurstClock {
  /** In ms. */
  now(): number;
  /** @returns a function that stops it */
  after(ms: number, act: () => void): () => void;
}

export interface BurstOptions {
  /** Ms in which nothing more may come before it is told. */
  readonly quiet?: number;
  /** Ms after which it is told in any case: something may write all the time. */
  readonly most?: number;
  readonly clock?: BurstClock;
}

/** Of more paths than this, none is told by name. */
const MAX_PATHS = 1000;

export class Burst {
  readonly #tell: (paths: readonly string[] | undefined) => void;
  readonly #quiet: number;
  readonly #most: number;
  readonly #clock: BurstClock;
  readonly #paths = new Set<string>();
  #began: number | undefined;
  #stop: (() => void) | undefined;

  /** @param tell each path once; undefined if there are very many */
  constructor(tell: (paths: readonly string[] | undefined) => void, options: BurstOptions = {}) {
    this.#tell = tell;
    this.#quiet = options.quiet ?? 250;
    this.#most = options.most ?? 10_000;
    this.#clock = options.clock ?? CLOCK;
  }

  add(path: string): void {
    const now = this.#clock.now();
    this.#began ??= now;
    if (this.#paths.size <= MAX_PATHS) this.#paths.add(path);
    this.#stop?.();
    const left = Math.max(this.#began + this.#most - now, 0);
    this.#stop = this.#clock.after(Math.min(this.#quiet, left), () => this.#end());
  }

  /** What has come and was not told will not be. */
  dispose(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#began = undefined;
    this.#paths.clear();
  }

  #end(): void {
    const paths = this.#paths.size > MAX_PATHS ? undefined : [...this.#paths];
    this.dispose();
    this.#tell(paths);
  }
}

const CLOCK: BurstClock = {
  now: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
