// Rows of a table as what its schema says they are.

import type { Row } from '../store/database.ts';

export function rows<T>(found: Row[]): T[] {
  return found as unknown as T[];
}
