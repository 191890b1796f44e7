// Apps, channels, revisions and variables in SQLite, and the rules that hold between them (hippo-api.md §5).

import { randomUUID } from 'node:crypto';
import {
  ValidationError,
  type AppItem,
  type ChannelItem,
  type ChannelPatch,
  type NewApp,
  type NewChannel,
  type NewRevision,
  type RevisionItem,
  type SelectionStrategy,
} from '../../hippo/api.ts';
import { selectRevision } from '../../hippo/rules.ts';
import type { Database, Row } from '../store/database.ts';
import { defaultDomain } from './domains.ts';

/** What was asked for does not exist. */
export class NotFoundError extends Error {
  readonly code = 'NOT_FOUND';
  constructor(entity: 'App' | 'Channel' | 'Revision', id: string) {
    super(`Entity "${entity}" (${id}) was not found.`);
    this.name = 'NotFoundError';
  }
}

/** What a channel serves. */
export interface ServedChannel {
  readonly id: string;
  readonly name: string;
  readonly appName: string;
  /** Undefined as long as no revision satisfies the channel. */
  readonly bindle: { readonly name: string; readonly version: string } | undefined;
  readonly environment: Record<string, string>;
}

interface ChannelRow {
  id: string;
  app_id: string;
  name: string;
  domain: string;
  strategy: SelectionStrategy;
  range_rule: string | null;
  active_revision_id: string | null;
  last_publish_at: string | null;
}

interface RevisionRow {
  id: string;
  app_id: string;
  number: string;
}

interface AppRow {
  id: string;
  name: string;
  storage_id: string;
}

export interface StateOptions {
  readonly database: Database;
  /** Below which channels get their domains: `localhost`. */
  readonly platformDomain: string;
}

export class HippoState {
  readonly #database: Database;
  readonly #platformDomain: string;

  constructor(options: StateOptions) {
    this.#database = options.database;
    this.#platformDomain = options.platformDomain;
  }

  /** @throws ValidationError if the name is taken @returns the app's id */
  createApp(app: NewApp, revisionNumbers: readonly string[]): string {
    return this.#database.transaction(() => {
      if (this.#database.get('SELECT 1 FROM app WHERE name = ?', app.name))
        throw new ValidationError('name', `is taken: there is an app ${app.name} already`);
      const id = randomUUID();
      this.#database.run('INSERT INTO app VALUES (?, ?, ?)', id, app.name, app.storageId);
      for (const number of revisionNumbers) this.#addRevision(id, number);
      return id;
    });
  }

  apps(): AppItem[] {
    return rows<AppRow>(this.#database.all('SELECT * FROM app ORDER BY name')).map((app) =>
      this.#appItem(app),
    );
  }

  /** @throws NotFoundError */
  app(id: string): AppItem {
    return this.#appItem(this.#appRow(id));
  }

  /** With its revisions and channels. @throws NotFoundError @returns the ids of the channels */
  removeApp(id: string): string[] {
    return this.#database.transaction(() => {
      const channels = this.#channelsOf(id).map((channel) => channel.id);
      if (this.#database.run('DELETE FROM app WHERE id = ?', id) === 0) throw new NotFoundError('App', id);
      return channels;
    });
  }

  /** @throws NotFoundError, ValidationError @returns the channel's id */
  createChannel(channel: NewChannel): string {
    return this.#database.transaction(() => {
      const app = this.#appRow(channel.appId);
      const siblings = this.#channelsOf(app.id);
      if (siblings.some(({ name }) => name === channel.name))
        throw new ValidationError('name', `is taken: ${app.name} has a channel ${channel.name} already`);
      const isTaken = (domain: string): boolean =>
        this.#database.get('SELECT 1 FROM channel WHERE domain = ?', domain) !== undefined;
      if (channel.domain !== undefined && channel.domain !== null && isTaken(channel.domain))
        throw new ValidationError('domain', `is taken: ${channel.domain} belongs to another channel`);
      const domain =
        channel.domain ??
        defaultDomain(app.name, channel.name, {
          first: siblings.length === 0,
          platformDomain: this.#platformDomain,
          isTaken,
        });
      const id = randomUUID();
      const strategy = channel.revisionSelectionStrategy ?? 'UseRangeRule';
      const ruled = strategy === 'UseRangeRule';
      this.#database.run(
        'INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)',
        id,
        app.id,
        channel.name,
        domain,
        strategy,
        ruled ? (channel.rangeRule ?? '*') : (channel.rangeRule ?? null),
      );
      if (channel.activeRevisionId !== undefined && channel.activeRevisionId !== null)
        this.#activate(id, app.id, channel.activeRevisionId);
      this.#reselect(app.id);
      return id;
    });
  }

  channels(): ChannelItem[] {
    return rows<ChannelRow>(this.#database.all('SELECT * FROM channel ORDER BY name')).map((row) =>
      this.#channelItem(row),
    );
  }

  /** @throws NotFoundError */
  channel(id: string): ChannelItem {
    const row = this.#channelRow(id);
    return { ...this.#channelItem(row), appSummary: this.app(row.app_id) };
  }

  /** @throws NotFoundError, ValidationError */
  patchChannel(id: string, patch: ChannelPatch): void {
    this.#database.transaction(() => {
      const row = this.#channelRow(id);
      if (patch.revisionSelectionStrategy !== undefined)
        this.#database.run(
          'UPDATE channel SET strategy = ? WHERE id = ?',
          patch.revisionSelectionStrategy,
          id,
        );
      if (patch.rangeRule !== undefined)
        this.#database.run('UPDATE channel SET range_rule = ? WHERE id = ?', patch.rangeRule, id);
      if (patch.activeRevisionId !== undefined && patch.activeRevisionId !== null)
        this.#activate(id, row.app_id, patch.activeRevisionId);
      if (patch.environmentVariables !== undefined) {
        this.#database.run('DELETE FROM variable WHERE channel_id = ?', id);
        for (const { key, value } of patch.environmentVariables ?? [])
          this.#database.run('INSERT INTO variable VALUES (?, ?, ?)', id, key, value);
      }
      this.#reselect(row.app_id);
    });
  }

  /** @throws NotFoundError */
  removeChannel(id: string): void {
    if (this.#database.run('DELETE FROM channel WHERE id = ?', id) === 0)
      throw new NotFoundError('Channel', id);
  }

  revisions(): RevisionItem[] {
    return rows<RevisionRow>(this.#database.all('SELECT * FROM revision ORDER BY sequence')).map(
      revisionItem,
    );
  }

  /**
   * Makes the version known to every app with this storage id; doing it again changes nothing. Channels that
   * follow a range rule move to the best revision they have now.
   * @throws NotFoundError if no app has this storage id
   */
  registerRevision({ appStorageId, revisionNumber }: NewRevision): void {
    this.#database.transaction(() => {
      const apps = rows<AppRow>(this.#database.all('SELECT * FROM app WHERE storage_id = ?', appStorageId));
      if (apps.length === 0) throw new NotFoundError('App', appStorageId);
      for (const { id } of apps) {
        this.#addRevision(id, revisionNumber);
        this.#reselect(id);
      }
    });
  }

  /** The channel that is served under `domain`. */
  channelAt(domain: string): ServedChannel | undefined {
    const row = this.#database.get(
      `SELECT channel.id, channel.name, app.name AS app_name, app.storage_id, revision.number
       FROM channel JOIN app ON app.id = channel.app_id
       LEFT JOIN revision ON revision.id = channel.active_revision_id
       WHERE channel.domain = ?`,
      domain,
    ) as
      { id: string; name: string; app_name: string; storage_id: string; number: string | null } | undefined;
    if (row === undefined) return undefined;
    return {
      id: row.id,
      name: row.name,
      appName: row.app_name,
      bindle: row.number === null ? undefined : { name: row.storage_id, version: row.number },
      environment: Object.fromEntries(this.#variables(row.id).map(({ key, value }) => [key, value])),
    };
  }

  #addRevision(appId: string, number: string): void {
    this.#database.run(
      'INSERT INTO revision (id, app_id, number) VALUES (?, ?, ?) ON CONFLICT (app_id, number) DO NOTHING',
      randomUUID(),
      appId,
      number,
    );
  }

  /** Moves each channel of the app that follows a rule to the best revision; one without a match stays. */
  #reselect(appId: string): void {
    const revisions = rows<RevisionRow>(
      this.#database.all('SELECT * FROM revision WHERE app_id = ? ORDER BY sequence', appId),
    );
    const numbers = revisions.map(({ number }) => number);
    for (const channel of this.#channelsOf(appId)) {
      if (channel.strategy !== 'UseRangeRule') continue;
      const best = selectRevision(channel.range_rule ?? '*', numbers);
      const revision = revisions.find(({ number }) => number === best);
      if (revision !== undefined && revision.id !== channel.active_revision_id)
        this.#activate(channel.id, appId, revision.id);
    }
  }

  #activate(channelId: string, appId: string, revisionId: string): void {
    if (!this.#database.get('SELECT 1 FROM revision WHERE id = ? AND app_id = ?', revisionId, appId))
      throw new NotFoundError('Revision', revisionId);
    this.#database.run(
      'UPDATE channel SET active_revision_id = ?, last_publish_at = ? WHERE id = ?',
      revisionId,
      new Date().toISOString(),
      channelId,
    );
  }

  #appRow(id: string): AppRow {
    const row = this.#database.get('SELECT * FROM app WHERE id = ?', id);
    if (row === undefined) throw new NotFoundError('App', id);
    return row as unknown as AppRow;
  }

  #channelRow(id: string): ChannelRow {
    const row = this.#database.get('SELECT * FROM channel WHERE id = ?', id);
    if (row === undefined) throw new NotFoundError('Channel', id);
    return row as unknown as ChannelRow;
  }

  #channelsOf(appId: string): ChannelRow[] {
    return rows<ChannelRow>(
      this.#database.all('SELECT * FROM channel WHERE app_id = ? ORDER BY name', appId),
    );
  }

  #variables(channelId: string): { channelId: string; key: string; value: string }[] {
    return rows(
      this.#database.all(
        'SELECT channel_id AS channelId, key, value FROM variable WHERE channel_id = ? ORDER BY key',
        channelId,
      ),
    );
  }

  #revision(id: string | null): RevisionItem | null {
    const row = id === null ? undefined : this.#database.get('SELECT * FROM revision WHERE id = ?', id);
    return row === undefined ? null : revisionItem(row as unknown as RevisionRow);
  }

  #appItem({ id, name, storage_id: storageId }: AppRow): AppItem {
    const channels = this.#channelsOf(id).map((channel) => ({
      id: channel.id,
      name: channel.name,
      activeRevisionNumber: this.#revision(channel.active_revision_id)?.revisionNumber ?? null,
    }));
    return { id, name, storageId, description: null, channels };
  }

  #channelItem(row: ChannelRow): ChannelItem {
    return {
      id: row.id,
      appId: row.app_id,
      name: row.name,
      domain: row.domain,
      revisionSelectionStrategy: row.strategy,
      activeRevision: this.#revision(row.active_revision_id),
      lastPublishAt: row.last_publish_at,
      rangeRule: row.range_rule,
      certificate: null,
      environmentVariables: this.#variables(row.id),
      appSummary: null,
    };
  }
}

function revisionItem({ id, app_id: appId, number }: RevisionRow): RevisionItem {
  return { id, appId, revisionNumber: number, components: [], type: null };
}

function rows<T>(found: Row[]): T[] {
  return found as unknown as T[];
}
