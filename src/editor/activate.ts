// What happens when VS Code activates the extension: features are put together, and nothing is waited for.

import * as vscode from 'vscode';
import type { App } from './app.ts';
import { guardActions } from './bindings/guarded-actions.ts';
import { createBindings, registerBindings, type Bindings } from './bindings/register.ts';
import { Connections } from './connections/connections.ts';
import { registerConnections, registerTerminal } from './connections/register.ts';
import type { Disposable } from './disposables.ts';
import type { AddonActions } from './marketplace/addon-actions.ts';
import { HippoAddonActions } from './marketplace/hippo-addon-actions.ts';
import { registerMarketplace } from './marketplace/register.ts';
import { registerLanguage } from './language/register.ts';
import { registerNewApp } from './new-app/register.ts';
import { ProblemBoard } from './problem-board.ts';
import { Projects } from './projects.ts';
import { History } from './publish/history.ts';
import { registerPublish } from './publish/register.ts';
import { createLive, type Live } from './tree/live.ts';
import { registerTree } from './tree/register.ts';
import { createApp } from './vscode-app.ts';
import { VSCodeProblems } from './vscode-problems.ts';

/** What features build on. */
export interface Services {
  readonly app: App;
  readonly connections: Connections;
  readonly projects: Projects;
  readonly history: History;
  /** What is wrong with each HIPPOFACTS. */
  readonly board: ProblemBoard;
  /** What is known of the current Hippo; `live.addons` is the store of its add-ons. */
  readonly live: Live;
  readonly addonActions: AddonActions;
  readonly bindings: Bindings;
}

/** In this order; each registers what it contributes and gives back what has to be disposed of. */
const FEATURES: readonly ((services: Services) => Disposable)[] = [
  ({ app }) => app.commands.register('hippo.showOutput', () => app.log.show()),
  ({ app, connections }) => registerConnections(app, connections),
  ({ app, connections }) => registerTerminal(app, connections),
  ({ app, connections, projects }) => registerNewApp(app, connections, projects),
  registerPublish,
  registerBindings,
  registerLanguage,
  registerTree,
  ({ app, live, addonActions }) => registerMarketplace({ app, store: live.addons, actions: addonActions }),
];

export function activate(context: vscode.ExtensionContext): void {
  const began = performance.now();
  const app = createApp(context);
  const connections = new Connections(app);
  const problems = new VSCodeProblems();
  const history = new History(app);
  const board = new ProblemBoard(
    (uri, found) => problems.show(uri, found),
    (uri) => app.settings.get('hippo.language.severity', uri),
  );
  const projects = new Projects(app);
  const live = createLive(app, connections, projects);
  const bindings = createBindings({ app, connections, projects });
  const addonActions = guardActions(
    new HippoAddonActions({ app, connections, store: live.addons }),
    async () => (await bindings()).uses,
    (id) => live.addons.addon(id),
  );
  const services: Services = {
    app,
    connections,
    projects,
    history,
    board,
    live,
    addonActions,
    bindings,
  };
  context.subscriptions.push(
    connections,
    problems,
    history,
    live,
    addonActions,
    ...FEATURES.map((register) => register(services)),
  );
  app.log.info(`Version ${app.extension.version}, activated in ${Math.round(performance.now() - began)} ms`);
}
