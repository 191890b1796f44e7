// Add-ons that an app or a channel is the last user of: it cannot go before they have.

import type { AddonItem } from './addons.ts';
import { NoAddonsError, type AddonsClient } from './client.ts';

/** @param where whose they are: of the app alone, all of them */
export async function onlyUsedBy(
  addons: Pick<AddonsClient, 'addons'>,
  { appId, channelId }: { appId: string; channelId?: string | undefined },
): Promise<AddonItem[]> {
  try {
    const found = await addons.addons({ appId });
    if (channelId === undefined) return found;
    return found.filter(
      ({ bindings }) => bindings.length > 0 && bindings.every((binding) => binding.channelId === channelId),
    );
  } catch (error) {
    if (error instanceof NoAddonsError) return [];
    throw error;
  }
}
