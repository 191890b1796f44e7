// The view "Marketplace": every offering as a card, and what the workspace's app has of it.

import type { OfferingItem } from '../../addons/offerings.ts';
import type { MarketplaceState, OfferingCard } from '../../webview/protocol.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import type { CurrentApp } from './current-app.ts';
import { offeringCard, usesOf } from './offering-cards.ts';
import { commonHandlers } from './page-acts.ts';
import type { PageLogic } from './page-host.ts';
import type { Handlers } from './page-requests.ts';
import type { PageNeeds } from './pages.ts';

/** Pictures that are asked for at once; a Hippo answers each by itself. */
const ICONS_AT_ONCE = 4;

export class MarketplacePage implements PageLogic<'marketplace'> {
  readonly page = 'marketplace';
  readonly handlers: Handlers<'marketplace'>;
  readonly #needs: PageNeeds;
  readonly #current: CurrentApp;
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<void>;
  /** There may be a thousand, and they seldom change. */
  readonly #cards = new WeakMap<OfferingItem, OfferingCard>();

  constructor(needs: PageNeeds, current: CurrentApp) {
    this.#needs = needs;
    this.#current = current;
    const { app, store } = needs;
    this.#changed = this.#disposables.add(new Emitter((error) => app.log.error('A listener failed', error)));
    const changed = (): void => this.#changed.fire();
    this.#disposables.add(store.onDidChange(changed));
    this.#disposables.add(current.onDidChange(changed));
    this.handlers = {
      ...commonHandlers(needs),
      icons: async ({ offeringIds }, signal) => ({ icons: await this.#icons(offeringIds, signal) }),
      chooseApp: () => current.choose(),
      openOffering: ({ offeringId }) => needs.showOffering(offeringId),
    };
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  state(): MarketplaceState {
    const { store } = this.#needs;
    const current = this.#current.get();
    const addons = current ? store.addons.filter(({ appId }) => appId === current.id) : [];
    return {
      page: 'marketplace',
      standing: store.standing,
      app: current ?? null,
      offerings: store.offerings.map((offering) => ({
        ...this.#card(offering),
        inUse: usesOf(offering.id, addons),
      })),
    };
  }

  watch(): Disposable {
    const { store } = this.#needs;
    const watching = new Disposables();
    watching.add(store.watch('addons'));
    watching.add(store.watch('offerings'));
    return watching;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #card(offering: OfferingItem): OfferingCard {
    let card = this.#cards.get(offering);
    if (!card) this.#cards.set(offering, (card = offeringCard(offering, [])));
    return card;
  }

  /** One that cannot be had is none: a card has a picture of its own instead. */
  async #icons(offeringIds: readonly string[], signal: AbortSignal): Promise<Record<string, string>> {
    const { app, store } = this.#needs;
    const icons: Record<string, string> = {};
    const waiting = [...new Set(offeringIds)];
    const work = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        signal.throwIfAborted();
        const icon = await store.icon(id).catch((error: unknown) => {
          app.log.trace(
            `The picture of an offering: ${error instanceof Error ? error.message : String(error)}`,
          );
          return undefined;
        });
        if (icon !== undefined) icons[id] = icon;
      }
    };
    await Promise.all(Array.from({ length: ICONS_AT_ONCE }, work));
    return icons;
  }
}
