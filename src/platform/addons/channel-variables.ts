// What channels have of their add-ons: variables, credentials, interfaces. It is read with every request that a
// channel answers, and therefore kept in memory until something changes.

import type { AddonVariable, HostInterface } from '../../addons/addons.ts';
import { variablesOf } from '../../addons/environment.ts';
import type { JsonObject } from '../../addons/osb.ts';
import type { AddonStore, UseRow } from './addon-store.ts';
import type { Vault } from './ports.ts';

interface Connected {
  readonly name: string;
  readonly addonId: string;
  readonly addonName: string;
  readonly bindingId: string;
  readonly credentials: JsonObject;
  readonly interfaces: readonly HostInterface[];
  readonly variables: ReadonlyMap<string, string>;
}

/** How a channel's guests reach an add-on. */
export interface HostAddon {
  /** As the channel calls it. */
  readonly name: string;
  readonly interface: readonly HostInterface[];
}

export class ChannelVariables {
  readonly #store: AddonStore;
  readonly #vault: Vault;
  readonly #known = new Map<string, readonly Connected[]>();

  constructor(store: AddonStore, vault: Vault) {
    this.#store = store;
    this.#vault = vault;
  }

  /** A channel has got other ones. */
  forget(channelId: string): void {
    this.#known.delete(channelId);
  }

  /** With their values. */
  of(channelId: string): (AddonVariable & { value: string })[] {
    return this.#connected(channelId)
      .flatMap(({ addonId, addonName, variables }) =>
        [...variables].map(([key, value]) => ({ key, addonId, addonName, value })),
      )
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  environment(channelId: string): Record<string, string> {
    return Object.fromEntries(this.#connected(channelId).flatMap(({ variables }) => [...variables]));
  }

  hostAddons(channelId: string): HostAddon[] {
    return this.#connected(channelId)
      .filter(({ interfaces }) => interfaces.length > 0)
      .map(({ name, interfaces }) => ({ name, interface: interfaces }));
  }

  /** By the name by which the channel calls it. */
  credentials(
    channelId: string,
    name: string,
  ): { readonly bindingId: string; readonly credentials: JsonObject } | undefined {
    const found = this.#connected(channelId).find((one) => one.name === name);
    return found && { bindingId: found.bindingId, credentials: found.credentials };
  }

  #connected(channelId: string): readonly Connected[] {
    const known = this.#known.get(channelId);
    if (known !== undefined) return known;
    const found = this.#store.usesIn(channelId).flatMap((use) => this.#connect(use));
    this.#known.set(channelId, found);
    return found;
  }

  #connect(use: UseRow): Connected[] {
    const addon = this.#store.addon(use.addon_id);
    if (addon === undefined || use.credentials === null || use.binding_id === null) return [];
    const credentials = JSON.parse(this.#vault.decrypt(use.credentials)) as JsonObject;
    return [
      {
        name: use.name,
        addonId: addon.id,
        addonName: addon.name,
        bindingId: use.binding_id,
        credentials,
        interfaces: JSON.parse(use.interfaces) as HostInterface[],
        variables: variableMap(use.name, credentials),
      },
    ];
  }
}

/** Credentials as a channel gets them; those of files are for host calls alone. */
export function variableMap(name: string, credentials: JsonObject): Map<string, string> {
  const { uri } = credentials;
  return typeof uri === 'string' && /^sqlite:/i.test(uri)
    ? new Map<string, string>()
    : variablesOf(name, credentials);
}
