// When a database that has become too large is closed, locked and opened again.

import type { Door } from './databases.ts';

export interface Storage {
  door: Door;
  /** Milliseconds since 1970; of its closing. */
  since: number;
  /** Bytes, when it was closed. */
  closedAt: number;
}

export const OPEN: Storage = { door: 'open', since: 0, closedAt: 0 };

/** Per cent of what the plan allows. */
const WARNED = 90;
const CLOSED = 110;
/** What a closed database may grow by, for what the server itself writes: a part of it, and bytes. */
const SLACK = 0.02;
const LEAST_SLACK = 4 * 1024 * 1024;

export interface Sample {
  used: number;
  /** What the plan allows. */
  limit: number;
  /** Milliseconds since 1970. */
  now: number;
  /** How long a closed database may be cleaned up, in milliseconds. */
  cleanUpTime: number;
}

export function nextStorage(before: Storage, { used, limit, now, cleanUpTime }: Sample): Storage {
  if (before.door === 'open')
    return isOver(used, limit, CLOSED) ? { door: 'closed', since: now, closedAt: used } : before;
  if (used <= limit) return OPEN;
  const grows = used > before.closedAt + Math.max(before.closedAt * SLACK, LEAST_SLACK);
  // A larger plan is a new beginning, though it may not be large enough.
  if (!isOver(used, limit, CLOSED) && before.door === 'locked')
    return { door: 'closed', since: now, closedAt: used };
  return grows || now - before.since >= cleanUpTime ? { ...before, door: 'locked' } : before;
}

/** What its dashboard says; undefined where all is well. */
export function storageWarning({ door }: Storage, used: number, limit: number): string | undefined {
  if (door === 'locked')
    return 'The database is locked: it grew while it was closed, or was not cleaned up in time. A larger plan opens it.';
  if (door === 'closed')
    return 'The database is closed: it may be read, and rows may be deleted. It opens below 100 % of its storage, or with a larger plan.';
  return isOver(used, limit, WARNED) ? 'The database has used nearly all of its storage.' : undefined;
}

function isOver(used: number, limit: number, percent: number): boolean {
  return used * 100 >= limit * percent;
}
