// What plans cost, taken apart for the table of plans, and what a change of plan costs more or less.

import { divideHalfEven } from '../../addons/amounts.ts';
import type { PlanItem } from '../../addons/offerings.ts';
import { amountText, centsText, costText, priceWithMonth } from '../../addons/price-text.ts';

type Priced = Pick<PlanItem, 'free' | 'costs'>;

const HOURS_A_MONTH = 730n;
const MICROS_A_CENT = 10_000n;

export interface PlanPrices {
  /** `$0.06`; null where nothing is by the hour. */
  readonly hour: string | null;
  /** `$9.00`, or `about $43.80` where some of it is by the hour; null where it cannot be said. */
  readonly month: string | null;
  /** What is charged by other units: `$0.99 per 1GB of mail`. */
  readonly other: readonly string[];
}

/** The columns of a plan's prices; those of a free plan are null, for it has none. */
export function pricesOf({ costs }: Priced): PlanPrices {
  const charged = costs.filter(({ amount }) => amount > 0);
  const hourly = charged.filter(({ unit }) => isUnit(unit, 'HOURLY'));
  const metered = charged.filter(({ unit }) => isUnit(unit, 'HOURLY') || isUnit(unit, 'MONTHLY'));
  const months = [...monthOf(charged)].map(([currency, cents]) => centsText(Number(cents), currency));
  return {
    hour: hourly.length === 0 ? null : hourly.map(amountText).join(' + '),
    month: metered.length === 0 ? null : `${hourly.length > 0 ? 'about ' : ''}${months.join(' + ')}`,
    other: charged.filter((cost) => !metered.includes(cost)).map(costText),
  };
}

/** Nothing is charged for it. */
export function isFree({ free, costs }: Priced): boolean {
  return costs.some(({ amount }) => amount > 0) ? false : free || costs.length > 0;
}

/** `it costs $0.06/hour, about $43.80/month, from now on until it is removed.` */
export function previewText(plan: Priced): string {
  if (isFree(plan)) return 'it costs nothing.';
  if (plan.costs.length === 0) return 'it is not free, and its broker does not say what it costs.';
  return `it costs ${priceWithMonth(plan)}, from now on until it is removed.`;
}

/** `About $36.50/month more than now.`; undefined where it cannot be said. */
export function differenceText(now: Priced, then: Priced): string | undefined {
  const known = [now, then].every((plan) => isFree(plan) || pricesOf(plan).month !== null);
  if (!known) return undefined;
  const [before, after] = [monthOf(now.costs), monthOf(then.costs)];
  const currencies = [...new Set([...before.keys(), ...after.keys()])];
  const changes = currencies.flatMap((currency) => {
    const change = (after.get(currency) ?? 0n) - (before.get(currency) ?? 0n);
    if (change === 0n) return [];
    const amount = centsText(Number(change < 0n ? -change : change), currency);
    return [`${amount}/month ${change > 0n ? 'more' : 'less'}`];
  });
  return changes.length === 0 ? 'It costs the same as now.' : `About ${changes.join(' and ')} than now.`;
}

/** Cents of a month of average length, by currency. */
function monthOf(costs: PlanItem['costs']): Map<string, bigint> {
  const micros = new Map<string, bigint>();
  for (const { amount, currency, unit } of costs) {
    const times = isUnit(unit, 'HOURLY') ? HOURS_A_MONTH : isUnit(unit, 'MONTHLY') ? 1n : 0n;
    if (times === 0n || amount === 0) continue;
    const key = currency.toLowerCase();
    micros.set(key, (micros.get(key) ?? 0n) + BigInt(amount) * times);
  }
  return new Map([...micros].map(([currency, sum]) => [currency, divideHalfEven(sum, MICROS_A_CENT)]));
}

function isUnit(unit: string, metered: 'HOURLY' | 'MONTHLY'): boolean {
  return unit.toUpperCase() === metered;
}
