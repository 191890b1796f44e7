// Pictures of offerings, asked for when their cards come into view, many at once.

import type { Client } from '../client.ts';

/** What an `<img>` may show: the kinds that platforms fetch. */
const PICTURE = /^data:image\/(png|svg\+xml|jpeg|webp);base64,[A-Za-z0-9+/=]+$/;
const AT_ONCE = 64;

/** A data URI that is a picture, or null. */
export function pictureOf(uri: string | null | undefined): string | null {
  return uri && PICTURE.test(uri) ? uri : null;
}

export class Icons {
  readonly #client: Client<'marketplace'>;
  readonly #changed: () => void;
  readonly #known = new Map<string, string | null>();
  readonly #wanted = new Set<string>();
  readonly #observer: IntersectionObserver;
  #asked = false;

  constructor(client: Client<'marketplace'>, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
    this.#observer = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: '200px' });
  }

  /** The picture of an offering, if it is there. */
  get(offeringId: string): string | null {
    return this.#known.get(offeringId) ?? null;
  }

  /** Has an element with `data-icon` watched until it comes into view. */
  watch(element: Element | undefined): void {
    if (element) this.#observer.observe(element);
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#observer.unobserve(target);
      const id = (target as HTMLElement).dataset['icon'];
      if (id !== undefined && !this.#known.has(id)) this.#wanted.add(id);
    }
    if (this.#wanted.size === 0 || this.#asked) return;
    this.#asked = true;
    setTimeout(() => void this.#ask(), 30);
  }

  async #ask(): Promise<void> {
    this.#asked = false;
    const ids = [...this.#wanted].slice(0, AT_ONCE);
    for (const id of ids) {
      this.#wanted.delete(id);
      this.#known.set(id, null);
    }
    if (this.#wanted.size > 0) void this.#ask();
    try {
      const { icons } = await this.#client.request('icons', { offeringIds: ids });
      for (const id of ids) this.#known.set(id, pictureOf(icons[id]));
      this.#changed();
    } catch {
      // The placeholder stays; it is asked for again when the page is opened again.
    }
  }
}
