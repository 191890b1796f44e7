// The rows of the model as VS Code wants them. Its elements are their ids.

import * as vscode from 'vscode';
import { Disposables, type Disposable } from '../disposables.ts';
import type { Follower } from './follower.ts';
import type { AppsModel, Change } from './model.ts';
import { readNodeId } from './nodes.ts';
import type { Row } from './targets.ts';

interface Parts {
  readonly model: AppsModel;
  readonly follower: Pick<Follower, 'settled' | 'wantRevisions'>;
  readonly onError: (error: unknown) => void;
}

export class AppsProvider implements vscode.TreeDataProvider<Row>, Disposable {
  readonly #parts: Parts;
  readonly #disposables = new Disposables();
  readonly #changed: vscode.EventEmitter<Row[] | undefined>;
  /** What a person has opened or closed: a row that comes back is as it was. */
  readonly #opened = new Map<Row, boolean>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#changed = this.#disposables.add(new vscode.EventEmitter<Row[] | undefined>());
    this.#disposables.add(
      parts.model.onDidChange((change: Change) => this.#changed.fire(change && [...change])),
    );
  }

  get onDidChangeTreeData(): vscode.Event<Row[] | undefined> {
    return this.#changed.event;
  }

  /** Somebody has opened or closed a row. */
  noteOpened(row: Row, opened: boolean): void {
    this.#opened.set(row, opened);
  }

  getParent(row: Row): Row | undefined {
    return this.#parts.model.parent(row);
  }

  async getChildren(row?: Row): Promise<Row[]> {
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

  getTreeItem(row: Row): vscode.TreeItem {
    const node = this.#parts.model.node(row);
    // Gone a moment ago: the row above it is read again, too.
    if (!node) return { id: row, label: '' };
    const { None, Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    const opened = this.#opened.get(row) ?? node.opens === 'expanded';
    const color = node.color === undefined ? undefined : new vscode.ThemeColor(node.color);
    return {
      id: node.id,
      label: node.label,
      description: node.description,
      tooltip: node.tooltip,
      iconPath: new vscode.ThemeIcon(node.icon, color),
      contextValue: node.context,
      accessibilityInformation: { label: node.spoken },
      collapsibleState: node.opens === undefined ? None : opened ? Expanded : Collapsed,
    };
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}
