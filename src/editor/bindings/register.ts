// Binding code as a feature: its commands, and what else goes with add-ons in code. All but completion is loaded when
// it is wanted.

import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable, type Event } from '../disposables.ts';
import type { AddonActions } from '../marketplace/addon-actions.ts';
import type { Projects } from '../projects.ts';
import { addonIdOf, isOfApp, readNodeId } from '../tree/nodes.ts';
import type { Row } from '../tree/targets.ts';
import type { Rooms } from './bindings.ts';
import type { AddonPlace } from './find-addons.ts';
import { KnownAddons } from './known-addons.ts';
import { registerDebugging } from './vscode-debugging.ts';
import { registerNames } from './vscode-names.ts';

/** What other features use of this one, loaded on first use. */
export type Bindings = () => Promise<Rooms & Pick<Loaded, 'ProgramTerminal' | 'withAddons'>>;
type Loaded = typeof import('./bindings.ts');

interface Needs {
  readonly app: App;
  readonly connections: Connections;
  readonly projects: Projects;
}

export function createBindings(needs: Needs): Bindings {
  let opening: ReturnType<Bindings> | undefined;
  const open: Bindings = async () => {
    const { createRooms, ProgramTerminal, withAddons } = await import('./bindings.ts');
    return { ...createRooms(needs), ProgramTerminal, withAddons };
  };
  return () => (opening ??= open());
}

export function registerBindings({
  app,
  connections,
  projects,
  bindings,
  addonActions,
}: Needs & { readonly bindings: Bindings; readonly addonActions: AddonActions }): Disposable {
  const { commands, guard } = app;
  const disposables = new Disposables();
  const { onDidAdd, onDidAttach, onDidRemove } = addonActions;
  const changes: Event<unknown>[] = [onDidAdd, onDidAttach, onDidRemove];
  disposables.add(registerNames(disposables.add(new KnownAddons({ app, connections, projects, changes }))));
  disposables.add(registerDebugging({ app, projects, bindings }));
  for (const listening of [
    commands.register('hippo.bindings.add', async (about) => (await bindings()).code.add(placeOf(about))),
    commands.register('hippo.bindings.showUses', async (about) =>
      (await bindings()).uses.show(placeOf(about)),
    ),
    commands.register('hippo.bindings.runWith', async () => (await bindings()).running.run()),
    commands.register('hippo.bindings.openTerminal', async (about) =>
      (await bindings()).running.terminal(channelOf(about)),
    ),
    onDidAdd(
      (event) =>
        void guard.quietly('Offering binding code', async () => (await bindings()).offers.added(event)),
    ),
  ])
    disposables.add(listening);
  return disposables;
}

/** A row of the tree, or what a page has passed. */
function placeOf(about: Row | AddonPlace | undefined): AddonPlace | undefined {
  if (typeof about !== 'string') return about;
  const ref = readNodeId(about);
  const addonId = addonIdOf(ref);
  if (addonId === undefined) return undefined;
  return ref.kind === 'unusedAddon' ? { addonId } : { addonId, channelId: ref.owner };
}

function channelOf(about: Row | AddonPlace | undefined): string | undefined {
  if (typeof about !== 'string') return about?.channelId;
  const { kind, owner } = readNodeId(about);
  return isOfApp(kind) ? undefined : owner;
}
