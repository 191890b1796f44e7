// What add-ons cost in a month: how long each had which plan, from the records of its operations, times what the
// plan cost then. Whole numbers throughout; each line is rounded half-even to the cent, and totals are sums of lines.

import { divideHalfEven } from '../../addons/amounts.ts';
import type { Cost } from '../../addons/costs.ts';
import type { Bill, BillGrouping, BillLine, BillTotal } from '../../addons/bills.ts';
import type { AddonStore, AddonRow } from './addon-store.ts';
import { offeringOf } from './addon-store.ts';
import type { CatalogPlan } from './catalog.ts';
import type { Prices } from './prices.ts';

/** A time in which an add-on had a plan: Unix milliseconds, the end not included. */
export interface Period {
  readonly planId: string;
  readonly plan: string;
  readonly from: number;
  readonly to: number;
}

export interface BilledOperation {
  readonly kind: string;
  readonly plan_guid: string | null;
  readonly plan: string | null;
  readonly ended_at: number;
}

/** From operations that have succeeded, the oldest first. @param until where what goes on is cut */
export function periodsOf(operations: readonly BilledOperation[], until: number): Period[] {
  const periods: Period[] = [];
  let open: { planId: string; plan: string; from: number } | undefined;
  const close = (to: number): void => {
    if (open !== undefined && to > open.from) periods.push({ ...open, to });
    open = undefined;
  };
  for (const { kind, plan_guid: planId, plan, ended_at: at } of operations) {
    const starts = kind === 'create' || kind === 'adopt' || kind === 'update';
    const ends = kind === 'remove' || kind === 'abandon';
    if (ends || (starts && planId !== null)) close(at);
    if (starts && planId !== null && plan !== null)
      open = { planId, plan: (JSON.parse(plan) as CatalogPlan).name, from: at };
  }
  close(until);
  return periods;
}

/** @param month `2026-11` */
export function boundsOf(month: string): { from: number; to: number } {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return { from: Date.UTC(year, number - 1, 1), to: Date.UTC(year, number, 1) };
}

/**
 * Seconds of a plan in a month, as cents: null where the unit is not metered. Seconds are counted between whole
 * ones, so that the parts of a time make the whole.
 */
export function centsOf(cost: Cost, from: number, to: number, monthSeconds: number): number | null {
  const seconds = BigInt(secondsBetween(from, to));
  const unitSeconds =
    cost.unit === 'HOURLY' ? 3600n : cost.unit === 'MONTHLY' ? BigInt(monthSeconds) : undefined;
  if (unitSeconds === undefined) return null;
  // 10,000 millionths are a cent.
  return Number(divideHalfEven(BigInt(cost.amount) * seconds, unitSeconds * 10_000n));
}

function secondsBetween(from: number, to: number): number {
  return Math.floor(to / 1000) - Math.floor(from / 1000);
}

export interface BillOptions {
  readonly store: AddonStore;
  readonly prices: Prices;
  /** Whose add-on it is now, or was last. */
  readonly placeOf: (addon: AddonRow) => { appName: string; teamId: string; teamName: string };
  readonly visible: (addon: AddonRow) => boolean;
  readonly month: string;
  readonly by: BillGrouping | undefined;
  readonly now: number;
}

export function makeBill({ store, prices, placeOf, visible, month, by, now }: BillOptions): Bill {
  const { from: start, to: end } = boundsOf(month);
  const until = Math.max(start, Math.min(end, now));
  const monthSeconds = (end - start) / 1000;
  const lines: BillLine[] = [];
  for (const addon of store.addonsSince(start).filter(visible)) {
    const place = placeOf(addon);
    const operations = store
      .operationsOf(addon.id)
      .filter((one) => one.state === 'succeeded' && one.ended_at !== null)
      .reverse() as unknown as BilledOperation[];
    for (const period of periodsOf(operations, until))
      for (const { cost, from, to } of priced(period, prices, start, until))
        lines.push({
          addonId: addon.id,
          addonName: addon.name,
          appId: addon.app_id,
          ...place,
          offering: offeringOf(addon).name,
          plan: period.plan,
          cost,
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
          seconds: secondsBetween(from, to),
          cents: centsOf(cost, from, to, monthSeconds),
        });
  }
  const key = (line: BillLine): string =>
    by === 'team' ? line.teamName : by === 'offering' ? line.offering : line.appName;
  return {
    month,
    until: new Date(until).toISOString(),
    lines,
    groups: by === undefined ? [] : totals(lines, key),
    totals: totals(lines, () => ''),
  };
}

/** The part of a period that is in the month, cut where prices changed; costs of nothing make no line. */
function priced(
  period: Period,
  prices: Prices,
  start: number,
  until: number,
): { cost: Cost; from: number; to: number }[] {
  const history = prices.history(period.planId);
  return history.flatMap(({ since, costs }, index) => {
    const from = Math.max(period.from, start, index === 0 ? 0 : since);
    const to = Math.min(period.to, until, history[index + 1]?.since ?? Infinity);
    return to > from ? costs.filter(({ amount }) => amount > 0).map((cost) => ({ cost, from, to })) : [];
  });
}

function totals(lines: readonly BillLine[], key: (line: BillLine) => string): BillTotal[] {
  const sums = new Map<string, BillTotal>();
  for (const line of lines) {
    if (line.cents === null) continue;
    const { currency } = line.cost;
    const id = JSON.stringify([key(line), currency]);
    const sum = sums.get(id) ?? { key: key(line), currency, cents: 0 };
    sums.set(id, { ...sum, cents: sum.cents + line.cents });
  }
  return [...sums.values()].sort((a, b) => (`${a.key} ${a.currency}` < `${b.key} ${b.currency}` ? -1 : 1));
}
