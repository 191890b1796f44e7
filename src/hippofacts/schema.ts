// The keys of a manifest: their names, types and whether they must be there (bindle.md §8.4). Any other is an
// error, because the existing CLI rejects the file for it.

/** `strings` is a list of them, `map` a table with string values, `tables` what `[[name]]` makes. */
export type Shape =
  | { readonly type: 'string' | 'strings' | 'map' }
  | { readonly type: 'table' | 'tables'; readonly fields: Fields };

export type Field = Shape & { readonly required?: boolean };
export type Fields = Readonly<Record<string, Field>>;

const EXTERNAL = {
  bindleId: { type: 'string', required: true },
  handlerId: { type: 'string', required: true },
} as const satisfies Fields;

const HANDLER = {
  name: { type: 'string' },
  entrypoint: { type: 'string' },
  external: { type: 'table', fields: EXTERNAL },
  route: { type: 'string', required: true },
  files: { type: 'strings' },
} as const satisfies Fields;

const EXPORT = {
  name: { type: 'string', required: true },
  entrypoint: { type: 'string' },
  id: { type: 'string', required: true },
  files: { type: 'strings' },
} as const satisfies Fields;

const BINDLE = {
  name: { type: 'string', required: true },
  version: { type: 'string', required: true },
  description: { type: 'string' },
  authors: { type: 'strings' },
} as const satisfies Fields;

export const MANIFEST = {
  bindle: { type: 'table', fields: BINDLE, required: true },
  annotations: { type: 'map' },
  handler: { type: 'tables', fields: HANDLER },
  export: { type: 'tables', fields: EXPORT },
} as const satisfies Fields;

/** The shape of a key; undefined if there is no such key (`toString` is none). */
export function fieldOf(fields: Fields, name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** The table that a name, or its first letters, stand for. */
export function completeTableName(start: string): { name: string; many: boolean } | undefined {
  const name = Object.keys(MANIFEST).find((candidate) => start !== '' && candidate.startsWith(start));
  return name === undefined ? undefined : { name, many: fieldOf(MANIFEST, name)?.type === 'tables' };
}
