// The two older forms of Hippo's REST API as paths and bodies of the final one (hippo-api.md §8), for the client
// that meets such a server and the server that such a client meets.

import Type, { type Static } from 'typebox';
import { SelectionStrategy, type NewChannel } from './channels.ts';
import { Guid, name, StorageId } from './common.ts';
import type { Operation } from './routes.ts';

/** P: plural paths, 0.19 and later. S: singular ones, 0.2 to 0.18. O: the first, 0.1. */
export type Dialect = 'P' | 'S' | 'O';

/** Where dialect S has the operations that it knows; methods, bodies and answers are those of P. */
export const SINGULAR_PATHS: Readonly<Partial<Record<Operation, string>>> = {
  registerAccount: '/api/account',
  signIn: '/api/account/createtoken',
  listApps: '/api/app',
  createApp: '/api/app',
  updateApp: '/api/app/{id}',
  deleteApp: '/api/app/{id}',
  listChannels: '/api/channel',
  createChannel: '/api/channel',
  getChannel: '/api/channel/{id}',
  updateChannel: '/api/channel/{id}',
  patchChannel: '/api/channel/{id}',
  deleteChannel: '/api/channel/{id}',
  getChannelLogs: '/api/channel/logs/{id}',
  listChannelStatuses: '/api/jobstatus',
  listRevisions: '/api/revision',
  registerRevision: '/api/revision',
  deleteRevision: '/api/revision/{id}',
  listCertificates: '/api/certificate',
  createCertificate: '/api/certificate',
  updateCertificate: '/api/certificate/{id}',
  deleteCertificate: '/api/certificate/{id}',
  listStorages: '/api/storage',
};

/** The one status by the id of its channel; an object and no page. */
export const SINGULAR_STATUS_PATH = '/api/jobstatus/{channelId}';

/** Lists of dialect S that can be saved as a file. */
export const SINGULAR_EXPORTS = {
  listApps: { path: '/api/app/export', file: 'apps.json' },
  listChannels: { path: '/api/channel/export', file: 'channels.json' },
  listCertificates: { path: '/api/certificate/export', file: 'certificates.json' },
  listRevisions: { path: '/api/revision/export', file: 'revisions.json' },
} as const satisfies Partial<Record<Operation, { path: string; file: string }>>;

/** Dialect S has a path of its own for variables, up to 0.17. */
export const VARIABLES_PATH = '/api/environmentvariable';

export const SingularVariable = Type.Object({ key: Type.String(), value: Type.String(), channelId: Guid });
export const SingularVariableChange = Type.Object({ id: Guid, key: Type.String(), value: Type.String() });

export const OLD_PATHS = {
  signIn: '/account/createtoken',
  createApp: '/api/application',
  channel: '/api/channel',
  registerRevision: '/api/revision',
} as const;

export const OldApp = Type.Object({ applicationName: name(128), storageId: StorageId });

/** A fixed revision goes by its number. The enumeration is sent as a number. */
export const OldChannel = Type.Object({
  appId: Guid,
  name: name(64),
  domain: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  revisionSelectionStrategy: Type.Optional(SelectionStrategy),
  revisionNumber: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  revisionRange: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type OldChannel = Static<typeof OldChannel>;

/** The app is named by its storage id or by its own. */
export const OldRevision = Type.Object({
  appStorageId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  appId: Type.Optional(Type.Union([Guid, Type.Null()])),
  revisionNumber: Type.String({ minLength: 1, maxLength: 128 }),
});

const STRATEGY_NUMBERS: Readonly<Record<SelectionStrategy, number>> = {
  UseRangeRule: 0,
  UseSpecifiedRevision: 1,
};

export function strategyNumber(strategy: SelectionStrategy | null | undefined): number {
  return STRATEGY_NUMBERS[strategy ?? 'UseRangeRule'];
}

/** A new channel with a rule as dialect O sends it. */
export function toOldChannel(channel: NewChannel): object {
  return {
    appId: channel.appId,
    name: channel.name,
    domain: channel.domain ?? '',
    revisionSelectionStrategy: strategyNumber(channel.revisionSelectionStrategy),
    revisionRange: channel.rangeRule ?? '*',
  };
}
