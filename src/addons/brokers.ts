// Service brokers as administrators register them.

import Type, { type Static } from 'typebox';
import { Guid, name, nullable, optional, Timestamp } from '../hippo/common.ts';
import { TeamSummary } from '../hippo/teams.ts';

/**
 * `ready`: its catalog is known and it answered the last time. `unreachable`: it did not, and the last catalog
 * holds. `refused`: it does not take the credentials. `invalid`: what it sent is no catalog.
 */
export const BrokerState = Type.Enum(['starting', 'ready', 'unreachable', 'refused', 'invalid']);
export type BrokerState = Static<typeof BrokerState>;

export const BrokerItem = Type.Object({
  id: Guid,
  name: Type.String(),
  url: Type.String({ description: 'Without user name or password.' }),
  authentication: Type.Enum(['basic', 'bearer']),
  userName: nullable(Type.String({ description: 'With `basic`.' })),
  ownCertificate: Type.Boolean({ description: 'It is trusted by a certificate that was given for it.' }),
  ships: Type.Boolean({ description: 'It came with this Hippo, which starts it when it is needed.' }),
  teams: nullable(Type.Array(TeamSummary, { description: 'Who sees it; null for everybody.' })),
  state: BrokerState,
  message: nullable(Type.String({ description: 'What is wrong, or was found while reading the catalog.' })),
  checkedAt: nullable(Timestamp),
  offerings: Type.Integer({ minimum: 0 }),
  addons: Type.Integer({ minimum: 0 }),
});
export type BrokerItem = Static<typeof BrokerItem>;

const Url = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'An address with https:, or http: on loopback, without user name and password.',
});
const Secret = Type.String({ minLength: 1, maxLength: 16 * 1024 });
const Certificate = Type.String({ maxLength: 256 * 1024, description: 'PEM.' });
const TeamIds = Type.Array(Guid, { maxItems: 1000 });

const fields = {
  url: Type.Optional(Url),
  userName: optional(Type.String({ minLength: 1, maxLength: 255 })),
  password: optional(Secret),
  token: optional(Secret),
  ca: optional(Certificate),
  teamIds: optional(TeamIds),
};

/** Either `userName` and `password`, or `token`. */
export const NewBroker = Type.Object({ ...fields, name: name(64), url: Url });
export type NewBroker = Static<typeof NewBroker>;

/** Absent members stay as they are; null takes `ca` and `teamIds` away. */
export const BrokerChange = Type.Object({ ...fields, name: Type.Optional(name(64)) });
export type BrokerChange = Static<typeof BrokerChange>;
