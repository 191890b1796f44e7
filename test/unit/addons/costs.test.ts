import { describe, expect, test } from 'vitest';
import { divideHalfEven, microsOf } from '../../../src/addons/amounts.ts';

describe('amounts are taken digit by digit', () => {
  test.each([
    [0.06, 60_000],
    [0.1, 100_000],
    [649, 649_000_000],
    ['12.50', 12_500_000],
    [1e-7, 0],
    [5e-7, 0],
    [1.5e-6, 2],
    [2.5e-6, 2],
    ['0.0000025001', 3],
    ['.5', 500_000],
    ['1e3', 1_000_000_000],
    [0, 0],
  ])('%j', (amount, micros) => expect(microsOf(amount)).toBe(micros));

  test.each([-1, NaN, Infinity, 1e30, '', '.', 'x', '1,5', '0x10', '1e999'])('%j is none', (amount) =>
    expect(microsOf(amount)).toBeUndefined(),
  );
});

test.each([
  [5n, 10n, 0n],
  [15n, 10n, 2n],
  [25n, 10n, 2n],
  [26n, 10n, 3n],
  [24n, 10n, 2n],
  [0n, 7n, 0n],
])('%d / %d is %d', (a, b, result) => expect(divideHalfEven(a, b)).toBe(result));
