// The current connection and its state, in the status bar: item `hippo-tools.hippo-tools.connection`.

import { LOCAL } from '../../session/connections.ts';
import type { App } from '../app.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { STATUS_BAR } from '../ids.ts';
import type { ConnectionState, Connections, ConnectionStatus } from './connections.ts';

const STATES: Readonly<Record<ConnectionState, { icon: string; says: string; warning?: boolean }>> = {
  unknown: { icon: 'cloud', says: 'not asked yet' },
  connecting: { icon: 'sync~spin', says: 'connecting' },
  ready: { icon: 'cloud', says: 'connected' },
  stopped: { icon: 'cloud', says: 'not running; it starts when it is needed' },
  signedOut: { icon: 'key', says: 'not signed in' },
  unreachable: { icon: 'debug-disconnect', says: 'does not answer' },
  missing: { icon: 'warning', says: 'this connection does not exist', warning: true },
};

export function showStatus(app: App, connections: Connections): Disposable {
  const disposables = new Disposables();
  const item = disposables.add(
    app.statusBar.item(STATUS_BAR.connection, {
      name: 'Hippo Connection',
      command: 'hippo.connection.switch',
    }),
  );
  const show = (status: ConnectionStatus): void => item.show(describeStatus(status));
  disposables.add(connections.onDidChange(show));
  show(connections.status);
  return disposables;
}

export function describeStatus({ name, connection, state, unverified, chosenBy }: ConnectionStatus): {
  text: string;
  tooltip: string;
  label: string;
  warning: boolean;
} {
  const { icon, says, warning = false } = STATES[state];
  const title = name === LOCAL ? 'Local Hippo' : name;
  const sign = unverified === undefined ? '' : ' $(unlock) not verified';
  const lines = [
    `Hippo: ${title}, ${says}`,
    connection?.hippoUrl,
    connection?.userName === undefined ? undefined : `Signed in as ${connection.userName}`,
    unverified === 'connection'
      ? 'Its certificate is not checked, as this connection says: anybody in between can read and change everything.'
      : undefined,
    unverified === 'setting'
      ? 'Its certificate is not checked, because http.proxyStrictSSL is off: anybody in between can read and change everything.'
      : undefined,
    {
      window: 'Chosen in this window',
      setting: 'Chosen by the setting hippo.connection',
      terminal: undefined,
    }[chosenBy],
    'Select to switch',
  ];
  return {
    text: `$(${icon}) ${name === LOCAL ? title : `Hippo: ${title}`}${sign}`,
    tooltip: lines.filter((line) => line !== undefined).join('\n'),
    label: `Hippo connection ${title}, ${says}${unverified === undefined ? '' : ', certificate not verified'}`,
    warning: warning || unverified !== undefined,
  };
}
