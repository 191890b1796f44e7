// What add-ons cost in a month.

import Type, { type Static } from 'typebox';
import { Guid, nullable, Timestamp } from '../hippo/common.ts';
import { Cost } from './costs.ts';

export const Month = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$', description: 'A month: `2026-11`.' });

export const BillLine = Type.Object({
  addonId: Guid,
  addonName: Type.String(),
  appId: Guid,
  appName: Type.String(),
  teamId: Guid,
  teamName: Type.String(),
  offering: Type.String(),
  plan: Type.String(),
  cost: Cost,
  from: Timestamp,
  to: Timestamp,
  seconds: Type.Integer({ minimum: 0, description: 'For which it is charged, between `from` and `to`.' }),
  cents: nullable(
    Type.Integer({
      description: 'Hundredths of the currency, rounded half-even; null if it is not metered.',
    }),
  ),
});
export type BillLine = Static<typeof BillLine>;

export const BillTotal = Type.Object({
  key: Type.String({ description: 'The name of the app, team or offering; empty for all.' }),
  currency: Type.String(),
  cents: Type.Integer(),
});
export type BillTotal = Static<typeof BillTotal>;

export const Bill = Type.Object({
  month: Month,
  /** So far, for the month that is. */
  until: Timestamp,
  lines: Type.Array(BillLine),
  groups: Type.Array(BillTotal, { description: 'Sums of lines, by what was asked for.' }),
  totals: Type.Array(BillTotal, { description: 'Sums of lines for each currency.' }),
});
export type Bill = Static<typeof Bill>;

export const BillGrouping = Type.Enum(['app', 'team', 'offering']);
export type BillGrouping = Static<typeof BillGrouping>;
