// Bills: durations from operations, prices with their times, whole numbers, rounding.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cost } from '../../../../src/addons/costs.ts';
import { boundsOf, centsOf, periodsOf } from '../../../../src/platform/addons/bills.ts';
import { readPriceList } from '../../../../src/platform/addons/prices.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { runs } from '../../../support/runs.ts';
import { startAddons, type TestAddons } from './harness.ts';

const HOUR = 3_600_000;
const usd = (amount: number, unit: string): Cost => ({ amount, currency: 'usd', unit });

describe('a line', () => {
  test.each([
    // 0.06 an hour.
    [usd(60_000, 'HOURLY'), HOUR, 6],
    [usd(60_000, 'HOURLY'), HOUR / 2, 3],
    // Half a cent goes to the even one: 0.5 → 0, 1.5 → 2, 2.5 → 2.
    [usd(60_000, 'HOURLY'), 300_000, 0],
    [usd(60_000, 'HOURLY'), 900_000, 2],
    [usd(60_000, 'HOURLY'), 1_500_000, 2],
    [usd(1, 'HOURLY'), 24 * 30 * HOUR, 0],
    // A whole month of 30 days, and a second of it.
    [usd(30_000_000, 'MONTHLY'), 720 * HOUR, 3000],
    [usd(25_920_000_000, 'MONTHLY'), 1000, 1],
    [usd(9_000_000_000_000_000, 'HOURLY'), 720 * HOUR, 648_000_000_000_000],
  ])('%j for %d ms is %d cents', (cost, time, cents) => {
    const { from, to } = boundsOf('2026-11');
    expect(centsOf(cost, from, from + time, (to - from) / 1000)).toBe(cents);
  });

  test('of a unit that is not metered has no amount', () => {
    expect(centsOf(usd(1, 'per GB'), 0, HOUR, 1)).toBeNull();
  });
});

test('months are those of UTC, with their own number of seconds', () => {
  const seconds = (month: string): number => (boundsOf(month).to - boundsOf(month).from) / 1000;
  expect(seconds('2026-02')).toBe(28 * 86_400);
  expect(seconds('2028-02')).toBe(29 * 86_400);
  expect(seconds('2026-12')).toBe(31 * 86_400);
  expect(boundsOf('2026-12').to).toBe(Date.UTC(2027, 0, 1));
});

describe('times', () => {
  const plan = (name: string) => ({ plan_guid: name, plan: JSON.stringify({ name }) });
  const operation = (kind: string, ended_at: number, more: object = { plan_guid: null, plan: null }) =>
    ({ kind, ended_at, ...more }) as Parameters<typeof periodsOf>[0][number];

  test('begin with the add-on, change with its plan and end with it', () => {
    const operations = [
      operation('create', 10, plan('free')),
      operation('bind', 11),
      operation('update', 20, plan('small')),
      operation('update', 25),
      operation('rotate', 27),
      operation('remove', 30),
    ];
    expect(periodsOf(operations, 99).map(({ plan, from, to }) => [plan, from, to])).toEqual([
      ['free', 10, 20],
      ['small', 20, 30],
    ]);
  });

  test('go on until now; what was abandoned is over, what was never made never began', () => {
    expect(periodsOf([operation('adopt', 10, plan('a'))], 15)).toMatchObject([{ from: 10, to: 15 }]);
    expect(periodsOf([operation('create', 10, plan('a')), operation('abandon', 12)], 15)).toMatchObject([
      { from: 10, to: 12 },
    ]);
    expect(periodsOf([operation('remove', 10), operation('clean-up', 12)], 15)).toEqual([]);
  });

  test('any parts of a time have the seconds of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000_000), { minLength: 2 }), (times) => {
        const sorted = times.toSorted((a, b) => a - b);
        const cost = usd(36_000_000, 'HOURLY');
        // A cent a second: no rounding, so that sums must be the same.
        const parts = sorted.slice(1).map((to, i) => centsOf(cost, sorted[i]!, to, 1)!);
        expect(parts.reduce((a, b) => a + b, 0)).toBe(centsOf(cost, sorted[0]!, sorted.at(-1), 1));
      }),
      { numRuns: runs(200) },
    );
  });
});

describe('prices.toml', () => {
  test('has costs for plans of offerings', () => {
    const list = readPriceList(
      '[postgresql]\nsmall = [{ amount = 0.06, currency = "USD", unit = "hourly" }]\n["db@main"]\nfree = []\nbig = [{ amount = "1.10", currency = "eur", unit = "1GB of mail" }]',
    );
    expect(list.get('postgresql')?.get('small')).toEqual([usd(60_000, 'HOURLY')]);
    expect(list.get('db@main')?.get('free')).toEqual([]);
    expect(list.get('db@main')?.get('big')).toEqual([
      { amount: 1_100_000, currency: 'eur', unit: '1GB of mail' },
    ]);
  });

  test.each([
    'x',
    'a = 1',
    '[a]\nb = 1',
    '[a]\nb = [{ amount = -1, currency = "usd", unit = "HOURLY" }]',
    '[a]\nb = [1]',
  ])('%j is none', (text) => expect(() => readPriceList(text)).toThrow());
});

describe('on the platform', () => {
  const root = memoryFolder();
  const time = { now: Date.UTC(2026, 10, 3) };
  let t: TestAddons;
  beforeAll(async () => {
    t = await startAddons(root, { now: () => time.now });
  });
  afterAll(() => t.close());

  test('an add-on costs what its plans cost while it had them, also when it is gone', async () => {
    const { channels } = await t.app('billed');
    const { id } = await t.client.createAddon({ name: 'db', plan: 'small', channelId: channels[0]! });
    await t.settled(id);
    time.now += 10 * HOUR;
    await t.client.changeAddon(id, { plan: 'free' });
    await t.settled(id);
    time.now += 10 * HOUR;
    // From now on the free plan has a price, and dollars are not all there is.
    writeFileSync(
      join(t.directory, 'prices.toml'),
      '[db]\nfree = [{ amount = 0.01, currency = "usd", unit = "HOURLY" }, { amount = 72, currency = "eur", unit = "MONTHLY" }, { amount = 5, currency = "usd", unit = "request" }]',
    );
    expect(await t.client.addon(id)).toMatchObject({ plan: { free: false } });
    time.now += 100 * HOUR;
    await t.client.removeAddon(id);
    await t.settled(id);
    time.now += 100 * HOUR;
    const bill = await t.client.bill({ by: 'offering' });
    expect(
      bill.lines.map(({ plan, cost, seconds, cents }) => [plan, cost.currency, seconds / 3600, cents]),
    ).toEqual([
      ['small', 'usd', 10, 60],
      ['free', 'usd', 100, 100],
      ['free', 'eur', 100, 1000],
      ['free', 'usd', 100, null],
    ]);
    expect(bill.totals).toEqual([
      { key: '', currency: 'eur', cents: 1000 },
      { key: '', currency: 'usd', cents: 160 },
    ]);
    expect(bill.groups.map(({ key, currency }) => `${key} ${currency}`)).toEqual(['db eur', 'db usd']);
    expect((await t.client.bill({ month: '2026-10' })).lines).toEqual([]);
    expect((await t.client.bill({ month: '2026-12' })).lines).toEqual([]);
    // It outlives its app.
    const [app] = (await t.hippo.client.apps()).filter(({ name }) => name === 'billed');
    await t.hippo.client.removeApp(app!.id);
    expect((await t.client.bill({ by: 'app' })).groups[0]).toMatchObject({ key: 'billed' });
  });

  test('an add-on that goes over the end of a month is in the bills of both, with the length of each', async () => {
    // Six days before the night in which clocks go back in Europe, at the end of the month.
    time.now = Date.UTC(2027, 9, 31) - 6 * 24 * HOUR;
    const { channels } = await t.app('longer');
    writeFileSync(
      join(t.directory, 'prices.toml'),
      '[db]\nsmall = [{ amount = 1, currency = "usd", unit = "HOURLY" }, { amount = 31, currency = "eur", unit = "MONTHLY" }]',
    );
    const { id } = await t.client.createAddon({ name: 'db', plan: 'small', channelId: channels[0]! });
    await t.settled(id);
    time.now = Date.UTC(2027, 11, 2);
    const of = async (month: string) =>
      (await t.client.bill({ month })).lines
        .filter(({ addonId }) => addonId === id)
        .map(({ cost, seconds, cents }) => [cost.currency, seconds / 3600, cents]);
    expect(await of('2027-10')).toEqual([
      ['usd', 7 * 24, 16_800],
      ['eur', 7 * 24, 700],
    ]);
    // A month of 30 days: the same price for less.
    expect(await of('2027-11')).toEqual([
      ['usd', 30 * 24, 72_000],
      ['eur', 30 * 24, 3100],
    ]);
    expect(await of('2027-12')).toEqual([
      ['usd', 24, 2400],
      ['eur', 24, 100],
    ]);
    expect(await of('2028-01')).toEqual([]);
  });
});
