// All commands for add-ons and brokers as objects, loaded with the rooms that talk to servers (core.ts).

import type { App } from '../app.ts';
import type { TreeTargets } from '../tree/targets.ts';
import type { AddonActions } from './addon-actions.ts';
import { AddonCommands } from './addon-commands.ts';
import { AddonTargets } from './addon-targets.ts';
import { AddonVariableCommands } from './addon-variable-commands.ts';
import type { AddonsStore } from './addons-store.ts';
import { BrokerCommands } from './broker-commands.ts';

export interface AddonCommandNeeds {
  readonly app: App;
  readonly store: AddonsStore;
  readonly actions: AddonActions;
  readonly targets: TreeTargets;
  /** Bindle names in the HIPPOFACTS of the open workspace. */
  readonly projects: () => Promise<ReadonlySet<string>>;
}

export interface AllAddonCommands {
  readonly addons: AddonCommands;
  readonly variables: AddonVariableCommands;
  readonly brokers: BrokerCommands;
}

export function createAddonCommands(needs: AddonCommandNeeds): AllAddonCommands {
  const addons = new AddonTargets(needs);
  return {
    addons: new AddonCommands({ ...needs, addons }),
    variables: new AddonVariableCommands({ ...needs, addons }),
    brokers: new BrokerCommands(needs),
  };
}
