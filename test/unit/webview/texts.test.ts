import { describe, expect, test } from 'vitest';
import {
  durationText,
  groupsOf,
  monthName,
  monthsBefore,
} from '../../../src/webview/marketplace/bill-text.ts';
import { differenceText, isFree, previewText, pricesOf } from '../../../src/webview/marketplace/prices.ts';
import { BILL } from '../../webview/samples.ts';

const cost = (amount: number, unit: string, currency = 'usd') => ({ amount, currency, unit });
const plan = (free: boolean, ...costs: ReturnType<typeof cost>[]) => ({ free, costs });

describe('prices of plans', () => {
  test.each([
    [plan(true), { hour: null, month: null, other: [] }],
    [plan(false, cost(60_000, 'HOURLY')), { hour: '$0.06', month: 'about $43.80', other: [] }],
    [plan(false, cost(9_000_000, 'Monthly')), { hour: null, month: '$9.00', other: [] }],
    [
      plan(false, cost(10_000, 'hourly'), cost(1_000_000, 'MONTHLY'), cost(990_000, '1GB')),
      { hour: '$0.01', month: 'about $8.30', other: ['$0.99 per 1GB'] },
    ],
    [
      plan(false, cost(10_000, 'HOURLY'), cost(20_000, 'HOURLY', 'chf')),
      { hour: '$0.01 + CHF 0.02', month: 'about $7.30 + CHF 14.60', other: [] },
    ],
    [
      plan(false, cost(5_000_000, '1000 mails')),
      { hour: null, month: null, other: ['$5.00 per 1000 mails'] },
    ],
    [plan(false), { hour: null, month: null, other: [] }],
  ])('%j', (of, prices) => {
    expect(pricesOf(of)).toEqual(prices);
  });

  test('what is free', () => {
    expect(isFree(plan(true))).toBe(true);
    expect(isFree(plan(false, cost(0, 'HOURLY')))).toBe(true);
    // A price is charged, whatever else is said.
    expect(isFree(plan(true, cost(1, 'HOURLY')))).toBe(false);
    expect(isFree(plan(false))).toBe(false);
  });

  test('before it is added', () => {
    expect(previewText(plan(true))).toBe('it costs nothing.');
    expect(previewText(plan(false, cost(60_000, 'HOURLY')))).toBe(
      'it costs $0.06/hour, about $43.80/month, from now on until it is removed.',
    );
    expect(previewText(plan(false))).toContain('does not say');
  });

  test.each([
    [plan(true), plan(false, cost(60_000, 'HOURLY')), 'About $43.80/month more than now.'],
    [plan(false, cost(60_000, 'HOURLY')), plan(true), 'About $43.80/month less than now.'],
    [
      plan(false, cost(9_000_000, 'MONTHLY')),
      plan(false, cost(9_000_000, 'MONTHLY', 'USD')),
      'It costs the same as now.',
    ],
    [
      plan(false, cost(9_000_000, 'MONTHLY')),
      plan(false, cost(9_000_000, 'MONTHLY', 'chf')),
      'About $9.00/month less and CHF 9.00/month more than now.',
    ],
    [plan(true), plan(false), undefined],
    [plan(true), plan(false, cost(1_000_000, '1GB')), undefined],
  ])('from %j to %j', (now, then, text) => {
    expect(differenceText(now, then)).toBe(text);
  });
});

describe('bills', () => {
  test('months', () => {
    expect(monthName('2026-02')).toBe('February 2026');
    expect(monthsBefore('2026-02', '2026-01')).toEqual([
      ...['2026-02', '2026-01', '2025-12', '2025-11', '2025-10', '2025-09'],
      ...['2025-08', '2025-07', '2025-06', '2025-05', '2025-04', '2025-03'],
    ]);
    expect(monthsBefore('2026-02', '2024-12').at(-1)).toBe('2024-12');
    expect(monthsBefore('2026-02', '2026-03')[0]).toBe('2026-03');
  });

  test.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [7_500, '2 h 5 min'],
    [86_400, '1 day'],
    [14 * 86_400 + 43_200, '14 days 12 h'],
  ])('%i seconds', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  test('groups have their lines and a sum for each currency', () => {
    const groups = groupsOf(BILL, 'app');
    expect(groups.map(({ key, lines, totals }) => [key, lines.length, totals.length])).toEqual([
      ['shop', 3, 1],
      ['blog', 1, 1],
    ]);
    expect(groupsOf(BILL, 'offering').map(({ key }) => key)).toEqual([
      'postgresql',
      'redis',
      'mail',
      'store',
    ]);
  });
});
