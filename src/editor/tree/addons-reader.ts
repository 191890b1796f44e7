// Reads what a Hippo has of add-ons, beside its apps: whether it knows of any, all of them, and what can be added.

import type { AddonItem } from '../../addons/addons.ts';
import type { AddonsClient } from '../../addons/client.ts';
import type { OfferingItem } from '../../addons/offerings.ts';
import type { Log } from '../app.ts';
import { Emitter, type Event } from '../disposables.ts';

export type FollowedAddons = Pick<AddonsClient, 'addons' | 'addon' | 'offerings'>;

/** `none`: the Hippo knows of no add-ons. `failed`: it does not tell, and `message` says why. */
export type Knowledge =
  { readonly state: 'unknown' | 'read' | 'none' } | { readonly state: 'failed'; readonly message: string };

/** They are of the connection, and no less true of the apps. */
const OF_CONNECTION = new Set(['UNREACHABLE', 'BROKEN', 'UNAUTHORIZED', 'LIMITED']);

export class AddonsReader {
  readonly #changed: Emitter<void>;
  readonly #log: Pick<Log, 'warn'>;
  readonly #now: () => number;
  #knowledge: Knowledge = { state: 'unknown' };
  #offerings: readonly OfferingItem[] | undefined;
  #readAt = 0;
  /** Somebody looks at what can be added. */
  wantsOfferings = false;

  constructor(log: Pick<Log, 'warn' | 'error'>, now: () => number) {
    this.#log = log;
    this.#now = now;
    this.#changed = new Emitter((error) => log.error('A listener failed', error));
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  get knowledge(): Knowledge {
    return this.#knowledge;
  }

  /** Undefined as long as they have not been read. */
  get offerings(): readonly OfferingItem[] | undefined {
    return this.#offerings;
  }

  /** Another Hippo, or another user. */
  clear(): void {
    this.#offerings = undefined;
    this.#become({ state: 'unknown' });
  }

  /** The same Hippo, which may be another version by now. */
  ask(client: FollowedAddons | undefined): void {
    if (client === undefined) this.#none();
    else if (this.#knowledge.state !== 'read') this.#become({ state: 'unknown' });
  }

  /** Somebody looks at what can be added, and has not got it yet. */
  get lacksOfferings(): boolean {
    const { state } = this.#knowledge;
    return this.wantsOfferings && this.#offerings === undefined && (state === 'unknown' || state === 'read');
  }

  /**
   * All add-ons; undefined where there is no such thing; `kept` where that cannot be said.
   * @throws HippoError that is of the connection
   */
  addons(client: FollowedAddons | undefined, signal: AbortSignal): Promise<AddonItem[] | undefined | 'kept'> {
    if (client === undefined) return Promise.resolve(this.#none());
    return this.#sound(async () => {
      const found = await client.addons({ signal });
      this.#become({ state: 'read' });
      return found;
    });
  }

  /** Some of them: by their ids, and those of some apps. Those that are gone are told, too. */
  async some(
    client: FollowedAddons | undefined,
    { ids, appIds }: { ids: Iterable<string>; appIds: Iterable<string> },
    signal: AbortSignal,
  ): Promise<{ addons: AddonItem[]; gone: string[] }> {
    const addons: AddonItem[] = [];
    const gone: string[] = [];
    if (client === undefined || this.#knowledge.state !== 'read') return { addons, gone };
    await this.#sound(async () => {
      const readOne = async (id: string): Promise<void> => {
        const addon = await unlessGone(client.addon(id, { signal }));
        if (addon) addons.push(addon);
        else gone.push(id);
      };
      const readOfApp = async (appId: string): Promise<void> => {
        addons.push(...(await client.addons({ appId, signal })));
      };
      await Promise.all([...[...ids].map(readOne), ...[...appIds].map(readOfApp)]);
    });
    return { addons, gone };
  }

  /**
   * What can be added, if somebody looks.
   * @param since milliseconds: not again if they were read within that time
   * @throws HippoError that is of the connection
   */
  async readOfferings(client: FollowedAddons | undefined, signal: AbortSignal, since = 0): Promise<void> {
    if (!this.wantsOfferings || client === undefined || this.#knowledge.state === 'none') return;
    if (this.#offerings && this.#now() - this.#readAt < since) return;
    const began = this.#now();
    const found = await this.#sound(() => client.offerings({ signal }));
    if (found === 'kept' || found === undefined) return;
    this.#offerings = found.toSorted((a, b) => (a.reference < b.reference ? -1 : 1));
    this.#readAt = began;
    this.#changed.fire();
  }

  /** What was read may be old by now: the next who looks reads it again. */
  forgetOfferings(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
    if (!this.wantsOfferings) this.#offerings = undefined;
  }

  async #sound<T>(read: () => Promise<T>): Promise<T | undefined | 'kept'> {
    try {
      return await read();
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (code === 'NO_ADDONS') return this.#none();
      if ((error as Error).name === 'AbortError' || OF_CONNECTION.has(code) || code === '') throw error;
      const message = error instanceof Error ? error.message : String(error);
      this.#log.warn(`The add-ons: ${message}`);
      this.#become({ state: 'failed', message });
      return 'kept';
    }
  }

  #none(): undefined {
    this.#offerings = undefined;
    this.#become({ state: 'none' });
  }

  #become(knowledge: Knowledge): void {
    if (JSON.stringify(knowledge) === JSON.stringify(this.#knowledge)) return;
    this.#knowledge = knowledge;
    this.#changed.fire();
  }
}

export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: string }).code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
