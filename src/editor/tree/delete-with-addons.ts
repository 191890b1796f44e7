// Deleting an app or a channel that is the last user of add-ons: the server refuses that, and a person may want both.

import type { AddonItem } from '../../addons/addons.ts';
import { priceText } from '../../addons/price-text.ts';
import { planOf } from '../../addons/words.ts';
import { listOf } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { typeName } from './type-name.ts';

interface Needs {
  readonly app: Pick<App, 'prompts'>;
  readonly connections: Pick<Connections, 'core'>;
  /** Shows that something changes, and then what came of it. */
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
}

interface Deletion {
  readonly session: Session;
  /** Whose add-ons these are. */
  readonly where: { readonly appId: string; readonly channelId?: string };
  /** `weather: production` */
  readonly full: string;
  /** What has to be typed. */
  readonly name: string;
  readonly remove: () => Promise<void>;
}

/** @throws Cancelled, HippoError, AddonFailedError */
export async function deleteWithAddons(
  { app, connections, change }: Needs,
  { session, where, full, name, remove }: Deletion,
): Promise<void> {
  const core = await connections.core();
  const client = new core.AddonsClient(session.client);
  let refusal: unknown;
  try {
    return await change(remove);
  } catch (error) {
    if ((error as { code?: string }).code !== 'CONFLICT') throw error;
    refusal = error;
  }
  const left = await core.onlyUsedBy(client, where).catch((): AddonItem[] => []);
  if (left.length === 0) throw refusal;
  const list = listOf(left.map((addon) => `${planOf(addon)} (${priceText(addon.plan)})`));
  const action = left.length === 1 ? 'Delete with Its Add-on…' : 'Delete with Its Add-ons…';
  await app.prompts.choose(`${full} was not deleted: nobody else uses ${list}.`, {
    detail: `With the ${left.length === 1 ? 'add-on its' : 'add-ons their'} data is lost. To keep it, attach it to another channel, or detach it first.`,
    actions: [action],
  });
  await typeName(app, {
    title: `Delete ${full} with ${left.length === 1 ? 'Its Add-on' : 'Its Add-ons'}`,
    prompt: `This cannot be undone: the data of ${list} is lost. Type ${name} to delete it all.`,
    name,
  });
  const title = `Deleting ${full}`;
  await app.prompts.progress({ title, where: 'notification', cancellable: true }, async (report, signal) => {
    for (const addon of left) {
      signal.throwIfAborted();
      report(`removing ${planOf(addon)}`);
      const begun = await client.removeAddon(addon.id);
      await core.waitForAddon(client, begun, {
        kinds: ['remove'],
        signal,
        onProgress: (words) => report(words),
      });
    }
    signal.throwIfAborted();
    await change(remove);
  });
}
