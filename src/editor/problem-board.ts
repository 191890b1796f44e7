// The problems of every HIPPOFACTS, each shown once, whoever has found it: the one that is open in an editor is looked
// at all the time (language/), and a publish says what has stopped it (publish/).

import { inOrder, isOfServer, type Problem } from '../hippofacts/problem.ts';
import { applySeverities, type Severities } from '../hippofacts/severities.ts';

export class ProblemBoard {
  readonly #show: (uri: string, problems: readonly Problem[]) => void;
  readonly #wishes: (uri: string) => Severities;
  readonly #published = new Map<string, readonly Problem[]>();
  /** Of those that are open, whatever people wish to see. */
  readonly #watched = new Map<string, readonly Problem[]>();
  readonly #shown = new Map<string, string>();

  /** @param wishes how loudly each is told, where it keeps nobody from publishing */
  constructor(
    show: (uri: string, problems: readonly Problem[]) => void,
    wishes: (uri: string) => Severities = () => ({}),
  ) {
    this.#show = show;
    this.#wishes = wishes;
  }

  /** What a publish has found, in the place of what one before has. */
  publish(uri: string, problems: readonly Problem[]): void {
    this.#published.set(uri, problems);
    this.refresh(uri);
  }

  /** True if a publish has found something that only another look at the file can take back. */
  needsLook(uri: string): boolean {
    return !this.#watched.has(uri) && (this.#published.get(uri) ?? []).length > 0;
  }

  /**
   * All that is known to be wrong with one that is open: what a publish has found and is not among it is over.
   * @param isComplete false where a server has not said all: what a publish has heard from one stands
   */
  watch(uri: string, problems: readonly Problem[], isComplete: boolean): void {
    this.#watched.set(uri, problems);
    const keys = new Set(problems.map(keyOf));
    const stands = (problem: Problem): boolean =>
      keys.has(keyOf(problem)) || (!isComplete && isOfServer(problem));
    const left = this.#published.get(uri)?.filter(stands);
    if (left) this.#published.set(uri, left);
    this.refresh(uri);
  }

  /** It was changed: its places are others, and what a publish has found may be over. */
  edit(uri: string): void {
    this.#published.delete(uri);
  }

  /** It was closed. */
  close(uri: string): void {
    this.#watched.delete(uri);
    this.refresh(uri);
  }

  /** All that are open, though they were shown already: somebody else may have taken them away. */
  restore(): void {
    for (const uri of this.#watched.keys()) {
      this.#shown.delete(uri);
      this.refresh(uri);
    }
  }

  /** As they are told now. */
  refresh(uri: string): void {
    const shown = this.of(uri);
    // Whoever shows them is not bothered with the same again.
    const text = JSON.stringify(shown);
    if (text === this.#shown.get(uri)) return;
    this.#shown.set(uri, text);
    this.#show(uri, shown);
  }

  of(uri: string): readonly Problem[] {
    const wishes = this.#wishes(uri);
    const published = this.#published.get(uri) ?? [];
    // What stops a publish is told so, whatever anybody wishes.
    const stopping = published.filter(({ severity }) => severity === 'error');
    const keys = new Set(stopping.map(keyOf));
    const others = [...(this.#watched.get(uri) ?? published)].filter((problem) => !keys.has(keyOf(problem)));
    return inOrder([...stopping, ...applySeverities(others, wishes)]);
  }
}

/** The same problem, found twice. */
function keyOf({ code, range }: Problem): string {
  return `${code} ${range.start.offset} ${range.end.offset}`;
}
