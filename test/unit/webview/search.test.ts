import { describe, expect, test } from 'vitest';
import { Search, type Wish } from '../../../src/webview/marketplace/search.ts';
import { card } from '../../webview/samples.ts';

const wish = (more: Partial<Wish> = {}): Wish => ({
  search: '',
  filters: new Set(),
  sort: 'relevance',
  ...more,
});

function search(...cards: ReturnType<typeof card>[]): Search {
  const made = new Search();
  made.cards = cards;
  return made;
}

const names = (made: Search, more: Partial<Wish>): string[] =>
  made.find(wish(more)).cards.map(({ displayName }) => displayName);

describe('search', () => {
  const made = search(
    card('PostgreSQL', { tags: ['database', 'SQL'], description: 'Relational rows.' }),
    card('MySQL', { tags: ['database'], description: 'Rows, too.', provider: 'Zürich Data' }),
    card('Mail', { description: 'Not a postgresql: it sends mail.' }),
    card('Cache', { tags: ['key-value'] }),
  );

  test.each([
    ['postgresql', ['PostgreSQL', 'Mail']],
    ['post', ['PostgreSQL', 'Mail']],
    ['Postgers', ['PostgreSQL']],
    ['postgrsql', ['PostgreSQL', 'Mail']],
    ['databsae', ['MySQL', 'PostgreSQL']],
    ['zurich', ['MySQL']],
    ['ZÜRICH', ['MySQL']],
    ['database zürich', ['MySQL']],
    ['key', ['Cache']],
    ['  ', ['Cache', 'Mail', 'MySQL', 'PostgreSQL']],
    ['nothing-like-this', []],
    ['constructor __proto__', []],
  ])('%j finds %j', (text, found) => {
    expect(names(made, { search: text })).toEqual(found);
  });

  test('a name comes before a description, a whole word before a beginning', () => {
    const ranked = search(
      card('Alpha', { description: 'mail for all, mail mail mail' }),
      card('Mailer'),
      card('Mail'),
    );
    expect(names(ranked, { search: 'mail' })).toEqual(['Mail', 'Mailer', 'Alpha']);
  });

  test('knows what has come, what has changed and what has gone', () => {
    const changing = search(card('One', { id: '1' }), card('Two', { id: '2' }));
    expect(names(changing, { search: 'two' })).toEqual(['Two']);
    changing.cards = [card('Three', { id: '2' }), card('Two again', { id: '3' })];
    expect(names(changing, { search: 'two' })).toEqual(['Two again']);
    expect(names(changing, { search: 'three' })).toEqual(['Three']);
    expect(names(changing, { search: 'one' })).toEqual([]);
  });
});

describe('filters', () => {
  const made = search(
    card('A', { tags: ['SQL'], provider: 'P' }),
    card('B', { tags: ['sql', 'cache'], free: false, paid: true, provider: 'Q' }),
    card('C', { tags: ['cache'], free: true, paid: true, provider: null }),
  );
  const counts = (...filters: string[]): Record<string, number> =>
    Object.fromEntries(
      made
        .find(wish({ filters: new Set(filters) }))
        .groups.flatMap((group) => group.filters.map(({ id, count }) => [id, count])),
    );

  test('one of a group is enough, and each group has to hold', () => {
    const found = (...filters: string[]): string[] => names(made, { filters: new Set(filters) });
    expect(found('category:sql')).toEqual(['A', 'B']);
    expect(found('category:sql', 'category:cache')).toEqual(['A', 'B', 'C']);
    expect(found('category:sql', 'price:paid')).toEqual(['B']);
    expect(found('category:sql', 'price:paid', 'provider:P')).toEqual([]);
    expect(found('category:gone')).toEqual([]);
  });

  test('count what there would be, by the filters of the other groups', () => {
    expect(counts()).toEqual({
      'price:use': 0,
      'price:free': 2,
      'price:paid': 2,
      'category:cache': 2,
      'category:sql': 2,
      'provider:P': 1,
      'provider:Q': 1,
    });
    expect(counts('price:paid')).toMatchObject({ 'price:free': 2, 'category:sql': 1, 'category:cache': 2 });
    // What is chosen can be taken away again, also where it leaves nothing.
    expect(counts('price:paid', 'provider:P')['provider:P']).toBe(0);
  });
});

test('orders: what is used and what can be had first; by name; by price, unknown ones last', () => {
  const made = search(
    card('B 10', { priceRank: 5 }),
    card('b 9', { priceRank: null }),
    card('C', { unavailable: 'No.', priceRank: 1 }),
    card('D', {
      priceRank: null,
      inUse: [{ addonId: '1', name: 'd', plan: 'p', state: 'ready', channels: [] }],
    }),
  );
  expect(names(made, {})).toEqual(['D', 'b 9', 'B 10', 'C']);
  expect(names(made, { sort: 'name' })).toEqual(['b 9', 'B 10', 'C', 'D']);
  expect(names(made, { sort: 'price' })).toEqual(['C', 'B 10', 'b 9', 'D']);
});
