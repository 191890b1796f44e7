// Whether two JSON values are the same, whatever the order of their members.

import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../addons/osb.ts';

/** Members that are null count as absent. */
export function sameJson(a: JsonObject, b: JsonObject): boolean {
  return isDeepStrictEqual(withoutNull(a), withoutNull(b));
}

function withoutNull(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null && value !== undefined),
  );
}
