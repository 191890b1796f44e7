// `npm run bench`: the local Hippo with a thousand add-ons of a broker that costs nothing: making, listing and changing
// them, what a request of a channel pays for its variables, a restart in the midst of it, and memory. Numbers of one
// run are for comparing within it. Needs a build.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddonsClient } from '../../src/addons/client.ts';
import { settledAddon, startAddonsPlatform } from '../support/addons-platform.ts';
import { startScriptedBroker } from '../support/scripted-broker.ts';
import { median, memoryMiB, ms, say, seconds } from './figures.ts';

const APPS = 100;
const ADDONS = 10;
const AT_ONCE = 8;
const scratch = mkdtempSync(join(tmpdir(), 'hippo-addons-'));
process.env['HIPPO_HOME'] = join(scratch, 'home');

/** Each of them once, a few at the same time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function settleAll(addons: AddonsClient): Promise<void> {
  await each(await addons.addons(), async ({ id }) => void (await settledAddon(addons, id)));
}

const broker = await startScriptedBroker();
try {
  let platform = await startAddonsPlatform(join(scratch, 'data'));
  const { url, userName, password } = broker;
  await platform.addons.registerBroker({ name: 'main', url, userName, password });
  const empty = memoryMiB(platform.platform.ready.pid);

  const channels: string[] = [];
  for (let app = 0; app < APPS; app++) {
    const appId = await platform.hippo.createApp({ name: `app-${app}`, storageId: `app-${app}` });
    channels.push(await platform.hippo.createChannel({ appId, name: 'main' }));
  }
  const names = Array.from({ length: ADDONS }, (_, index) => `db${index}`);
  const wanted = names.flatMap((as) => channels.map((channelId) => ({ as, channelId })));
  const single: number[] = [];
  const [making] = await seconds(async () => {
    await each(wanted, async (one) => {
      const [time] = await seconds(async () => {
        const { id } = await platform.addons.createAddon({ name: 'db', plan: 'free', ...one });
        await settledAddon(platform.addons, id);
      });
      single.push(time);
    });
  });
  const [early, late] = [single.slice(0, 50), single.slice(-50)];
  const [listing, all] = await seconds(() => platform.addons.addons());
  const [changing] = await seconds(async () => {
    await platform.addons.changeAddon(all[500]!.id, { plan: 'small' });
    await settledAddon(platform.addons, all[500]!.id);
  });
  const [billing, bill] = await seconds(() => platform.addons.bill());
  say(
    `addons   ${all.length} made and bound in ${making.toFixed(1)} s, ${AT_ONCE} at once; the last ones took ` +
      `${(median(late) / median(early)).toFixed(2)} of the first; list ${ms(listing)}, change of a plan ${ms(changing)}, ` +
      `bill of ${bill.lines.length} lines ${ms(billing)}; ${(memoryMiB(platform.platform.ready.pid) - empty).toFixed(0)} MiB more memory`,
  );

  // Half of them are being changed when it ends.
  await each(all.slice(0, 500), async ({ id }) => {
    await platform.addons.changeAddon(id, { plan: 'small' });
  });
  await platform.close();
  const [again, restarted] = await seconds(() => startAddonsPlatform(join(scratch, 'data')));
  platform = restarted;
  const [settling] = await seconds(() => settleAll(platform.addons));
  const small = (await platform.addons.addons()).filter(({ plan }) => plan.name === 'small').length;
  say(
    `restart  ready after ${ms(again)}; what was under way was done ${settling.toFixed(1)} s later: ${small} changed`,
  );
  await platform.close();
} finally {
  await broker.close();
  rmSync(scratch, { recursive: true, force: true });
}
