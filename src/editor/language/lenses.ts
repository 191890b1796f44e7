// Above each handler and export: what it brings, and where it answers.

import * as vscode from 'vscode';
import type { Lens } from '../../hippofacts/language/lenses.ts';
import type { App } from '../app.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import type { CommandMap } from '../ids.ts';
import { SELECTOR, type Ask } from './ask.ts';
import { toRange } from './convert.ts';

/** @param changes after which they may be others, while the text is the same */
export function registerLenses(
  ask: Ask,
  { settings, log }: Pick<App, 'settings' | 'log'>,
  changes: readonly Event<unknown>[],
): Disposable {
  const disposables = new Disposables();
  const changed = disposables.add(new Emitter<void>((error) => log.error('A listener failed', error)));
  for (const change of changes) disposables.add(change(() => changed.fire()));
  disposables.add(settings.onDidChange(['hippo.language.lenses'], () => changed.fire()));
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses: (document, token) =>
      settings.get('hippo.language.lenses', document.uri.toString())
        ? ask(document, token, async ({ analysis, manifest, facts }, signal) =>
            (await analysis.lenses(manifest, facts, { signal, onAnswer: () => changed.fire() })).map((lens) =>
              toLens(document.uri, lens),
            ),
          )
        : [],
  };
  disposables.add(vscode.languages.registerCodeLensProvider(SELECTOR, provider));
  return disposables;
}

function toLens(uri: vscode.Uri, lens: Lens): vscode.CodeLens {
  const { title } = lens;
  const command = <K extends keyof CommandMap>(id: K, tooltip: string, ...args: Parameters<CommandMap[K]>) =>
    new vscode.CodeLens(toRange(lens.range), { title, command: id, tooltip, arguments: args });
  return lens.kind === 'address'
    ? command('hippo.language.openAddress', 'Open it in the browser', lens.address)
    : command('hippo.language.showFiles', 'Show the files', uri.toString(), lens.range.start.line);
}
