// Writing HIPPOFACTS as a feature: what VS Code asks about an open one, and what it is told.

import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import type { ProblemBoard } from '../problem-board.ts';
import type { Projects } from '../projects.ts';
import type { History } from '../publish/history.ts';
import { registerActions } from './actions.ts';
import { AddHandler } from './add-handler.ts';
import { createAsk, SELECTOR } from './ask.ts';
import { registerCompletion } from './completion.ts';
import { Diagnoser } from './diagnoser.ts';
import { LanguageDocuments } from './documents.ts';
import { registerExplanations } from './explanations.ts';
import { findRoute } from './find-route.ts';
import { FollowRenames } from './follow-renames.ts';
import { registerFormatting } from './formatting.ts';
import { registerLenses } from './lenses.ts';
import { registerReading } from './reading.ts';
import { CurrentServer } from './server.ts';
import { chooseFile } from './show-files.ts';
import { vscodeTexts } from './vscode-texts.ts';
import { vscodeWatch } from './vscode-watch.ts';
import type { Analysis } from './watched-project.ts';

/** In package.json. */
const MATCHER = 'hippo';

export interface LanguageNeeds {
  readonly app: App;
  readonly connections: Connections;
  readonly projects: Projects;
  readonly history: History;
  readonly board: ProblemBoard;
}

export function registerLanguage({ app, connections, projects, history, board }: LanguageNeeds): Disposable {
  const disposables = new Disposables();
  const analysis = (): Promise<Analysis> => import('./analysis.ts');
  const server = disposables.add(new CurrentServer(app, connections));
  const documents = disposables.add(new LanguageDocuments({ app, analysis, server, watch: vscodeWatch }));
  const diagnoser = disposables.add(new Diagnoser(app, documents, board));
  const ask = createAsk(documents, app.guard);

  disposables.add(registerCompletion(ask));
  disposables.add(registerReading(ask));
  disposables.add(registerFormatting(ask));
  disposables.add(registerActions(ask, diagnoser));
  disposables.add(registerLenses(ask, app, [documents.onDidChangeFacts, server.onDidChange]));

  disposables.add(registerExplanations(analysis));

  disposables.add(server.onDidChange(() => diagnoser.lookAtAll()));
  disposables.add(history.onDidChange(() => server.forget()));
  disposables.add(followDocuments(documents, diagnoser));
  disposables.add(
    vscode.tasks.onDidEndTask(({ execution: { task } }) => {
      // What the command has printed is shown in the place of ours; ours knows that, and more.
      if (task.problemMatchers.includes(`$${MATCHER}`)) board.restore();
    }),
  );

  const handlers = new AddHandler(app, projects, analysis, vscodeTexts);
  const renames = new FollowRenames(app, projects, analysis, vscodeTexts);
  disposables.add(
    vscode.workspace.onDidRenameFiles(({ files }) => {
      const moved = files.map(({ oldUri, newUri }) => ({ from: oldUri.fsPath, to: newUri.fsPath }));
      void app.guard.run('Changing HIPPOFACTS after a rename', () => renames.offer(moved));
    }),
  );
  const showFiles = async (uri: string, line: number): Promise<void> => {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
    const known = await documents.of(document);
    const file = known && (await chooseFile(app, known, line));
    if (file !== undefined) await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file));
  };
  for (const command of [
    app.commands.register('hippo.addHandler', (module) => handlers.add(module)),
    app.commands.register('hippo.findHandler', () => findRoute(app, projects, analysis, vscodeTexts)),
    app.commands.register('hippo.language.openAddress', (address) => app.links.open(address)),
    app.commands.register('hippo.language.showFiles', showFiles),
  ])
    disposables.add(command);
  return disposables;
}

function followDocuments(documents: LanguageDocuments, diagnoser: Diagnoser): Disposable {
  const disposables = new Disposables();
  const { workspace } = vscode;
  const isOurs = (document: vscode.TextDocument): boolean => vscode.languages.match(SELECTOR, document) > 0;
  const open = (document: vscode.TextDocument): void => {
    if (isOurs(document)) diagnoser.look(document);
  };
  workspace.textDocuments.forEach(open);
  for (const listening of [
    workspace.onDidOpenTextDocument(open),
    workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0 && isOurs(document)) diagnoser.edited(document);
    }),
    workspace.onDidSaveTextDocument((document) => {
      if (isOurs(document)) documents.refresh(document);
    }),
    // VS Code sees nothing of what is excluded from watching, and not all in folders that were made a moment ago.
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      if (editor && isOurs(editor.document)) documents.refresh(editor.document);
    }),
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) documents.refreshAll();
    }),
    vscode.window.onDidEndTerminalShellExecution(() => documents.refreshAll()),
    vscode.tasks.onDidEndTask(() => documents.refreshAll()),
    workspace.onDidCloseTextDocument((document) => {
      if (!isOurs(document)) return;
      diagnoser.closed(document);
      documents.close(document);
    }),
  ])
    disposables.add(listening);
  return disposables;
}
