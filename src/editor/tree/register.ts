// The tree as a feature: the view "Apps" and what is done with its rows.

import type { HippoClient } from '../../hippo/client.ts';
import { addressOf } from '../../session/address.ts';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import { VIEWS } from '../ids.ts';
import type { AddonActions } from '../marketplace/addon-actions.ts';
import { loadAddonCommands, registerAddonCommands } from '../marketplace/register-commands.ts';
import { AppCommands, type CommandNeeds } from './app-commands.ts';
import { BindleCommands } from './bindle-commands.ts';
import { BindleReader } from './bindle-reader.ts';
import { bindleWindow, registerBindleFiles } from './bindle-window.ts';
import { ChannelCommands } from './channel-commands.ts';
import type { Live } from './live.ts';
import { LogTerminals } from './log-terminals.ts';
import { readNodeId } from './nodes.ts';
import { ReleaseCommand } from './release-command.ts';
import { RevisionCommands } from './revision-commands.ts';
import { fullName, type Row } from './targets.ts';
import { VariableCommands } from './variable-commands.ts';
import { AppsView } from './view.ts';

interface Needs {
  readonly app: App;
  readonly connections: Connections;
  readonly live: Live;
  readonly addonActions: AddonActions;
}

export function registerTree({ app, connections, live, addonActions }: Needs): Disposable {
  const disposables = new Disposables();
  const { commands, context, log, clock, prompts } = app;
  const { model, follower, workspaceApps, addons, targets } = live;
  const onError = (error: unknown): void => log.error('The tree', error);

  const view = disposables.add(
    new AppsView({
      model,
      follower,
      watch: () => addons.watch('addons'),
      onError,
      connection: () => connections.status.name,
    }),
  );
  disposables.add(connections.onDidChange(() => view.describe()));
  const published = disposables.add(
    model.onDidChange(() => {
      if (!model.servesWorkspace) return;
      // By a command in a terminal, on another machine, or from here.
      context.set('hippo.published', true);
      published.dispose();
    }),
  );
  const showState = (): void => context.set('hippo.appsState', follower.state);
  disposables.add(follower.onDidChangeState(showState));
  showState();

  const needs: CommandNeeds = {
    app,
    connections,
    targets,
    projects: () => workspaceApps.names(),
    change: async (work) => {
      const result = await prompts.progress({ title: 'Changing…', where: { view: VIEWS.apps } }, work);
      follower.changed();
      return result;
    },
  };
  const logs = disposables.add(new LogTerminals());
  const followLog = (row?: Row): Promise<void> =>
    targets.channel(row, 'Follow Log', async (target) => {
      const { session, channel } = target;
      const { followLog: follow } = await connections.core();
      const { name } = session.connection;
      // It is read in the background from here on: nobody is asked for a password in the midst of something else.
      const open = async (): Promise<HippoClient> => {
        const seen = await connections.peek(name);
        if (seen) return seen.client;
        throw new EditorError('NOT_RUNNING', 'The local Hippo does not run.');
      };
      const address = addressOf(channel, session);
      logs.show({ id: channel.id, name: fullName(target), address }, { follow, open, clock });
    });
  const apps = new AppCommands(needs);
  const channels = new ChannelCommands(needs);
  const revisions = new RevisionCommands(needs);
  const variables = new VariableCommands(needs);
  const addonCommands = loadAddonCommands(connections, {
    app,
    store: addons,
    actions: addonActions,
    targets,
    projects: needs.projects,
  });
  disposables.add(registerAddonCommands(app, addonCommands));
  const release = new ReleaseCommand(needs);
  const bindles = new BindleCommands(needs, bindleWindow);
  disposables.add(registerBindleFiles(new BindleReader(connections)));
  const refresh = async (): Promise<void> => {
    await view.show();
    await prompts.progress({ title: 'Reading the apps…', where: { view: VIEWS.apps } }, () =>
      follower.refresh(),
    );
  };
  for (const command of [
    commands.register('hippo.apps.refresh', refresh),
    commands.register('hippo.app.add', async () => void (await apps.add())),
    commands.register('hippo.app.rename', (row) => apps.rename(row)),
    commands.register('hippo.app.delete', (row) => apps.delete(row)),
    commands.register('hippo.app.release', (row) => release.run(row)),
    commands.register('hippo.channel.add', (row) => channels.add(row)),
    commands.register('hippo.channel.open', (row) => channels.open(row)),
    commands.register('hippo.channel.copyAddress', (row) => channels.copyAddress(row)),
    commands.register('hippo.channel.followLog', followLog),
    commands.register('hippo.channel.pin', (row) => revisions.pin(row)),
    commands.register('hippo.channel.followRule', (row) => revisions.followRule(row)),
    commands.register('hippo.channel.rollBack', (row) => revisions.rollBack(row)),
    commands.register('hippo.channel.start', (row) => channels.start(row)),
    commands.register('hippo.channel.stop', (row) => channels.stop(row)),
    commands.register('hippo.channel.rename', (row) => channels.rename(row)),
    commands.register('hippo.channel.delete', (row) => channels.delete(row)),
    commands.register('hippo.variable.add', (row) => variables.add(row)),
    commands.register('hippo.variable.edit', (row) => variables.edit(row)),
    commands.register('hippo.variable.delete', (row) => variables.delete(row)),
    commands.register('hippo.variable.copyValue', async (row) =>
      isAddonVariable(row) ? (await addonCommands()).variables.copyValue(row) : variables.copyValue(row),
    ),
    commands.register('hippo.variable.show', async (row) => {
      const value = isAddonVariable(row) ? await (await addonCommands()).variables.value(row) : undefined;
      model.reveal(row, true, value);
    }),
    commands.register('hippo.variable.hide', (row) => model.reveal(row, false)),
    commands.register('hippo.revision.run', (row) => revisions.pin(row)),
    commands.register('hippo.revision.openFile', (row) => bindles.openFile(row)),
    commands.register('hippo.revision.compare', (row) => bindles.compare(row)),
    commands.register('hippo.revision.download', (row) => bindles.download(row)),
  ])
    disposables.add(command);
  return disposables;
}

function isAddonVariable(row: Row | undefined): row is Row {
  return row !== undefined && readNodeId(row).kind === 'addonVariable';
}
