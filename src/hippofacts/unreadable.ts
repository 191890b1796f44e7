// Files that cannot be read, in the same words wherever that is found out.

import type { Finding } from './problem.ts';

/** @param error of the file system, or one that it caused */
export function unreadable(name: string, error: unknown): Finding {
  const message = `Could not assemble parcel for file ${name}: ${reasonOf(error)}`;
  return { code: 'unreadable', severity: 'error', message, files: [name] };
}

/** Why, as a clause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = (error.cause instanceof Error ? error.cause : error) as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it is no longer there';
  return code?.startsWith('E') ? `it cannot be read (${code})` : error.message;
}
