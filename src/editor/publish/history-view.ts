// The view "Publishes": what was published from this workspace, the latest first, each with its channels.

import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { Disposables, Emitter, type Disposable } from '../disposables.ts';
import { VIEWS } from '../ids.ts';
import { describeRecord, type History, type PublishRecord } from './history.ts';

/** A publish, or one of its channels. */
export interface HistoryRow {
  readonly record: PublishRecord;
  readonly channel?: PublishRecord['channels'][number];
}

export function registerHistoryView(
  { log, clock }: Pick<App, 'log' | 'clock'>,
  history: History,
): Disposable {
  const disposables = new Disposables();
  const changed = disposables.add(new Emitter<void>((error) => log.error('A listener failed', error)));
  disposables.add(history.onDidChange(() => changed.fire()));
  const view = disposables.add(
    vscode.window.createTreeView<HistoryRow>(VIEWS.history, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getChildren: (row): HistoryRow[] =>
          row
            ? row.record.channels.map((channel) => ({ record: row.record, channel }))
            : history.records.map((record) => ({ record })),
        getTreeItem: ({ record, channel }) =>
          channel ? channelItem(record, channel) : recordItem(record, clock.now()),
      },
    }),
  );
  // What was today may be yesterday by now.
  disposables.add(view.onDidChangeVisibility(({ visible }) => void (visible && changed.fire())));
  return disposables;
}

const ICONS = { dev: 'cloud-upload', production: 'tag' } as const;

function recordItem(record: PublishRecord, now: number): vscode.TreeItem {
  const { id, kind, versioning, channels } = record;
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const { label, description, tooltip, spoken } = describeRecord(record, now);
  const item = new vscode.TreeItem(label, channels.length > 0 ? Collapsed : None);
  item.id = id;
  item.description = description;
  item.tooltip = tooltip;
  item.accessibilityInformation = { label: spoken };
  item.iconPath = new vscode.ThemeIcon(kind === 'again' ? 'history' : ICONS[versioning]);
  item.contextValue = channels.length > 0 ? 'publish served' : 'publish';
  return item;
}

function channelItem({ id }: PublishRecord, channel: PublishRecord['channels'][number]): vscode.TreeItem {
  const item = new vscode.TreeItem(channel.name);
  item.id = `${id} ${channel.id}`;
  item.description = channel.address.replace(/^https?:\/\//, '').replace(/\/$/, '');
  item.tooltip = channel.address;
  item.accessibilityInformation = { label: `Channel ${channel.name}, ${channel.address}` };
  item.iconPath = new vscode.ThemeIcon('broadcast');
  item.contextValue = 'publishedChannel served';
  return item;
}
