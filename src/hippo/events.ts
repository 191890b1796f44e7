// What `/api/events` tells, and what the platform's own operations answer. This product's additions.

import Type, { type Static } from 'typebox';
import { ChannelState } from './channels.ts';
import { Guid, Timestamp } from './common.ts';

export const EVENT_TYPES = [
  'app.created',
  'app.changed',
  'app.deleted',
  'channel.created',
  'channel.changed',
  'channel.deleted',
  'channel.status',
  'revision.created',
  'revision.deleted',
  'addon.created',
  /** Its state, its plan, a binding, or what is being done with it. */
  'addon.changed',
  'addon.deleted',
  /** Told to administrators. */
  'broker.changed',
  /** Told to everybody; who may not see the offerings finds nothing new. */
  'offerings.changed',
  /** Events were missed that are no longer kept: read everything again. */
  'reset',
] as const;

export const HippoEvent = Type.Object({
  type: Type.Enum([...EVENT_TYPES]),
  at: Timestamp,
  appId: Type.Optional(Guid),
  channelId: Type.Optional(Guid),
  addonId: Type.Optional(Guid),
  brokerId: Type.Optional(Guid),
  revisionId: Type.Optional(Guid),
  revisionNumber: Type.Optional(Type.String()),
  status: Type.Optional(ChannelState),
});
export type HippoEvent = Static<typeof HippoEvent>;

export const StoredBindle = Type.Object({
  id: Type.String({ description: '`name/version`.' }),
  parcels: Type.Integer({ minimum: 0, description: 'How many were not here before.' }),
});
export type StoredBindle = Static<typeof StoredBindle>;

export const Prune = Type.Object({
  dev: Type.Literal(true, { description: 'Development versions: nothing else is ever removed.' }),
  keep: Type.Integer({
    minimum: 0,
    maximum: 10_000,
    description: 'Newest ones that stay, per user and name.',
  }),
});
export type Prune = Static<typeof Prune>;

export const Pruned = Type.Object({
  bindles: Type.Array(Type.String(), { description: 'Ids that were removed.' }),
  parcels: Type.Integer({ minimum: 0 }),
  bytes: Type.Integer({ minimum: 0 }),
});
export type Pruned = Static<typeof Pruned>;
