// Add-ons and what can be added, as a Hippo answers them, for tests that need no Hippo.

import { randomUUID } from 'node:crypto';
import type { AddonItem, BindingItem } from '../../src/addons/addons.ts';
import type { OfferingItem, PlanItem } from '../../src/addons/offerings.ts';

export function planItem(name: string, more: Partial<PlanItem> = {}): PlanItem {
  return {
    id: randomUUID(),
    name,
    displayName: name,
    description: '',
    free: true,
    bullets: [],
    costs: [],
    state: 'active',
    bindable: true,
    updatable: true,
    rotatable: true,
    schemas: {},
    maintenance: null,
    ...more,
  };
}

export function offeringItem(
  name: string,
  plans: readonly PlanItem[],
  more: Partial<OfferingItem> = {},
): OfferingItem {
  return {
    id: randomUUID(),
    name,
    reference: name,
    broker: { id: randomUUID(), name: 'main' },
    displayName: name,
    description: '',
    longDescription: null,
    provider: null,
    documentationUrl: null,
    supportUrl: null,
    icon: false,
    tags: [],
    state: 'active',
    unavailable: null,
    plans: [...plans],
    ...more,
  };
}

export function bindingItem(channelName: string, name: string, more: Partial<BindingItem> = {}): BindingItem {
  return {
    channelId: randomUUID(),
    channelName,
    name,
    state: 'ready',
    message: null,
    variables: [],
    interfaces: [],
    createdAt: '2026-11-20T12:00:00Z',
    rotatedAt: null,
    expiresAt: null,
    ...more,
  };
}

export function addonItem(
  name: string,
  { id, name: offering, reference, displayName, documentationUrl, broker }: OfferingItem,
  plan: PlanItem,
  bindings: readonly BindingItem[],
  more: Partial<AddonItem> = {},
): AddonItem {
  return {
    id: randomUUID(),
    appId: randomUUID(),
    appName: 'shop',
    name,
    offering: { id, name: offering, reference, displayName, documentationUrl },
    broker,
    plan,
    state: 'ready',
    message: null,
    operation: null,
    bindings: [...bindings],
    dashboard: false,
    adopted: false,
    maintenanceVersion: null,
    createdAt: '2026-11-20T12:00:00Z',
    ...more,
  };
}
