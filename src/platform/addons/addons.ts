// The add-on platform as a whole (Open Service Broker 2.17): opens its state and brings its parts together, for the
// front door.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { priceText } from '../../addons/price-text.ts';
import { openDatabase } from '../store/database.ts';
import { AddonStore, type AddonRow } from './addon-store.ts';
import { CLIENT_LIMITS, type ClientLimits } from './broker-client.ts';
import { Brokers } from './brokers.ts';
import { ChannelVariables, type HostAddon } from './channel-variables.ts';
import { ENGINE_LIMITS, Engine, type EngineLimits } from './engine.ts';
import { createHandlers, type AddonHandlers } from './handlers.ts';
import { fetchIcon } from './icons.ts';
import { Items } from './items.ts';
import { MIGRATIONS } from './migrations.ts';
import { Offerings } from './offerings.ts';
import { createParameterChecker } from './parameters.ts';
import type { HippoPort, Vault } from './ports.ts';
import { Prices } from './prices.ts';
import { createRenewals } from './renewals.ts';
import { Requests } from './requests.ts';
import { createShippedBrokers } from './shipped-brokers.ts';

export interface AddonsOptions {
  /** For `addons.db`, `prices.toml` and the folders of the brokers that ship; no other process may use it. */
  readonly directory: string;
  readonly hippo: HippoPort;
  readonly vault: Vault;
  readonly programs: {
    /** schema-worker.ts as it is on disk. */
    readonly schemaWorker: URL;
    /** Brokers that ship: name → program. Those that are not there are left out. */
    readonly brokers: ReadonlyMap<string, URL>;
  };
  readonly limits?: { readonly client?: Partial<ClientLimits>; readonly engine?: Partial<EngineLimits> };
  /** A channel's credentials are other than they were. */
  readonly channelChanged?: (channelId: string) => void;
  readonly report: (error: unknown) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface Addons {
  readonly handlers: AddonHandlers;
  /** What a channel's add-ons add to its environment, now. */
  variablesOf(channelId: string): Record<string, string>;
  /** Of these names those that a channel's add-ons have given to variables. */
  takenVariables(channelId: string, keys: readonly string[]): string[];
  /** What a channel's guests reach by host calls. */
  hostAddonsOf(channelId: string): HostAddon[];
  /** @param name by which the channel calls it; another binding has another id */
  credentialsOf(
    channelId: string,
    name: string,
  ): { readonly bindingId: string; readonly credentials: Readonly<Record<string, unknown>> } | undefined;
  /** Why an app must stay: its add-ons, with their prices. */
  neededApp(appId: string): string | undefined;
  /** Why a channel must stay: add-ons that nobody else uses. */
  neededChannel(channelId: string): string | undefined;
  /** There is no such channel any more: its bindings end. */
  channelRemoved(channelId: string): void;
  /** Takes up what was under way when the platform ended; brokers that are needed start. */
  resume(): void;
  /** Breaks off what is under way and ends the brokers that ship. */
  close(): Promise<void>;
}

/** @throws StoreError */
export function openAddons(options: AddonsOptions): Addons {
  const { directory, hippo, vault, report } = options;
  const now = options.now ?? Date.now;
  const database = openDatabase(join(directory, 'addons.db'), MIGRATIONS);
  const store = new AddonStore(database, hippo, now);
  const prices = new Prices({ database, file: join(directory, 'prices.toml'), report });
  const offerings = new Offerings({ database, prices, now });
  const parameters = createParameterChecker(options.programs.schemaWorker);
  const variables = new ChannelVariables(store, vault);
  const channelChanged = (channelId: string): void => {
    variables.forget(channelId);
    options.channelChanged?.(channelId);
  };
  const needed = (program: string): boolean =>
    database.get(
      `SELECT 1 FROM addon JOIN broker ON broker.id = broker_id WHERE program = ? AND gone_at IS NULL`,
      program,
    ) !== undefined;
  const shipped = createShippedBrokers({
    programs: new Map(
      [...options.programs.brokers].filter(([, program]) => existsSync(fileURLToPath(program))),
    ),
    directory: join(directory, 'brokers'),
    started: (program) => brokers.restarted(program),
    needed,
    report,
  });
  const brokers: Brokers = new Brokers({
    database,
    vault,
    hippo,
    offerings,
    shipped,
    limits: { ...CLIENT_LIMITS, ...options.limits?.client },
    catalogRead: (brokerId, { url }) => {
      for (const { id, broker, facts, icon } of offerings.all())
        if (broker.id === brokerId && facts.imageUrl !== null && icon === undefined)
          fetchIcon(facts.imageUrl, url)
            .then((found) => {
              if (found !== undefined && !closed) offerings.setIcon(id, found);
            })
            .catch(report);
    },
    brokerChanged: (brokerId) => {
      for (const id of store.busyAddons()) if (store.addon(id)?.broker_id === brokerId) engine.hurry(id);
    },
    sweep,
    report,
    now,
  });
  const engine: Engine = new Engine({
    store,
    brokers,
    hippo,
    vault,
    channelChanged,
    limits: { ...ENGINE_LIMITS, ...options.limits?.engine },
    report,
    now,
  });
  const requests = new Requests({
    store,
    engine,
    brokers,
    offerings,
    parameters,
    hippo,
    vault,
    channelChanged,
    now,
  });
  const items = new Items({ store, offerings, hippo });
  const renewals = createRenewals({ store, requests, offerings, report, now });
  let closed = false;

  /** `db (postgresql small, $0.06/hour)`. */
  function told(addon: AddonRow): string {
    const { offering, plan } = items.addon(addon, []);
    return `${addon.name} (${offering.name} ${plan.name}, ${priceText(plan)})`;
  }

  /** Those of which a broker may have something. */
  function standing(addons: readonly AddonRow[]): AddonRow[] {
    return addons.filter(({ id, presence }) => presence !== 'none' || store.openOperations(id).length > 0);
  }

  /** What could not be made goes with its app. */
  function sweep(): void {
    for (const addon of store.addons())
      if (hippo.app(addon.app_id) === undefined && standing([addon]).length === 0)
        store.transaction(() => store.endAddon(addon.id));
  }

  function unbindFrom(channelId: string): void {
    for (const use of store.usesIn(channelId)) {
      const addon = store.addon(use.addon_id);
      if (addon === undefined) continue;
      try {
        requests.unbind(undefined, addon, channelId);
      } catch {
        // It is being unbound or removed already.
      }
    }
    channelChanged(channelId);
  }

  return {
    handlers: createHandlers({
      store,
      engine,
      brokers,
      offerings,
      parameters,
      requests,
      items,
      prices,
      variables,
      hippo,
      now,
    }),
    variablesOf: (channelId) => variables.environment(channelId),
    takenVariables: (channelId, keys) => {
      const taken = variables.environment(channelId);
      return keys.filter((key) => Object.hasOwn(taken, key));
    },
    hostAddonsOf: (channelId) => variables.hostAddons(channelId),
    credentialsOf: (channelId, name) => variables.credentials(channelId, name),
    neededApp(appId) {
      const addons = standing(store.addonsOf(appId));
      if (addons.length === 0) return undefined;
      return `The app has add-ons, which would be left without an owner: ${addons.map(told).join(', ')}. Remove them first (--with-addons does), or abandon them.`;
    },
    neededChannel(channelId) {
      const addons = standing(
        store.usesIn(channelId).flatMap(({ addon_id: id }) => {
          const alone = store.usesOf(id).every((use) => use.channel_id === channelId);
          return alone ? (store.addon(id) ?? []) : [];
        }),
      );
      if (addons.length === 0) return undefined;
      return `No other channel uses these add-ons: ${addons.map(told).join(', ')}. Remove them first (--with-addons does), or detach them.`;
    },
    channelRemoved(channelId) {
      unbindFrom(channelId);
      sweep();
    },
    resume() {
      store.tellUntold();
      for (const channelId of new Set(store.uses().map(({ channel_id: id }) => id)))
        if (hippo.channel(channelId) === undefined) unbindFrom(channelId);
      sweep();
      renewals.start();
      for (const program of shipped.names) if (needed(program)) shipped.start(program).catch(report);
      engine.resume();
    },
    async close() {
      closed = true;
      renewals.stop();
      const ended = engine.close();
      brokers.close();
      await Promise.all([ended, shipped.close(), parameters.close()]);
      database.close();
    },
  };
}
