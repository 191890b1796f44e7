// Binding code as a feature: its commands, and what else goes with add-ons in code.

import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable, type Event } from '../disposables.ts';
import type { AddonActions } from '../marketplace/addon-actions.ts';
import type { Projects } from '../projects.ts';
import { addonIdOf, readNodeId } from '../tree/nodes.ts';
import type { Row } from '../tree/targets.ts';
import { BindingCode } from './binding-code.ts';
import { Environments } from './environments.ts';
import { FindAddons, type AddonPlace } from './find-addons.ts';
import { KnownAddons } from './known-addons.ts';
import { Maker } from './maker.ts';
import { Offers } from './offers.ts';
import { RunWith, type OpenTerminal } from './run-with.ts';
import { Uses } from './uses.ts';
import { vscodeCode } from './vscode-code.ts';
import { registerDebugging } from './vscode-debugging.ts';
import { registerNames } from './vscode-names.ts';

export interface BindingsNeeds {
  readonly app: App;
  readonly connections: Connections;
  readonly projects: Projects;
}

/** What other features use of this one. */
export interface Bindings {
  readonly code: BindingCode;
  readonly environments: Environments;
  readonly uses: Uses;
  readonly offers: Offers;
}

interface RegisterNeeds extends BindingsNeeds {
  readonly bindings: Bindings;
  readonly addonActions: AddonActions;
}

/** Puts it together; nothing is loaded. */
export function createBindings({ app, connections, projects }: BindingsNeeds): Bindings {
  const maker = new Maker(app, vscodeCode);
  const find = new FindAddons({ app, connections, projects });
  const code = new BindingCode({ app, find, maker, code: vscodeCode });
  return {
    code,
    environments: new Environments(app, connections),
    uses: new Uses({ app, find, maker, code: vscodeCode }),
    offers: new Offers({ app, connections, find, maker, code }),
  };
}

export function registerBindings(needs: RegisterNeeds): Disposable {
  const { app, connections, projects, bindings, addonActions } = needs;
  const disposables = new Disposables();
  const { code, environments, uses, offers } = bindings;
  const { onDidAdd, onDidAttach, onDidRemove } = addonActions;
  const changes: Event<unknown>[] = [onDidAdd, onDidAttach, onDidRemove];
  disposables.add(registerNames(disposables.add(new KnownAddons({ app, connections, projects, changes }))));
  disposables.add(registerDebugging({ app, projects, environments }));
  disposables.add(
    onDidAdd((event) => void app.guard.quietly('Offering binding code', () => offers.added(event))),
  );
  const running = new RunWith({ app, projects, environments, openTerminal });
  for (const command of [
    app.commands.register('hippo.bindings.add', (about) => code.add(placeOf(about))),
    app.commands.register('hippo.bindings.showUses', (about) => uses.show(placeOf(about))),
    app.commands.register('hippo.bindings.runWith', () => running.run()),
    app.commands.register('hippo.bindings.openTerminal', (about) =>
      running.terminal(placeOf(about)?.channelId ?? channelOf(about)),
    ),
  ])
    disposables.add(command);
  return disposables;
}

/** Not one that VS Code keeps for its next start: what it keeps, it writes to the disk. */
const openTerminal: OpenTerminal = ({ name, cwd, env, command }) => {
  const terminal = vscode.window.createTerminal({ name, cwd, env: { ...env }, isTransient: true });
  terminal.show();
  if (command !== undefined) terminal.sendText(command);
};

/** A row of the tree, or what a page has passed. */
function placeOf(about: Row | AddonPlace | undefined): AddonPlace | undefined {
  if (typeof about !== 'string') return about;
  const ref = readNodeId(about);
  const addonId = addonIdOf(ref);
  if (addonId === undefined) return undefined;
  return ref.kind === 'unusedAddon' ? { addonId } : { addonId, channelId: ref.owner };
}

function channelOf(about: Row | AddonPlace | undefined): string | undefined {
  if (typeof about !== 'string') return undefined;
  const { kind, owner } = readNodeId(about);
  return kind === 'app' ? undefined : owner;
}
