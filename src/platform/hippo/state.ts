// Apps, channels, revisions, variables and certificates in SQLite, and the rules that hold between them
// (hippo-api.md §5). Every method that takes a caller sees only what the caller may: the rest is not found.

import { randomUUID } from 'node:crypto';
import { compare, valid } from 'semver';
import {
  ValidationError,
  type AppItem,
  type CertificateItem,
  type CertificateReplacement,
  type ChannelItem,
  type ChannelPatch,
  type ChannelReplacement,
  type ChannelState,
  type ChannelStatus,
  type DesiredStatus,
  type NewApp,
  type NewCertificate,
  type NewChannel,
  type NewRevision,
  type RevisionItem,
  type SelectionStrategy,
  type Variable,
} from '../../hippo/api.ts';
import { isGiven } from '../../hippo/common.ts';
import { selectRevision } from '../../hippo/rules.ts';
import type { Database } from '../store/database.ts';
import type { Accounts } from './accounts.ts';
import { visibleApps, visibleTeams, type AccountCaller, type Caller } from './caller.ts';
import { defaultDomain } from './domains.ts';
import { NotFoundError } from './errors.ts';
import type { EventLog } from './event-log.ts';
import type { Ownership } from './ownership.ts';
import type { Listing } from './pages.ts';
import { rows } from './rows.ts';
import type { Secrets } from './secrets.ts';

/** What a channel serves. */
export interface ServedChannel {
  readonly id: string;
  readonly name: string;
  readonly appName: string;
  readonly domain: string;
  /** Undefined as long as no revision satisfies the channel. */
  readonly bindle: { readonly name: string; readonly version: string } | undefined;
  /** Its owner wants it not to run. */
  readonly stopped: boolean;
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
  certificate_id: string | null;
  desired_status: DesiredStatus;
}

interface RevisionRow {
  sequence: number;
  id: string;
  app_id: string;
  number: string;
}

interface AppRow {
  id: string;
  name: string;
  storage_id: string;
  team_id: string;
}

interface CertificateRow {
  id: string;
  team_id: string;
  name: string;
  public_key: string;
}

const CERTIFICATE_COLUMNS = 'certificate.id, certificate.team_id, certificate.name, certificate.public_key';

export interface StateOptions {
  readonly database: Database;
  readonly accounts: Accounts;
  readonly ownership: Ownership;
  readonly events: EventLog;
  readonly secrets: Secrets;
  /** Below which channels get their domains: `localhost`. */
  readonly platformDomain: string;
  /** The versions that the Bindle server holds of a name. */
  readonly bindleVersions: (name: string) => readonly string[];
  /** What a bindle says of itself. */
  readonly bindleDescription: (id: { name: string; version: string }) => string | undefined;
  /** Whether somebody may know of bindles of this name. */
  readonly mayRead: (caller: Caller, name: string) => boolean;
  /** Whether a team's apps may run the bindles of this name. */
  readonly mayServe: (teamId: string, name: string) => boolean;
  /** Which of these names a channel's add-ons have already given to variables. */
  readonly takenVariables?: (channelId: string, keys: readonly string[]) => readonly string[];
  /** What a channel that is to run really does, where that is known. */
  readonly channelState?: (channelId: string) => ChannelState | undefined;
  /** Where a channel is served, if it is. */
  readonly channelAddress?: (channel: ChannelPlace) => ChannelAddress;
}

export interface ChannelPlace {
  readonly id: string;
  readonly domain: string;
}

export interface ChannelAddress {
  /** A loopback port of its own. */
  readonly port: number;
  readonly urls: readonly string[];
}

export class HippoState {
  readonly #options: StateOptions;
  /** Channel → the status that was told last. */
  readonly #told = new Map<string, ChannelState>();
  readonly #database: Database;

  constructor(options: StateOptions) {
    this.#options = options;
    this.#database = options.database;
  }

  // Apps

  apps(caller: Caller): Listing<AppRow, AppItem> {
    const { sql, values } = visibleApps(caller);
    return {
      rows: rows<AppRow>(this.#database.all(`SELECT * FROM app WHERE ${sql} ORDER BY name`, ...values)),
      text: (app) => app.name,
      sort: {
        name: (app) => app.name,
        id: (app) => app.id,
        storageid: (app) => app.storage_id,
        teamid: (app) => app.team_id,
      },
      item: (app) => this.#appItem(app),
    };
  }

  /** @throws NotFoundError */
  app(caller: Caller, id: string): AppItem {
    return this.#appItem(this.#appRow(caller, id));
  }

  /** @throws NotFoundError of the team, ValidationError if the name is taken @returns the app's id */
  createApp(caller: AccountCaller, { name, storageId, teamId }: NewApp): string {
    const { accounts, events, bindleVersions } = this.#options;
    return this.#database.transaction(() => {
      const team = isGiven(teamId) ? accounts.demandTeam(caller, teamId).id : accounts.firstTeam(caller.id);
      this.#demandAppName(name);
      if (!this.#options.mayRead(caller, storageId))
        throw new ValidationError('storageId', 'belongs to the bindles of another team');
      const id = randomUUID();
      this.#database.run('INSERT INTO app VALUES (?, ?, ?, ?)', id, name, storageId, team);
      events.add(team, { type: 'app.created', appId: id });
      if (this.#options.mayServe(team, storageId))
        for (const number of bindleVersions(storageId)) this.#addRevision(id, team, number);
      return id;
    });
  }

  /** @throws NotFoundError, ValidationError if another app has the name */
  renameApp(caller: Caller, id: string, name: string): void {
    this.#database.transaction(() => {
      const app = this.#appRow(caller, id);
      if (app.name === name) return;
      this.#demandAppName(name, id);
      this.#database.run('UPDATE app SET name = ? WHERE id = ?', name, id);
      this.#options.events.add(app.team_id, { type: 'app.changed', appId: id });
    });
  }

  /**
   * Gives an app to another team. Its bindle name goes along, unless the team has another app that uses it;
   * certificates, which are the team's, stay.
   * @throws NotFoundError of the app or of the team
   */
  moveApp(caller: Caller, id: string, teamId: string): void {
    const { accounts, events, ownership } = this.#options;
    this.#database.transaction(() => {
      const app = this.#appRow(caller, id);
      const to = accounts.demandTeam(caller, teamId).id;
      const from = app.team_id;
      if (from === to) return;
      this.#database.run('UPDATE app SET team_id = ? WHERE id = ?', to, id);
      this.#database.run('UPDATE channel SET certificate_id = NULL WHERE app_id = ?', id);
      const others = 'SELECT 1 FROM app WHERE storage_id = ? AND team_id = ?';
      if (!this.#database.get(others, app.storage_id, from)) ownership.move(app.storage_id, from, to);
      // Each team sees its side of it.
      events.add(from, { type: 'app.deleted', appId: id });
      events.add(to, { type: 'app.created', appId: id });
    });
  }

  /** With its revisions and channels. @throws NotFoundError @returns the ids of the channels */
  removeApp(caller: Caller, id: string): string[] {
    const { events } = this.#options;
    return this.#database.transaction(() => {
      const { team_id: team } = this.#appRow(caller, id);
      const channels = this.#channelsOf(id).map((channel) => channel.id);
      this.#database.run('DELETE FROM app WHERE id = ?', id);
      for (const channelId of channels) events.add(team, { type: 'channel.deleted', appId: id, channelId });
      events.add(team, { type: 'app.deleted', appId: id });
      return channels;
    });
  }

  // Channels

  channels(caller: Caller, appId?: string): Listing<ChannelRow, ChannelItem> {
    return {
      rows: this.#channelRows(caller, appId),
      text: (channel) => channel.name,
      sort: {
        name: (channel) => channel.name,
        id: (channel) => channel.id,
        appid: (channel) => channel.app_id,
        domain: (channel) => channel.domain,
        revisionselectionstrategy: (channel) => channel.strategy,
        rangerule: (channel) => channel.range_rule,
        lastpublishat: (channel) => channel.last_publish_at,
        desiredstatus: (channel) => channel.desired_status,
      },
      item: (channel) => this.#channelItem(channel, caller),
    };
  }

  /** @throws NotFoundError */
  channel(caller: Caller, id: string): ChannelItem {
    const row = this.#channelRow(caller, id);
    return { ...this.#channelItem(row, caller), appSummary: this.app(caller, row.app_id) };
  }

  /** @throws NotFoundError, ValidationError @returns the channel's id */
  createChannel(caller: Caller, channel: NewChannel): string {
    return this.#database.transaction(() => {
      const app = this.#appRow(caller, channel.appId);
      const strategy = channel.revisionSelectionStrategy ?? 'UseRangeRule';
      demandMatch(strategy, channel.activeRevisionId);
      this.#demandChannelName(app, channel.name);
      if (isGiven(channel.activeRevisionId)) this.#demandRevision(app, channel.activeRevisionId);
      if (isGiven(channel.domain)) this.#demandDomain(channel.domain);
      this.#demandCertificate(app, channel.certificateId);
      const id = randomUUID();
      this.#database.run(
        `INSERT INTO channel (id, app_id, name, domain, strategy, range_rule, certificate_id)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        id,
        app.id,
        channel.name,
        channel.domain ?? this.#defaultDomain(app, channel.name),
        strategy,
        channel.rangeRule ?? (strategy === 'UseRangeRule' ? '*' : null),
        channel.certificateId ?? null,
      );
      this.#options.events.add(app.team_id, { type: 'channel.created', appId: app.id, channelId: id });
      this.#watching(app, () => {
        if (isGiven(channel.activeRevisionId)) this.#activate(id, channel.activeRevisionId);
        this.#reselect(app.id);
      });
      return id;
    });
  }

  /** @throws NotFoundError, ValidationError */
  replaceChannel(caller: Caller, id: string, channel: ChannelReplacement): void {
    this.#database.transaction(() => {
      const ruled = channel.revisionSelectionStrategy === 'UseRangeRule';
      this.#change(caller, id, {
        name: channel.name,
        domain: channel.domain,
        revisionSelectionStrategy: channel.revisionSelectionStrategy,
        rangeRule: channel.rangeRule ?? (ruled ? '*' : null),
        certificateId: channel.certificateId ?? null,
        // Whoever sends back what they have read sends the one that the rule has picked: it picks again.
        ...(ruled ? {} : { activeRevisionId: channel.activeRevisionId ?? null }),
      });
    });
  }

  /** @throws NotFoundError, ValidationError */
  patchChannel(caller: Caller, id: string, patch: ChannelPatch): void {
    this.#database.transaction(() => {
      this.#change(caller, id, patch);
    });
  }

  /** @throws NotFoundError @returns whether that changed anything */
  setDesiredStatus(caller: Caller, id: string, status: DesiredStatus): boolean {
    return this.#database.transaction(() => {
      const row = this.#channelRow(caller, id);
      this.#watching(this.#appRow(caller, row.app_id), () =>
        this.#database.run('UPDATE channel SET desired_status = ? WHERE id = ?', status, id),
      );
      return row.desired_status !== status;
    });
  }

  /** @throws NotFoundError */
  removeChannel(caller: Caller, id: string): void {
    this.#database.transaction(() => {
      const { app_id: appId } = this.#channelRow(caller, id);
      this.#database.run('DELETE FROM channel WHERE id = ?', id);
      const { team_id: team } = this.#appRow(caller, appId);
      this.#options.events.add(team, { type: 'channel.deleted', appId, channelId: id });
    });
  }

  channelStatuses(caller: Caller, channelId?: string): Listing<ChannelRow, ChannelStatus> {
    return {
      rows: this.#channelRows(caller).filter(({ id }) => channelId === undefined || id === channelId),
      text: (channel) => channel.name,
      sort: { channelid: (channel) => channel.id, status: (channel) => this.#status(channel) },
      item: (channel) => ({ channelId: channel.id, status: this.#status(channel) }),
    };
  }

  // Revisions

  revisions(caller: Caller, appId?: string): Listing<RevisionRow, RevisionItem> {
    const { sql, values } = visibleApps(caller);
    return {
      rows: rows<RevisionRow>(
        this.#database.all(
          `SELECT revision.* FROM revision JOIN app ON app.id = app_id
           WHERE ${sql} AND app.id = coalesce(?, app.id) ORDER BY sequence`,
          ...values,
          appId ?? null,
        ),
      ),
      text: (revision) => revision.number,
      sort: {
        id: (revision) => revision.id,
        appid: (revision) => revision.app_id,
        revisionnumber: (revision) => revision.number,
      },
      item: revisionItem,
    };
  }

  /**
   * Makes the version known to the apps with this storage id: of whoever owns the bindle name to all, of others
   * to their own. Doing it again changes nothing. Channels that follow a range rule move to the best revision
   * that they have now.
   * @throws NotFoundError if there is no such app
   */
  registerRevision(caller: Caller, { appStorageId, revisionNumber }: NewRevision): void {
    this.#database.transaction(() => {
      const { sql, values } = this.#options.ownership.owns(caller, appStorageId)
        ? { sql: 'TRUE', values: [] }
        : visibleApps(caller);
      const apps = rows<AppRow>(
        this.#database.all(`SELECT * FROM app WHERE storage_id = ? AND ${sql}`, appStorageId, ...values),
      ).filter((app) => this.#options.mayServe(app.team_id, appStorageId));
      if (apps.length === 0) throw new NotFoundError('App', appStorageId);
      for (const app of apps)
        this.#watching(app, () => {
          this.#addRevision(app.id, app.team_id, revisionNumber);
          this.#reselect(app.id);
        });
    });
  }

  /** @throws NotFoundError */
  removeRevision(caller: Caller, id: string): void {
    this.#database.transaction(() => {
      const { sql, values } = visibleApps(caller);
      const row = this.#database.get(
        `SELECT app.* FROM revision JOIN app ON app.id = app_id WHERE revision.id = ? AND ${sql}`,
        id,
        ...values,
      );
      if (!row) throw new NotFoundError('Revision', id);
      this.#dropRevision(row as unknown as AppRow, id);
    });
  }

  /** Forgets a version in every app with this storage id. */
  forgetVersion(storageId: string, number: string): void {
    this.#database.transaction(() => {
      for (const app of rows<AppRow>(
        this.#database.all('SELECT * FROM app WHERE storage_id = ?', storageId),
      )) {
        const row = this.#database.get(
          'SELECT id FROM revision WHERE app_id = ? AND number = ?',
          app.id,
          number,
        );
        if (row) this.#dropRevision(app, String(row['id']));
      }
    });
  }

  /** True if a channel runs this version. */
  isInUse(storageId: string, number: string): boolean {
    return (
      this.#database.get(
        `SELECT 1 FROM channel JOIN app ON app.id = channel.app_id
         JOIN revision ON revision.id = active_revision_id WHERE storage_id = ? AND number = ?`,
        storageId,
        number,
      ) !== undefined
    );
  }

  // Certificates

  certificates(caller: AccountCaller): Listing<CertificateRow, CertificateItem> {
    const { sql, values } = visibleTeams(caller, 'team_id');
    return {
      rows: rows<CertificateRow>(
        this.#database.all(
          `SELECT ${CERTIFICATE_COLUMNS} FROM certificate WHERE ${sql} ORDER BY name, id`,
          ...values,
        ),
      ),
      text: (certificate) => certificate.name,
      sort: {
        name: (certificate) => certificate.name,
        id: (certificate) => certificate.id,
        teamid: (certificate) => certificate.team_id,
      },
      item: (certificate) => ({
        ...certificateItem(certificate),
        channels: this.#channelsWith(certificate.id).map((channel) => this.#channelItem(channel, caller)),
      }),
    };
  }

  /** @throws NotFoundError of the team, ValidationError if the name is taken @returns the certificate's id */
  createCertificate(caller: AccountCaller, certificate: NewCertificate): string {
    const { accounts, secrets } = this.#options;
    return this.#database.transaction(() => {
      const { name, publicKey, privateKey, teamId } = certificate;
      const team = isGiven(teamId) ? accounts.demandTeam(caller, teamId).id : accounts.firstTeam(caller.id);
      this.#demandCertificateName(team, name);
      const id = randomUUID();
      const encrypted = secrets.encrypt(privateKey);
      this.#database.run(
        'INSERT INTO certificate VALUES (?, ?, ?, ?, ?)',
        id,
        team,
        name,
        publicKey,
        encrypted,
      );
      return id;
    });
  }

  /** @throws NotFoundError, ValidationError if the name is taken */
  replaceCertificate(caller: AccountCaller, id: string, certificate: CertificateReplacement): void {
    this.#database.transaction(() => {
      const { team_id: team } = this.#certificateRow(caller, id);
      const { name, publicKey, privateKey } = certificate;
      this.#demandCertificateName(team, name, id);
      this.#database.run(
        'UPDATE certificate SET name = ?, public_key = ?, private_key = ? WHERE id = ?',
        name,
        publicKey,
        this.#options.secrets.encrypt(privateKey),
        id,
      );
    });
  }

  /** Channels that had it have none. @throws NotFoundError */
  removeCertificate(caller: AccountCaller, id: string): void {
    this.#database.transaction(() => {
      this.#certificateRow(caller, id);
      this.#database.run('DELETE FROM certificate WHERE id = ?', id);
    });
  }

  // For other rooms, which have checked whom they ask for

  /** An app by its id, whoever's it is. */
  appPlace(id: string): { id: string; name: string; teamId: string } | undefined {
    const row = this.#database.get('SELECT id, name, team_id AS teamId FROM app WHERE id = ?', id);
    return row as { id: string; name: string; teamId: string } | undefined;
  }

  /** A channel by its id, whoever's it is. */
  channelPlace(id: string): { id: string; name: string; appId: string } | undefined {
    const row = this.#database.get('SELECT id, name, app_id AS appId FROM channel WHERE id = ?', id);
    return row as { id: string; name: string; appId: string } | undefined;
  }

  visibleChannels(caller: Caller): { id: string; name: string; appId: string }[] {
    return this.#channelRows(caller).map(({ id, name, app_id: appId }) => ({ id, name, appId }));
  }

  /** Names of the variables that a channel's owner has set. */
  variableNames(channelId: string): string[] {
    return this.#variables(channelId).map(({ key }) => key);
  }

  // What is served

  /** The channel that is served under `domain`. */
  channelAt(domain: string): ServedChannel | undefined {
    return this.#served('channel.domain = ?', domain)[0];
  }

  /** A channel by its id. */
  servedChannel(id: string): ServedChannel | undefined {
    return this.#served('channel.id = ?', id)[0];
  }

  servedChannels(): ServedChannel[] {
    return this.#served('TRUE');
  }

  /** What `channelState` says of a channel is not what it was: those who listen are told. */
  channelStateChanged(id: string): void {
    const row = this.#database.get('SELECT * FROM channel WHERE id = ?', id) as unknown as
      ChannelRow | undefined;
    if (row === undefined) return void this.#told.delete(id);
    const status = this.#status(row);
    if (this.#told.get(id) === status) return;
    this.#told.set(id, status);
    const app = this.#database.get('SELECT * FROM app WHERE id = ?', row.app_id) as unknown as AppRow;
    const { events } = this.#options;
    events.add(app.team_id, { type: 'channel.status', appId: app.id, channelId: id, status });
  }

  #served(condition: string, ...values: string[]): ServedChannel[] {
    const found = this.#database.all(
      `SELECT channel.id, channel.name, channel.domain, channel.desired_status, app.name AS app_name,
         app.storage_id, revision.number
       FROM channel JOIN app ON app.id = channel.app_id
       LEFT JOIN revision ON revision.id = channel.active_revision_id
       WHERE ${condition}`,
      ...values,
    );
    return rows<{
      id: string;
      name: string;
      domain: string;
      desired_status: DesiredStatus;
      app_name: string;
      storage_id: string;
      number: string | null;
    }>(found).map((row) => ({
      id: row.id,
      name: row.name,
      appName: row.app_name,
      domain: row.domain,
      bindle: row.number === null ? undefined : { name: row.storage_id, version: row.number },
      stopped: row.desired_status === 'Dead',
      environment: Object.fromEntries(this.#variables(row.id).map(({ key, value }) => [key, value])),
    }));
  }

  #change(caller: Caller, id: string, patch: ChannelPatch): void {
    const row = this.#channelRow(caller, id);
    const app = this.#appRow(caller, row.app_id);
    const { name, domain, rangeRule, revisionSelectionStrategy, activeRevisionId, certificateId } = patch;
    const strategy = revisionSelectionStrategy ?? row.strategy;
    if (isGiven(activeRevisionId)) this.#demandRevision(app, activeRevisionId);
    if (strategy === 'UseRangeRule') demandMatch(strategy, activeRevisionId);
    if (name !== undefined && name !== row.name) this.#demandChannelName(app, name);
    if (domain !== undefined) this.#demandDomain(domain, id);
    this.#demandCertificate(app, certificateId);
    this.#watching(app, () => {
      this.#database.run(
        `UPDATE channel SET name = ?, domain = ?, strategy = ?, range_rule = ?, certificate_id = ? WHERE id = ?`,
        name ?? row.name,
        domain ?? row.domain,
        strategy,
        rangeRule === undefined ? row.range_rule : rangeRule,
        certificateId === undefined ? row.certificate_id : certificateId,
        id,
      );
      if (activeRevisionId === null)
        this.#database.run('UPDATE channel SET active_revision_id = NULL WHERE id = ?', id);
      else if (activeRevisionId !== undefined) this.#activate(id, activeRevisionId);
      if (patch.environmentVariables !== undefined) this.#setVariables(id, patch.environmentVariables ?? []);
      this.#reselect(app.id);
    });
  }

  #setVariables(channelId: string, variables: readonly Variable[]): void {
    if (new Set(variables.map(({ key }) => key)).size < variables.length)
      throw new ValidationError('environmentVariables', 'must not have the same key twice');
    const had = new Set(this.#variables(channelId).map(({ key }) => key));
    const keys = variables.map(({ key }) => key).filter((key) => !had.has(key));
    const [taken] = this.#options.takenVariables?.(channelId, keys) ?? [];
    if (taken !== undefined)
      throw new ValidationError(
        'environmentVariables',
        `must not have ${taken}, which an add-on gives the channel: take another name, or attach the add-on under another one`,
      );
    this.#database.run('DELETE FROM variable WHERE channel_id = ?', channelId);
    for (const { key, value } of variables)
      this.#database.run('INSERT INTO variable VALUES (?, ?, ?)', channelId, key, value);
  }

  /** Tells of every channel of the app that `work` leaves different, and of those whose status it changes. */
  #watching(app: AppRow, work: () => void): void {
    const { events } = this.#options;
    const picture = (channel: ChannelRow): string => JSON.stringify([channel, this.#variables(channel.id)]);
    const before = new Map(
      this.#channelsOf(app.id).map((channel) => [
        channel.id,
        { picture: picture(channel), status: this.#status(channel) },
      ]),
    );
    work();
    for (const channel of this.#channelsOf(app.id)) {
      const old = before.get(channel.id);
      const about = { appId: app.id, channelId: channel.id };
      if (old !== undefined && old.picture !== picture(channel)) {
        const revision = this.#revision(channel.active_revision_id);
        events.add(app.team_id, {
          type: 'channel.changed',
          ...about,
          ...(revision && { revisionId: revision.id, revisionNumber: revision.revisionNumber }),
        });
      }
      const status = this.#status(channel);
      if (old?.status === status) continue;
      this.#told.set(channel.id, status);
      events.add(app.team_id, { type: 'channel.status', ...about, status });
    }
  }

  #addRevision(appId: string, teamId: string, number: string): void {
    const id = randomUUID();
    const added = this.#database.run(
      'INSERT INTO revision (id, app_id, number) VALUES (?, ?, ?) ON CONFLICT (app_id, number) DO NOTHING',
      id,
      appId,
      number,
    );
    const about = { appId, revisionId: id, revisionNumber: number };
    if (added > 0) this.#options.events.add(teamId, { type: 'revision.created', ...about });
  }

  #dropRevision(app: AppRow, id: string): void {
    this.#watching(app, () => {
      const number = this.#revision(id)?.revisionNumber ?? '';
      this.#database.run('DELETE FROM revision WHERE id = ?', id);
      const about = { appId: app.id, revisionId: id, revisionNumber: number };
      this.#options.events.add(app.team_id, { type: 'revision.deleted', ...about });
      this.#reselect(app.id);
    });
  }

  /** Moves each channel of the app that follows a rule to the best revision; one without a match stays. */
  #reselect(appId: string): void {
    const revisions = this.#revisionsOf(appId);
    const numbers = revisions.map(({ number }) => number);
    for (const channel of this.#channelsOf(appId)) {
      if (channel.strategy !== 'UseRangeRule') continue;
      const best = selectRevision(channel.range_rule ?? '*', numbers);
      const revision = revisions.find(({ number }) => number === best);
      if (revision !== undefined && revision.id !== channel.active_revision_id)
        this.#activate(channel.id, revision.id);
    }
  }

  #demandRevision(app: AppRow, id: string): void {
    if (!this.#database.get('SELECT 1 FROM revision WHERE id = ? AND app_id = ?', id, app.id))
      throw new NotFoundError('Revision', id);
  }

  #activate(channelId: string, revisionId: string): void {
    this.#database.run(
      `UPDATE channel SET active_revision_id = ?, last_publish_at = ?
       WHERE id = ? AND active_revision_id IS NOT ?`,
      revisionId,
      new Date().toISOString(),
      channelId,
      revisionId,
    );
  }

  #demandAppName(name: string, except = ''): void {
    if (this.#database.get('SELECT 1 FROM app WHERE name = ? AND id <> ?', name, except))
      throw new ValidationError('name', `is taken: there is an app ${name} already`);
  }

  #demandChannelName(app: AppRow, name: string): void {
    if (this.#channelsOf(app.id).some((channel) => channel.name === name))
      throw new ValidationError('name', `is taken: ${app.name} has a channel ${name} already`);
  }

  #demandDomain(domain: string, except = ''): void {
    if (this.#database.get('SELECT 1 FROM channel WHERE domain = ? AND id <> ?', domain, except))
      throw new ValidationError('domain', `is taken: ${domain} belongs to another channel`);
  }

  /** Of the app's own team: a channel of another must not serve with it. */
  #demandCertificate(app: AppRow, id: string | null | undefined): void {
    if (!isGiven(id)) return;
    if (!this.#database.get('SELECT 1 FROM certificate WHERE id = ? AND team_id = ?', id, app.team_id))
      throw new NotFoundError('Certificate', id);
  }

  #demandCertificateName(teamId: string, name: string, except = ''): void {
    const sql = 'SELECT 1 FROM certificate WHERE team_id = ? AND name = ? AND id <> ?';
    if (this.#database.get(sql, teamId, name, except)) throw new ValidationError('name', 'is taken');
  }

  #defaultDomain(app: AppRow, channel: string): string {
    return defaultDomain(app.name, channel, {
      first: this.#channelsOf(app.id).length === 0,
      platformDomain: this.#options.platformDomain,
      isTaken: (domain) => this.#database.get('SELECT 1 FROM channel WHERE domain = ?', domain) !== undefined,
    });
  }

  #appRow(caller: Caller, id: string): AppRow {
    const { sql, values } = visibleApps(caller);
    const row = this.#database.get(`SELECT * FROM app WHERE id = ? AND ${sql}`, id, ...values);
    if (row === undefined) throw new NotFoundError('App', id);
    return row as unknown as AppRow;
  }

  #channelRow(caller: Caller, id: string): ChannelRow {
    const { sql, values } = visibleApps(caller);
    const row = this.#database.get(
      `SELECT channel.* FROM channel JOIN app ON app.id = app_id WHERE channel.id = ? AND ${sql}`,
      id,
      ...values,
    );
    if (row === undefined) throw new NotFoundError('Channel', id);
    return row as unknown as ChannelRow;
  }

  #channelRows(caller: Caller, appId?: string): ChannelRow[] {
    const { sql, values } = visibleApps(caller);
    const found = this.#database.all(
      `SELECT channel.* FROM channel JOIN app ON app.id = app_id WHERE ${sql} ORDER BY channel.name, channel.id`,
      ...values,
    );
    return rows<ChannelRow>(found).filter((channel) => appId === undefined || channel.app_id === appId);
  }

  #channelsOf(appId: string): ChannelRow[] {
    return rows<ChannelRow>(
      this.#database.all('SELECT * FROM channel WHERE app_id = ? ORDER BY name', appId),
    );
  }

  #channelsWith(certificateId: string): ChannelRow[] {
    return rows<ChannelRow>(
      this.#database.all('SELECT * FROM channel WHERE certificate_id = ? ORDER BY name, id', certificateId),
    );
  }

  #certificateRow(caller: AccountCaller, id: string): CertificateRow {
    const { sql, values } = visibleTeams(caller, 'team_id');
    const row = this.#database.get(
      `SELECT ${CERTIFICATE_COLUMNS} FROM certificate WHERE id = ? AND ${sql}`,
      id,
      ...values,
    );
    if (row === undefined) throw new NotFoundError('Certificate', id);
    return row as unknown as CertificateRow;
  }

  #revisionsOf(appId: string): RevisionRow[] {
    return rows<RevisionRow>(
      this.#database.all('SELECT * FROM revision WHERE app_id = ? ORDER BY sequence', appId),
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

  #status(channel: ChannelRow): ChannelState {
    if (channel.desired_status === 'Dead' || channel.active_revision_id === null) return 'Dead';
    return this.#options.channelState?.(channel.id) ?? 'Running';
  }

  #appItem({ id, name, storage_id: storageId, team_id: teamId }: AppRow): AppItem {
    const channels = this.#channelsOf(id).map((channel) => ({
      id: channel.id,
      name: channel.name,
      activeRevisionNumber: this.#revision(channel.active_revision_id)?.revisionNumber ?? null,
    }));
    const version = highest(this.#revisionsOf(id).map(({ number }) => number));
    const description =
      version === undefined ? undefined : this.#options.bindleDescription({ name: storageId, version });
    return { id, name, storageId, description: description ?? null, channels, teamId };
  }

  #channelItem(row: ChannelRow, caller: Caller): ChannelItem {
    const address = this.#options.channelAddress?.(row);
    const certificate =
      row.certificate_id === null
        ? undefined
        : this.#database.get(
            `SELECT ${CERTIFICATE_COLUMNS} FROM certificate WHERE id = ?`,
            row.certificate_id,
          );
    return {
      id: row.id,
      appId: row.app_id,
      name: row.name,
      domain: row.domain,
      revisionSelectionStrategy: row.strategy,
      activeRevision: this.#revision(row.active_revision_id),
      lastPublishAt: row.last_publish_at,
      rangeRule: row.range_rule,
      certificate:
        certificate === undefined
          ? null
          : { ...certificateItem(certificate as unknown as CertificateRow), channels: [] },
      // They may hold passwords, which publishing has no need of.
      environmentVariables: caller.kind === 'deploy' ? [] : this.#variables(row.id),
      appSummary: null,
      desiredStatus: row.desired_status,
      ...(address && { port: address.port, urls: [...address.urls] }),
    };
  }
}

/** A rule picks the revision itself; a fixed one has to be named (hippo-api.md §4 "Channels"). */
function demandMatch(strategy: SelectionStrategy, activeRevisionId: string | null | undefined): void {
  if ((strategy === 'UseSpecifiedRevision') !== isGiven(activeRevisionId))
    throw new ValidationError(
      'activeRevisionId',
      'must be given with "UseSpecifiedRevision", and only then: the two do not match up',
    );
}

/** The highest version; of numbers that are none, the last. */
function highest(numbers: readonly string[]): string | undefined {
  const versions = numbers.filter((number) => valid(number) !== null);
  return (
    versions.reduce<string | undefined>(
      (best, number) => (best === undefined || compare(number, best) > 0 ? number : best),
      undefined,
    ) ?? numbers.at(-1)
  );
}

function revisionItem({ id, app_id: appId, number }: RevisionRow): RevisionItem {
  return { id, appId, revisionNumber: number, components: [], type: null };
}

function certificateItem(row: CertificateRow): Omit<CertificateItem, 'channels'> {
  const { id, name, public_key: publicKey, team_id: teamId } = row;
  return { id, name, publicKey, privateKey: '', teamId };
}
