// "Publish" and "Preview" above the bindle in a HIPPOFACTS.

import * as vscode from 'vscode';
import { SPELLINGS } from '../../hippofacts/find.ts';
import type { App } from '../app.ts';
import { Disposables, Emitter, type Disposable } from '../disposables.ts';

export function registerCodeLens({ workspace, log }: Pick<App, 'workspace' | 'log'>): Disposable {
  const disposables = new Disposables();
  const changed = disposables.add(new Emitter<void>((error) => log.error('A listener failed', error)));
  disposables.add(workspace.onDidTrust(() => changed.fire()));
  disposables.add(
    vscode.languages.registerCodeLensProvider(
      { scheme: 'file', pattern: `**/{${SPELLINGS.join(',')}}` },
      {
        onDidChangeCodeLenses: changed.event,
        provideCodeLenses(document) {
          const { uri, lineCount } = document;
          const lines = Array.from({ length: lineCount }, (_, line) => line);
          const line = lines.find((one) => /^\s*\[\s*bindle\s*\]/.test(document.lineAt(one).text)) ?? 0;
          const range = new vscode.Range(line, 0, line, 0);
          const lens = (title: string, command: string, tooltip: string): vscode.CodeLens =>
            new vscode.CodeLens(range, { title, command, tooltip, arguments: [uri] });
          return [
            ...(workspace.isTrusted
              ? [lens('Publish', 'hippo.publish', 'Build, send and release this app')]
              : []),
            lens('Preview', 'hippo.publish.preview', 'Show what a publish would send and change'),
          ];
        },
      },
    ),
  );
  return disposables;
}
