// What the buttons of every page do, where there is nothing else to show, and what its links do.

import { visible } from '../../hippofacts/text.ts';
import type { PageAction } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import type { AddonActions } from './addon-actions.ts';
import type { AddonsStore } from './addons-store.ts';
import type { Handler } from './page-requests.ts';

interface Needs {
  readonly app: Pick<App, 'commands' | 'prompts'>;
  readonly store: Pick<AddonsStore, 'refresh'>;
  readonly actions: Pick<AddonActions, 'openLink'>;
}

/** @param ours addresses that the broker gave for its own pages: those of other hosts are asked about */
export function commonHandlers(
  { app: { commands, prompts }, store, actions }: Needs,
  ours: () => readonly (string | null)[] = () => [],
): { act: Handler<'act'>; openLink: Handler<'openLink'> } {
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
    openLink: async ({ url }) => {
      const host = hostOf(url);
      // One that is not opened anyway needs no question.
      if (host !== undefined && !ours().some((address) => hostOf(address) === host))
        await prompts.confirm(`Open ${host}?`, {
          detail: `The link is in a text of the broker, and leads elsewhere: ${visible(url)}`,
          action: 'Open',
        });
      await actions.openLink(url);
    },
  };
}

function hostOf(address: string | null): string | undefined {
  if (address === null || !URL.canParse(address)) return undefined;
  const { host } = new URL(address);
  return host === '' ? undefined : host;
}
