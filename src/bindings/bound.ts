// An add-on as code sees it: by channel, with the name that the channel has for it.

import type { AddonItem, BindingItem } from '../addons/addons.ts';
import type { BoundAddon } from './plan.ts';

export function boundAddon({ appName, offering, plan }: AddonItem, binding: BindingItem): BoundAddon {
  const { name, channelName, interfaces, variables } = binding;
  return {
    name,
    offering: offering.name,
    reference: offering.reference,
    displayName: offering.displayName,
    plan: plan.name,
    app: appName,
    channel: channelName,
    interfaces,
    variables,
  };
}
