// The page of one offering: its plans, its form, and the add-ons that there are of it.

import type { AddonItem, OperationItem } from '../../addons/addons.ts';
import type { OfferingItem } from '../../addons/offerings.ts';
import type { OfferingState } from '../../webview/protocol.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import type { Waiting } from './addon-actions.ts';
import type { CurrentApp } from './current-app.ts';
import { commonHandlers } from './page-acts.ts';
import type { PageLogic } from './page-host.ts';
import type { Handlers } from './page-requests.ts';
import { isOfThisHippo, pageStanding } from './page-standing.ts';
import type { PageNeeds } from './pages.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Of each add-on; a page is not a log. */
const MOST_OPERATIONS = 50;

/** Undefined where a panel was restored whose state nobody can read. */
export type OfferingIdentity = { readonly offeringId: string; readonly connection: string } | undefined;

export class OfferingPage implements PageLogic<'offering'> {
  readonly page = 'offering';
  readonly handlers: Handlers<'offering'>;
  readonly #needs: PageNeeds;
  readonly #current: CurrentApp;
  readonly #identity: OfferingIdentity;
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<void>;
  #icon: string | undefined;
  #looking = false;

  constructor(needs: PageNeeds, current: CurrentApp, identity: OfferingIdentity) {
    this.#needs = needs;
    this.#current = current;
    this.#identity = identity;
    const { app, store, actions } = needs;
    this.#changed = this.#disposables.add(new Emitter((error) => app.log.error('A listener failed', error)));
    this.#disposables.add(
      store.onDidChange(() => {
        this.#changed.fire();
        this.#readMore();
      }),
    );
    this.#disposables.add(current.onDidChange(() => this.#changed.fire()));
    const connection = identity?.connection;
    // The page has shown the price beside the button.
    const waiting = (signal: AbortSignal): Waiting => ({ signal, connection, priceShown: true });
    this.handlers = {
      ...commonHandlers(needs, () => [
        this.#offering?.documentationUrl ?? null,
        this.#offering?.supportUrl ?? null,
      ]),
      checkParameters: async ({ planId, check }, signal) => ({
        problems: await store.use(
          ({ addons }) => addons.checkParameters(planId, check, { signal }),
          connection,
        ),
      }),
      add: async (wish, signal) => void (await actions.add(wish, waiting(signal))),
      attach: async (wish, signal) => void (await actions.attach(wish, waiting(signal))),
      detach: async (wish, signal) => void (await actions.detach(wish, waiting(signal))),
      change: async (wish, signal) => void (await actions.change(wish, waiting(signal))),
      rotate: async (wish, signal) => void (await actions.rotate(wish, waiting(signal))),
      remove: (wish, signal) => actions.remove(wish, waiting(signal)),
      retry: async (wish, signal) => void (await actions.retry(wish, waiting(signal))),
      abandon: (wish, signal) => actions.abandon(wish, waiting(signal)),
      dashboard: (wish, signal) => actions.dashboard(wish, waiting(signal)),
      bindingCode: ({ addonId }) => needs.bindingCode(addonId, connection),
    };
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  /** Of the offering, as far as it is known. */
  get title(): string | undefined {
    return this.#offering?.displayName;
  }

  state(): OfferingState {
    const { store } = this.#needs;
    const standing = pageStanding(store, this.#identity?.connection);
    const isShown = isOfThisHippo(store, this.#identity?.connection);
    const addons = isShown ? this.#addons : [];
    return {
      page: 'offering',
      standing,
      offering: (isShown ? this.#offering : undefined) ?? null,
      icon: (isShown ? this.#icon : undefined) ?? null,
      apps: isShown ? [...store.apps] : [],
      app: (isShown ? this.#current.get()?.id : undefined) ?? null,
      addons: addons.map((addon) => this.#masked(addon)),
      operations: Object.fromEntries(addons.map(({ id }) => [id, this.#operations(id)])),
    };
  }

  watch(): Disposable {
    const { store } = this.#needs;
    const watching = new Disposables();
    watching.add(store.watch('addons'));
    watching.add(store.watch('offerings'));
    this.#looking = true;
    watching.add({ dispose: () => (this.#looking = false) });
    this.#readMore();
    return watching;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  get #offering(): OfferingItem | undefined {
    const { store } = this.#needs;
    return isOfThisHippo(store, this.#identity?.connection)
      ? store.offerings.find(({ id }) => id === this.#identity?.offeringId)
      : undefined;
  }

  get #addons(): AddonItem[] {
    return this.#needs.store.addons.filter(({ offering }) => offering.id === this.#identity?.offeringId);
  }

  /** Those of the last day, and what is not done yet, however old it is. */
  #operations(addonId: string): OperationItem[] {
    const { app, store } = this.#needs;
    const since = app.clock.now() - DAY;
    return store
      .knownOperations(addonId)
      .filter(({ endedAt }) => endedAt === null || Date.parse(endedAt) > since)
      .slice(0, MOST_OPERATIONS)
      .map((operation) => ({ ...operation, message: this.#mask(operation.message) }));
  }

  /** What a broker says may hold what it should not. */
  #masked(addon: AddonItem): AddonItem {
    const { message, operation, bindings } = addon;
    return {
      ...addon,
      message: this.#mask(message),
      operation: operation && { ...operation, message: this.#mask(operation.message) },
      bindings: bindings.map((binding) => ({ ...binding, message: this.#mask(binding.message) })),
    };
  }

  #mask(text: string | null): string | null {
    return text && this.#needs.app.log.mask(text);
  }

  /** What the store reads only for who asks: the picture, and what was done. Nobody waits for it. */
  #readMore(): void {
    const offering = this.#offering;
    if (!this.#looking || !offering || this.#needs.store.standing.state !== 'ready') return;
    void this.#needs.app.guard.quietly('Reading an offering', async () => {
      const { store } = this.#needs;
      const before = this.#shown();
      // One that cannot be had, as of an add-on that has just gone, is no reason to be without the others.
      const [icon] = await Promise.allSettled([
        offering.icon ? store.icon(offering.id) : undefined,
        ...this.#addons.map(({ id }) => store.operations(id)),
      ]);
      this.#icon = icon.status === 'fulfilled' ? icon.value : undefined;
      if (this.#shown() !== before) this.#changed.fire();
    });
  }

  #shown(): string {
    return JSON.stringify([this.#icon, this.#addons.map(({ id }) => this.#needs.store.knownOperations(id))]);
  }
}
