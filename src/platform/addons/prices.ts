// What plans cost: the broker's `costs`, unless the administrator says otherwise in prices.toml. Each change is kept
// with its time, so that a bill knows what held when.
//
//     # Offering (or "offering@broker"), then plan; an empty list makes a plan free.
//     [postgresql]
//     small = [{ amount = 0.06, currency = "usd", unit = "HOURLY" }]
//     medium = [{ amount = "25.00", currency = "usd", unit = "MONTHLY" }]

import { readFileSync, statSync } from 'node:fs';
import { parse } from '@iarna/toml';
import { microsOf } from '../../addons/amounts.ts';
import type { Cost } from '../../addons/costs.ts';
import type { Database } from '../store/database.ts';

/** Offering, or `offering@broker` → plan → costs. */
export type PriceList = ReadonlyMap<string, ReadonlyMap<string, readonly Cost[]>>;

export class PriceListError extends Error {
  readonly code = 'BAD_PRICES';
  constructor(message: string) {
    super(message);
    this.name = 'PriceListError';
  }
}

/** @throws PriceListError */
export function readPriceList(text: string): PriceList {
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (error) {
    throw new PriceListError((error as Error).message.split('\n', 1)[0] ?? 'It is no TOML.');
  }
  return new Map(
    Object.entries(table).map(([offering, plans]) => {
      if (!isTable(plans)) throw new PriceListError(`[${offering}] has to be a table of plans.`);
      return [
        offering,
        new Map(Object.entries(plans).map(([plan, costs]) => [plan, costsOf(costs, `${offering}.${plan}`)])),
      ];
    }),
  );
}

function costsOf(given: unknown, where: string): Cost[] {
  if (!Array.isArray(given)) throw new PriceListError(`${where} has to be a list of costs.`);
  return given.map((cost: unknown) => {
    const { amount, currency, unit } = isTable(cost) ? cost : {};
    const micros =
      typeof amount === 'number' || typeof amount === 'string' || typeof amount === 'bigint'
        ? microsOf(String(amount))
        : undefined;
    if (micros === undefined) throw new PriceListError(`${where} has a cost whose amount is none.`);
    if (typeof currency !== 'string' || !/^[A-Za-z]{2,10}$/.test(currency))
      throw new PriceListError(`${where} has a cost without a currency.`);
    if (typeof unit !== 'string' || unit.trim() === '' || unit.length > 40)
      throw new PriceListError(`${where} has a cost without a unit: HOURLY or MONTHLY.`);
    const metered = /^(?:hourly|monthly)$/i.test(unit.trim());
    return {
      amount: micros,
      currency: currency.toLowerCase(),
      unit: metered ? unit.trim().toUpperCase() : unit.trim(),
    };
  });
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface PriceOptions {
  readonly database: Database;
  /** prices.toml, which need not be there. */
  readonly file: string;
  readonly report: (error: unknown) => void;
}

/** Of a plan, as far as prices go. */
export interface PricedPlan {
  /** Ours. */
  readonly id: string;
  readonly name: string;
  readonly offering: string;
  readonly broker: string;
  /** The broker's. */
  readonly costs: readonly Cost[];
}

export class Prices {
  readonly #options: PriceOptions;
  /** Undefined as long as the file is there and none of its versions could be read: what held before holds. */
  #list: PriceList | undefined;
  /** Of the file when it was read. */
  #version: string | undefined;

  constructor(options: PriceOptions) {
    this.#options = options;
    this.reread();
  }

  /** True if the file has changed; one that cannot be read leaves the last prices. */
  reread(): boolean {
    const { file, report } = this.#options;
    let version = '';
    let failure: Error | undefined;
    try {
      const { mtimeMs, size, ino } = statSync(file);
      version = `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        failure = error as Error;
        version = failure.message;
      }
    }
    if (version === this.#version) return false;
    this.#version = version;
    try {
      if (failure !== undefined) throw failure;
      this.#list = version === '' ? new Map() : readPriceList(readFileSync(file, 'utf8'));
    } catch (error) {
      report(new PriceListError(`${file} is not used: ${(error as Error).message}`));
    }
    return true;
  }

  /** The broker's own list itself, where nobody says otherwise. */
  costsOf({ id, name, offering, broker, costs }: PricedPlan): readonly Cost[] {
    if (this.#list === undefined) {
      const noted = this.#noted(id);
      return noted === undefined || JSON.stringify(noted) === JSON.stringify(costs) ? costs : noted;
    }
    return this.#list.get(`${offering}@${broker}`)?.get(name) ?? this.#list.get(offering)?.get(name) ?? costs;
  }

  /** Keeps what a plan costs from now on, if that is new. */
  note(plan: PricedPlan, now: number): void {
    const costs = JSON.stringify(this.costsOf(plan));
    if (JSON.stringify(this.#noted(plan.id)) !== costs)
      this.#options.database.run('INSERT OR REPLACE INTO price VALUES (?, ?, ?)', plan.id, now, costs);
  }

  #noted(planId: string): readonly Cost[] | undefined {
    const last = this.#options.database.get(
      'SELECT costs FROM price WHERE plan_id = ? ORDER BY since DESC LIMIT 1',
      planId,
    );
    return last && (JSON.parse(String(last['costs'])) as readonly Cost[]);
  }

  /** What a plan has cost, the oldest price first; the first holds for whatever was before it, too. */
  history(planId: string): { since: number; costs: readonly Cost[] }[] {
    return this.#options.database
      .all('SELECT since, costs FROM price WHERE plan_id = ? ORDER BY since', planId)
      .map(({ since, costs }) => ({
        since: Number(since),
        costs: JSON.parse(String(costs)) as readonly Cost[],
      }));
  }
}
