// Actions on add-ons that ask first where code in the workspace uses what they take away.

import type { AddonItem } from '../../addons/addons.ts';
import type { AddonActions } from '../marketplace/addon-actions.ts';
import type { Uses } from './uses.ts';

/** @param find an add-on as it is known */
export function guardActions(
  actions: AddonActions,
  uses: () => Promise<Pick<Uses, 'demand'>>,
  find: (addonId: string) => AddonItem | undefined,
): AddonActions {
  const demand = async (
    addonId: string,
    channelId: string | undefined,
    doing: (name: string) => string,
    action: string,
    connection: string | undefined,
  ): Promise<void> => {
    const addon = find(addonId);
    if (addon) await (await uses()).demand(addon, channelId, doing(addon.name), action, connection);
  };
  // Methods stand on the prototype: what is not changed here is handed on.
  return new Proxy(actions, {
    get(target, key) {
      if (key === 'detach')
        return async (...[wish, waiting]: Parameters<AddonActions['detach']>) => {
          await demand(
            wish.addonId,
            wish.channelId,
            (name) => `Detaching ${name}`,
            'Detach',
            waiting?.connection,
          );
          return target.detach(wish, waiting);
        };
      if (key === 'remove')
        return async (...[wish, waiting]: Parameters<AddonActions['remove']>) => {
          await demand(wish.addonId, undefined, (name) => `Removing ${name}`, 'Go On', waiting?.connection);
          return target.remove(wish, waiting);
        };
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}
