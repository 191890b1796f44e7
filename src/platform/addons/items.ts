// Add-ons as the API shows them.

import type { AddonItem, BindingItem, HostInterface, OperationItem } from '../../addons/addons.ts';
import {
  offeringOf,
  planOf,
  type AddonRow,
  type AddonStore,
  type OperationRow,
  type UseRow,
} from './addon-store.ts';
import { referenceOf, type Offerings, type StoredOffering } from './offerings.ts';
import type { HippoPort } from './ports.ts';
import type { CatalogPlan } from './catalog.ts';

export interface ItemsOptions {
  readonly store: AddonStore;
  readonly offerings: Offerings;
  readonly hippo: HippoPort;
}

export class Items {
  readonly #options: ItemsOptions;

  constructor(options: ItemsOptions) {
    this.#options = options;
  }

  /** @param visible the offerings that the caller sees */
  addon(row: AddonRow, visible: readonly StoredOffering[]): AddonItem {
    const { store, offerings, hippo } = this.#options;
    const facts = offeringOf(row);
    const known = offerings.all().find(({ id }) => id === row.offering_id);
    // The catalog's word on links is newer; on everything else the add-on's own holds.
    const offering = known ?? {
      id: row.offering_id,
      broker: { id: row.broker_id, name: row.broker_name },
      state: 'withdrawn' as const,
      facts,
      icon: undefined,
      plans: [],
    };
    const current = known?.plans.find(({ id }) => id === row.plan_guid);
    const plan = offerings.planItem(
      { id: row.plan_guid, state: current?.state ?? 'withdrawn', facts: current?.facts ?? planOf(row) },
      offering,
    );
    const [operation] = [...store.openOperations(row.id)].sort((a, b) => a.background - b.background);
    return {
      id: row.id,
      appId: row.app_id,
      appName: hippo.app(row.app_id)?.name ?? row.app_name,
      name: row.name,
      offering: {
        id: row.offering_id,
        name: offering.facts.name,
        reference: referenceOf(offering, visible),
        displayName: offering.facts.displayName,
        documentationUrl: offering.facts.documentationUrl,
      },
      broker: { id: row.broker_id, name: offering.broker.name },
      plan,
      state: row.state,
      message: row.message,
      operation: operation === undefined ? null : this.operation(operation),
      bindings: store.usesOf(row.id).map((use) => this.#binding(use)),
      dashboard: row.dashboard_url !== null,
      adopted: row.adopted === 1,
      maintenanceVersion: row.maintenance_version,
      createdAt: timeText(row.created_at),
    };
  }

  operation(row: OperationRow): OperationItem {
    return {
      id: row.id,
      kind: row.kind,
      state: row.state,
      channelId: row.channel_id,
      plan: row.plan === null ? null : (JSON.parse(row.plan) as CatalogPlan).name,
      message: row.message,
      by: row.user_name,
      createdAt: timeText(row.created_at),
      endedAt: row.ended_at === null ? null : timeText(row.ended_at),
    };
  }

  #binding(use: UseRow): BindingItem {
    return {
      channelId: use.channel_id,
      channelName: this.#options.hippo.channel(use.channel_id)?.name ?? '',
      name: use.name,
      state: use.state,
      message: use.message,
      variables: JSON.parse(use.variables) as string[],
      interfaces: JSON.parse(use.interfaces) as HostInterface[],
      createdAt: timeText(use.created_at),
      rotatedAt: use.rotated_at === null ? null : timeText(use.rotated_at),
      expiresAt: use.expires_at === null ? null : timeText(use.expires_at),
    };
  }
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}
