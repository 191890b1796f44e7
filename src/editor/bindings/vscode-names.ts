// Completion and hovers for names of variables and add-ons in source files. What was known last is shown at once.

import * as vscode from 'vscode';
import { Disposables, type Disposable } from '../disposables.ts';
import type { KnownAddons } from './known-addons.ts';
import { LANGUAGES } from './name-places.ts';
import { nameAt, namesAt } from './names.ts';

/** Files on a disk. */
const SELECTOR = LANGUAGES.map((language) => ({ language, scheme: 'file' }));
const TRIGGERS = ['"', "'", '`', '.'];

/** Milliseconds: whoever types does not wait for more. */
const PATIENCE = 30;

export function registerNames(known: KnownAddons): Disposable {
  const disposables = new Disposables();
  const { languages } = vscode;
  disposables.add(
    languages.registerCompletionItemProvider(
      SELECTOR,
      {
        async provideCompletionItems(document, position) {
          const line = document.lineAt(position).text;
          // Nearly always it is something else.
          if (!namesAt(document.languageId, line, position.character, [])) return undefined;
          await soon(known.ready());
          const addons = known.around(document.uri.toString());
          const found = addons && namesAt(document.languageId, line, position.character, addons);
          if (!found) return undefined;
          const { place, offers } = found;
          const inserting = new vscode.Range(position.line, place.start, position.line, position.character);
          const replacing = new vscode.Range(position.line, place.start, position.line, place.end);
          return offers.map(({ label, detail, documentation }) => {
            const kind = place.what === 'variable' ? 'Variable' : 'Module';
            const item = new vscode.CompletionItem(label, vscode.CompletionItemKind[kind]);
            item.detail = detail;
            item.documentation = new vscode.MarkdownString(documentation);
            item.range = { inserting, replacing };
            // Before words that happen to stand in the file.
            item.sortText = ` ${label}`;
            return item;
          });
        },
      },
      ...TRIGGERS,
    ),
  );
  disposables.add(
    languages.registerHoverProvider(SELECTOR, {
      async provideHover(document, position) {
        const line = document.lineAt(position).text;
        const { languageId, uri } = document;
        if (!namesAt(languageId, line, position.character, [])) return undefined;
        await soon(known.ready());
        const addons = known.around(uri.toString());
        const found = addons && nameAt(languageId, line, position.character, addons);
        if (!found) return undefined;
        const { place, offer } = found;
        const range = new vscode.Range(position.line, place.start, position.line, place.end);
        return new vscode.Hover(new vscode.MarkdownString(offer.documentation), range);
      },
    }),
  );
  return disposables;
}

async function soon(ready: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([ready, new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE)))]);
  clearTimeout(timer);
}
