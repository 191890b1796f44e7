// Query strings, as strictly read as real servers do (bindle.md §1): unknown, doubled and odd ones are refused.

import type { Query } from '../../bindle/api.ts';
import { SIGNATURE_ROLES, type SignatureRole } from '../../bindle/invoice.ts';

const MAX_OFFSET = 2n ** 64n - 1n;
const MAX_LIMIT = 255;
/** Peers send the long names or the specification's short ones. */
const QUERY_NAMES: Readonly<Record<string, keyof Query>> = {
  query: 'query',
  q: 'query',
  version: 'version',
  v: 'version',
  offset: 'offset',
  o: 'offset',
  limit: 'limit',
  l: 'limit',
  strict: 'strict',
  yanked: 'yanked',
};

/** The parameters of `_q`; undefined if they cannot be understood. An offset beyond 2^53 is taken as 2^53 - 1. */
export function readQuery(search: string): Query | undefined {
  const query: Query = {};
  for (const [name, value] of new URLSearchParams(search)) {
    const key = Object.hasOwn(QUERY_NAMES, name) ? QUERY_NAMES[name] : undefined;
    if (!key || query[key] !== undefined) return undefined;
    if (key === 'query' || key === 'version') query[key] = value;
    else if (key === 'strict' || key === 'yanked') {
      const flag = readFlag(value);
      if (flag === undefined) return undefined;
      query[key] = flag;
    } else {
      if (!/^\d{1,20}$/.test(value)) return undefined;
      const number = BigInt(value);
      if (number > (key === 'limit' ? MAX_LIMIT : MAX_OFFSET)) return undefined;
      query[key] = Math.min(Number(number), Number.MAX_SAFE_INTEGER);
    }
  }
  return query;
}

/** Whether a yanked invoice is asked for; undefined if the parameter is neither `true` nor `false`. */
export function readYanked(search: string): boolean | undefined {
  const values = new URLSearchParams(search).getAll('yanked');
  return values.length === 0 ? false : values.length === 1 ? readFlag(values[0]) : undefined;
}

/** The roles for which `bindle-keys` is asked, by name or first letter; undefined if they cannot be understood. */
export function readRoles(search: string): SignatureRole[] | undefined {
  const [first, ...others] = new URLSearchParams(search);
  if (!first) return [];
  if (first[0] !== 'roles' || others.length > 0) return undefined;
  const names = first[1].split(',').map((name) => name.trim().toLowerCase());
  const roles = names.map((name) => SIGNATURE_ROLES.find((role) => name === role || name === role[0]));
  return roles.every((role) => role !== undefined) ? roles : undefined;
}

function readFlag(value: string | undefined): boolean | undefined {
  return value === 'true' ? true : value === 'false' ? false : undefined;
}
