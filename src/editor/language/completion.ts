// Completion in HIPPOFACTS.

import * as vscode from 'vscode';
import type { Completion, CompletionKind } from '../../hippofacts/language/completion.ts';
import type { Disposable } from '../disposables.ts';
import { SELECTOR, type Ask } from './ask.ts';
import { toRange, toSignal } from './convert.ts';

const TRIGGERS = ['"', "'", '/', '[', '.', '='];

const { CompletionItemKind: Kind } = vscode;
const KINDS: Readonly<Record<CompletionKind, vscode.CompletionItemKind>> = {
  table: Kind.Module,
  key: Kind.Property,
  text: Kind.Value,
  route: Kind.Reference,
  file: Kind.File,
  folder: Kind.Folder,
  pattern: Kind.Operator,
  function: Kind.Function,
  version: Kind.Constant,
  bindle: Kind.Module,
  person: Kind.User,
};

class Item extends vscode.CompletionItem {
  readonly completion: Completion;

  constructor(completion: Completion) {
    const { label, kind, detail, documentation, edit, snippet, filter, sort, again } = completion;
    super(label, KINDS[kind]);
    this.completion = completion;
    this.range = toRange(edit.range);
    this.insertText = snippet ? new vscode.SnippetString(edit.text) : edit.text;
    this.filterText = filter;
    this.sortText = sort;
    describe(this, { detail, documentation });
    if (again) this.command = { title: 'Suggest', command: 'editor.action.triggerSuggest' };
  }
}

function describe(
  item: vscode.CompletionItem,
  more: { detail?: string | undefined; documentation?: string | undefined },
): void {
  if (more.detail !== undefined) item.detail = more.detail;
  if (more.documentation !== undefined) item.documentation = new vscode.MarkdownString(more.documentation);
}

export function registerCompletion(ask: Ask): Disposable {
  const provider: vscode.CompletionItemProvider<Item> = {
    provideCompletionItems: (document, position, token) =>
      ask(document, token, async ({ analysis, manifest, facts }, signal) => {
        const found = await analysis.completions(manifest, document.offsetAt(position), facts, signal);
        return found.map((one) => new Item(one));
      }),
    async resolveCompletionItem(item, token) {
      // Whoever has gone on to another one does not mind.
      const more = await item.completion.resolve?.(toSignal(token)).catch(() => undefined);
      if (more) describe(item, more);
      return item;
    },
  };
  return vscode.languages.registerCompletionItemProvider(SELECTOR, provider, ...TRIGGERS);
}
