// What is done with add-ons, the same for tree, palette and pages: the question first, then the wait until it is done,
// with the broker's own words.

import type { AddonItem } from '../../addons/addons.ts';
import type { Disposable, Event } from '../disposables.ts';

/** Who waits for it. */
export interface Waiting {
  /** Ends the wait; the Hippo goes on with what was begun. */
  readonly signal?: AbortSignal | undefined;
  /** The broker's own words, each time they are others; the first is what is being done. */
  readonly onProgress?: (words: string) => void;
  /** Name of the connection; that of the store if absent. */
  readonly connection?: string | undefined;
  /** Who asks has been shown what it will cost: nobody is asked about the price again. */
  readonly priceShown?: boolean;
}

export type Parameters = Readonly<Record<string, unknown>>;

export interface NewAddonWish {
  readonly planId: string;
  readonly channelId: string;
  /** What it is called; as the offering if absent. */
  readonly name?: string | undefined;
  readonly parameters?: Parameters | undefined;
}

export interface AdoptionWish extends NewAddonWish {
  /** Its id at the broker. */
  readonly instanceId: string;
}

export interface ChangeWish {
  readonly addonId: string;
  readonly planId?: string | undefined;
  readonly parameters?: Parameters | undefined;
  readonly upgrade?: boolean | undefined;
}

export interface AttachWish {
  readonly addonId: string;
  readonly channelId: string;
  /** What the channel calls it; as the add-on if absent. */
  readonly name?: string | undefined;
  readonly parameters?: Parameters | undefined;
}

export interface AddonEvent {
  readonly addon: AddonItem;
  /** Name of the connection. */
  readonly connection: string;
  /** The channel that it was added or attached to. */
  readonly channelId?: string | undefined;
}

/**
 * Each resolves when it is done. Each throws Cancelled where the user does not want it after all, AddonFailedError with
 * the broker's words, HippoError, NoAddonsError, and the signal's reason.
 */
export interface AddonActions extends Disposable {
  /** An add-on was added or adopted, and its channel has it. */
  readonly onDidAdd: Event<AddonEvent>;
  /** Another channel has it, too. */
  readonly onDidAttach: Event<AddonEvent>;
  /** Removed or abandoned; the add-on as it was before. */
  readonly onDidRemove: Event<AddonEvent>;

  add(wish: NewAddonWish, waiting?: Waiting): Promise<AddonItem>;
  /** For administrators. */
  adopt(wish: AdoptionWish, waiting?: Waiting): Promise<AddonItem>;
  attach(wish: AttachWish, waiting?: Waiting): Promise<AddonItem>;
  detach(wish: { addonId: string; channelId: string }, waiting?: Waiting): Promise<AddonItem>;
  change(wish: ChangeWish, waiting?: Waiting): Promise<AddonItem>;
  /** Without a channel: of the only one, or the user is asked. */
  rotate(wish: { addonId: string; channelId?: string | undefined }, waiting?: Waiting): Promise<AddonItem>;
  /** Asks for the add-on's name to be typed: its data goes. */
  remove(wish: { addonId: string }, waiting?: Waiting): Promise<void>;
  retry(wish: { addonId: string }, waiting?: Waiting): Promise<AddonItem | undefined>;
  /** Warns of the bill, and asks for the name to be typed. */
  abandon(wish: { addonId: string }, waiting?: Waiting): Promise<void>;
  /** Opens it in the browser; asks first where its host is not the broker's. */
  dashboard(wish: { addonId: string }, waiting?: Waiting): Promise<void>;
  /** Opens the offering's documentation. */
  docs(wish: { addonId: string }, waiting?: Waiting): Promise<void>;
  /**
   * `https:`, and `http:` on loopback. VS Code itself shows the host of what it does not trust.
   * @param foreign shows the host and asks before
   * @throws EditorError `UNSAFE_LINK`, Cancelled
   */
  openLink(url: string, foreign?: boolean): Promise<void>;
}
