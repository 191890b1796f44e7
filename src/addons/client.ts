// A client of the add-on API, on the connection of a client of Hippo's.

import type { CallOptions, HippoClient } from '../hippo/client.ts';
import type { HippoConnection } from '../hippo/connection.ts';
import { HippoError } from '../hippo/errors.ts';
import type { BodyOf, ResultOf, Route } from '../hippo/routes.ts';
import type {
  AddonAdoption,
  AddonChange,
  AddonItem,
  AddonVariable,
  DashboardLink,
  NewAddon,
  NewBinding,
  OperationItem,
} from './addons.ts';
import type { Bill, BillGrouping } from './bills.ts';
import type { BrokerChange, BrokerItem, NewBroker } from './brokers.ts';
import type { OfferingItem, ParameterCheck, ParameterProblems } from './offerings.ts';
import { addonRoutes as routes } from './routes.ts';

/** The Hippo that was asked knows nothing of add-ons. */
export class NoAddonsError extends Error {
  readonly code = 'NO_ADDONS';
  readonly hint = 'The local Hippo has them: `hippo platform start`, then `hippo connection use local`.';
  constructor(url: URL) {
    super(`The Hippo at ${url.origin} has no add-ons.`);
    this.name = 'NoAddonsError';
  }
}

interface Call<R> extends CallOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: BodyOf<R>;
}

/**
 * Methods that change something answer when that has been recorded, mostly before it is done: the add-on's
 * `operation` says what is under way. Every method throws HippoError, and NoAddonsError where there is no such API.
 */
export class AddonsClient {
  readonly #connection: HippoConnection;
  #known: Promise<void> | undefined;

  constructor(hippo: Pick<HippoClient, 'connection'>) {
    this.#connection = hippo.connection;
  }

  // Brokers, for administrators

  brokers(options: CallOptions = {}): Promise<BrokerItem[]> {
    return this.#all(routes.listBrokers, options);
  }

  registerBroker(broker: NewBroker, options: CallOptions = {}): Promise<BrokerItem> {
    return this.#call(routes.registerBroker, { ...options, body: broker });
  }

  changeBroker(id: string, change: BrokerChange, options: CallOptions = {}): Promise<BrokerItem> {
    return this.#call(routes.changeBroker, { ...options, params: { id }, body: change });
  }

  refreshBroker(id: string, options: CallOptions = {}): Promise<BrokerItem> {
    return this.#call(routes.refreshBroker, { ...options, params: { id } });
  }

  deregisterBroker(id: string, options: CallOptions = {}): Promise<void> {
    return this.#call(routes.deregisterBroker, { ...options, params: { id } });
  }

  // Offerings

  offerings(options: CallOptions = {}): Promise<OfferingItem[]> {
    return this.#all(routes.listOfferings, options);
  }

  /** The picture of an offering, as a data URI. */
  async icon(offeringId: string, options: CallOptions = {}): Promise<string> {
    return (await this.#call(routes.getOfferingIcon, { ...options, params: { id: offeringId } })).dataUri;
  }

  /** What a plan's schema has against parameters. */
  async checkParameters(
    planId: string,
    check: ParameterCheck,
    options: CallOptions = {},
  ): Promise<ParameterProblems['problems']> {
    const call = { ...options, params: { id: planId }, body: check };
    return (await this.#call(routes.checkParameters, call)).problems;
  }

  // Add-ons

  addons(options: CallOptions & { appId?: string; channelId?: string } = {}): Promise<AddonItem[]> {
    const { appId, channelId } = options;
    return this.#all(routes.listAddons, options, { appId, channelId });
  }

  addon(id: string, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.getAddon, { ...options, params: { id } });
  }

  createAddon(addon: NewAddon, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.createAddon, { ...options, body: addon });
  }

  adoptAddon(adoption: AddonAdoption, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.adoptAddon, { ...options, body: adoption });
  }

  changeAddon(id: string, change: AddonChange, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.changeAddon, { ...options, params: { id }, body: change });
  }

  removeAddon(id: string, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.removeAddon, { ...options, params: { id } });
  }

  abandonAddon(id: string, options: CallOptions = {}): Promise<void> {
    return this.#call(routes.abandonAddon, { ...options, params: { id } });
  }

  retryAddon(id: string, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.retryAddon, { ...options, params: { id } });
  }

  /** What was done with an add-on, the newest first. */
  operations(id: string, options: CallOptions = {}): Promise<OperationItem[]> {
    return this.#all(routes.listOperations, { ...options, params: { id } });
  }

  dashboard(id: string, options: CallOptions = {}): Promise<DashboardLink> {
    return this.#call(routes.getDashboard, { ...options, params: { id } });
  }

  bindAddon(id: string, binding: NewBinding, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.bindAddon, { ...options, params: { id }, body: binding });
  }

  unbindAddon(id: string, channelId: string, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.unbindAddon, { ...options, params: { id, channelId } });
  }

  rotateBinding(id: string, channelId: string, options: CallOptions = {}): Promise<AddonItem> {
    return this.#call(routes.rotateBinding, { ...options, params: { id, channelId } });
  }

  /** @param reveal with their values, which are secrets */
  addonVariables(channelId: string, reveal: boolean, options: CallOptions = {}): Promise<AddonVariable[]> {
    return this.#all(routes.listAddonVariables, { ...options, params: { id: channelId } }, { reveal });
  }

  /** @param query `month` as `2026-11`, the current one if not given */
  bill(
    query: { month?: string | undefined; by?: BillGrouping | undefined; appId?: string | undefined } = {},
    options: CallOptions = {},
  ): Promise<Bill> {
    return this.#call(routes.getBill, { ...options, query });
  }

  async #call<R extends Route>(route: R, call: Call<R>): Promise<ResultOf<R>> {
    await this.#demand(call);
    return this.#connection.request(route, call);
  }

  async #all<T>(
    route: Route,
    options: CallOptions & { params?: Readonly<Record<string, string>> },
    query: NonNullable<Call<Route>['query']> = {},
  ): Promise<T[]> {
    await this.#demand(options);
    const { signal, params } = options;
    return this.#connection.all(route, { signal, ...(params === undefined ? {} : { params }) }, query);
  }

  /** Asks once: a Hippo without add-ons answers as one whose add-on was not found. */
  #demand({ signal }: CallOptions): Promise<void> {
    return (this.#known ??= this.#look(signal).catch((error: unknown) => {
      this.#known = undefined;
      throw error;
    }));
  }

  async #look(signal: AbortSignal | undefined): Promise<void> {
    const answer: unknown = await this.#connection
      .request(routes.listOfferings, { signal, query: { pageSize: 0 } })
      .catch((error: unknown) => {
        if (error instanceof HippoError && NONE.includes(error.code)) return undefined;
        throw error;
      });
    if (!Array.isArray((answer as { items?: unknown } | undefined)?.items))
      throw new NoAddonsError(this.#connection.url);
  }
}

/** How servers answer for a path that they do not know; some show their page. */
const NONE: readonly string[] = ['UNSUPPORTED', 'NOT_FOUND', 'NOT_HIPPO'];
