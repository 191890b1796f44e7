// Publishing as a feature: its commands, views, tasks and lenses.

import * as vscode from 'vscode';
import { SPELLINGS } from '../../hippofacts/find.ts';
import type { App } from '../app.ts';
import type { Bindings } from '../bindings/register.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import type { ProblemBoard } from '../problem-board.ts';
import type { Projects } from '../projects.ts';
import { Builds } from './builds.ts';
import { registerCodeLens } from './code-lens.ts';
import { PublishCommands } from './commands.ts';
import type { History } from './history.ts';
import { registerHistoryView } from './history-view.ts';
import { PreviewView } from './preview-view.ts';
import type { Diagnostics } from './ports.ts';
import { Publisher } from './publisher.ts';
import { Targets } from './targets.ts';
import { registerTasks } from './tasks.ts';
import { VSCodeBuilds } from './vscode-builds.ts';
import { vscodeDocuments } from './vscode-documents.ts';

export interface PublishNeeds {
  readonly app: App;
  readonly connections: Connections;
  readonly projects: Projects;
  readonly history: History;
  readonly board: ProblemBoard;
  readonly bindings: Bindings;
}

export function registerPublish(needs: PublishNeeds): Disposable {
  const { app, connections, projects, history, board, bindings } = needs;
  const disposables = new Disposables();
  const { commands, guard, context } = app;
  const builds = new Builds(app, new VSCodeBuilds());
  const documents = vscodeDocuments;
  const diagnostics: Diagnostics = {
    // A module is no text to show them in; the log has them.
    show: ({ uri, kind }, problems) => {
      if (kind === 'project') board.publish(uri, problems);
    },
  };
  const view = disposables.add(new PreviewView(app));
  const publisher = new Publisher({ app, connections, builds, history, documents, diagnostics });
  const targets = new Targets(app, projects, connections);
  const own = new PublishCommands({
    app,
    connections,
    publisher,
    targets,
    builds,
    documents,
    history,
    showPreview: (preview) => view.show(preview),
    offerCode: async (...publish) => (await bindings()).offers.published(...publish),
  });
  /** With what is in the view of previews, if something is. */
  const previewed = async (act: 'run' | 'previewOf'): Promise<void> => {
    const { preview } = view;
    if (preview) await own[act](preview.target, preview.wish);
  };

  for (const command of [
    commands.register('hippo.publish', (where) => own.publish(where)),
    commands.register('hippo.publish.production', (where) =>
      own.publish(where, { versioning: 'production' }),
    ),
    commands.register('hippo.publish.with', (where) => own.publishWith(where)),
    commands.register('hippo.publish.preview', (where) => own.preview(where)),
    commands.register('hippo.publish.chooseBuild', (where) => own.chooseBuild(where)),
    commands.register('hippo.publish.allow', (uri, files) => own.allow(uri, files)),
    commands.register('hippo.publish.again', (row) => own.releaseAgain(row?.record)),
    commands.register('hippo.preview.publish', () => previewed('run')),
    commands.register('hippo.preview.refresh', () => previewed('previewOf')),
    commands.register('hippo.preview.close', () => view.close()),
    commands.register('hippo.history.open', (row) => own.open(row?.record, row?.channel?.id)),
    commands.register('hippo.history.copyId', (row) => own.copyId(row?.record)),
    commands.register('hippo.history.remove', (row) => own.forget(row?.record)),
    commands.register('hippo.history.clear', () => own.forgetAll()),
  ])
    disposables.add(command);
  guard.provide('manageTrust', async () => {
    await vscode.commands.executeCommand('workbench.trust.manage');
    return app.workspace.isTrusted;
  });

  const showHistory = (): void => {
    const hasSome = history.records.length > 0;
    context.set('hippo.hasHistory', hasSome);
    // It stays so, whatever is forgotten.
    if (hasSome) context.set('hippo.published', true);
  };
  const onHistory = (): void => {
    const { records } = history;
    showHistory();
    // What it showed has happened.
    if (records[0]?.uri === view.preview?.target.uri) view.close();
  };
  disposables.add(history.onDidChange(onHistory));
  showHistory();
  disposables.add(registerHistoryView(app, history));
  disposables.add(registerCodeLens(app));
  disposables.add(registerTasks({ app, connections, projects, targets, publisher, bindings }));
  disposables.add(recheck(app, publisher, targets, board));
  return disposables;
}

/** What was wrong with a HIPPOFACTS that is not open is looked at again when the file has changed. */
function recheck({ guard }: App, publisher: Publisher, targets: Targets, board: ProblemBoard): Disposable {
  const disposables = new Disposables();
  const watcher = disposables.add(
    vscode.workspace.createFileSystemWatcher(`**/{${SPELLINGS.join(',')}}`, true),
  );
  disposables.add(
    watcher.onDidChange((uri) => {
      const target = targets.at(uri.toString());
      if (board.needsLook(target.uri))
        void guard.quietly('Checking HIPPOFACTS', () => publisher.check(target));
    }),
  );
  disposables.add(watcher.onDidDelete((uri) => board.publish(uri.toString(), [])));
  return disposables;
}
