// The pages, without VS Code: a bundle of its own, loaded when the first of them is shown.

import { KeptState, read } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import type { Disposable } from '../disposables.ts';
import type { AddonActions } from './addon-actions.ts';
import type { AddonsStore } from './addons-store.ts';
import { BillPage, type BillIdentity } from './bill-page.ts';
import { CurrentApp } from './current-app.ts';
import { MarketplacePage } from './marketplace-page.ts';
import { OfferingPage, type OfferingIdentity } from './offering-page.ts';
import { PageHost, type PagePort } from './page-host.ts';

export { pageHtml } from './page-html.ts';

export interface PageNeeds {
  readonly app: Pick<App, 'clock' | 'commands' | 'guard' | 'log' | 'memory' | 'prompts'>;
  readonly store: AddonsStore;
  readonly actions: AddonActions;
  /** Opens its page, or brings it to the front. */
  readonly showOffering: (offeringId: string) => Promise<void>;
  /** Offers code that uses an add-on. */
  readonly bindingCode: (addonId: string, connection: string | undefined) => Promise<void>;
  /** Asks where to, and writes it. @returns the file's name @throws Cancelled */
  readonly saveText: (file: { name: string; title: string; kind: string; text: string }) => Promise<string>;
}

export class Pages implements Disposable {
  readonly #needs: PageNeeds;
  readonly #current: CurrentApp;

  constructor(needs: PageNeeds) {
    this.#needs = needs;
    this.#current = new CurrentApp(needs.app, needs.store);
  }

  marketplace(port: PagePort): PageHost<'marketplace'> {
    return new PageHost(port, new MarketplacePage(this.#needs, this.#current), this.#needs.app);
  }

  /** @param onTitle told of the offering's name, as soon as it is known */
  offering(
    port: PagePort,
    identity: OfferingIdentity,
    onTitle: (title: string) => void,
  ): PageHost<'offering'> {
    const page = new OfferingPage(this.#needs, this.#current, identity);
    const tell = (): void => {
      if (page.title !== undefined) onTitle(page.title);
    };
    page.onDidChange(tell);
    tell();
    return new PageHost(port, page, this.#needs.app);
  }

  bill(port: PagePort, identity: BillIdentity): PageHost<'bill'> {
    return new PageHost(port, new BillPage(this.#needs, identity), this.#needs.app);
  }

  dispose(): void {
    this.#current.dispose();
  }
}

/** What a panel was of before VS Code was closed; undefined if nobody can read it any more. */
export function keptOffering(kept: unknown): OfferingIdentity {
  const state = read(KeptState, kept);
  return state?.page === 'offering'
    ? { offeringId: state.offeringId, connection: state.connection }
    : undefined;
}

export function keptBill(kept: unknown): BillIdentity {
  const state = read(KeptState, kept);
  return state?.page === 'bill'
    ? { month: state.month, by: state.by, connection: state.connection }
    : undefined;
}
