// The add-on API on a real Hippo, with scripted brokers, for the tests of this folder.

import { EventEmitter, once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { AddonsClient } from '../../../../src/addons/client.ts';
import type { AddonItem } from '../../../../src/addons/addons.ts';
import { addonRoutes } from '../../../../src/addons/routes.ts';
import type { HippoClient } from '../../../../src/hippo/client.ts';
import { openAddons, type Addons, type AddonsOptions } from '../../../../src/platform/addons/addons.ts';
import { placesOf } from '../../../../src/platform/hippo/places.ts';
import { startScriptedBroker, type ScriptedBroker } from '../../../support/scripted-broker.ts';
import { startHippo, type TestHippo } from '../hippo/harness.ts';

/** What a slow machine needs no longer than. */
const FAST = {
  firstPause: 5,
  longestPause: 20,
  longestRemovalPause: 40,
  firstPoll: 5,
  longestPoll: 20,
  patience: 60_000,
};

export interface TestAddons {
  readonly hippo: TestHippo;
  readonly addons: Addons;
  /** Of the add-ons' state. */
  readonly directory: string;
  /** What went wrong and was not told to anybody. */
  readonly reported: unknown[];
  /** Events of add-ons and brokers, in order. */
  readonly told: unknown[];
  /** The machine's owner. */
  readonly client: AddonsClient;
  readonly broker: ScriptedBroker;
  readonly brokerId: string;
  /** An app and its channel, made by the owner or by somebody else. */
  app(name: string, channels?: string[], owner?: HippoClient): Promise<{ appId: string; channels: string[] }>;
  /** Waits until nothing is done with it; undefined when it is gone. */
  settled(id: string): Promise<AddonItem | undefined>;
  /** Ends it as a kill would, and starts it again on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

type More = Partial<AddonsOptions>;

export async function startAddons(root: string, more: More = {}): Promise<TestAddons> {
  let addons: Addons | undefined;
  const reported: unknown[] = [];
  const told: unknown[] = [];
  const changes = new EventEmitter().setMaxListeners(0);
  const places = placesOf(() => hippo.hippo);
  const open = (directory: string): Addons =>
    openAddons({
      directory,
      hippo: {
        ...places,
        tell(teamId, event) {
          places.tell(teamId, event);
          told.push(event);
          if (event.addonId !== undefined) changes.emit(event.addonId);
        },
      },
      vault: {
        encrypt: (text) => hippo.hippo.secrets.encrypt(text),
        decrypt: (bytes) => hippo.hippo.secrets.decrypt(bytes),
      },
      programs: {
        schemaWorker: new URL('../../../../src/platform/addons/schema-worker.ts', import.meta.url),
        brokers: new Map(),
      },
      report: (error) => reported.push(error),
      ...more,
      limits: { ...more.limits, engine: { ...FAST, ...more.limits?.engine } },
    });
  const directory = mkdtempSync(join(root, 'addons-'));
  addons = open(directory);
  const hippo: TestHippo = await startHippo(root, {
    neededApp: (id) => addons!.neededApp(id),
    neededChannel: (id) => addons!.neededChannel(id),
    takenVariables: (id, keys) => addons!.takenVariables(id, keys),
    channelRemoved: (id) => addons!.channelRemoved(id),
    extension: {
      routes: addonRoutes,
      // Another one answers after a restart.
      handlers: Object.fromEntries(
        Object.keys(addonRoutes).map((name) => [
          name,
          (call: never) =>
            (addons!.handlers as unknown as Record<string, (call: never) => unknown>)[name]!(call),
        ]),
      ),
      aliases: { createAddon: '/addons' },
    },
  });
  addons.resume();
  const broker = await startScriptedBroker();
  const client = new AddonsClient(hippo.client);
  const { userName, password, url } = broker;
  const { id: brokerId } = await client.registerBroker({ name: 'main', url, userName, password });
  return {
    hippo,
    directory,
    reported,
    told,
    get addons() {
      return addons!;
    },
    client,
    broker,
    brokerId,
    async app(name, channels = ['production'], owner = hippo.client) {
      const appId = await owner.createApp({ name, storageId: `${name}/app` });
      const ids = [];
      for (const channel of channels) ids.push(await owner.createChannel({ appId, name: channel }));
      return { appId, channels: ids };
    },
    settled: (id) => settled(client, id, () => once(changes, id)),
    async restart() {
      await addons!.close();
      addons = open(directory);
      addons.resume();
    },
    async close() {
      await addons!.close();
      await hippo.close();
      await broker.close();
      if (reported.length > 0) throw reported[0];
    },
  };
}

/** @param change resolves with the next thing that is told of it, so that nobody has to ask all the time */
async function settled(
  client: AddonsClient,
  id: string,
  change: () => Promise<unknown>,
): Promise<AddonItem | undefined> {
  for (;;) {
    const changed = change();
    try {
      const addon = await client.addon(id);
      if (addon.operation === null) return addon;
    } catch (error) {
      if ((error as { code?: string }).code === 'NOT_FOUND') return undefined;
      throw error;
    }
    await changed;
  }
}
