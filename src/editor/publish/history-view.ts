// The view "Publishes": what was published from this workspace, the latest first, each with its channels.

import * as vscode from 'vscode';
import { listOf } from '../../publish/text.ts';
import type { App } from '../app.ts';
import { Disposables, Emitter, type Disposable } from '../disposables.ts';
import { VIEWS } from '../ids.ts';
import { whenText, type History, type PublishRecord } from './history.ts';

/** A publish, or one of its channels. */
export interface HistoryRow {
  readonly record: PublishRecord;
  readonly channel?: PublishRecord['channels'][number];
}

export function registerHistoryView({ log }: Pick<App, 'log'>, history: History): Disposable {
  const disposables = new Disposables();
  const changed = disposables.add(new Emitter<void>((error) => log.error('A listener failed', error)));
  disposables.add(history.onDidChange(() => changed.fire()));
  disposables.add(
    vscode.window.createTreeView<HistoryRow>(VIEWS.history, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getChildren: (row): HistoryRow[] =>
          row
            ? row.record.channels.map((channel) => ({ record: row.record, channel }))
            : history.records.map((record) => ({ record })),
        getTreeItem: ({ record, channel }) => (channel ? channelItem(record, channel) : recordItem(record)),
      },
    }),
  );
  return disposables;
}

const ICONS = { dev: 'cloud-upload', production: 'tag', again: 'history' } as const;

function recordItem({
  id,
  kind,
  label,
  bindle,
  versioning,
  channels,
  when,
  connection,
  hippoUrl,
}: PublishRecord): vscode.TreeItem {
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const names = listOf(channels.map(({ name }) => name));
  const item = new vscode.TreeItem(`${label} ${bindle.version}`, channels.length > 0 ? Collapsed : None);
  const where = names === '' ? 'no channel' : names;
  item.id = id;
  item.description = `${where} • ${whenText(when)}`;
  item.tooltip = [
    `${bindle.name}/${bindle.version}`,
    `${kind === 'again' ? 'Released again' : 'Published'} ${whenText(when)}`,
    `To ${where} at ${connection} (${hippoUrl})`,
  ].join('\n');
  item.accessibilityInformation = {
    label: `${label} ${bindle.version}, ${kind === 'again' ? 'released again' : 'published'} ${whenText(when)}, to ${where}`,
  };
  item.iconPath = new vscode.ThemeIcon(ICONS[kind === 'again' ? 'again' : versioning]);
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
