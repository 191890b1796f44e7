// Arithmetic of amounts in whole millionths of a currency's unit.

/**
 * An amount as brokers and files write it, in millionths: by its decimal digits, so that 0.06 is exactly 60,000.
 * What is finer is rounded half-even. Undefined if it is no amount, negative or too large.
 */
export function microsOf(amount: number | string): number | undefined {
  const match = /^\+?(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/i.exec(String(amount).trim());
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  if (whole + fraction === '') return undefined;
  const shift = 6 + Number(exponent) - fraction.length;
  if (shift > 30 || shift < -400) return shift > 30 ? undefined : 0;
  const digits = BigInt(whole + fraction);
  const micros = shift >= 0 ? digits * 10n ** BigInt(shift) : divideHalfEven(digits, 10n ** BigInt(-shift));
  return micros <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(micros) : undefined;
}

/** A quotient of what is not negative, rounded to the nearest whole number and, in the middle, to the even one. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  const up = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}
