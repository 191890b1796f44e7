// The view "Apps": whose apps these are, how old what it shows is, and whether somebody looks.

import * as vscode from 'vscode';
import { titleOf } from '../connections/connection-commands.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { VIEWS } from '../ids.ts';
import type { Follower, FollowerState } from './follower.ts';
import type { AppsModel } from './model.ts';
import { AppsProvider } from './provider.ts';
import type { Row } from './targets.ts';

interface Parts {
  readonly model: AppsModel;
  readonly follower: Follower;
  /** Somebody looks, until it is disposed of. */
  readonly watch: () => Disposable;
  /** Name of the connection that is chosen. */
  readonly connection: () => string;
  readonly onError: (error: unknown) => void;
}

export class AppsView implements Disposable {
  readonly #parts: Parts;
  readonly #disposables = new Disposables();
  readonly #view: vscode.TreeView<Row>;
  #watching: Disposable | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    const provider = this.#disposables.add(new AppsProvider(parts));
    this.#view = this.#disposables.add(
      vscode.window.createTreeView<Row>(VIEWS.apps, { showCollapseAll: true, treeDataProvider: provider }),
    );
    for (const item of [
      parts.follower.onDidChangeState(() => this.describe()),
      this.#view.onDidExpandElement(({ element }) => provider.noteOpened(element, true)),
      this.#view.onDidCollapseElement(({ element }) => provider.noteOpened(element, false)),
      this.#view.onDidChangeVisibility(({ visible }) => this.#look(visible)),
    ])
      this.#disposables.add(item);
    this.#look(this.#view.visible);
  }

  /** Brings it to the front, where it is read. */
  async show(): Promise<void> {
    await vscode.commands.executeCommand(`${VIEWS.apps}.focus`);
  }

  /** Says whose apps these are, and how old. */
  describe(): void {
    const { model, follower, connection } = this.#parts;
    this.#view.description = titleOf(connection());
    this.#view.message = messageOf(follower.state, model.isEmpty, titleOf(connection()));
  }

  dispose(): void {
    this.#watching?.dispose();
    this.#disposables.dispose();
  }

  #look(visible: boolean): void {
    const { model, watch } = this.#parts;
    this.describe();
    if (visible) {
      this.#watching ??= watch();
      return;
    }
    this.#watching?.dispose();
    this.#watching = undefined;
    // Whoever comes next has not asked for them.
    model.hideAll();
  }
}

/** Above rows that may be old; where there are none, the welcome of package.json says it. */
export function messageOf(state: FollowerState, isEmpty: boolean, title: string): string {
  if (state !== 'unreachable' || isEmpty) return '';
  return `${title} does not answer. This is what was known of it; it is asked again by itself.`;
}
