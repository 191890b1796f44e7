// The view "Apps": the model as VS Code shows it. Its elements are the ids of the rows.

import * as vscode from 'vscode';
import { titleOf } from '../connections/connection-commands.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { VIEWS } from '../ids.ts';
import type { Follower, FollowerState } from './follower.ts';
import type { AppsModel, Change } from './model.ts';
import { readNodeId } from './nodes.ts';
import type { Row } from './targets.ts';

interface Parts {
  readonly model: AppsModel;
  readonly follower: Follower;
  /** Name of the connection that is chosen. */
  readonly connection: () => string;
  readonly onError: (error: unknown) => void;
}

export class AppsView implements Disposable {
  readonly #parts: Parts;
  readonly #disposables = new Disposables();
  readonly #changed: vscode.EventEmitter<Row[] | undefined>;
  readonly #view: vscode.TreeView<Row>;
  /** What a person has opened or closed: a row that comes back is as it was. */
  readonly #opened = new Map<Row, boolean>();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { model, follower } = parts;
    this.#changed = this.#disposables.add(new vscode.EventEmitter<Row[] | undefined>());
    this.#view = this.#disposables.add(
      vscode.window.createTreeView<Row>(VIEWS.apps, {
        showCollapseAll: true,
        treeDataProvider: {
          onDidChangeTreeData: this.#changed.event,
          getChildren: (row) => this.#children(row),
          getTreeItem: (row) => this.#item(row),
          getParent: (row) => model.parent(row),
        },
      }),
    );
    for (const item of [
      model.onDidChange((change: Change) => this.#changed.fire(change && [...change])),
      follower.onDidChangeState(() => this.describe()),
      this.#view.onDidExpandElement(({ element }) => this.#opened.set(element, true)),
      this.#view.onDidCollapseElement(({ element }) => this.#opened.set(element, false)),
      this.#view.onDidChangeVisibility(({ visible }) => this.#look(visible)),
    ])
      this.#disposables.add(item);
    this.#look(this.#view.visible);
  }

  /** Says whose apps these are, and how old. */
  describe(): void {
    const { model, follower, connection } = this.#parts;
    this.#view.description = titleOf(connection());
    this.#view.message = messageOf(follower.state, model.isEmpty, titleOf(connection()));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #look(visible: boolean): void {
    const { model, follower } = this.#parts;
    this.describe();
    if (visible) return follower.start();
    follower.stop();
    // Whoever comes next has not asked for them.
    model.hideAll();
  }

  async #children(row: Row | undefined): Promise<Row[]> {
    const { model, follower, onError } = this.#parts;
    if (row === undefined) {
      await follower.settled();
      return [...model.roots];
    }
    if (readNodeId(row).kind === 'revisions') {
      const app = model.appOf(row);
      // What is known already is shown as long as no more can be had.
      if (app) await follower.wantRevisions(app.id).catch(onError);
    }
    return [...model.children(row)];
  }

  #item(row: Row): vscode.TreeItem {
    const node = this.#parts.model.node(row);
    // Gone a moment ago: the row above it is read again, too.
    if (!node) return { id: row, label: '' };
    const { None, Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const opened = this.#opened.get(row) ?? node.opens === 'expanded';
    return {
      id: node.id,
      label: node.label,
      description: node.description,
      tooltip: node.tooltip,
      iconPath: new vscode.ThemeIcon(
        node.icon,
        node.color === undefined ? undefined : new vscode.ThemeColor(node.color),
      ),
      contextValue: node.context,
      accessibilityInformation: { label: node.spoken },
      collapsibleState: node.opens === undefined ? None : opened ? Expanded : Collapsed,
    };
  }
}

/** Above rows that may be old; where there are none, the welcome of package.json says it. */
export function messageOf(state: FollowerState, isEmpty: boolean, title: string): string {
  if (state !== 'unreachable' || isEmpty) return '';
  return `${title} does not answer. This is what was known of it; it is asked again by itself.`;
}
