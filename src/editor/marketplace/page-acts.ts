// What the buttons of every page do, where there is nothing else to show, and what its links do.

import type { PageAction } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import type { AddonActions } from './addon-actions.ts';
import type { AddonsStore } from './addons-store.ts';
import type { Handler } from './page-requests.ts';

interface Needs {
  readonly app: Pick<App, 'commands'>;
  readonly store: Pick<AddonsStore, 'refresh'>;
  readonly actions: Pick<AddonActions, 'openLink'>;
}

export function commonHandlers({ app: { commands }, store, actions }: Needs): {
  act: Handler<'act'>;
  openLink: Handler<'openLink'>;
} {
  const acts: Readonly<Record<PageAction, () => Promise<unknown>>> = {
    retry: () => store.refresh(),
    signIn: () => commands.execute('hippo.signIn'),
    switchConnection: () => commands.execute('hippo.connection.switch'),
    // Both: it is chosen, and runs after that.
    useLocal: () => commands.execute('hippo.startLocal'),
    startLocal: () => commands.execute('hippo.startLocal'),
    showOutput: () => commands.execute('hippo.showOutput'),
    newApp: () => commands.execute('hippo.newApp'),
  };
  return {
    act: async ({ action }) => void (await acts[action]()),
    openLink: ({ url }) => actions.openLink(url),
  };
}
