// Whether bindles can be run as they are stored, known without waiting: looked up once for those that are whole,
// now and then for those that are not, since what is missing may still come.

import { formatId, type BindleId } from '../../bindle/id.ts';
import { completeApp, type BindleSource } from './instance.ts';

/** Milliseconds after which an incomplete bindle is looked at again. */
const AGAIN = 1000;

interface Known {
  /** Undefined for a whole one. */
  problem: string | undefined;
  /** When to look again. */
  until: number;
}

export class Completeness {
  readonly #source: BindleSource;
  readonly #known = new Map<string, Known>();

  constructor(source: BindleSource) {
    this.#source = source;
  }

  /**
   * What a bindle lacks, in a sentence, as far as it is known; undefined for one that is whole or new to us.
   * @param changed called when it turns out to be otherwise
   */
  problem(bindle: BindleId, changed: () => void): string | undefined {
    const name = formatId(bindle);
    const known = this.#known.get(name) ?? { problem: undefined, until: 0 };
    const now = performance.now();
    if (known.until > now) return known.problem;
    // Nobody else looks meanwhile.
    known.until = now + AGAIN;
    this.#known.set(name, known);
    void this.#look(bindle).then((problem) => {
      // What is whole stays so: nothing that a channel runs is ever removed.
      known.until = problem === undefined ? Infinity : performance.now() + AGAIN;
      if (problem === known.problem) return;
      known.problem = problem;
      changed();
    });
    return known.problem;
  }

  async #look(bindle: BindleId): Promise<string | undefined> {
    try {
      await completeApp(bindle, this.#source);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
