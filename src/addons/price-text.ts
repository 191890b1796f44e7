// What plans and bills cost, as people read it: "$0.06/hour, about $43.80/month".

import { visible } from '../hippofacts/text.ts';
import { divideHalfEven } from './amounts.ts';
import type { Cost } from './costs.ts';
import type { PlanItem } from './offerings.ts';

/** 365 days by 24 hours, in twelve parts. */
const HOURS_A_MONTH = 730n;
const MICROS_A_CENT = 10_000n;

type Amount = Pick<Cost, 'amount' | 'currency'>;

/** `$0.06`, `CHF 0.0025`; as many digits as the amount has, and those that its currency is written with. */
export function amountText({ amount, currency }: Amount): string {
  return decimalText(BigInt(amount), 6, currency);
}

/** The same for hundredths of a currency's unit. */
export function centsText(cents: number, currency: string): string {
  return decimalText(BigInt(cents), 2, currency);
}

/** `12.50`: for tables that programs read. */
export function centsDecimal(cents: number): string {
  return decimal(BigInt(cents), 2);
}

/** `$0.06/hour`, `$9/month`; a unit that is not metered is told in the broker's words: `$0.99 per 1GB of mail`. */
export function costText({ unit, ...amount }: Cost): string {
  const text = amountText(amount);
  if (isUnit(unit, 'HOURLY')) return `${text}/hour`;
  if (isUnit(unit, 'MONTHLY')) return `${text}/month`;
  return `${text} per ${visible(unit)}`;
}

/** What a plan costs: `free`, `$0.06/hour`, `$9.00/month + $0.99 per 1GB of mail`, or that its broker does not say. */
export function priceText({ free, costs }: Pick<PlanItem, 'free' | 'costs'>): string {
  const charged = costs.filter(({ amount }) => amount > 0);
  if (charged.length > 0) return charged.map(costText).join(' + ');
  return free || costs.length > 0 ? 'free' : 'not free; its price is not said';
}

/** The same, with what comes together in a month of average length where some of it is by the hour. */
export function priceWithMonth(plan: Pick<PlanItem, 'free' | 'costs'>): string {
  const price = priceText(plan);
  const month = monthText(plan.costs);
  return month === undefined ? price : `${price}, ${month}`;
}

/** `about $43.80/month`; undefined where nothing is by the hour. A currency has one sum. */
function monthText(costs: readonly Cost[]): string | undefined {
  if (!costs.some(({ amount, unit }) => amount > 0 && isUnit(unit, 'HOURLY'))) return undefined;
  const sums = new Map<string, bigint>();
  for (const { amount, currency, unit } of costs) {
    const times = isUnit(unit, 'HOURLY') ? HOURS_A_MONTH : isUnit(unit, 'MONTHLY') ? 1n : 0n;
    if (times === 0n || amount === 0) continue;
    const key = currency.toLowerCase();
    sums.set(key, (sums.get(key) ?? 0n) + BigInt(amount) * times);
  }
  const texts = [...sums].map(([currency, sum]) => {
    return decimalText(divideHalfEven(sum, MICROS_A_CENT), 2, currency);
  });
  return `about ${texts.join(' + ')}/month`;
}

function isUnit(unit: string, metered: 'HOURLY' | 'MONTHLY'): boolean {
  return unit.toUpperCase() === metered;
}

/** @param digits behind the point */
function decimalText(value: bigint, digits: number, currency: string): string {
  const text = decimal(value, digits);
  try {
    const form = new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency,
      maximumFractionDigits: Math.max(digits, 2),
    });
    // A text is taken digit by digit, which a number of this size may not be.
    return form.format(text as Intl.StringNumericLiteral).replaceAll('\u00a0', ' ');
  } catch {
    // Brokers name currencies as they like.
    return `${visible(currency.toUpperCase())} ${text}`;
  }
}

function decimal(value: bigint, digits: number): string {
  const text = String(value < 0n ? -value : value).padStart(digits + 1, '0');
  return `${value < 0n ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
