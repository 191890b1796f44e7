// What of the marketplace is shown, in which order: search, filters with counts, sorting.

import MiniSearch from 'minisearch';
import type { OfferingCard } from '../protocol.ts';

export const SORTS = ['relevance', 'name', 'price'] as const;
export type Sort = (typeof SORTS)[number];

/** What is looked for. A filter is `price:free`, `price:paid`, `price:use`, `category:TAG` or `provider:NAME`. */
export interface Wish {
  readonly search: string;
  readonly filters: ReadonlySet<string>;
  readonly sort: Sort;
}

export interface Filter {
  readonly id: string;
  readonly label: string;
  /** How many there would be with this filter, beside those of the other groups. */
  readonly count: number;
}

export interface FilterGroup {
  readonly name: string;
  readonly label: string;
  readonly filters: readonly Filter[];
}

export interface Found {
  readonly cards: readonly OfferingCard[];
  readonly groups: readonly FilterGroup[];
}

const GROUPS: Readonly<Record<string, string>> = {
  price: 'Price and use',
  category: 'Category',
  provider: 'Provider',
};

const FIELDS = ['displayName', 'name', 'tags', 'provider', 'description'] as const;

/** Beginnings of the words of names and tags: they come after everything that matches as it is written. */
const BEGINNINGS = 'beginnings';
const SHORTEST = 4;
const LONGEST = 16;

/** Offerings in an index that is made again only when their texts have changed. */
export class Search {
  #cards: readonly OfferingCard[] = [];
  #byId = new Map<string, OfferingCard>();
  #labels = new Map<string, string>();
  #index: MiniSearch<OfferingCard> | undefined;
  #indexed = new Map<string, string>();

  set cards(cards: readonly OfferingCard[]) {
    this.#cards = cards;
    this.#byId = new Map(cards.map((card) => [card.id, card]));
    this.#labels = labelsOf(cards);
    if (this.#index) this.prepare();
  }

  get cards(): readonly OfferingCard[] {
    return this.#cards;
  }

  /** Makes the index, or brings it up to date; `find` does so, too, where there is something to search for. */
  prepare(): void {
    const index = (this.#index ??= new MiniSearch<OfferingCard>({
      fields: [...FIELDS, BEGINNINGS],
      extractField: (card, field) => textOf(card, field),
      processTerm: (term, field) => (field === BEGINNINGS ? beginningsOf(plain(term)) : plain(term)),
      searchOptions: {
        processTerm: plain,
        boost: { displayName: 6, name: 6, tags: 3, provider: 2, [BEGINNINGS]: 0.5 },
        prefix: true,
        // One wrong letter in four; short words would be like any other.
        fuzzy: (term) => (term.length > 3 ? 0.25 : false),
        weights: { prefix: 0.6, fuzzy: 0.2 },
        combineWith: 'AND',
      },
    }));
    for (const id of this.#indexed.keys())
      if (!this.#byId.has(id)) {
        index.discard(id);
        this.#indexed.delete(id);
      }
    for (const card of this.#byId.values()) {
      const text = FIELDS.map((field) => String(card[field])).join('\n');
      const before = this.#indexed.get(card.id);
      if (before === text) continue;
      if (before === undefined) index.add(card);
      else index.replace(card);
      this.#indexed.set(card.id, text);
    }
  }

  find({ search, filters, sort }: Wish): Found {
    const matching = this.#matching(search);
    const wished = [...GROUP_NAMES].map((group) => ({
      group,
      ids: new Set([...filters].filter((id) => groupOf(id) === group)),
    }));
    // A card's filters are compared once for each group: it counts for a group if all other groups take it.
    const counts = new Map<string, number>();
    const cards: OfferingCard[] = [];
    for (const card of matching) {
      const own = filtersOf(card);
      const refused = wished.filter(({ ids }) => ids.size > 0 && !own.some((id) => ids.has(id)));
      if (refused.length === 0) cards.push(card);
      if (refused.length > 1) continue;
      for (const id of own)
        if (refused.length === 0 || groupOf(id) === refused[0]?.group)
          counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return { cards: sorted(cards, sort, search.trim() !== ''), groups: this.#groups(counts, filters) };
  }

  /** The name of a filter, as a button shows it. */
  label(filter: string): string {
    return this.#labels.get(filter) ?? filter.slice(filter.indexOf(':') + 1);
  }

  #matching(search: string): readonly OfferingCard[] {
    if (search.trim() === '') return this.#cards;
    this.prepare();
    const results = this.#index?.search(search) ?? [];
    return results.flatMap(({ id }) => this.#byId.get(id as string) ?? []);
  }

  #groups(counts: ReadonlyMap<string, number>, chosen: ReadonlySet<string>): FilterGroup[] {
    const known = [...this.#labels].map(([id, label]) => ({ id, label, count: counts.get(id) ?? 0 }));
    return GROUP_NAMES.map((name) => {
      const filters = known
        .filter(({ id, count }) => groupOf(id) === name && (count > 0 || chosen.has(id) || name === 'price'))
        .toSorted((a, b) =>
          name === 'price' ? 0 : b.count - a.count || a.label.localeCompare(b.label, 'en', { numeric: true }),
        );
      return { name, label: GROUPS[name] ?? name, filters };
    }).filter(({ filters }) => filters.length > 0);
  }
}

const GROUP_NAMES = Object.keys(GROUPS);

function groupOf(filter: string): string {
  return filter.slice(0, filter.indexOf(':'));
}

function filtersOf({ free, paid, inUse, tags, provider }: OfferingCard): string[] {
  return [
    ...(free ? ['price:free'] : []),
    ...(paid ? ['price:paid'] : []),
    ...(inUse.length > 0 ? ['price:use'] : []),
    ...new Set(tags.map((tag) => `category:${tag.toLowerCase()}`)),
    ...(provider === null ? [] : [`provider:${provider}`]),
  ];
}

function labelsOf(cards: readonly OfferingCard[]): Map<string, string> {
  const labels = new Map([
    ['price:use', 'In use'],
    ['price:free', 'Free'],
    ['price:paid', 'Paid'],
  ]);
  for (const { tags, provider } of cards) {
    for (const tag of tags)
      if (!labels.has(`category:${tag.toLowerCase()}`)) labels.set(`category:${tag.toLowerCase()}`, tag);
    if (provider !== null) labels.set(`provider:${provider}`, provider);
  }
  return labels;
}

function sorted(cards: OfferingCard[], sort: Sort, ranked: boolean): OfferingCard[] {
  if (sort === 'price') return cards.sort((a, b) => byRank(a, b) || byName(a, b));
  if (sort === 'name') return cards.sort(byName);
  // Without a search nothing is more relevant than what is used; then what can be had.
  return ranked ? cards : cards.sort((a, b) => weight(a) - weight(b) || byName(a, b));
}

/** Those without a price that can be said come last. */
function byRank({ priceRank: a }: OfferingCard, { priceRank: b }: OfferingCard): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a - b;
}

function weight({ inUse, unavailable, withdrawn }: OfferingCard): number {
  if (inUse.length > 0) return 0;
  return unavailable !== null || withdrawn ? 2 : 1;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function byName(a: OfferingCard, b: OfferingCard): number {
  return collator.compare(a.displayName, b.displayName) || collator.compare(a.reference, b.reference);
}

function textOf(card: OfferingCard, field: string): string {
  if (field === 'tags') return card.tags.join(' ');
  if (field === BEGINNINGS) return [card.displayName, card.name, ...card.tags].join(' ');
  return String(Reflect.get(card, field) ?? '');
}

/** So that a wrong letter is forgiven in a word that is not typed to its end, too. */
function beginningsOf(term: string): string[] {
  const lengths = Array.from({ length: Math.max(0, Math.min(term.length, LONGEST) - SHORTEST) });
  return lengths.map((_, at) => term.slice(0, SHORTEST + at));
}

/** As words are compared: without case and accents. */
function plain(term: string): string {
  return term.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
}
