// What each operation of the route table does.

import type { IncomingMessage } from 'node:http';
import { ValidationError, type StoredBindle, type Pruned, type Session } from '../../hippo/api.ts';
import type {
  AnswerOf,
  Operation,
  ParamsOf,
  QueryOf,
  RequestOf,
  routes,
  StreamOperation,
} from '../../hippo/routes.ts';
import type { Accounts } from './accounts.ts';
import type { Authentication } from './authentication.ts';
import type { AccountCaller, Caller } from './caller.ts';
import type { DeployTokens } from './deploy-tokens.ts';
import { ForbiddenError, InUseError, NotFoundError } from './errors.ts';
import type { Ownership } from './ownership.ts';
import { page, type Listing } from './pages.ts';
import { hashPassword } from './passwords.ts';
import { UnauthorizedError } from './problems.ts';
import type { Sessions } from './sessions.ts';
import type { HippoState } from './state.ts';

type CallerOf<O extends Operation> = (typeof routes)[O]['access'] extends infer A
  ? A extends 'anyone'
    ? Caller | undefined
    : A extends 'deployer'
      ? Caller
      : AccountCaller
  : never;

/** A request that has been checked against the route table. */
export interface Call<O extends Operation> {
  readonly caller: CallerOf<O>;
  readonly params: ParamsOf<(typeof routes)[O]>;
  readonly query: QueryOf<(typeof routes)[O]>;
  readonly body: RequestOf<O>;
  readonly request: IncomingMessage;
  /** Where it comes from. */
  readonly address: string;
}

type Answered<A> = A extends undefined ? void : A;

/** Every operation but those that are no single answer. */
export type Handlers = {
  readonly [O in Exclude<Operation, StreamOperation>]: (
    call: Call<O>,
  ) => Answered<AnswerOf<O>> | Promise<Answered<AnswerOf<O>>>;
};

/** Who may make accounts. */
export type Registration = 'open' | 'administrators' | 'closed';

export interface HandlerOptions {
  readonly state: HippoState;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly deployTokens: DeployTokens;
  readonly ownership: Ownership;
  readonly authentication: Authentication;
  readonly registration: Registration;
  /** The names of bindles that the Bindle server has and the caller may see. */
  readonly bindleNames: (caller: Caller) => readonly string[];
  readonly channelLog: (channelId: string) => readonly string[];
  /** Called when there is no such channel any more. */
  readonly channelRemoved: (channelId: string) => void;
  /** Why an app or a channel has to stay, in sentences; undefined if it may go. */
  readonly neededApp: (appId: string) => string | undefined;
  readonly neededChannel: (channelId: string) => string | undefined;
  /** Called when a channel is to run no longer. */
  readonly channelStopped: (channelId: string) => void;
  readonly storeBindle: (caller: Caller, request: IncomingMessage) => Promise<StoredBindle>;
  readonly prune: (keep: number) => Promise<Pruned>;
}

export function createHandlers(options: HandlerOptions): Handlers {
  const { state, accounts, sessions, deployTokens, ownership, authentication } = options;
  const { registration, channelRemoved } = options;

  return {
    async registerAccount({ caller, body }) {
      if (registration === 'closed') throw new ForbiddenError('registration closed');
      if (registration === 'administrators' && caller?.administrator !== true)
        throw new ForbiddenError('registration closed: only administrators are allowed to register accounts');
      return accounts.create(body.userName, await hashPassword(body.password));
    },
    listAccounts: ({ query }) =>
      page(
        named(accounts.list(), ({ userName }) => userName),
        query,
      ),
    getMyself: ({ caller }) => ({
      id: caller.id,
      userName: caller.name,
      administrator: caller.administrator,
      ...(caller.kind === 'deploy'
        ? { teams: [], deployToken: { id: caller.tokenId, appId: caller.appId } }
        : { teams: accounts.teamsOf(caller.id) }),
    }),
    signIn: async ({ body, address }): Promise<Session> =>
      sessions.create(await authentication.signIn(body.userName, body.password, address)),
    async refreshSession({ body }) {
      const session = await sessions.refresh(body.refreshToken);
      if (!session) throw new UnauthorizedError(true);
      return session;
    },
    signOut: ({ body }) => sessions.end(body.refreshToken),

    listApps: ({ caller, query }) => page(state.apps(caller), query),
    createApp: ({ caller, body }) => state.createApp(caller, body),
    getApp: ({ caller, params }) => state.app(caller, params.id),
    updateApp({ caller, params, body }) {
      demandSameId(params.id, body.id);
      state.renameApp(caller, params.id, body.name);
    },
    moveApp: ({ caller, params, body }) => state.moveApp(caller, params.id, body.teamId),
    deleteApp({ caller, params }) {
      demandUnneeded(options.neededApp(state.app(caller, params.id).id));
      for (const channelId of state.removeApp(caller, params.id)) channelRemoved(channelId);
    },

    listChannels: ({ caller, query }) => page(state.channels(caller, query.appId), query),
    createChannel: ({ caller, body }) => state.createChannel(caller, body),
    getChannel: ({ caller, params }) => state.channel(caller, params.id),
    updateChannel({ caller, params, body }) {
      demandSameId(params.id, body.id);
      state.replaceChannel(caller, params.id, body);
    },
    patchChannel: ({ caller, params, body }) => state.patchChannel(caller, params.id, body),
    setDesiredStatus({ caller, params, body }) {
      demandSameId(params.channelId, body.channelId, 'channelId');
      const changed = state.setDesiredStatus(caller, params.channelId, body.desiredStatus);
      if (changed && body.desiredStatus === 'Dead') options.channelStopped(params.channelId);
    },
    deleteChannel({ caller, params }) {
      demandUnneeded(options.neededChannel(state.channel(caller, params.id).id));
      state.removeChannel(caller, params.id);
      channelRemoved(params.id);
    },
    getChannelLogs({ caller, params }) {
      state.channel(caller, params.id);
      return { logs: [...options.channelLog(params.id)] };
    },
    listChannelStatuses: ({ caller, query }) => page(state.channelStatuses(caller, query.channelId), query),

    listRevisions: ({ caller, query }) => page(state.revisions(caller, query.appId), query),
    registerRevision: ({ caller, body }) => state.registerRevision(caller, body),
    deleteRevision: ({ caller, params }) => state.removeRevision(caller, params.id),

    listCertificates: ({ caller, query }) => page(state.certificates(caller), query),
    createCertificate: ({ caller, body }) => state.createCertificate(caller, body),
    updateCertificate({ caller, params, body }) {
      demandSameId(params.id, body.id);
      state.replaceCertificate(caller, params.id, body);
    },
    deleteCertificate: ({ caller, params }) => state.removeCertificate(caller, params.id),

    listStorages: ({ caller, query }) =>
      page(
        named(options.bindleNames(caller), (name) => name),
        query,
      ),

    listTeams: ({ caller, query }) =>
      page(
        named(accounts.teams(caller), ({ name }) => name),
        query,
      ),
    createTeam: ({ caller, body }) => accounts.createTeam(caller, body.name),
    deleteTeam: ({ caller, params }) => accounts.removeTeam(caller, params.id),
    addMember: ({ caller, params, body }) => accounts.addMember(caller, params.id, body.userName),
    removeMember: ({ caller, params }) => accounts.removeMember(caller, params.id, params.userName),

    listDeployTokens: ({ caller, query }) =>
      page(
        named(
          deployTokens.list(caller).filter(({ appId }) => query.appId === undefined || appId === query.appId),
          ({ name }) => name,
        ),
        query,
      ),
    createDeployToken: ({ caller, body }) => deployTokens.create(caller, body),
    deleteDeployToken: ({ caller, params }) => deployTokens.revoke(caller, params.id),

    listKeys: ({ caller, query }) =>
      page(
        named(ownership.keys(caller), ({ label }) => label),
        query,
      ),
    revokeKey: ({ params }) => ownership.revokeKey(params.id),

    uploadBindle: ({ caller, request }) => options.storeBindle(caller, request),
    prune: ({ body }) => options.prune(body.keep),
  };
}

/** A short list that knows no other order than that of its names. */
function named<T>(items: readonly T[], name: (item: T) => string): Listing<T, T> {
  return { rows: items, text: name, sort: { name }, item: (item) => item };
}

/** @throws InUseError */
function demandUnneeded(reason: string | undefined): void {
  if (reason !== undefined) throw new InUseError(reason);
}

function demandSameId(inPath: string, inBody: string, property = 'id'): void {
  if (inPath === inBody) return;
  if (!/^[0-9a-f-]{36}$/.test(inPath)) throw new NotFoundError('Entity', inPath);
  throw new ValidationError(property, 'is not the one in the path');
}
