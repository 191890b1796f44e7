// Add-ons, their uses by channels and their operations as rows of the database.

import { randomUUID } from 'node:crypto';
import type { AddonState, BindingState, OperationItem, OperationState } from '../../addons/addons.ts';
import type { HippoEvent } from '../../hippo/events.ts';
import type { Database, Value } from '../store/database.ts';
import type { CatalogPlan } from './catalog.ts';
import type { OfferingFacts } from './offerings.ts';
import type { Verb } from './outcomes.ts';
import type { HippoPort } from './ports.ts';

export type OperationKind = OperationItem['kind'];

export interface AddonRow {
  readonly sequence: number;
  readonly id: string;
  readonly app_id: string;
  readonly app_name: string;
  readonly team_id: string;
  readonly team_name: string;
  readonly name: string;
  readonly broker_id: string;
  readonly broker_name: string;
  readonly offering_id: string;
  readonly service_id: string;
  readonly instance_id: string;
  readonly organization_guid: string;
  readonly space_guid: string;
  /** JSON of OfferingFacts. */
  readonly offering: string;
  readonly plan_guid: string;
  /** JSON of CatalogPlan. */
  readonly plan: string;
  readonly state: AddonState;
  readonly message: string | null;
  /** What the broker has of it, as far as is known. */
  readonly presence: 'none' | 'maybe' | 'there';
  readonly dashboard_url: string | null;
  readonly adopted: number;
  readonly maintenance_version: string | null;
  readonly created_at: number;
  readonly gone_at: number | null;
}

export interface UseRow {
  readonly id: string;
  readonly addon_id: string;
  readonly channel_id: string;
  readonly name: string;
  readonly prefix: string;
  readonly state: BindingState;
  readonly message: string | null;
  readonly binding_id: string | null;
  readonly credentials: Uint8Array | null;
  readonly variables: string;
  readonly interfaces: string;
  readonly created_at: number;
  readonly rotated_at: number | null;
  readonly expires_at: number | null;
  readonly renew_at: number | null;
}

export interface OperationRow {
  readonly sequence: number;
  readonly id: string;
  readonly addon_id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly background: number;
  readonly use_id: string | null;
  readonly channel_id: string | null;
  readonly plan_guid: string | null;
  readonly plan: string | null;
  readonly parameters: Uint8Array | null;
  readonly verb: Verb | null;
  readonly binding_id: string | null;
  readonly phase: 'planned' | 'sent' | 'polling' | 'fetching';
  readonly broker_operation: string | null;
  readonly unanswered: number;
  readonly attempts: number;
  readonly tried_at: number | null;
  readonly next_at: number;
  readonly deadline: number | null;
  readonly message: string | null;
  readonly user_id: string | null;
  readonly user_name: string | null;
  readonly created_at: number;
  readonly ended_at: number | null;
}

export type NewOperation = Pick<OperationRow, 'addon_id' | 'kind'> &
  Partial<
    Pick<
      OperationRow,
      | 'background'
      | 'use_id'
      | 'channel_id'
      | 'plan_guid'
      | 'plan'
      | 'parameters'
      | 'binding_id'
      | 'user_id'
      | 'user_name'
      | 'message'
    >
  >;

/** What may be sent to a broker, or was and is not known to be over. */
const OPEN = 'ended_at IS NULL';

export class AddonStore {
  readonly database: Database;
  readonly #hippo: HippoPort;
  readonly #now: () => number;

  constructor(database: Database, hippo: HippoPort, now: () => number) {
    this.database = database;
    this.#hippo = hippo;
    this.#now = now;
  }

  /** All of it or nothing; events go out when it is done, and if they cannot, with those of the next time. */
  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    const result = this.database.transaction(work);
    try {
      this.tellUntold();
    } catch {
      // What was asked for is recorded all the same.
    }
    return result;
  }

  // Add-ons

  /** Undefined if there is none, or no longer. */
  addon(id: string): AddonRow | undefined {
    return this.database.get('SELECT * FROM addon WHERE id = ? AND gone_at IS NULL', id) as unknown as
      AddonRow | undefined;
  }

  addonsOf(appId: string): AddonRow[] {
    return this.#addons('app_id = ? AND gone_at IS NULL ORDER BY name', appId);
  }

  /** Those that are there. */
  addons(): AddonRow[] {
    return this.#addons('gone_at IS NULL ORDER BY name, sequence');
  }

  /** Those that were there at some time from `since` on. */
  addonsSince(since: number): AddonRow[] {
    return this.#addons('gone_at IS NULL OR gone_at >= ? ORDER BY sequence', since);
  }

  addAddon(row: Omit<AddonRow, 'sequence' | 'created_at' | 'gone_at'>): void {
    this.#insert('addon', { ...row, created_at: this.#now() });
    this.#tell(row.id, 'addon.created');
  }

  changeAddon(id: string, change: Partial<AddonRow>): void {
    this.#update('addon', id, change);
    this.#tell(id, 'addon.changed');
  }

  /** It is kept for bills; what its channels had of it is gone. */
  endAddon(id: string): void {
    this.#tell(id, 'addon.deleted');
    this.database.run('DELETE FROM use WHERE addon_id = ?', id);
    this.database.run('DELETE FROM binding WHERE addon_id = ?', id);
    this.#update('addon', id, { gone_at: this.#now(), presence: 'none' });
  }

  // Uses

  use(id: string): UseRow | undefined {
    return this.database.get('SELECT * FROM use WHERE id = ?', id) as unknown as UseRow | undefined;
  }

  useOf(addonId: string, channelId: string): UseRow | undefined {
    const sql = 'SELECT * FROM use WHERE addon_id = ? AND channel_id = ?';
    return this.database.get(sql, addonId, channelId) as unknown as UseRow | undefined;
  }

  usesOf(addonId: string): UseRow[] {
    const sql = 'SELECT * FROM use WHERE addon_id = ? ORDER BY created_at, id';
    return this.database.all(sql, addonId) as unknown as UseRow[];
  }

  usesIn(channelId: string): UseRow[] {
    const sql = 'SELECT * FROM use WHERE channel_id = ? ORDER BY created_at, id';
    return this.database.all(sql, channelId) as unknown as UseRow[];
  }

  uses(): UseRow[] {
    return this.database.all('SELECT * FROM use ORDER BY created_at, id') as unknown as UseRow[];
  }

  /** Those that want new credentials by now. */
  usesToRenew(now: number): UseRow[] {
    const sql = `SELECT * FROM use WHERE renew_at <= ? AND state = 'ready'`;
    return this.database.all(sql, now) as unknown as UseRow[];
  }

  addUse(row: Pick<UseRow, 'addon_id' | 'channel_id' | 'name' | 'prefix'>): string {
    const id = randomUUID();
    const created_at = this.#now();
    this.#insert('use', { ...row, id, state: 'binding', variables: '[]', interfaces: '[]', created_at });
    this.touched(row.addon_id);
    return id;
  }

  changeUse(id: string, change: Partial<UseRow>): void {
    this.#update('use', id, change);
  }

  removeUse(id: string): void {
    this.database.run('DELETE FROM use WHERE id = ?', id);
  }

  // Bindings that a broker may have

  noteBinding(id: string, addonId: string): void {
    this.database.run('INSERT OR IGNORE INTO binding VALUES (?, ?)', id, addonId);
  }

  forgetBinding(id: string): void {
    this.database.run('DELETE FROM binding WHERE id = ?', id);
  }

  hasBinding(id: string): boolean {
    return this.database.get('SELECT 1 FROM binding WHERE id = ?', id) !== undefined;
  }

  bindingsOf(addonId: string): string[] {
    return this.database
      .all('SELECT id FROM binding WHERE addon_id = ? ORDER BY rowid', addonId)
      .map(({ id }) => String(id));
  }

  // Operations

  operation(id: string): OperationRow | undefined {
    return this.database.get('SELECT * FROM operation WHERE id = ?', id) as unknown as
      OperationRow | undefined;
  }

  /** The newest first. */
  operationsOf(addonId: string): OperationRow[] {
    return this.#operations('addon_id = ? ORDER BY sequence DESC', addonId);
  }

  /** In the order in which they are done: what is in the background gives way, unless it is being done. */
  openOperations(addonId: string): OperationRow[] {
    return this.#operations(
      `addon_id = ? AND ${OPEN} ORDER BY background AND phase <> 'polling', sequence`,
      addonId,
    );
  }

  /** Ids of add-ons that something is to be done with. */
  busyAddons(): string[] {
    return this.database
      .all(`SELECT DISTINCT addon_id FROM operation WHERE ${OPEN}`)
      .map(({ addon_id: id }) => String(id));
  }

  addOperation(operation: NewOperation): string {
    const id = randomUUID();
    this.#insert('operation', { ...operation, id, state: 'queued', created_at: this.#now() });
    this.touched(operation.addon_id);
    return id;
  }

  changeOperation(id: string, change: Partial<OperationRow>): void {
    this.#update('operation', id, change);
  }

  /** Parameters are needed no longer; the rest stays for the record and for bills. */
  endOperation(
    { id, addon_id: addonId }: Pick<OperationRow, 'id' | 'addon_id'>,
    state: 'succeeded' | 'failed',
    message: string | null,
  ): void {
    this.#update('operation', id, {
      state,
      message,
      ended_at: this.#now(),
      parameters: null,
      broker_operation: null,
    });
    this.touched(addonId);
  }

  // Events

  /** What belongs to the add-on has changed. */
  touched(addonId: string): void {
    this.#tell(addonId, 'addon.changed');
  }

  /** Hands over what has not been told; a database of its own has the events, so that this comes after. */
  tellUntold(): void {
    for (const { sequence, team_id: team, json } of this.database.all(
      'SELECT * FROM untold ORDER BY sequence',
    )) {
      const event = JSON.parse(String(json)) as Omit<HippoEvent, 'at'>;
      this.#hippo.tell(team as string | null, event);
      this.database.run('DELETE FROM untold WHERE sequence = ?', Number(sequence));
    }
  }

  #tell(addonId: string, type: HippoEvent['type']): void {
    const row = this.database.get('SELECT app_id, team_id FROM addon WHERE id = ?', addonId);
    if (row === undefined) return;
    const appId = String(row['app_id']);
    const teamId = this.#hippo.app(appId)?.teamId ?? String(row['team_id']);
    const json = JSON.stringify({ type, appId, addonId });
    // One is enough of those that are told together.
    if (this.database.get('SELECT 1 FROM untold WHERE json = ?', json)) return;
    this.database.run('INSERT INTO untold (team_id, json) VALUES (?, ?)', teamId, json);
  }

  #addons(condition: string, ...values: Value[]): AddonRow[] {
    return this.database.all(`SELECT * FROM addon WHERE ${condition}`, ...values) as unknown as AddonRow[];
  }

  #operations(condition: string, ...values: Value[]): OperationRow[] {
    return this.database.all(
      `SELECT * FROM operation WHERE ${condition}`,
      ...values,
    ) as unknown as OperationRow[];
  }

  #insert(table: string, row: object): void {
    const entries = Object.entries(row).filter(([, value]) => value !== undefined);
    const columns = entries.map(([column]) => column).join(', ');
    const places = entries.map(() => '?').join(', ');
    this.database.run(
      `INSERT INTO ${table} (${columns}) VALUES (${places})`,
      ...entries.map(([, value]) => value as Value),
    );
  }

  #update(table: string, id: string, change: object): void {
    const entries = Object.entries(change).filter(([, value]) => value !== undefined);
    if (entries.length === 0) return;
    const places = entries.map(([column]) => `${column} = ?`).join(', ');
    this.database.run(
      `UPDATE ${table} SET ${places} WHERE id = ?`,
      ...entries.map(([, value]) => value as Value),
      id,
    );
  }
}

export function planOf({ plan }: Pick<AddonRow, 'plan'>): CatalogPlan {
  return JSON.parse(plan) as CatalogPlan;
}

export function offeringOf({ offering }: Pick<AddonRow, 'offering'>): OfferingFacts {
  return JSON.parse(offering) as OfferingFacts;
}
