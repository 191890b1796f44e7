// What has to be given back, and events; the shapes are those of VS Code, without needing it.

export interface Disposable {
  dispose(): unknown;
}

export type Event<T> = (listener: (value: T) => unknown) => Disposable;

/** Gives back all that was added, last first. What comes after that goes at once. */
export class Disposables implements Disposable {
  #items: Disposable[] | undefined = [];

  add<T extends Disposable>(item: T): T {
    if (this.#items) this.#items.push(item);
    else item.dispose();
    return item;
  }

  dispose(): void {
    const items = this.#items?.reverse() ?? [];
    this.#items = undefined;
    for (const item of items) item.dispose();
  }
}

/** A listener that throws keeps the others from nothing: its error goes to `onError`. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<{ hear: (value: T) => unknown }>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  readonly event: Event<T> = (listener) => {
    // An object of its own: the same function may listen twice.
    const entry = { hear: listener };
    this.#listeners.add(entry);
    return { dispose: () => this.#listeners.delete(entry) };
  };

  fire(value: T): void {
    for (const { hear } of [...this.#listeners])
      try {
        hear(value);
      } catch (error) {
        this.#onError(error);
      }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
