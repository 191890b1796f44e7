// A client of Hippo's REST API that gets on with servers of all three dialects (hippo-api.md §1-§8).

import type { Readable } from 'node:stream';
import type {
  AppItem,
  CertificateItem,
  CertificateReplacement,
  ChannelItem,
  ChannelPatch,
  ChannelReplacement,
  ChannelState,
  ChannelStatus,
  CreatedDeployToken,
  DeployTokenItem,
  DesiredStatus,
  HippoEvent,
  KeyItem,
  Myself,
  NewApp,
  NewCertificate,
  NewChannel,
  NewDeployToken,
  NewRevision,
  Pruned,
  RevisionItem,
  Session,
  StoredBindle,
  TeamItem,
} from './api.ts';
import {
  HippoConnection,
  type CallOptions,
  type HippoConnectionOptions,
  type StreamOptions,
} from './connection.ts';
import { OLD_PATHS, toOldChannel, type Dialect } from './dialects.ts';
import { HippoError } from './errors.ts';
import { pathOf, routes } from './routes.ts';

export type { CallOptions } from './connection.ts';
export type { Dialect } from './dialects.ts';
export { HippoError, type HippoErrorCode } from './errors.ts';

export type HippoClientOptions = HippoConnectionOptions;

/** What answers at an address. */
export interface HippoIdentity {
  readonly dialect: Dialect;
  /** Of a local Hippo; others do not say. */
  readonly product: string | undefined;
  readonly version: string | undefined;
  /** Changes with each start. */
  readonly instance: string | undefined;
}

/** Every method throws HippoError. */
export class HippoClient {
  readonly #connection: HippoConnection;

  /** @throws HippoError `BAD_URL` */
  constructor(options: HippoClientOptions) {
    this.#connection = new HippoConnection(options);
  }

  get url(): URL {
    return this.#connection.url;
  }

  /** For clients of what is served beside Hippo's own API: they sign in together. */
  get connection(): HippoConnection {
    return this.#connection;
  }

  /** Which dialect the server speaks. Asks, without a token and without changing anything, once. */
  dialect(options: CallOptions = {}): Promise<Dialect> {
    return this.#connection.dialect(options);
  }

  /** What answers at this address. @throws HippoError `NOT_HIPPO` */
  async identify(options: CallOptions = {}): Promise<HippoIdentity> {
    const dialect = await this.dialect(options);
    const health = await this.#connection.health(options);
    const word = (key: string): string | undefined =>
      typeof health?.[key] === 'string' ? health[key] : undefined;
    return { dialect, product: word('product'), version: word('version'), instance: word('instance') };
  }

  // Accounts and sessions

  /** The token that a request would go out with now, renewed if it has to be; undefined without any. */
  bearer(options: CallOptions = {}): Promise<string | undefined> {
    return this.#connection.bearer(options);
  }

  /** Signs in and goes on with what that gives. */
  signIn(userName: string, password: string, options: CallOptions = {}): Promise<Session> {
    return this.#connection.signIn(userName, password, options);
  }

  /** Ends the session, on a server that can; the client knows none afterwards. */
  signOut(options: CallOptions = {}): Promise<void> {
    return this.#connection.signOut(options);
  }

  /** Who the server takes the client for; of an older server, what the token says of itself. */
  async whoami(options: CallOptions = {}): Promise<Myself> {
    const claimed = (await this.dialect(options)) === 'P' ? undefined : claims(await this.bearer());
    if (claimed) return claimed;
    try {
      return await this.#connection.call('getMyself', options);
    } catch (error) {
      // A real Hippo has no such path.
      const known =
        error instanceof HippoError && error.code === 'NOT_FOUND' ? claims(await this.bearer()) : undefined;
      if (known) return known;
      throw error;
    }
  }

  /** @returns the account's id */
  async register(userName: string, password: string, options: CallOptions = {}): Promise<string> {
    return this.#connection.call('registerAccount', { ...options, body: { userName, password } });
  }

  // Apps

  async apps(options: CallOptions & { searchText?: string } = {}): Promise<AppItem[]> {
    return this.#connection.all('listApps', options, { searchText: options.searchText });
  }

  /** The apps whose bindles have this name. */
  async findApps(storageId: string, options: CallOptions = {}): Promise<AppItem[]> {
    return (await this.apps(options)).filter((app) => app.storageId === storageId);
  }

  async app(id: string, options: CallOptions = {}): Promise<AppItem> {
    if ((await this.dialect(options)) === 'P')
      return this.#connection.call('getApp', { ...options, params: { id } });
    const found = (await this.apps(options)).find((app) => app.id === id);
    if (!found) throw new HippoError('NOT_FOUND', `Hippo at ${this.url.origin} has no app ${id}.`);
    return found;
  }

  /** @returns the app's id */
  async createApp(app: NewApp, options: CallOptions = {}): Promise<string> {
    if ((await this.dialect(options)) !== 'O')
      return this.#connection.call('createApp', { ...options, body: app });
    const body = { applicationName: app.name, storageId: app.storageId };
    return this.#connection.createOld(OLD_PATHS.createApp, body, options);
  }

  async renameApp(id: string, name: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('updateApp', { ...options, params: { id }, body: { id, name } });
  }

  async moveApp(id: string, teamId: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('moveApp', { ...options, params: { id }, body: { teamId } });
  }

  async removeApp(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('deleteApp', { ...options, params: { id } });
  }

  // Channels

  async channels(options: CallOptions & { appId?: string } = {}): Promise<ChannelItem[]> {
    const { appId } = options;
    const channels = await this.#connection.all<ChannelItem>('listChannels', options, { appId });
    // Real servers know no filter by app.
    return appId === undefined ? channels : channels.filter((channel) => channel.appId === appId);
  }

  async channel(id: string, options: CallOptions = {}): Promise<ChannelItem> {
    return this.#connection.call('getChannel', { ...options, params: { id } });
  }

  /** @returns the channel's id */
  async createChannel(channel: NewChannel, options: CallOptions = {}): Promise<string> {
    if ((await this.dialect(options)) !== 'O')
      return this.#connection.call('createChannel', {
        ...options,
        body: { revisionSelectionStrategy: 'UseRangeRule', ...channel },
      });
    if (channel.revisionSelectionStrategy === 'UseSpecifiedRevision')
      throw this.#connection.unsupported('fixed revisions by id');
    return this.#connection.createOld(OLD_PATHS.channel, toOldChannel(channel), options);
  }

  /** Replaces the whole channel but its variables and its desired status. */
  async replaceChannel(channel: ChannelReplacement, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('updateChannel', { ...options, params: { id: channel.id }, body: channel });
  }

  /** Changes what is given; null unsets. `environmentVariables` is the whole set. */
  async patchChannel(id: string, patch: ChannelPatch, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('patchChannel', { ...options, params: { id }, body: patch });
  }

  async setDesiredStatus(
    channelId: string,
    desiredStatus: DesiredStatus,
    options: CallOptions = {},
  ): Promise<void> {
    const body = { channelId, desiredStatus };
    await this.#connection.call('setDesiredStatus', { ...options, params: { channelId }, body });
  }

  async removeChannel(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('deleteChannel', { ...options, params: { id } });
  }

  /** The last lines, oldest first. */
  async channelLogs(id: string, options: CallOptions = {}): Promise<string[]> {
    return (await this.#connection.call('getChannelLogs', { ...options, params: { id } })).logs;
  }

  /** The last lines and then those that come, until the signal or the end of the channel. */
  async *followChannelLogs(id: string, options: CallOptions = {}): AsyncGenerator<string> {
    const path = pathOf(routes.followChannelLogs.path, { id });
    for await (const { data } of this.#connection.stream(path, options)) yield JSON.parse(data) as string;
  }

  async channelStatuses(options: CallOptions = {}): Promise<ChannelStatus[]> {
    return this.#connection.all('listChannelStatuses', options, {});
  }

  async channelStatus(id: string, options: CallOptions = {}): Promise<ChannelState> {
    const page = await this.#connection.call('listChannelStatuses', { ...options, query: { channelId: id } });
    return page.items.find(({ channelId }) => channelId === id)?.status ?? 'Unknown';
  }

  // Revisions

  /** In the order in which they were registered. */
  async revisions(options: CallOptions & { appId?: string } = {}): Promise<RevisionItem[]> {
    const { appId } = options;
    const revisions = await this.#connection.all<RevisionItem>('listRevisions', options, { appId });
    return appId === undefined ? revisions : revisions.filter((revision) => revision.appId === appId);
  }

  /** Tells the server of a bindle that it may run. @throws HippoError `NOT_FOUND` if no app has this storage id */
  async registerRevision(revision: NewRevision, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('registerRevision', { ...options, body: revision });
  }

  async removeRevision(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('deleteRevision', { ...options, params: { id } });
  }

  // Certificates and storages

  async certificates(options: CallOptions = {}): Promise<CertificateItem[]> {
    return this.#connection.all('listCertificates', options, {});
  }

  /** @returns the certificate's id */
  async createCertificate(certificate: NewCertificate, options: CallOptions = {}): Promise<string> {
    return this.#connection.call('createCertificate', { ...options, body: certificate });
  }

  async replaceCertificate(certificate: CertificateReplacement, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('updateCertificate', {
      ...options,
      params: { id: certificate.id },
      body: certificate,
    });
  }

  async removeCertificate(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('deleteCertificate', { ...options, params: { id } });
  }

  /** Names of bindles that contain the text. */
  async storages(searchText = '', options: CallOptions = {}): Promise<string[]> {
    return this.#connection.all('listStorages', options, { searchText });
  }

  // Teams, deploy tokens, keys: on servers of this product

  async teams(options: CallOptions = {}): Promise<TeamItem[]> {
    return this.#connection.all('listTeams', options, {});
  }

  /** @returns the team's id */
  async createTeam(name: string, options: CallOptions = {}): Promise<string> {
    return this.#connection.call('createTeam', { ...options, body: { name } });
  }

  async removeTeam(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('deleteTeam', { ...options, params: { id } });
  }

  async addTeamMember(teamId: string, userName: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('addMember', { ...options, params: { id: teamId }, body: { userName } });
  }

  async removeTeamMember(teamId: string, userName: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('removeMember', { ...options, params: { id: teamId, userName } });
  }

  async deployTokens(options: CallOptions & { appId?: string } = {}): Promise<DeployTokenItem[]> {
    return this.#connection.all('listDeployTokens', options, { appId: options.appId });
  }

  /** The answer holds the token, which nobody can ask for again. */
  async createDeployToken(token: NewDeployToken, options: CallOptions = {}): Promise<CreatedDeployToken> {
    return this.#connection.call('createDeployToken', { ...options, body: token });
  }

  async revokeDeployToken(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('deleteDeployToken', { ...options, params: { id } });
  }

  async keys(options: CallOptions = {}): Promise<KeyItem[]> {
    return this.#connection.all('listKeys', options, {});
  }

  async revokeKey(id: string, options: CallOptions = {}): Promise<void> {
    await this.#connection.call('revokeKey', { ...options, params: { id } });
  }

  // The platform

  /**
   * Events as they come, from now on or after `lastEventId`. Ends when the server closes the stream; a new call
   * with the id of the last event goes on without a gap. A held stream keeps a local Hippo from ending itself.
   * What is read after `onOpen` is at least as new as the first event.
   */
  async *events(
    options: StreamOptions & { lastEventId?: string | undefined } = {},
  ): AsyncGenerator<{ id: string; event: HippoEvent }> {
    const { lastEventId } = options;
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    for await (const { id, data } of this.#connection.stream(routes.events.path, options, headers))
      yield { id, event: JSON.parse(data) as HippoEvent };
  }

  /** Sends a bindle in standalone form, which the server checks and stores as a whole. */
  async uploadBindle(
    archive: Readable,
    options: CallOptions & { length?: number } = {},
  ): Promise<StoredBindle> {
    const { length } = options;
    const content = { stream: archive, ...(length === undefined ? {} : { length }) };
    return this.#connection.call('uploadBindle', { ...options, content });
  }

  /** Removes development versions beyond the newest `keep` per user and name, and none that a channel runs. */
  async prune(keep: number, options: CallOptions = {}): Promise<Pruned> {
    return this.#connection.call('prune', { ...options, body: { dev: true, keep } });
  }

  /** Ends the connections; requests in flight are finished. */
  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** What a token says of whom it was given to; not checked, only for show. */
function claims(token: string | undefined): Myself | undefined {
  const body = readClaims(token?.split('.')[1] ?? '');
  const claim = (...names: string[]): string | undefined =>
    names.map((name) => body?.[name]).find((value): value is string => typeof value === 'string');
  const userName = claim('unique_name', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name', 'sub');
  if (userName === undefined) return undefined;
  const id = claim('http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier', 'nameid', 'sub');
  return { id: id ?? '', userName, administrator: false, teams: [] };
}

function readClaims(part: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
