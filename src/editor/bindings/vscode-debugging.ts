// Debug configurations that ask for add-ons, as VS Code resolves them: late, so that nothing writes down what they get.

import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { Disposable } from '../disposables.ts';
import type { Projects } from '../projects.ts';
import { wantedAddons } from './wanted-addons.ts';
import type { Bindings } from './register.ts';

interface Needs {
  readonly app: Pick<App, 'guard' | 'prompts'>;
  readonly projects: Pick<Projects, 'all' | 'around'>;
  readonly bindings: Bindings;
}

export function registerDebugging({ app, projects, bindings }: Needs): Disposable {
  return vscode.debug.registerDebugConfigurationProvider('*', {
    async resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
      const wanted = wantedAddons(configuration);
      if (wanted === undefined) return configuration;
      // Undefined, where that fails, ends the start without another word.
      return app.guard.run<vscode.DebugConfiguration>('Debugging with add-ons', async () => {
        const all = await projects.all();
        const cwd: unknown = configuration['cwd'];
        const near = typeof cwd === 'string' ? vscode.Uri.file(`${cwd}/x`) : folder?.uri;
        const around = near && (await projects.around(`${near.toString()}/`));
        const project = around ?? (all.length === 1 ? all[0] : undefined);
        const { withAddons, environments } = await bindings();
        const { configuration: given, note } = await withAddons(configuration, wanted, project, environments);
        if (note !== undefined) void app.prompts.notify('info', note);
        return { ...given, request: configuration.request };
      });
    },
  });
}
