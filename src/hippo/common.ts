// What the schemas of Hippo's REST API have in common: ids, names, pages, problems (hippo-api.md §2, §3).

import Type, { type Static, type TProperties, type TSchema } from 'typebox';

/** Largest page index and size that the dialects know. */
export const MAX_COUNT = 2147483647;
export const DEFAULT_PAGE_SIZE = 50;

export const GUID_PATTERN = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';

export const Guid = Type.String({
  format: 'uuid',
  pattern: GUID_PATTERN,
  description: 'A GUID.',
});

/** ISO 8601, UTC. */
export const Timestamp = Type.String({ format: 'date-time' });

const NAME_PATTERN = '^[a-zA-Z0-9_-]*$';
const NAME_DESCRIPTION = 'Letters, digits, "-" and "_".';

export function name(maxLength: number) {
  return Type.String({ minLength: 1, maxLength, pattern: NAME_PATTERN, description: NAME_DESCRIPTION });
}

/** The name of an app's bindles. */
export const StorageId = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[a-zA-Z0-9_./-]*$',
  description: 'Letters, digits, "-", "_", "." and "/".',
});

/** The version part of a bindle's id. */
export const RevisionNumber = Type.String({ minLength: 1, maxLength: 128 });

export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** A member that a request may leave out or, which is the same, send as null. */
export function optional<T extends TSchema>(schema: T) {
  return Type.Optional(nullable(schema));
}

/**
 * An enumeration that goes by name; older clients send its numbers (hippo-api.md §1), which `readBody` takes
 * by `numbers`.
 */
export function named<const T extends readonly string[]>(values: T, numbers: readonly number[]) {
  return Type.Unsafe<T[number]>({ enum: [...values], numbers: [...numbers] });
}

export function page<T extends TSchema>(items: T) {
  return Type.Object({
    items: Type.Array(items),
    totalItems: Type.Integer({ minimum: 0 }),
    pageIndex: Type.Integer({ minimum: 0, description: 'From 0.' }),
    pageSize: Type.Integer({ minimum: 0 }),
    isLastPage: Type.Boolean(),
  });
}

export interface Page<T> {
  items: T[];
  totalItems: number;
  /** From 0. */
  pageIndex: number;
  pageSize: number;
  isLastPage: boolean;
}

/** What each list takes; names of parameters go in any case. `filters` are the list's own. */
export function pageQuery<T extends TProperties>(filters: T, defaultSize = DEFAULT_PAGE_SIZE) {
  return Type.Object({
    searchText: Type.Optional(Type.String({ description: 'Part of the name, in any case.' })),
    pageIndex: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_COUNT, default: 0 })),
    pageSize: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_COUNT, default: defaultSize })),
    sortBy: Type.Optional(
      Type.String({ description: 'A property of the items that is a text, a number or a date.' }),
    ),
    IsSortedAscending: Type.Optional(Type.Boolean({ default: true })),
    ...filters,
  });
}

/** RFC 9457, as Hippo sends it with `application/problem+json`. */
export const ProblemDetails = Type.Object({
  type: Type.Optional(Type.String()),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(
    Type.Record(Type.String(), Type.Array(Type.String()), {
      description: 'Property, first letter upper case → what is wrong with it.',
    }),
  ),
});
export type ProblemDetails = Static<typeof ProblemDetails>;

/** Neither absent nor, which is the same in most requests, null. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
