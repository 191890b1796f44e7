// Hippo's API as a whole: opens its state and brings its parts together, for the front door.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { BindleId } from '../../bindle/id.ts';
import type { Invoice, Label } from '../../bindle/invoice.ts';
import type { ChannelState } from '../../hippo/api.ts';
import { openDatabase, schemaVersionOf } from '../store/database.ts';
import { Accounts } from './accounts.ts';
import { Authentication } from './authentication.ts';
import type { Caller } from './caller.ts';
import { DeployTokens } from './deploy-tokens.ts';
import { LimitedError } from './errors.ts';
import { EventLog } from './event-log.ts';
import { EventStreams } from './event-streams.ts';
import { createHandlers, type Registration } from './handlers.ts';
import { FIRST_WITH_KEY, MIGRATIONS } from './migrations.ts';
import { openOwnerToken, type OwnerToken } from './owner-token.ts';
import { Ownership } from './ownership.ts';
import { prune } from './prune.ts';
import { openSecrets, type Secrets } from './secrets.ts';
import { createHippoServer, type RouteExtension } from './server.ts';
import { Sessions } from './sessions.ts';
import { HippoState, type ChannelAddress, type ChannelPlace } from './state.ts';
import { createUpload } from './upload.ts';

/** What Hippo needs of the Bindle server. */
export interface BindlePort {
  readonly versions: (name: string) => readonly string[];
  readonly description: (id: BindleId) => string | undefined;
  readonly names: () => readonly string[];
  readonly ids: () => readonly BindleId[];
  readonly store: (
    invoice: Invoice,
    who: Caller,
    open: (label: Label) => Promise<AsyncIterable<Uint8Array>>,
  ) => Promise<number>;
  readonly remove: (ids: readonly BindleId[]) => Promise<{ parcels: number; bytes: number }>;
}

export interface HippoOptions {
  /** For `hippo.db`, the owner's token and the platform's key; no other process may use it. */
  readonly directory: string;
  readonly bindle: BindlePort;
  /** Below which channels get their domains: `localhost`. */
  readonly platformDomain: string;
  /** Administrators alone may make accounts, if not given. */
  readonly registration?: Registration;
  /** Bindles can be read by those alone whose team owns them. */
  readonly private?: boolean;
  readonly channelLog: (channelId: string) => readonly string[];
  /** The lines that come from now on, until the signal or the channel's end. */
  readonly followLog: (channelId: string, signal: AbortSignal) => AsyncIterable<string>;
  /** Called when there is no such channel any more. */
  readonly channelRemoved: (channelId: string) => void;
  /** Called when a channel is to run no longer. */
  readonly channelStopped: (channelId: string) => void;
  /** Why an app or a channel has to stay, in sentences; undefined if it may go. They may always, if not given. */
  readonly neededApp?: (appId: string) => string | undefined;
  readonly neededChannel?: (channelId: string) => string | undefined;
  /** Which of these names a channel's add-ons have already given to variables. */
  readonly takenVariables?: (channelId: string, keys: readonly string[]) => readonly string[];
  /** Routes of another room, which are served beside Hippo's. */
  readonly extension?: RouteExtension;
  /** What a channel that is to run really does, where that is known. */
  readonly channelState?: (channelId: string) => ChannelState | undefined;
  /** Where a channel is served, if it is. */
  readonly channelAddress?: (channel: ChannelPlace) => ChannelAddress;
  /** What `/healthz` says. */
  readonly health: () => object;
  /** The product's. */
  readonly version: string;
  /** Told of failures that are the server's own; the peer hears nothing of their cause. */
  readonly report: (error: unknown) => void;
  /** Largest bindle in standalone form, packed; 1 GiB if not given. */
  readonly maxUploadBytes?: number;
  /** How many events can be asked for again; 10,000 if not given. */
  readonly keptEvents?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

export interface Hippo {
  readonly state: HippoState;
  readonly accounts: Pick<Accounts, 'teamName'>;
  /** Those whose things a caller sees; of a deploy token the one of its app. */
  teamIds(caller: Caller): string[];
  /** Keeps texts that only this platform's key opens, and opens them again. */
  readonly secrets: Pick<Secrets, 'encrypt' | 'decrypt'>;
  /** Tells those who listen to `/api/events`. */
  readonly events: Pick<EventLog, 'add'>;
  /** The file with the token by which the machine's owner is known. */
  readonly owner: OwnerToken;
  /** Answers a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Streams of events that are held now. */
  openStreams(): number;
  /** Whether an administrator sends a request. */
  isAdministrator(request: IncomingMessage): Promise<boolean>;
  /** The Bindle server's rules: who somebody is, and what they may. */
  readonly bindleRules: {
    authenticate(
      headers: IncomingHttpHeaders,
      address: string,
    ): Promise<Caller | 'anonymous' | 'refused' | { retryAfterSeconds: number }>;
    mayWrite(who: Caller | 'anonymous', name: string, action: 'push' | 'yank'): boolean;
    mayRead(who: Caller | 'anonymous', name: string): boolean;
    verify(invoice: Invoice, who: Caller | 'anonymous'): void;
    claim(invoice: Invoice, who: Caller | 'anonymous'): boolean;
  };
  /** Ends the streams of events, which would go on for ever. */
  endStreams(): void;
  /** Closes the state; to be called when no request is under way. */
  close(): void;
}

/** @throws StoreError */
export function openHippo(options: HippoOptions): Hippo {
  const { directory, bindle } = options;
  const now = options.now ?? Date.now;
  const file = join(directory, 'hippo.db');
  const needsKey = schemaVersionOf(file) >= FIRST_WITH_KEY;
  const secrets = openSecrets(join(directory, 'platform-key'), needsKey ? file : undefined);
  const owner = openOwnerToken(join(directory, 'owner-token'));
  const database = openDatabase(file, MIGRATIONS);

  const accounts = new Accounts(database);
  const sessions = new Sessions({ database, accounts, key: secrets.derive('tokens'), now });
  const deployTokens = new DeployTokens({ database, accounts, now });
  const ownership = new Ownership({ database, accounts, now });
  const authentication = new Authentication({ accounts, sessions, deployTokens, owner, now });
  const events = new EventLog(database, options.keptEvents);
  const streams = new EventStreams(events);
  const mayRead = (who: Caller | 'anonymous', name: string): boolean =>
    options.private !== true || (who !== 'anonymous' && ownership.mayRead(who, name));
  const state = new HippoState({
    database,
    accounts,
    ownership,
    events,
    secrets,
    platformDomain: options.platformDomain,
    bindleVersions: bindle.versions,
    bindleDescription: bindle.description,
    mayRead,
    mayServe: (teamId, name) => options.private !== true || ownership.mayServe(teamId, name),
    ...(options.takenVariables && { takenVariables: options.takenVariables }),
    ...(options.channelState && { channelState: options.channelState }),
    ...(options.channelAddress && { channelAddress: options.channelAddress }),
  });

  const handlers = createHandlers({
    state,
    accounts,
    sessions,
    deployTokens,
    ownership,
    authentication,
    registration: options.registration ?? 'administrators',
    bindleNames: (caller) => bindle.names().filter((name) => mayRead(caller, name)),
    channelLog: options.channelLog,
    channelRemoved: options.channelRemoved,
    channelStopped: options.channelStopped,
    neededApp: options.neededApp ?? (() => undefined),
    neededChannel: options.neededChannel ?? (() => undefined),
    storeBindle: createUpload({
      directory: join(directory, 'uploads'),
      maxBytes: options.maxUploadBytes ?? 1024 ** 3,
      maxUnpackedBytes: 4 * (options.maxUploadBytes ?? 1024 ** 3),
      store: (caller, invoice, open) => bindle.store(invoice, caller, open),
    }),
    prune: (keep) => prune({ state, bindleIds: bindle.ids, removeBindles: bindle.remove }, keep),
  });
  const server = createHippoServer({
    handlers,
    ...(options.extension && { extension: options.extension }),
    authentication,
    streams,
    followLog(caller, channelId, signal) {
      state.channel(caller, channelId);
      // In this order nothing is missed; a line that comes in between may be told twice.
      const coming = options.followLog(channelId, signal);
      const present = options.channelLog(channelId);
      return (async function* () {
        yield* present;
        yield* coming;
      })();
    },
    health: options.health,
    version: options.version,
    report: options.report,
  });

  return {
    state,
    accounts,
    teamIds: (caller) =>
      caller.kind === 'deploy'
        ? [state.appPlace(caller.appId)?.teamId ?? '']
        : accounts.teamsOf(caller.id).map(({ id }) => id),
    secrets,
    events,
    owner,
    handle: (request, response) => server.handle(request, response),
    openStreams: () => streams.count,
    async isAdministrator({ headers, socket }) {
      const found = await authentication.identify(headers, socket.remoteAddress ?? '');
      return typeof found === 'object' && found.administrator;
    },
    bindleRules: {
      async authenticate(headers, address) {
        try {
          const found = await authentication.identify(headers, address);
          // Where nobody reads without an account, they are asked for one.
          return found === 'anonymous' && options.private === true ? 'refused' : found;
        } catch (error) {
          if (error instanceof LimitedError) return { retryAfterSeconds: error.retryAfterSeconds };
          throw error;
        }
      },
      // A deploy token publishes; a leaked one must not withdraw what others run.
      mayWrite: (who, name, action) =>
        who !== 'anonymous' && (action === 'push' || who.kind === 'account') && ownership.mayWrite(who, name),
      mayRead,
      verify(invoice, who) {
        if (who !== 'anonymous') ownership.checkSignatures(who, invoice);
      },
      claim: (invoice, who) => who !== 'anonymous' && ownership.claim(who, invoice),
    },
    endStreams: () => streams.close(),
    close: () => database.close(),
  };
}
