// Offerings, plans and add-ons by the names that people type.

import { nearest } from '../hippofacts/nearest.ts';
import { listOf, visible } from '../hippofacts/text.ts';
import type { AddonItem } from './addons.ts';
import type { OfferingItem, PlanItem } from './offerings.ts';

/** A name that means nothing, or several things; the hint says what there is. */
export class AddonNameError extends Error {
  readonly code: 'NO_SUCH_OFFERING' | 'NO_SUCH_PLAN' | 'NO_SUCH_ADDON' | 'WHICH_OFFERING' | 'WHICH_ADDON';
  readonly hint: string | undefined;
  constructor(code: AddonNameError['code'], message: string, hint?: string) {
    super(message);
    this.name = 'AddonNameError';
    this.code = code;
    this.hint = hint;
  }
}

const SHOWN = 20;

/** By reference (`postgresql`, `postgresql@broker`), name or id. @throws AddonNameError */
export function findOffering(offerings: readonly OfferingItem[], wanted: string): OfferingItem {
  const found = matchOffering(offerings, wanted);
  if (found !== undefined && !Array.isArray(found)) return found;
  if (found)
    throw new AddonNameError(
      'WHICH_OFFERING',
      `Several brokers offer ${wanted}.`,
      `Name one of ${namesOf(found.map(({ reference }) => reference))}.`,
    );
  const names = offerings.map(({ reference }) => reference);
  throw new AddonNameError('NO_SUCH_OFFERING', `There is no add-on "${wanted}".`, suggestion(wanted, names));
}

/** The offering; those that it may be where that cannot be told; undefined without any. */
function matchOffering(
  offerings: readonly OfferingItem[],
  wanted: string,
): OfferingItem | OfferingItem[] | undefined {
  const exact = offerings.find(({ reference, id }) => reference === wanted || id === wanted);
  if (exact) return exact;
  const found = offerings.filter(
    ({ name, broker }) => name === wanted || `${name}@${broker.name}` === wanted,
  );
  return found.length === 1 ? found[0] : found.length === 0 ? undefined : found;
}

/** What `hippo_addons`, or somebody, names is this offering. */
export function isOffering(
  { name, reference }: Pick<OfferingItem, 'name' | 'reference'>,
  broker: string,
  wanted: string,
): boolean {
  return wanted === reference || wanted === name || wanted === `${name}@${broker}`;
}

/** By name; without one, the only one, or the first that is free. @throws AddonNameError */
export function findPlan(offering: OfferingItem, wanted: string | undefined): PlanItem {
  const active = offering.plans.filter(({ state }) => state === 'active');
  const names = namesOf(active.map(({ name }) => name));
  if (wanted !== undefined) {
    const found = offering.plans.find(({ name, id }) => name === wanted || id === wanted);
    if (found) return found;
    throw new AddonNameError(
      'NO_SUCH_PLAN',
      `${offering.reference} has no plan "${wanted}".`,
      active.length === 0 ? undefined : `It has ${names}.`,
    );
  }
  const chosen = active.length === 1 ? active[0] : active.find(({ free }) => free);
  if (chosen) return chosen;
  throw new AddonNameError(
    'NO_SUCH_PLAN',
    `${offering.reference} has several plans, and nothing says which one.`,
    `Give --plan: it has ${names}.`,
  );
}

/** One of an app's add-ons: by its name or id, or by its offering where there is one of it. @throws AddonNameError */
export function findAddon(addons: readonly AddonItem[], wanted: string, app: string): AddonItem {
  const named = addons.find(({ name, id }) => name === wanted || id === wanted);
  if (named) return named;
  const found = addons.filter(
    ({ offering, broker, bindings }) =>
      isOffering(offering, broker.name, wanted) || bindings.some(({ name }) => name === wanted),
  );
  const [only] = found;
  if (only && found.length === 1) return only;
  if (only)
    throw new AddonNameError(
      'WHICH_ADDON',
      `${app} has several add-ons of ${wanted}.`,
      `Name one of ${namesOf(found.map(({ name }) => name))}.`,
    );
  const names = addons.map(({ name }) => name);
  throw new AddonNameError(
    'NO_SUCH_ADDON',
    `${app} has no add-on "${wanted}".`,
    names.length === 0 ? `It has none: \`hippo addons add ${wanted}\` adds one.` : suggestion(wanted, names),
  );
}

function suggestion(wanted: string, names: readonly string[]): string {
  const near = nearest(wanted, names);
  if (near !== undefined) return `Did you mean ${visible(near)}?`;
  return names.length === 0
    ? 'There are none here.'
    : `There ${names.length === 1 ? 'is' : 'are'} ${namesOf(names)}.`;
}

/** Names are brokers' and other people's. */
function namesOf(all: readonly string[]): string {
  const names = all.map(visible);
  return names.length <= SHOWN
    ? listOf(names)
    : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;
}
