// The first minutes as a feature: new apps, a HIPPOFACTS for an app that is there, and the walkthrough.

import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import type { Projects } from '../projects.ts';
import { AddHippofacts } from './add-hippofacts.ts';
import { Arrival } from './arrival.ts';
import { watchHasApp } from './has-app.ts';
import { NewApp } from './new-app.ts';
import { createFolders } from './vscode-folders.ts';
import { announceSteps } from './walkthrough.ts';

export function registerNewApp(app: App, connections: Connections, projects: Projects): Disposable {
  const disposables = new Disposables();
  const { commands } = app;
  const folders = createFolders(app.extension.id);
  const core = () => connections.core();
  const arrival = new Arrival(app, folders);
  const newApp = new NewApp({ app, core, folders, arrival });
  const hippofacts = new AddHippofacts(app, core, folders);
  for (const item of [
    commands.register('hippo.newApp', (origin) => newApp.make(origin)),
    commands.register('hippo.addHippofacts', (folder) => hippofacts.add(folder)),
    arrival.watch(),
    announceSteps(app, folders.onDidShowPage),
    app.links.onDidOpen(() => app.context.set('hippo.visited', true)),
    watchHasApp(app, projects, folders.onDidChangeManifests),
  ])
    disposables.add(item);
  return disposables;
}
