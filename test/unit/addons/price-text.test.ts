// What things cost, as people read it.

import { expect, test } from 'vitest';
import {
  amountText,
  centsDecimal,
  centsText,
  priceText,
  priceWithMonth,
} from '../../../src/addons/price-text.ts';

const cost = (amount: number, unit: string, currency = 'usd') => ({ amount, unit, currency });

test.each([
  [60_000, 'usd', '$0.06'],
  [2_500, 'usd', '$0.0025'],
  [1, 'usd', '$0.000001'],
  [649_000_000, 'usd', '$649.00'],
  [1_234_567_000_000, 'EUR', '€1,234,567.00'],
  [9_007_199_254_740_991, 'gbp', '£9,007,199,254.740991'],
  [5_000_000, 'jpy', '¥5'],
  [60_000, 'chf', 'CHF 0.06'],
  [1_500_000, 'credits', 'CREDITS 1.500000'],
  [0, 'usd', '$0.00'],
])('%d millionths of %s are %s', (amount, currency, text) => {
  expect(amountText({ amount, currency })).toBe(text);
});

test('hundredths', () => {
  expect(centsText(4380, 'usd')).toBe('$43.80');
  expect(centsText(-5, 'usd')).toBe('-$0.05');
  expect(centsDecimal(4380)).toBe('43.80');
  expect(centsDecimal(-5)).toBe('-0.05');
});

test.each([
  [true, [], 'free', 'free'],
  [false, [], 'not free; its price is not said', 'not free; its price is not said'],
  [true, [cost(0, 'HOURLY')], 'free', 'free'],
  [false, [cost(60_000, 'HOURLY')], '$0.06/hour', '$0.06/hour, about $43.80/month'],
  [false, [cost(60_000, 'hourly')], '$0.06/hour', '$0.06/hour, about $43.80/month'],
  [false, [cost(9_000_000, 'MONTHLY')], '$9.00/month', '$9.00/month'],
  [
    false,
    [cost(9_000_000, 'MONTHLY'), cost(10_000, 'HOURLY'), cost(990_000, '1GB of mail')],
    '$9.00/month + $0.01/hour + $0.99 per 1GB of mail',
    '$9.00/month + $0.01/hour + $0.99 per 1GB of mail, about $16.30/month',
  ],
  [
    false,
    [cost(10_000, 'HOURLY'), cost(20_000, 'HOURLY', 'eur')],
    '$0.01/hour + €0.02/hour',
    '$0.01/hour + €0.02/hour, about $7.30 + €14.60/month',
  ],
])('a plan (free: %s) of %j', (free, costs, price, withMonth) => {
  expect(priceText({ free, costs })).toBe(price);
  expect(priceWithMonth({ free, costs })).toBe(withMonth);
});
