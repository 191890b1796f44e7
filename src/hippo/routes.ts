// Every route of Hippo's REST API, final dialect, with this product's additions: the one table from which the
// server is built, requests and answers are checked, the client gets its types and /openapi.json is written.

import Type, { type Static, type TSchema } from 'typebox';
import {
  AccountItem,
  CreatedDeployToken,
  DeployTokenItem,
  KeyItem,
  Myself,
  NewAccount,
  NewDeployToken,
  Refresh,
  Session,
  SignIn,
} from './accounts.ts';
import { AppChange, AppItem, AppMove, NewApp, NewRevision, RevisionItem } from './apps.ts';
import {
  CertificateItem,
  CertificateReplacement,
  ChannelItem,
  ChannelLogs,
  ChannelPatch,
  ChannelReplacement,
  ChannelStatus,
  DesiredStatusChange,
  NewCertificate,
  NewChannel,
} from './channels.ts';
import { Guid, MAX_COUNT, page, pageQuery } from './common.ts';
import { HippoEvent, Prune, Pruned, StoredBindle } from './events.ts';
import { NewMember, NewTeam, TeamItem } from './teams.ts';

/**
 * Who may send a request: `anyone` needs no account; `deployer` is an account or a deploy token, which sees
 * its own app and nothing else.
 */
export type Access = 'anyone' | 'deployer' | 'account' | 'administrator';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Parameters stand in braces. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  /** What each parameter of the path names: a `Member` goes by its user name, all else by its GUID. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** The type of a body that is not JSON, which the route reads itself. */
  readonly bodyType?: string;
  /** Members of the body may be wrapped as `{"value": …}`. */
  readonly unwrap?: true;
  readonly status: 200 | 201 | 204;
  /** Absent where the answer has no body. */
  readonly answer?: TSchema;
  /** The type of an answer that is not JSON. */
  readonly answerType?: string;
}

const created = { status: 200, answer: Guid } as const;
const done = { status: 204 } as const;
const byId = <E extends string>(entity: E) => ({ params: { id: entity } }) as const;
const search = { query: pageQuery({}) } as const;
const ofApp = { query: pageQuery({ appId: Type.Optional(Guid) }) } as const;

export const routes = {
  registerAccount: {
    method: 'POST',
    path: '/api/accounts',
    access: 'anyone',
    summary:
      'Makes an account with a team of its own name; where registration is closed, for administrators.',
    body: NewAccount,
    ...created,
  },
  listAccounts: {
    method: 'GET',
    path: '/api/accounts',
    access: 'administrator',
    summary: 'Lists the accounts.',
    ...search,
    status: 200,
    answer: page(AccountItem),
  },
  getMyself: {
    method: 'GET',
    path: '/api/accounts/me',
    access: 'deployer',
    summary: 'Says who the request comes from.',
    status: 200,
    answer: Myself,
  },
  signIn: {
    method: 'POST',
    path: '/api/auth-tokens',
    access: 'anyone',
    summary: 'Signs in with user name and password.',
    body: SignIn,
    status: 200,
    answer: Session,
  },
  refreshSession: {
    method: 'POST',
    path: '/api/auth-tokens/refresh',
    access: 'anyone',
    summary: 'Exchanges a refresh token, which can be used once, for a token and the next refresh token.',
    body: Refresh,
    status: 200,
    answer: Session,
  },
  signOut: {
    method: 'POST',
    path: '/api/auth-tokens/revoke',
    access: 'anyone',
    summary: 'Ends the session that a refresh token belongs to, with all its tokens.',
    body: Refresh,
    ...done,
  },

  listApps: {
    method: 'GET',
    path: '/api/apps',
    access: 'deployer',
    summary: 'Lists the apps.',
    ...search,
    status: 200,
    answer: page(AppItem),
  },
  createApp: {
    method: 'POST',
    path: '/api/apps',
    access: 'account',
    summary: 'Makes an app, with the versions that the Bindle server holds as its revisions.',
    body: NewApp,
    ...created,
  },
  getApp: {
    method: 'GET',
    path: '/api/apps/{id}',
    access: 'deployer',
    summary: 'Gives an app.',
    ...byId('App'),
    status: 200,
    answer: AppItem,
  },
  updateApp: {
    method: 'PUT',
    path: '/api/apps/{id}',
    access: 'account',
    summary: 'Renames an app.',
    ...byId('App'),
    body: AppChange,
    ...done,
  },
  moveApp: {
    method: 'POST',
    path: '/api/apps/{id}/move',
    access: 'account',
    summary:
      'Gives an app, and its bindle name if the team has no other app on it, to another of your teams.',
    ...byId('App'),
    body: AppMove,
    ...done,
  },
  deleteApp: {
    method: 'DELETE',
    path: '/api/apps/{id}',
    access: 'account',
    summary: 'Removes an app with its channels and revisions.',
    ...byId('App'),
    ...done,
  },

  listChannels: {
    method: 'GET',
    path: '/api/channels',
    access: 'deployer',
    summary: 'Lists the channels.',
    ...ofApp,
    status: 200,
    answer: page(ChannelItem),
  },
  createChannel: {
    method: 'POST',
    path: '/api/channels',
    access: 'account',
    summary: 'Makes a channel.',
    body: NewChannel,
    ...created,
  },
  getChannel: {
    method: 'GET',
    path: '/api/channels/{id}',
    access: 'deployer',
    summary: 'Gives a channel with its app.',
    ...byId('Channel'),
    status: 200,
    answer: ChannelItem,
  },
  updateChannel: {
    method: 'PUT',
    path: '/api/channels/{id}',
    access: 'account',
    summary: 'Replaces a channel, but for its variables.',
    ...byId('Channel'),
    body: ChannelReplacement,
    ...done,
  },
  patchChannel: {
    method: 'PATCH',
    path: '/api/channels/{id}',
    access: 'account',
    summary: 'Changes those members of a channel that are there.',
    ...byId('Channel'),
    body: ChannelPatch,
    unwrap: true,
    ...done,
  },
  setDesiredStatus: {
    method: 'PUT',
    path: '/api/channels/{channelId}/desired-status',
    access: 'account',
    summary: 'Stops a channel or lets it run again.',
    params: { channelId: 'Channel' },
    body: DesiredStatusChange,
    ...done,
  },
  deleteChannel: {
    method: 'DELETE',
    path: '/api/channels/{id}',
    access: 'account',
    summary: 'Removes a channel.',
    ...byId('Channel'),
    ...done,
  },
  getChannelLogs: {
    method: 'GET',
    path: '/api/channels/{id}/logs',
    access: 'account',
    summary: 'Gives the last lines that a channel has logged.',
    ...byId('Channel'),
    status: 200,
    answer: ChannelLogs,
  },
  followChannelLogs: {
    method: 'GET',
    path: '/api/channels/{id}/logs/live',
    access: 'account',
    summary: 'Gives the last lines of a log and then those that come (server-sent events, a line each).',
    ...byId('Channel'),
    status: 200,
    answer: Type.String(),
    answerType: 'text/event-stream',
  },
  listChannelStatuses: {
    method: 'GET',
    path: '/api/channel-statuses',
    access: 'deployer',
    summary: 'Says which channels run.',
    query: pageQuery({ channelId: Type.Optional(Guid) }, MAX_COUNT),
    status: 200,
    answer: page(ChannelStatus),
  },

  listRevisions: {
    method: 'GET',
    path: '/api/revisions',
    access: 'deployer',
    summary: 'Lists the revisions in the order of their registration.',
    ...ofApp,
    status: 200,
    answer: page(RevisionItem),
  },
  registerRevision: {
    method: 'POST',
    path: '/api/revisions',
    access: 'deployer',
    summary: 'Makes a version known to the apps with this storage id; channels with a rule follow.',
    body: NewRevision,
    status: 201,
  },
  deleteRevision: {
    method: 'DELETE',
    path: '/api/revisions/{id}',
    access: 'account',
    summary: 'Removes a revision; channels with a rule fall back to the next best.',
    ...byId('Revision'),
    ...done,
  },

  listCertificates: {
    method: 'GET',
    path: '/api/certificates',
    access: 'account',
    summary: 'Lists the certificates, without their private keys.',
    ...search,
    status: 200,
    answer: page(CertificateItem),
  },
  createCertificate: {
    method: 'POST',
    path: '/api/certificates',
    access: 'account',
    summary: 'Stores a certificate.',
    body: NewCertificate,
    ...created,
  },
  updateCertificate: {
    method: 'PUT',
    path: '/api/certificates/{id}',
    access: 'account',
    summary: 'Replaces a certificate.',
    ...byId('Certificate'),
    body: CertificateReplacement,
    ...done,
  },
  deleteCertificate: {
    method: 'DELETE',
    path: '/api/certificates/{id}',
    access: 'account',
    summary: 'Removes a certificate; channels that had it have none.',
    ...byId('Certificate'),
    ...done,
  },

  listStorages: {
    method: 'GET',
    path: '/api/storages',
    access: 'account',
    summary: 'Lists the names of bindles that contain the text.',
    ...search,
    status: 200,
    answer: page(Type.String()),
  },

  listTeams: {
    method: 'GET',
    path: '/api/teams',
    access: 'account',
    summary: 'Lists the teams with their members.',
    ...search,
    status: 200,
    answer: page(TeamItem),
  },
  createTeam: {
    method: 'POST',
    path: '/api/teams',
    access: 'account',
    summary: 'Makes a team that you are a member of.',
    body: NewTeam,
    ...created,
  },
  deleteTeam: {
    method: 'DELETE',
    path: '/api/teams/{id}',
    access: 'account',
    summary: 'Removes a team that owns nothing.',
    ...byId('Team'),
    ...done,
  },
  addMember: {
    method: 'POST',
    path: '/api/teams/{id}/members',
    access: 'account',
    summary: 'Makes an account a member of a team.',
    ...byId('Team'),
    body: NewMember,
    ...done,
  },
  removeMember: {
    method: 'DELETE',
    path: '/api/teams/{id}/members/{userName}',
    access: 'account',
    summary: 'Takes an account out of a team.',
    params: { id: 'Team', userName: 'Member' },
    ...done,
  },

  listDeployTokens: {
    method: 'GET',
    path: '/api/tokens',
    access: 'account',
    summary: 'Lists the deploy tokens of your apps.',
    ...ofApp,
    status: 200,
    answer: page(DeployTokenItem),
  },
  createDeployToken: {
    method: 'POST',
    path: '/api/tokens',
    access: 'account',
    summary: 'Makes a token that may publish one app and nothing else; it is shown this once.',
    body: NewDeployToken,
    status: 201,
    answer: CreatedDeployToken,
  },
  deleteDeployToken: {
    method: 'DELETE',
    path: '/api/tokens/{id}',
    access: 'account',
    summary: 'Revokes a deploy token.',
    ...byId('Token'),
    ...done,
  },

  listKeys: {
    method: 'GET',
    path: '/api/keys',
    access: 'account',
    summary: 'Lists the keys that your account has signed bindles with; for administrators, of all accounts.',
    ...search,
    status: 200,
    answer: page(KeyItem),
  },
  revokeKey: {
    method: 'DELETE',
    path: '/api/keys/{id}',
    access: 'administrator',
    summary: 'Revokes a key: no new bindle may be signed with it.',
    ...byId('Key'),
    ...done,
  },

  events: {
    method: 'GET',
    path: '/api/events',
    access: 'account',
    summary: 'Tells of changes as they happen (server-sent events); goes on after Last-Event-ID.',
    status: 200,
    answer: HippoEvent,
    answerType: 'text/event-stream',
  },
  uploadBindle: {
    method: 'POST',
    path: '/api/bindles',
    access: 'deployer',
    summary: 'Takes a bindle in standalone form, checks all of it and stores it.',
    bodyType: 'application/gzip',
    status: 201,
    answer: StoredBindle,
  },
  prune: {
    method: 'POST',
    path: '/api/platform/prune',
    access: 'administrator',
    summary: 'Removes development versions that are neither new nor in use.',
    body: Prune,
    status: 200,
    answer: Pruned,
  },
} as const satisfies Record<string, Route>;

export type Operation = keyof typeof routes;

/** Operations whose answer goes on. */
export type StreamOperation = 'events' | 'followChannelLogs';

/** What a request for a route sends. */
export type BodyOf<R> = R extends { body: infer B extends TSchema } ? Static<B> : undefined;

/** What the answer of a route holds. */
export type ResultOf<R> = R extends { answer: infer A extends TSchema } ? Static<A> : undefined;

/** What a route takes in its query, checked. */
export type QueryOf<R> = R extends { query: infer Q extends TSchema } ? Static<Q> : undefined;

/** The parameters of a route's path. */
export type ParamsOf<R> = R extends { params: infer P }
  ? { readonly [K in keyof P]: string }
  : Record<never, string>;

/** What a request of this operation sends. */
export type RequestOf<O extends Operation> = BodyOf<(typeof routes)[O]>;

/** What the answer to this operation holds. */
export type AnswerOf<O extends Operation> = ResultOf<(typeof routes)[O]>;

/** The path with its parameters filled in. */
export function pathOf(path: string, params: Readonly<Record<string, string>> = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
}
