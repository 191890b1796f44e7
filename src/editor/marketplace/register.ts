// The Marketplace as a feature: its view, its panels, and the commands that lead there.

import type { App } from '../app.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { addonIdOf, readNodeId } from '../tree/nodes.ts';
import type { AddonActions } from './addon-actions.ts';
import type { AddonsStore } from './addons-store.ts';
import { chooseOffering } from './choose-offering.ts';
import { PageWindows } from './page-windows.ts';

interface Needs {
  readonly app: App;
  readonly store: AddonsStore;
  readonly actions: AddonActions;
}

/**
 * All of it works where the workspace is not trusted, too: nothing of the workspace is run or sent. It says only which
 * app is offered first, and that stands on every button.
 */
export function registerMarketplace({ app, store, actions }: Needs): Disposable {
  const disposables = new Disposables();
  const { commands } = app;
  const windows = disposables.add(
    new PageWindows({
      app,
      store,
      actions,
      bindingCode: async (addonId, connection) =>
        void (await commands.execute('hippo.bindings.add', { addonId, connection })),
    }),
  );
  for (const command of [
    commands.register('hippo.marketplace.browse', () => windows.showMarketplace()),
    commands.register('hippo.marketplace.refresh', () => store.refresh()),
    commands.register('hippo.addon.showOffering', async (row) => {
      const addonId = row === undefined ? undefined : addonIdOf(readNodeId(row));
      const addon = addonId === undefined ? undefined : store.addon(addonId);
      await windows.showOffering(addon?.offering.id ?? (await chooseOffering({ app, store })));
    }),
    commands.register('hippo.bill.show', () => windows.showBill()),
  ])
    disposables.add(command);
  return disposables;
}
