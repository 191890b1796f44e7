// An offering as the Marketplace lists it: what it costs at least, and what the app has of it.

import type { AddonItem } from '../../addons/addons.ts';
import type { Cost } from '../../addons/costs.ts';
import type { OfferingItem, PlanItem } from '../../addons/offerings.ts';
import { priceText } from '../../addons/price-text.ts';
import { stateText } from '../../addons/words.ts';
import type { OfferingCard } from '../../webview/protocol.ts';

/** Cards show three lines of it. */
const MOST_OF_A_TEXT = 1_000;
const MOST_TAGS = 20;
/** 365 days by 24 hours, in twelve parts. */
const HOURS_A_MONTH = 730;

/** @param addons those of the page's app */
export function offeringCard(offering: OfferingItem, addons: readonly AddonItem[]): OfferingCard {
  const { id, name, reference, displayName, description, provider, broker, tags, icon, state } = offering;
  // Of one that is withdrawn no plan is active, and what there is of it goes on at its price.
  const active = offering.plans.filter((plan) => plan.state === 'active');
  const plans = active.length > 0 ? active : offering.plans;
  return {
    id,
    name: cut(name),
    reference: cut(reference),
    displayName: cut(displayName),
    description: cut(description),
    provider: provider === null ? null : cut(provider),
    broker: cut(broker.name),
    tags: tags.slice(0, MOST_TAGS).map(cut),
    free: plans.some(isFree),
    paid: plans.some((plan) => !isFree(plan)),
    ...cheapest(plans),
    icon,
    unavailable: offering.unavailable && cut(offering.unavailable.reason),
    withdrawn: state === 'withdrawn',
    inUse: usesOf(id, addons),
  };
}

/** What there is of an offering among add-ons. */
export function usesOf(offeringId: string, addons: readonly AddonItem[]): OfferingCard['inUse'] {
  return addons
    .filter(({ offering }) => offering.id === offeringId)
    .map((addon) => ({
      addonId: addon.id,
      name: cut(addon.name),
      plan: cut(addon.plan.displayName),
      state: stateText(addon),
      channels: addon.bindings.map(({ channelName }) => cut(channelName)),
    }));
}

function isFree({ free, costs }: PlanItem): boolean {
  return costs.some(({ amount }) => amount > 0) ? false : free || costs.length > 0;
}

function cheapest(plans: readonly PlanItem[]): Pick<OfferingCard, 'price' | 'priceRank'> {
  if (plans.some(isFree)) return { price: 'free', priceRank: 0 };
  const [first] = plans
    .map((plan) => ({ plan, rank: rankOf(plan.costs) }))
    // What cannot be said comes last.
    .sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0);
  if (!first) return { price: 'no plans', priceRank: null };
  const price = cut(priceText(first.plan));
  const isOneOfSeveral = plans.length > 1 && first.rank !== null;
  return { price: isOneOfSeveral ? `from ${price}` : price, priceRank: first.rank };
}

/** Millionths a month; null where some of it is not by time, or nothing is said. */
function rankOf(costs: readonly Cost[]): number | null {
  if (costs.length === 0) return null;
  let sum = 0;
  for (const { amount, unit } of costs) {
    const times = unit.toUpperCase() === 'HOURLY' ? HOURS_A_MONTH : unit.toUpperCase() === 'MONTHLY' ? 1 : 0;
    if (times === 0 && amount > 0) return null;
    sum += amount * times;
  }
  return sum;
}

function cut(text: string): string {
  return text.length > MOST_OF_A_TEXT ? `${text.slice(0, MOST_OF_A_TEXT - 1)}…` : text;
}
