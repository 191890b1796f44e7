// The add-ons of a Hippo by their apps, as far as they are known.

import type { AddonItem } from '../../addons/addons.ts';

export class AddonsOfApps {
  readonly #byId = new Map<string, AddonItem>();
  readonly #byApp = new Map<string, Map<string, AddonItem>>();
  #supported = false;

  /** @param addons all that there are; undefined: the Hippo has no such thing */
  replace(addons: readonly AddonItem[] | undefined): void {
    this.clear();
    this.#supported = addons !== undefined;
    for (const addon of addons ?? []) this.put(addon);
  }

  put(addon: AddonItem): void {
    const { id, appId } = addon;
    this.#byId.set(id, addon);
    const known = this.#byApp.get(appId);
    if (known) known.set(id, addon);
    else this.#byApp.set(appId, new Map([[id, addon]]));
  }

  /** @returns id of its app */
  remove(id: string): string | undefined {
    const appId = this.#byId.get(id)?.appId;
    this.#byId.delete(id);
    if (appId !== undefined) this.#byApp.get(appId)?.delete(id);
    return appId;
  }

  removeApp(appId: string): void {
    for (const id of this.#byApp.get(appId)?.keys() ?? []) this.#byId.delete(id);
    this.#byApp.delete(appId);
  }

  get(id: string): AddonItem | undefined {
    return this.#byId.get(id);
  }

  /** Undefined where the Hippo has no add-ons. */
  of(appId: string): readonly AddonItem[] | undefined {
    return this.#supported ? [...(this.#byApp.get(appId)?.values() ?? [])] : undefined;
  }

  all(): readonly AddonItem[] {
    return [...this.#byId.values()];
  }

  /** Of another Hippo nothing is known. */
  clear(): void {
    this.#supported = false;
    this.#byId.clear();
    this.#byApp.clear();
  }
}
