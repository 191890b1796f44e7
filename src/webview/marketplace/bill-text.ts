// A bill's months, durations and groups, as people read them.

import type { Bill, BillGrouping, BillLine, BillTotal } from '../../addons/bills.ts';

/** `November 2026`. */
export function monthName(month: string): string {
  const date = new Date(`${month}-01T00:00:00Z`);
  return date.toLocaleDateString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
}

/** The last twelve months, the newest first, and one more if it is older (or, by another clock, newer). */
export function monthsBefore(now: string, and: string): string[] {
  const [year = 0, month = 1] = now.split('-').map(Number);
  const months = Array.from({ length: 12 }, (_, back) =>
    new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7),
  );
  return months.includes(and) ? months : [...months, and].sort().reverse();
}

/** `3 days 4 h`, `2 h 5 min`, `45 s`. */
export function durationText(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'}${hours > 0 ? ` ${hours} h` : ''}`;
  if (hours > 0) return `${hours} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}

export interface BillGroup {
  readonly key: string;
  readonly lines: readonly BillLine[];
  /** One for each currency. */
  readonly totals: readonly BillTotal[];
}

/** Lines in the groups of the bill, in its order. */
export function groupsOf({ lines, groups }: Bill, by: BillGrouping): BillGroup[] {
  const keyOf = (line: BillLine): string =>
    by === 'app' ? line.appName : by === 'team' ? line.teamName : line.offering;
  return [...Map.groupBy(lines, keyOf)].map(([key, own]) => ({
    key,
    lines: own,
    totals: groups.filter((total) => total.key === key),
  }));
}
