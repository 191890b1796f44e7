// How an add-on is, in the words that terminal and editor share.

import { listOf, visible } from '../hippofacts/text.ts';
import type { AddonItem, BindingItem, OperationItem } from './addons.ts';
import type { OfferingItem } from './offerings.ts';

const STATES: Readonly<Record<AddonItem['state'], string>> = {
  creating: 'creating',
  ready: 'ready',
  changing: 'changing plan',
  removing: 'removing',
  usable: 'failed but usable',
  failed: 'failed',
  attention: 'needs attention',
};

/** `ready`, `changing plan`. */
export function stateText({ state }: Pick<AddonItem, 'state'>): string {
  return STATES[state];
}

const BINDING_STATES: Readonly<Record<BindingItem['state'], string>> = {
  binding: 'connecting',
  ready: 'ready',
  rotating: 'changing credentials',
  unbinding: 'disconnecting',
  failed: 'failed',
  attention: 'needs attention',
};

export function bindingText({ state }: Pick<BindingItem, 'state'>): string {
  return BINDING_STATES[state];
}

const OPERATIONS: Readonly<Record<OperationItem['kind'], string>> = {
  create: 'add',
  adopt: 'adopt',
  update: 'update',
  bind: 'attach',
  rotate: 'rotate',
  unbind: 'detach',
  remove: 'remove',
  'clean-up': 'clean up',
  abandon: 'abandon',
};

/** The verb of an operation, as the commands are called. */
export function operationText({ kind }: Pick<OperationItem, 'kind'>): string {
  return OPERATIONS[kind];
}

/** `postgresql:small`; both names are the broker's. */
export function planOf({
  offering,
  plan,
}: {
  offering: Pick<AddonItem['offering'], 'reference'>;
  plan: Pick<AddonItem['plan'], 'name'>;
}): string {
  return visible(`${offering.reference}:${plan.name}`);
}

/** Where an add-on is used: `shop:production`, `shop:production and shop:beta`; the app alone where no channel uses it. */
export function usersOf({ appName, bindings }: Pick<AddonItem, 'appName' | 'bindings'>): string {
  if (bindings.length === 0) return appName;
  return listOf(bindings.map(({ channelName }) => `${appName}:${channelName}`));
}

/** Why an offering cannot be had here, and what gets it; undefined where it can. */
export function unavailableText({
  reference,
  state,
  unavailable,
}: Pick<OfferingItem, 'reference' | 'state' | 'unavailable'>):
  { message: string; hint: string | undefined } | undefined {
  if (unavailable) {
    const { reason, command } = unavailable;
    return {
      message: visible(`${reference} cannot be added here: ${reason}`),
      hint: command === null ? undefined : `\`${visible(command)}\` makes it available.`,
    };
  }
  if (state !== 'withdrawn') return undefined;
  return {
    message: `${visible(reference)} cannot be added any more: its broker lists it no longer.`,
    hint: '`hippo addons list` lists what there is.',
  };
}
