// What each operation of the add-on API does.

import type { IncomingMessage } from 'node:http';
import type { AddonItem, AddonVariable, DashboardLink } from '../../addons/addons.ts';
import { InstanceAnswer } from '../../addons/osb.ts';
import type { addonRoutes, AddonOperation } from '../../addons/routes.ts';
import { matches } from '../../hippo/check.ts';
import type { BodyOf, ParamsOf, QueryOf, ResultOf } from '../../hippo/routes.ts';
import { planOf, type AddonRow, type AddonStore, type OperationRow } from './addon-store.ts';
import { makeBill } from './bills.ts';
import type { Brokers } from './brokers.ts';
import { linkOf } from './catalog.ts';
import type { Engine } from './engine.ts';
import { forbidden, notFound } from './errors.ts';
import type { Items } from './items.ts';
import type { Offerings, StoredOffering } from './offerings.ts';
import type { ParameterChecker } from './parameters.ts';
import type { Caller, HippoPort } from './ports.ts';
import type { Prices } from './prices.ts';
import type { Requests } from './requests.ts';
import type { ChannelVariables } from './channel-variables.ts';

type Routes = typeof addonRoutes;

/** A request that has been checked against the route table. */
export interface Call<O extends AddonOperation> {
  readonly caller: Caller;
  readonly params: ParamsOf<Routes[O]>;
  readonly query: QueryOf<Routes[O]>;
  readonly body: BodyOf<Routes[O]>;
  readonly request: IncomingMessage;
}

/** A list, of which the server makes a page. */
interface Listing<R, I> {
  readonly rows: readonly R[];
  readonly text: (row: R) => string;
  readonly sort: Readonly<Record<string, (row: R) => string | number | null>>;
  readonly item: (row: R) => I;
}

type Answered<A> = A extends { items: (infer I)[]; totalItems: number }
  ? // eslint-disable-next-line @typescript-eslint/no-explicit-any -- rows are the list's own
    Listing<any, I>
  : A extends undefined
    ? void
    : A;

export type AddonHandlers = {
  readonly [O in AddonOperation]: (
    call: Call<O>,
  ) => Answered<ResultOf<Routes[O]>> | Promise<Answered<ResultOf<Routes[O]>>>;
};

export interface HandlersOptions {
  readonly store: AddonStore;
  readonly engine: Engine;
  readonly brokers: Brokers;
  readonly offerings: Offerings;
  readonly parameters: ParameterChecker;
  readonly requests: Requests;
  readonly items: Items;
  readonly prices: Prices;
  readonly variables: ChannelVariables;
  readonly hippo: HippoPort;
  readonly now: () => number;
}

export function createHandlers(options: HandlersOptions): AddonHandlers {
  const { store, engine, brokers, offerings, parameters, requests, items, hippo } = options;

  /** Offerings that the caller sees. */
  function visibleTo(caller: Caller): StoredOffering[] {
    const teams = caller.administrator ? 'all' : hippo.teamIds(caller);
    return offerings.all().filter(({ broker }) => brokers.isVisible(broker.id, teams));
  }

  function demandOffering(caller: Caller, id: string): StoredOffering {
    const offering = visibleTo(caller).find((one) => one.id === id);
    if (offering === undefined) throw notFound('Offering', id);
    return offering;
  }

  function itemOf(caller: Caller, row: AddonRow): AddonItem {
    return items.addon(row, visibleTo(caller));
  }

  /** As it is now; as it was just before, if it went meanwhile. */
  function current(caller: Caller, row: AddonRow): AddonItem {
    return itemOf(caller, store.addon(row.id) ?? { ...row, state: 'removing' });
  }

  return {
    listBrokers: () => named(brokers.list(), ({ name }) => name),
    registerBroker: ({ body }) => brokers.register(body),
    getBroker: ({ params }) => brokers.get(params.id),
    changeBroker: ({ params, body }) => brokers.change(params.id, body),
    refreshBroker: ({ params }) => brokers.refresh(params.id),
    deregisterBroker: ({ params }) => brokers.remove(params.id),

    async listOfferings({ caller, query }) {
      // Whoever only asks whether there is such a list need not wait for it.
      if (query.pageSize !== 0) await brokers.ready();
      const visible = visibleTo(caller);
      return {
        rows: visible,
        text: ({ facts }: StoredOffering) => [facts.name, facts.displayName, ...facts.tags].join('\n'),
        sort: {
          name: ({ facts }: StoredOffering) => facts.name,
          state: ({ state }: StoredOffering) => state,
        },
        item: (offering: StoredOffering) => offerings.item(offering, visible),
      };
    },
    async getOffering({ caller, params }) {
      await brokers.ready();
      return offerings.item(demandOffering(caller, params.id), visibleTo(caller));
    },
    getOfferingIcon({ caller, params }) {
      const { icon } = demandOffering(caller, params.id);
      if (icon === undefined) throw notFound('Icon', params.id);
      return { dataUri: icon };
    },
    async checkParameters({ caller, params, body }) {
      const found = offerings.plan(params.id);
      if (found === undefined || !visibleTo(caller).some(({ id }) => id === found.offering.id))
        throw notFound('Plan', params.id);
      const schema = found.plan.facts.schemas[body.step];
      return { problems: [...(await parameters.check(schema, body.parameters))] };
    },

    listAddons({ caller, query }) {
      const apps = new Set(hippo.visibleApps(caller));
      const rows = store
        .addons()
        .filter(({ app_id: app }) => apps.has(app) && (query.appId === undefined || app === query.appId));
      const used =
        query.channelId === undefined
          ? undefined
          : new Set(store.usesIn(query.channelId).map(({ addon_id: id }) => id));
      const visible = visibleTo(caller);
      return {
        rows: rows.filter(({ id }) => used?.has(id) ?? true),
        text: ({ name }: AddonRow) => name,
        sort: {
          name: ({ name }: AddonRow) => name,
          appname: ({ app_name: name }: AddonRow) => name,
          state: ({ state }: AddonRow) => state,
          createdat: ({ created_at: at }: AddonRow) => at,
        },
        item: (row: AddonRow) => items.addon(row, visible),
      };
    },
    async createAddon({ caller, body }) {
      const id = await requests.create(caller, body);
      return itemOf(caller, requests.demandAddon(caller, id));
    },
    async adoptAddon({ caller, body }) {
      const id = await requests.adopt(caller, body);
      return itemOf(caller, requests.demandAddon(caller, id));
    },
    getAddon: ({ caller, params }) => itemOf(caller, requests.demandAddon(caller, params.id)),
    async changeAddon({ caller, params, body }) {
      const addon = requests.demandAddon(caller, params.id);
      await requests.change(caller, addon, body);
      return current(caller, addon);
    },
    removeAddon({ caller, params }) {
      const addon = requests.demandAddon(caller, params.id);
      requests.remove(caller, addon);
      return current(caller, addon);
    },
    abandonAddon({ caller, params }) {
      requests.abandon(caller, requests.demandAddon(caller, params.id));
    },
    retryAddon({ caller, params }) {
      const addon = requests.demandAddon(caller, params.id);
      engine.hurry(addon.id);
      return current(caller, addon);
    },
    listOperations({ caller, params }) {
      const addon = requests.demandAddon(caller, params.id);
      return {
        rows: store.operationsOf(addon.id),
        text: ({ kind }: OperationRow) => kind,
        sort: {
          createdat: ({ created_at: at }: OperationRow) => at,
          kind: ({ kind }: OperationRow) => kind,
        },
        item: (row: OperationRow) => items.operation(row),
      };
    },
    getDashboard: ({ caller, params }) => dashboard(caller, requests.demandAddon(caller, params.id)),
    async bindAddon({ caller, params, body }) {
      const addon = requests.demandAddon(caller, params.id);
      await requests.bind(caller, addon, body);
      return current(caller, addon);
    },
    unbindAddon({ caller, params }) {
      const addon = requests.demandAddon(caller, params.id);
      requests.unbind(caller, addon, params.channelId);
      return current(caller, addon);
    },
    rotateBinding({ caller, params }) {
      const addon = requests.demandAddon(caller, params.id);
      requests.rotate(caller, addon, params.channelId);
      return current(caller, addon);
    },
    listAddonVariables({ caller, params, query }) {
      const channel = hippo.demandChannel(caller, params.id);
      const teamId = hippo.app(channel.appId)?.teamId ?? '';
      if (query.reveal === true && !hippo.teamIds(caller).includes(teamId))
        throw forbidden(
          `Only members of the team ${hippo.teamName(teamId) ?? ''} see the values of its variables.`,
        );
      const found = options.variables.of(channel.id);
      const rows = found.map(({ value, ...rest }): AddonVariable => {
        return query.reveal === true ? { ...rest, value } : rest;
      });
      return named(rows, ({ key }) => key, { key: ({ key }) => key });
    },

    getBill({ caller, query }) {
      const app = query.appId === undefined ? undefined : hippo.demandApp(caller, query.appId);
      const teams = new Set(hippo.teamIds(caller));
      const placeOf = (addon: AddonRow): { appName: string; teamId: string; teamName: string } => {
        const place = hippo.app(addon.app_id);
        const teamId = place?.teamId ?? addon.team_id;
        return {
          appName: place?.name ?? addon.app_name,
          teamId,
          teamName: hippo.teamName(teamId) ?? addon.team_name,
        };
      };
      // Prices that were changed by now hold from now on.
      offerings.all();
      const now = options.now();
      return makeBill({
        store,
        prices: options.prices,
        placeOf,
        visible: (addon) =>
          (caller.administrator || teams.has(placeOf(addon).teamId)) &&
          (app === undefined || addon.app_id === app.id),
        month: query.month ?? new Date(now).toISOString().slice(0, 7),
        by: query.by,
        now,
      });
    },
  };

  /** Links may hold for a short time: where the broker tells, it is asked for a new one. */
  async function dashboard(caller: Caller, addon: AddonRow): Promise<DashboardLink> {
    const kept = addon.dashboard_url;
    if (kept === null) throw notFound('Dashboard', addon.id);
    const offering = offerings.all().find(({ id }) => id === addon.offering_id);
    const ids = { serviceId: addon.service_id, planId: planOf(addon).planId };
    let fresh: string | null = null;
    if (offering?.facts.instancesRetrievable === true) {
      const result = await brokers
        .client(addon.broker_id)
        .then((client) => client.instance(addon.instance_id, ids, caller))
        .catch(() => undefined);
      if (result?.kind === 'answer' && result.status === 200 && matches(InstanceAnswer, result.body))
        fresh = linkOf(result.body.dashboard_url);
    }
    const url = fresh ?? kept;
    return { url, foreign: new URL(url).hostname !== brokers.url(addon.broker_id)?.hostname };
  }
}

function named<T>(
  rows: readonly T[],
  name: (row: T) => string,
  sort: Readonly<Record<string, (row: T) => string>> = { name },
): Listing<T, T> {
  return { rows, text: name, sort, item: (row) => row };
}
