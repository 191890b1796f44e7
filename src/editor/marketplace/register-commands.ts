// The commands for add-ons and service brokers, as a feature.

import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import type { AddonCommandNeeds, AllAddonCommands } from './all-commands.ts';

/** They are loaded when the first of them runs. */
export function loadAddonCommands(
  connections: Pick<Connections, 'core'>,
  needs: AddonCommandNeeds,
): () => Promise<AllAddonCommands> {
  return async () => (await connections.core()).createAddonCommands(needs);
}

export function registerAddonCommands(
  { commands }: AddonCommandNeeds['app'],
  load: () => Promise<AllAddonCommands>,
): Disposable {
  const disposables = new Disposables();
  for (const command of [
    commands.register('hippo.addon.add', async (row) => (await load()).addons.add(row)),
    commands.register('hippo.addon.attach', async (row) => (await load()).addons.attach(row)),
    commands.register('hippo.addon.detach', async (row) => (await load()).addons.detach(row)),
    commands.register('hippo.addon.change', async (row) => (await load()).addons.change(row)),
    commands.register('hippo.addon.rotate', async (row) => (await load()).addons.rotate(row)),
    commands.register('hippo.addon.remove', async (row) => (await load()).addons.remove(row)),
    commands.register('hippo.addon.retry', async (row) => (await load()).addons.retry(row)),
    commands.register('hippo.addon.abandon', async (row) => (await load()).addons.abandon(row)),
    commands.register('hippo.addon.adopt', async () => (await load()).addons.adopt()),
    commands.register('hippo.addon.dashboard', async (row) => (await load()).addons.dashboard(row)),
    commands.register('hippo.addon.docs', async (row) => (await load()).addons.docs(row)),
    commands.register('hippo.addon.copyVariables', async (row) =>
      (await load()).variables.copyVariables(row),
    ),
    commands.register('hippo.broker.register', async () => (await load()).brokers.register()),
    commands.register('hippo.broker.manage', async () => (await load()).brokers.manage()),
  ])
    disposables.add(command);
  return disposables;
}
