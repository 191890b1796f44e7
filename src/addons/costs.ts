// What a plan costs, in whole millionths of a currency's unit, so that no sum depends on floating point.

import Type, { type Static } from 'typebox';

/** Millionths of a unit of a currency: `60_000` is six cents. */
export const Micros = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const Cost = Type.Object({
  amount: Micros,
  currency: Type.String({ description: 'As brokers write it, in lower case: `usd`.' }),
  unit: Type.String({
    description: '`HOURLY` and `MONTHLY` are metered; other units are shown as they are.',
  }),
});
export type Cost = Static<typeof Cost>;
