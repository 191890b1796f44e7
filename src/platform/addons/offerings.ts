// The brokers' catalogs as they are kept: by (broker, service), with ids of ours that stay, and with what a broker
// lists no longer marked as withdrawn.

import { randomUUID } from 'node:crypto';
import type { CatalogState, OfferingItem, PlanItem } from '../../addons/offerings.ts';
import { ValidationError } from '../../hippo/check.ts';
import type { Database } from '../store/database.ts';
import type { CatalogOffering, CatalogPlan } from './catalog.ts';
import type { Prices } from './prices.ts';

export type OfferingFacts = Omit<CatalogOffering, 'plans'>;

export interface StoredPlan {
  /** Ours. */
  readonly id: string;
  readonly state: CatalogState;
  readonly facts: CatalogPlan;
}

export interface StoredOffering {
  /** Ours. */
  readonly id: string;
  readonly broker: { readonly id: string; readonly name: string };
  readonly state: CatalogState;
  readonly facts: OfferingFacts;
  readonly icon: string | undefined;
  readonly plans: readonly StoredPlan[];
}

export interface OfferingsOptions {
  readonly database: Database;
  readonly prices: Prices;
  readonly now: () => number;
}

export class Offerings {
  readonly #options: OfferingsOptions;
  #all: readonly StoredOffering[] | undefined;
  #renamed = false;

  constructor(options: OfferingsOptions) {
    this.#options = options;
  }

  /** Every offering, broker by broker, each in the order of its catalog, as the first issue's transcript has them. */
  all(): readonly StoredOffering[] {
    if (this.#options.prices.reread() || this.#renamed) this.#notePrices();
    return (this.#all ??= this.#read());
  }

  /** Brokers have changed their names, by which prices are set too, or are gone. */
  brokersChanged(): void {
    this.#renamed = true;
    this.#forget();
  }

  plan(id: string): { offering: StoredOffering; plan: StoredPlan } | undefined {
    for (const offering of this.all()) {
      const plan = offering.plans.find((one) => one.id === id);
      if (plan) return { offering, plan };
    }
    return undefined;
  }

  /**
   * Takes over a catalog: what is new comes in, what has changed is changed, what is missing is withdrawn, and what
   * is there again is active again.
   * @returns whether that changed anything
   */
  store(broker: { id: string; name: string }, offerings: readonly CatalogOffering[]): boolean {
    const { database } = this.#options;
    const before = this.#picture(broker.id);
    database.transaction(() => {
      const kept = offerings.map((offering) => this.#storeOffering(broker, offering));
      for (const { id } of database.all('SELECT id FROM offering WHERE broker_id = ?', broker.id))
        if (!kept.includes(String(id))) this.#withdraw('offering', String(id));
    });
    this.#forget();
    return before !== this.#picture(broker.id);
  }

  setIcon(offeringId: string, icon: string): void {
    this.#options.database.run('UPDATE offering SET icon = ? WHERE id = ?', icon, offeringId);
    this.#forget();
  }

  /**
   * The offering that a request names.
   * @param visible those that may be meant
   * @throws ValidationError
   */
  find(reference: string, visible: readonly StoredOffering[]): StoredOffering {
    const [, name = reference, broker] = /^([^@]*)@(.*)$/.exec(reference) ?? [];
    const found = visible.filter(
      (offering) => offering.facts.name === name && (broker === undefined || offering.broker.name === broker),
    );
    const active = found.filter(({ state }) => state === 'active');
    if (active.length > 1) {
      const choice = active.map((offering) => `${name}@${offering.broker.name}`).join(', ');
      throw new ValidationError('name', `is offered by more than one broker: say ${choice}`);
    }
    if (active[0] !== undefined) return active[0];
    throw new ValidationError(
      'name',
      found.length > 0
        ? `names what its broker offers no longer: ${reference}`
        : `names no offering: there is no ${reference}. \`hippo addons search\` lists what there is`,
    );
  }

  item(offering: StoredOffering, visible: readonly StoredOffering[]): OfferingItem {
    const { id, broker, state, facts, icon, plans } = offering;
    return {
      id,
      name: facts.name,
      reference: referenceOf(offering, visible),
      broker: { id: broker.id, name: broker.name },
      displayName: facts.displayName,
      description: facts.description,
      longDescription: facts.longDescription,
      provider: facts.provider,
      documentationUrl: facts.documentationUrl,
      supportUrl: facts.supportUrl,
      icon: icon !== undefined,
      tags: [...facts.tags],
      state,
      unavailable: facts.unavailable,
      plans: plans.map((plan) => this.planItem(plan, offering)),
    };
  }

  /** @param plan as it is in the catalog, or as an add-on has kept it */
  planItem(
    { id, state, facts }: StoredPlan,
    { facts: { name }, broker }: Pick<StoredOffering, 'facts' | 'broker'>,
  ): PlanItem {
    const costs = this.#options.prices.costsOf({
      id,
      name: facts.name,
      offering: name,
      broker: broker.name,
      costs: facts.costs,
    });
    return {
      id,
      name: facts.name,
      displayName: facts.displayName,
      description: facts.description,
      // An administrator's word replaces the broker's, also on what is free.
      free: (facts.free || costs !== facts.costs) && costs.every(({ amount }) => amount === 0),
      bullets: [...facts.bullets],
      costs: [...costs],
      state,
      bindable: facts.bindable,
      updatable: facts.updatable,
      rotatable: facts.rotatable,
      schemas: facts.schemas,
      maintenance: facts.maintenance,
    };
  }

  #storeOffering(broker: { id: string; name: string }, { plans, ...facts }: CatalogOffering): string {
    const { database, prices, now } = this.#options;
    const row = database.get(
      'SELECT id, json FROM offering WHERE broker_id = ? AND service_id = ?',
      broker.id,
      facts.serviceId,
    );
    const id = row === undefined ? randomUUID() : String(row['id']);
    const json = JSON.stringify(facts);
    if (row === undefined)
      database.run(
        `INSERT INTO offering (id, broker_id, service_id, state, json) VALUES (?, ?, ?, 'active', ?)`,
        id,
        broker.id,
        facts.serviceId,
        json,
      );
    else {
      const old = JSON.parse(String(row['json'])) as OfferingFacts;
      database.run(`UPDATE offering SET state = 'active', json = ? WHERE id = ?`, json, id);
      if (old.imageUrl !== facts.imageUrl) database.run('UPDATE offering SET icon = NULL WHERE id = ?', id);
    }
    const kept = plans.map((plan) => {
      const known = database.get(
        'SELECT id FROM plan WHERE offering_id = ? AND plan_id = ?',
        id,
        plan.planId,
      );
      const planId = known === undefined ? randomUUID() : String(known['id']);
      if (known === undefined)
        database.run(
          `INSERT INTO plan (id, offering_id, plan_id, state, json) VALUES (?, ?, ?, 'active', ?)`,
          planId,
          id,
          plan.planId,
          JSON.stringify(plan),
        );
      else
        database.run(`UPDATE plan SET state = 'active', json = ? WHERE id = ?`, JSON.stringify(plan), planId);
      const { name, costs } = plan;
      prices.note({ id: planId, name, offering: facts.name, broker: broker.name, costs }, now());
      return planId;
    });
    for (const { id: planId } of database.all('SELECT id FROM plan WHERE offering_id = ?', id))
      if (!kept.includes(String(planId))) this.#withdraw('plan', String(planId));
    return id;
  }

  #forget(): void {
    this.#all = undefined;
  }

  #withdraw(table: 'offering' | 'plan', id: string): void {
    this.#options.database.run(`UPDATE ${table} SET state = 'withdrawn' WHERE id = ?`, id);
  }

  #notePrices(): void {
    const { prices, now } = this.#options;
    this.#renamed = false;
    this.#forget();
    for (const { facts, broker, plans } of this.#read())
      for (const { id, facts: plan } of plans)
        prices.note(
          { id, name: plan.name, offering: facts.name, broker: broker.name, costs: plan.costs },
          now(),
        );
  }

  #picture(brokerId: string): string {
    return JSON.stringify(
      this.#options.database.all(
        `SELECT offering.id, offering.state, offering.json, plan.id AS plan, plan.state AS plan_state,
           plan.json AS plan_json FROM offering LEFT JOIN plan ON plan.offering_id = offering.id
         WHERE broker_id = ? ORDER BY offering.sequence, plan.sequence`,
        brokerId,
      ),
    );
  }

  #read(): StoredOffering[] {
    const { database } = this.#options;
    const plans = Map.groupBy(
      database.all('SELECT * FROM plan ORDER BY sequence'),
      (row) => row['offering_id'],
    );
    return database
      .all(
        `SELECT offering.*, broker.name AS broker_name FROM offering JOIN broker ON broker.id = broker_id
         ORDER BY broker.name, offering.sequence`,
      )
      .map((row) => ({
        id: String(row['id']),
        broker: { id: String(row['broker_id']), name: String(row['broker_name']) },
        state: row['state'] as CatalogState,
        facts: JSON.parse(String(row['json'])) as OfferingFacts,
        icon: (row['icon'] as string | null) ?? undefined,
        plans: (plans.get(row['id']) ?? []).map((plan) => ({
          id: String(plan['id']),
          // A plan goes with its offering.
          state: row['state'] === 'active' ? (plan['state'] as CatalogState) : 'withdrawn',
          facts: JSON.parse(String(plan['json'])) as CatalogPlan,
        })),
      }));
  }
}

/** Its name or, where another broker has one of that name too, `name@broker`. */
export function referenceOf(offering: StoredOffering, visible: readonly StoredOffering[]): string {
  const { name } = offering.facts;
  const alone = visible.every(
    (other) => other.id === offering.id || other.facts.name !== name || other.state !== 'active',
  );
  return alone ? name : `${name}@${offering.broker.name}`;
}
