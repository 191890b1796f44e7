// A bill as a table that programs read.

import type { Bill } from './bills.ts';
import { centsDecimal } from './price-text.ts';

const COLUMNS = [
  'month',
  'team',
  'app',
  'addon',
  'offering',
  'plan',
  'from',
  'to',
  'seconds',
  'price_micros',
  'price_unit',
  'currency',
  'amount',
];

/** A line each, the names of the columns first, RFC 4180 but for the line ends; sums are left to whoever reads it. */
export function csvLines({ month, lines }: Bill): string[] {
  const rows = lines.map((line) => [
    month,
    line.teamName,
    line.appName,
    line.addonName,
    line.offering,
    line.plan,
    line.from,
    line.to,
    String(line.seconds),
    String(line.cost.amount),
    line.cost.unit,
    line.cost.currency,
    line.cents === null ? '' : centsDecimal(line.cents),
  ]);
  return [COLUMNS, ...rows].map((row) => row.map(csvCell).join(','));
}

/** What a broker says must not become a formula in somebody's spreadsheet. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
