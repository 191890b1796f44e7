// The context key that says whether there is an app in the workspace.

import type { App } from '../app.ts';
import { Disposables, type Disposable, type Event } from '../disposables.ts';
import type { Projects } from '../projects.ts';

/** Files come in bursts: a project that is made, a branch that is changed to. In ms. */
const QUIET = 300;

/** @param manifestsChange a HIPPOFACTS has come or gone */
export function watchHasApp(app: App, projects: Projects, manifestsChange: Event<void>): Disposable {
  const disposables = new Disposables();
  let waiting: Disposable | undefined;
  const look = (): void =>
    void app.guard.quietly('Looking for apps', async () =>
      app.context.set('hippo.hasApp', (await projects.all()).length > 0),
    );
  const lookSoon = (): void => {
    waiting?.dispose();
    waiting = app.clock.after(QUIET, look);
  };
  disposables.add(manifestsChange(lookSoon));
  disposables.add(app.workspace.onDidChangeFolders(lookSoon));
  disposables.add({ dispose: () => waiting?.dispose() });
  look();
  return disposables;
}
