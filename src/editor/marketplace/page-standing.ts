// How it stands with a page that was made with one connection, while the window may use another one.

import type { Standing } from '../../webview/protocol.ts';
import { titleOf } from '../connections/connection-commands.ts';
import type { AddonsStore } from './addons-store.ts';

/**
 * @param connection the page's own; undefined: nothing is known of what it showed
 * @returns the store's, if it is of the same connection; else why there is nothing to show
 */
export function pageStanding(store: Pick<AddonsStore, 'standing'>, connection: string | undefined): Standing {
  if (connection === undefined)
    return {
      state: 'failed',
      connection: store.standing.connection,
      message:
        'It is no longer known what this page showed. Close it, and open it again from the Marketplace.',
      actions: [],
    };
  const { standing } = store;
  if (standing.connection === connection) return standing;
  return {
    state: 'failed',
    connection,
    message: `This page is of ${titleOf(connection)}, and this window uses ${titleOf(standing.connection)} now. Switch the connection to go on here, or close the page.`,
    actions: [{ action: 'switchConnection', label: 'Switch Connection' }],
  };
}

export function isOfThisHippo(store: Pick<AddonsStore, 'standing'>, connection: string | undefined): boolean {
  return store.standing.connection === connection;
}
