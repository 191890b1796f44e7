// Connections as a feature: the service, its commands and the status bar item.

import type { App } from '../app.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { AccountCommands } from './account-commands.ts';
import { ConnectionCommands } from './connection-commands.ts';
import type { Connections } from './connections.ts';
import { showStatus } from './status-bar.ts';
import { TerminalCommand } from './terminal.ts';

export function registerConnections(app: App, connections: Connections): Disposable {
  const disposables = new Disposables();
  const { commands, guard } = app;
  const account = new AccountCommands(app, connections);
  const own = new ConnectionCommands(app, connections, account);
  for (const command of [
    commands.register('hippo.connection.switch', () => own.switch()),
    commands.register('hippo.startLocal', () => own.startLocal()),
    commands.register('hippo.connection.add', () => own.add()),
    commands.register('hippo.connection.edit', (name) => own.edit(name)),
    commands.register('hippo.connection.test', (name) => own.test(name)),
    commands.register('hippo.connection.remove', (name) => own.remove(name)),
    commands.register('hippo.signIn', (name) => account.signIn(name)),
    commands.register('hippo.signOut', (name) => account.signOut(name)),
    commands.register('hippo.register', (name) => account.register(name)),
  ])
    disposables.add(command);
  // What has failed may have been about another connection than the current one.
  guard.provide('signIn', async (_failure, error) => {
    await account.signIn(connections.whereFailed(error));
    return true;
  });
  guard.provide('editConnection', async (_failure, error) => {
    const name = connections.whereFailed(error) ?? connections.status.name;
    await ((await connections.store.find(name)) ? own.edit(name) : own.switch());
    return true;
  });
  disposables.add(showStatus(app, connections));
  connections.start();
  return disposables;
}

export function registerTerminal(app: App, connections: Connections): Disposable {
  const terminal = new TerminalCommand(app, connections);
  terminal.start();
  return terminal;
}
