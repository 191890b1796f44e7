// Add-ons as code sees them: by channel, with the names that the channel has for them.

import type { AddonItem } from '../../addons/addons.ts';
import { boundAddon } from '../../bindings/bound.ts';
import type { BoundAddon } from '../../bindings/plan.ts';

/** An add-on in a channel, with what it takes to find both again. */
export interface ChannelAddon extends BoundAddon {
  readonly addonId: string;
  readonly channelId: string;
}

/** One for each channel that has it, by channel and name. What is still on its way has neither variables nor
 * interfaces yet. */
export function boundAddons(addons: readonly AddonItem[]): ChannelAddon[] {
  return addons
    .flatMap((addon) =>
      addon.bindings.map((binding): ChannelAddon => ({
        ...boundAddon(addon, binding),
        addonId: addon.id,
        channelId: binding.channelId,
      })),
    )
    .filter(({ variables, interfaces }) => variables.length > 0 || interfaces.length > 0)
    .sort((a, b) => compare(a.name, b.name) || compare(a.channel, b.channel));
}

/** Those for which code would be the same in every channel that has them count once; the first channel stands for all. */
export function distinct(addons: readonly ChannelAddon[]): ChannelAddon[] {
  const seen = new Map<string, ChannelAddon>();
  for (const addon of addons) {
    const key = JSON.stringify([addon.addonId, addon.name, addon.variables]);
    if (!seen.has(key)) seen.set(key, addon);
  }
  return [...seen.values()];
}

/** `postgresql (PostgreSQL, small) in shop: dev`. */
export function describeBound({ name, displayName, plan, app, channel }: BoundAddon): string {
  return `${name} (${displayName}, ${plan}) in ${app}: ${channel}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
