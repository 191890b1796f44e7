// Lists page by page, searched and sorted (hippo-api.md §3).

import { ValidationError, type Page } from '../../hippo/api.ts';

/** Everything that a list would show, of which only the rows of one page become items. */
export interface Listing<R, I> {
  /** In the order that they have if nothing else is asked for. */
  readonly rows: readonly R[];
  /** What `searchText` is looked for in. */
  readonly text: (row: R) => string;
  /** By which properties of the items, in lower case, it can be sorted; `name` is always among them. */
  readonly sort: Readonly<Record<string, (row: R) => string | number | null>>;
  readonly item: (row: R) => I;
}

export interface PageQuery {
  readonly searchText?: string;
  readonly pageIndex?: number;
  readonly pageSize?: number;
  readonly sortBy?: string;
  readonly IsSortedAscending?: boolean;
}

/** True of what a handler of another table gives for a list. */
export function isListing(answer: unknown): answer is Listing<unknown, unknown> {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'rows' in answer &&
    'item' in answer &&
    typeof answer.item === 'function'
  );
}

/** @throws ValidationError if it cannot be sorted like that */
export function page<R, I>(listing: Listing<R, I>, query: PageQuery): Page<I> {
  const {
    searchText = '',
    pageIndex = 0,
    pageSize = 50,
    sortBy,
    IsSortedAscending: ascending = true,
  } = query;
  const wanted = searchText.toLowerCase();
  const found =
    wanted === ''
      ? [...listing.rows]
      : listing.rows.filter((row) => listing.text(row).toLowerCase().includes(wanted));
  sort(found, listing, sortBy);
  if (!ascending) found.reverse();
  const start = pageIndex * pageSize;
  const items = found.slice(start, start + pageSize).map(listing.item);
  return {
    items,
    totalItems: found.length,
    pageIndex,
    pageSize,
    isLastPage: start + items.length >= found.length,
  };
}

function sort<R, I>(found: R[], { sort }: Listing<R, I>, sortBy: string | undefined): void {
  if (sortBy === undefined) return;
  const property = sortBy.toLowerCase();
  const key = Object.hasOwn(sort, property) ? sort[property] : undefined;
  if (key !== undefined) found.sort((a, b) => compare(key(a), key(b)));
  // The dialects' default, also of lists whose items have no name.
  else if (property !== 'name')
    throw new ValidationError('sortBy', `must be one of ${['name', ...Object.keys(sort)].join(', ')}`);
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}
