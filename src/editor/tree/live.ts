// What is known of the current Hippo, kept up to date for as long as anybody looks: once in a window, for the tree and
// for the pages of add-ons.

import * as vscode from 'vscode';
import { SPELLINGS } from '../../hippofacts/find.ts';
import type { App } from '../app.ts';
import type { Connections, ConnectionStatus } from '../connections/connections.ts';
import { Disposables, type Disposable, type Event } from '../disposables.ts';
import { HippoAddonsStore } from '../marketplace/hippo-addons-store.ts';
import type { AddonsStore } from '../marketplace/addons-store.ts';
import type { Projects } from '../projects.ts';
import { Follower } from './follower.ts';
import { AppsModel } from './model.ts';
import { TreeTargets } from './targets.ts';
import { WorkspaceApps } from './workspace-apps.ts';

export interface Live extends Disposable {
  readonly model: AppsModel;
  readonly follower: Follower;
  readonly workspaceApps: WorkspaceApps;
  readonly addons: AddonsStore;
  /** What a command is about, of this Hippo. */
  readonly targets: TreeTargets;
}

export function createLive(app: App, connections: Connections, projects: Projects): Live {
  const disposables = new Disposables();
  const { log, clock } = app;
  const workspaceApps = disposables.add(
    new WorkspaceApps({
      app,
      projects,
      core: () => connections.core(),
      onDidChangeManifests: manifestChanges(disposables),
    }),
  );
  const model = new AppsModel((error) => log.error('The tree', error));
  const follower = disposables.add(
    new Follower(model, {
      clock,
      log,
      report: (name, error) => connections.report(name ?? connections.status.name, error),
      open: async () => {
        const session = await connections.peek();
        if (!session) return undefined;
        model.setProjects(await workspaceApps.names());
        const { AddonsClient } = await connections.core();
        const { connection, userName, client } = session;
        const addons = new AddonsClient(client);
        return { name: connection.name, hippoUrl: connection.hippoUrl, userName, client, addons };
      },
    }),
  );
  disposables.add(workspaceApps.onDidChange((names) => model.setProjects(names)));
  disposables.add(connections.onDidChange(whenItMatters(connections.status, follower)));
  const addons = disposables.add(new HippoAddonsStore({ connections, follower, model, log }));
  const targets = new TreeTargets({
    app,
    connections,
    projects: () => workspaceApps.names(),
    connectionOfRows: () => follower.connection,
  });
  return { model, follower, workspaceApps, addons, targets, dispose: () => disposables.dispose() };
}

/** It begins anew with another connection or another user, and tries again when something has got well. */
function whenItMatters(first: ConnectionStatus, follower: Follower): (status: ConnectionStatus) => void {
  // The address of the local Hippo is known only while it runs.
  const keyOf = ({ name, connection }: ConnectionStatus): string =>
    JSON.stringify([name, name === 'local' ? undefined : connection]);
  let key = keyOf(first);
  return (status) => {
    const now = keyOf(status);
    if (now !== key) follower.restart();
    else if (status.state === 'ready' || status.state === 'unknown') follower.reconsider(status.state);
    key = now;
  };
}

/** A HIPPOFACTS in the workspace has come, gone or changed. */
function manifestChanges(disposables: Disposables): Event<void> {
  const changed = disposables.add(new vscode.EventEmitter<void>());
  const watcher = disposables.add(vscode.workspace.createFileSystemWatcher(`**/{${SPELLINGS.join(',')}}`));
  for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
    disposables.add(event(() => changed.fire()));
  return (listener) => changed.event(() => void listener());
}
