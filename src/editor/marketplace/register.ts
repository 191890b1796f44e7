// The Marketplace as a feature: its view, its panels, and the commands that lead there.

import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import type { Row } from '../tree/targets.ts';
import type { AddonActions } from './addon-actions.ts';
import type { AddonsStore } from './addons-store.ts';
import { chooseOffering } from './choose-offering.ts';
import { PageWindows } from './page-windows.ts';

interface Needs {
  readonly app: App;
  readonly connections: Connections;
  readonly store: AddonsStore;
  readonly actions: AddonActions;
  /** The row of an add-on in the tree. */
  readonly rowOf: (addonId: string) => Row;
  /** The add-on of a row of the tree. */
  readonly addonOf: (row: Row) => string | undefined;
}

export function registerMarketplace({ app, connections, store, actions, rowOf, addonOf }: Needs): Disposable {
  const disposables = new Disposables();
  const { commands } = app;
  const windows = disposables.add(
    new PageWindows({
      app,
      connections,
      store,
      actions,
      bindingCode: async (addonId) => void (await commands.execute('hippo.bindings.add', rowOf(addonId))),
    }),
  );
  for (const command of [
    commands.register('hippo.marketplace.browse', () => windows.showMarketplace()),
    commands.register('hippo.marketplace.refresh', () => store.refresh()),
    commands.register('hippo.addon.showOffering', async (row) => {
      const addon = row === undefined ? undefined : store.addon(addonOf(row) ?? '');
      await windows.showOffering(addon?.offering.id ?? (await chooseOffering({ app, store })));
    }),
    commands.register('hippo.bill.show', () => windows.showBill()),
  ])
    disposables.add(command);
  return disposables;
}
