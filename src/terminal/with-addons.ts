// Removing an app or a channel whose add-ons nobody else uses: refused by the server, or done first.

import type { AddonItem } from '../addons/addons.ts';
import { AddonsClient } from '../addons/client.ts';
import { onlyUsedBy } from '../addons/only-used-by.ts';
import { priceWithMonth } from '../addons/price-text.ts';
import { waitForAddon } from '../addons/wait.ts';
import { planOf } from '../addons/words.ts';
import { HippoError } from '../hippo/errors.ts';
import { listOf } from '../hippofacts/text.ts';
import { changeProgress } from './addons.ts';
import { listenForCancel } from './cancel.ts';
import { CommandError, EXIT } from './failure.ts';
import type { Hippo } from './hippo.ts';
import { say, type Screen } from './screen.ts';

/**
 * Removes something and, if that is wanted, the add-ons that it is the last user of before.
 * @param where whose add-ons these are
 * @param what names it in sentences
 * @throws CommandError that lists them where they are not to be removed
 */
export async function removeWithAddons(
  screen: Screen,
  { client }: Hippo,
  where: { appId: string; channelId?: string },
  what: string,
  options: { withAddons?: boolean; remove: () => Promise<void> },
): Promise<void> {
  const addons = new AddonsClient(client);
  if (options.withAddons)
    for (const addon of await onlyUsedBy(addons, where)) await removeAddon(screen, addons, addon);
  try {
    await options.remove();
  } catch (error) {
    if (!(error instanceof HippoError) || error.code !== 'CONFLICT') throw error;
    const left = await onlyUsedBy(addons, where).catch(() => []);
    if (left.length === 0) throw error;
    const list = left.map((addon) => `${planOf(addon)} (${priceWithMonth(addon.plan)})`);
    throw new CommandError(`${what} is the only user of ${listOf(list)}, and was not removed.`, {
      hint: '--with-addons removes them first, with their data; `hippo addons attach` lets another channel use them.',
      exitCode: EXIT.server,
    });
  }
}

async function removeAddon(screen: Screen, addons: AddonsClient, addon: AddonItem): Promise<void> {
  const doing = `Removing ${planOf(addon)} from ${addon.appName}`;
  const progress = changeProgress(screen, doing, false);
  const cancel = listenForCancel();
  try {
    const begun = await addons.removeAddon(addon.id);
    await waitForAddon(addons, begun, {
      kinds: ['remove'],
      signal: cancel.signal,
      onProgress: progress.show,
    });
    progress.clear();
    say(screen, `${doing}... done`);
  } finally {
    progress.clear();
    cancel.release();
  }
}
