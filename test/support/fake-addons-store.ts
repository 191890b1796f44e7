// What is known of a Hippo's add-ons, as a test says it, for pages that need no Hippo.

import type { AddonItem, OperationItem } from '../../src/addons/addons.ts';
import type { AddonsClient } from '../../src/addons/client.ts';
import type { OfferingItem } from '../../src/addons/offerings.ts';
import { Emitter } from '../../src/editor/disposables.ts';
import type { AddonsSession, AddonsStore } from '../../src/editor/marketplace/addons-store.ts';
import type { AppChoice, Standing } from '../../src/webview/protocol.ts';

export class FakeAddonsStore implements AddonsStore {
  standing: Standing = { state: 'ready', connection: 'local', message: null, actions: [] };
  offerings: OfferingItem[] = [];
  addons: AddonItem[] = [];
  apps: AppChoice[] = [];
  readonly allOperations = new Map<string, OperationItem[]>();
  readonly icons = new Map<string, string>();
  /** What the Hippo answers. */
  client: Partial<AddonsClient> = {};
  watched = { addons: 0, offerings: 0 };
  refreshed = 0;
  readonly #read = new Map<string, OperationItem[]>();
  readonly #changed = new Emitter<void>((error) => {
    throw error;
  });
  readonly onDidChange = this.#changed.event;

  /** Changes it, and tells of it. */
  change(values: Partial<Pick<this, 'standing' | 'offerings' | 'addons' | 'apps'>> = {}): void {
    Object.assign(this, values);
    this.#changed.fire();
  }

  get connection(): string {
    return this.standing.connection;
  }

  addon(id: string): AddonItem | undefined {
    return this.addons.find((addon) => addon.id === id);
  }

  watch(wanted: 'addons' | 'offerings'): { dispose: () => void } {
    this.watched[wanted]++;
    return { dispose: () => this.watched[wanted]-- };
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  refresh(): Promise<void> {
    this.refreshed++;
    return Promise.resolve();
  }

  changed(): void {
    this.#changed.fire();
  }

  operations(addonId: string): Promise<OperationItem[]> {
    const operations = this.allOperations.get(addonId) ?? [];
    this.#read.set(addonId, operations);
    return Promise.resolve(operations);
  }

  knownOperations(addonId: string): readonly OperationItem[] {
    return this.#read.get(addonId) ?? [];
  }

  icon(offeringId: string): Promise<string | undefined> {
    return Promise.resolve(this.icons.get(offeringId));
  }

  use<T>(work: (hippo: AddonsSession) => Promise<T>): Promise<T> {
    return work({ addons: this.client } as AddonsSession);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
