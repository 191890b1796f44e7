// What the current connection's Hippo has of add-ons, for all who show them: tree and pages agree because they read the
// same.

import type { AddonItem, OperationItem } from '../../addons/addons.ts';
import type { AddonsClient } from '../../addons/client.ts';
import type { OfferingItem } from '../../addons/offerings.ts';
import type { AppChoice, Standing } from '../../webview/protocol.ts';
import type { Session } from '../connections/connections.ts';
import type { Disposable, Event } from '../disposables.ts';

/** `offerings` are many, and are read only while somebody wants them. */
export type Wanted = 'addons' | 'offerings';

export interface AddonsSession {
  readonly session: Session;
  readonly addons: AddonsClient;
}

/** Everything is as it was read last; while nobody watches, it may be old. */
export interface AddonsStore extends Disposable {
  /** Anything of it is other than it was. */
  readonly onDidChange: Event<void>;
  /** How it stands with the Hippo. Where it has no add-ons, `unsupported`. */
  readonly standing: Standing;
  /** Name of the connection that this is of; undefined as long as nobody looks. */
  readonly connection: string | undefined;
  /** By reference; empty unless somebody watches them. */
  readonly offerings: readonly OfferingItem[];
  /** Of all apps, by app and name. */
  readonly addons: readonly AddonItem[];
  /** The workspace's first, then by name. */
  readonly apps: readonly AppChoice[];
  addon(id: string): AddonItem | undefined;

  /** Somebody looks, until it is disposed of: events are followed for as long as anybody does. */
  watch(wanted: Wanted): Disposable;
  /** Resolves when there is something to show, if only what is wrong. */
  settled(): Promise<void>;
  /** Tries again now, or reads everything again. Resolves when that is done, or has failed. */
  refresh(): Promise<void>;
  /** Something was changed from here: a Hippo that tells of no changes is asked at once. */
  changed(): void;

  /** What was done with an add-on, the newest first; kept until it has changed. @throws HippoError */
  operations(addonId: string): Promise<readonly OperationItem[]>;
  /** Of what has been read already. */
  knownOperations(addonId: string): readonly OperationItem[];
  /** The picture of an offering as a data URI; undefined without one. Read once. @throws HippoError */
  icon(offeringId: string): Promise<string | undefined>;

  /**
   * Does something that a person has asked for: it may start the local Hippo, or ask for a password.
   * @param connection name of one; that of what is shown if absent or, where nobody looks, the current one
   * @throws NoAddonsError, what `Connections.use` and `work` throw
   */
  use<T>(work: (hippo: AddonsSession) => Promise<T>, connection?: string): Promise<T>;
}
