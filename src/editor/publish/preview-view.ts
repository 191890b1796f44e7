// The view "Publish Preview": what a publish would send and change, until it is published or closed.

import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { Disposables, Emitter, type Disposable } from '../disposables.ts';
import { VIEWS } from '../ids.ts';
import { planRows, planSummary, type PlanRow } from './plan-tree.ts';
import type { Preview } from './publisher.ts';

export class PreviewView implements Disposable {
  readonly #app: Pick<App, 'context' | 'log'>;
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<void>;
  readonly #view: vscode.TreeView<PlanRow>;
  #preview: Preview | undefined;
  #rows: readonly PlanRow[] = [];

  constructor(app: Pick<App, 'context' | 'log'>) {
    this.#app = app;
    this.#changed = this.#disposables.add(new Emitter((error) => app.log.error('A listener failed', error)));
    this.#view = this.#disposables.add(
      vscode.window.createTreeView<PlanRow>(VIEWS.preview, {
        showCollapseAll: true,
        treeDataProvider: {
          onDidChangeTreeData: this.#changed.event,
          getChildren: (row) => [...(row ? (row.children ?? []) : this.#rows)],
          getTreeItem: (row) => this.#itemOf(row),
          getParent: (row) => this.#rows.find(({ children }) => children?.includes(row)),
        },
      }),
    );
  }

  get preview(): Preview | undefined {
    return this.#preview;
  }

  async show(preview: Preview): Promise<void> {
    this.#preview = preview;
    this.#rows = planRows(preview.plan, preview.problems);
    this.#view.description = preview.target.label;
    this.#view.message = `${planSummary(preview.plan)} Nothing was sent.`;
    this.#changed.fire();
    this.#app.context.set('hippo.previewed', true);
    await vscode.commands.executeCommand(`${VIEWS.preview}.focus`);
  }

  close(): void {
    this.#preview = undefined;
    this.#rows = [];
    this.#app.context.set('hippo.previewed', false);
    this.#changed.fire();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #itemOf(row: PlanRow): vscode.TreeItem {
    const { label, id, description, spoken, icon, color, children, isOpen = false } = row;
    const { Expanded, Collapsed, None } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(label, children?.length ? (isOpen ? Expanded : Collapsed) : None);
    item.id = id;
    item.description = description;
    item.tooltip = description === '' ? label : `${label}\n${description}`;
    item.accessibilityInformation = { label: spoken };
    item.iconPath = new vscode.ThemeIcon(
      icon,
      color === undefined ? undefined : new vscode.ThemeColor(color),
    );
    const opens = this.#opens(row);
    if (opens) item.command = { command: 'vscode.open', title: 'Open', arguments: opens };
    return item;
  }

  /** What a click opens: the file of the project, or the place in HIPPOFACTS. */
  #opens({ file, place }: PlanRow): [vscode.Uri, vscode.TextDocumentShowOptions?] | undefined {
    const { target } = this.#preview ?? {};
    if (!target) return undefined;
    if (place) {
      const at = new vscode.Position(place.line, place.column);
      return [vscode.Uri.parse(target.uri), { selection: new vscode.Range(at, at) }];
    }
    // What other bindles bring is not here.
    return file === undefined ? undefined : [vscode.Uri.file(join(dirname(target.file), file))];
  }
}
