// Accounts and what proves who somebody is (hippo-api.md §4 "Accounts / tokens"). Refresh tokens, sign-out and
// deploy tokens are this product's additions: other clients pass over them.

import Type, { type Static } from 'typebox';
import { Guid, name, optional, Timestamp } from './common.ts';
import { TeamSummary } from './teams.ts';

export const NewAccount = Type.Object({
  userName: name(64),
  password: Type.String({ minLength: 6, maxLength: 1024 }),
});
export type NewAccount = Static<typeof NewAccount>;

/** Nothing is said of the form: what is wrong is only ever that they do not hold. */
export const SignIn = Type.Object({
  userName: Type.String({ minLength: 1, maxLength: 64 }),
  password: Type.String({ minLength: 1, maxLength: 1024 }),
});

/** What signing in gives. */
export const Session = Type.Object({
  token: Type.String({ description: 'A JWT: the bearer of the following requests.' }),
  expiration: Timestamp,
  refreshToken: Type.Optional(
    Type.String({ description: 'Gives the next token, once; this Hippo alone has it.' }),
  ),
  refreshExpiration: Type.Optional(Timestamp),
});
export type Session = Static<typeof Session>;

export const Refresh = Type.Object({ refreshToken: Type.String({ minLength: 1, maxLength: 256 }) });

export const Myself = Type.Object({
  id: Guid,
  userName: Type.String(),
  administrator: Type.Boolean(),
  teams: Type.Array(TeamSummary),
  deployToken: Type.Optional(
    Type.Object(
      { id: Guid, appId: Guid },
      { description: 'Set if the request came with a deploy token: all that it may do is with this app.' },
    ),
  ),
});
export type Myself = Static<typeof Myself>;

export const AccountItem = Type.Object({ id: Guid, userName: Type.String(), administrator: Type.Boolean() });
export type AccountItem = Static<typeof AccountItem>;

export const NewDeployToken = Type.Object({
  appId: Guid,
  name: optional(name(64)),
  expiration: optional(Timestamp),
});
export type NewDeployToken = Static<typeof NewDeployToken>;

export const DeployTokenItem = Type.Object({
  id: Guid,
  name: Type.String(),
  appId: Guid,
  createdBy: Type.String({ description: 'User name.' }),
  createdAt: Timestamp,
  expiration: Timestamp,
  lastUsedAt: Type.Union([Timestamp, Type.Null()]),
});
export type DeployTokenItem = Static<typeof DeployTokenItem>;

export const CreatedDeployToken = Type.Object({
  id: Guid,
  token: Type.String({ description: 'Shown this once: the server keeps only its digest.' }),
  expiration: Timestamp,
});
export type CreatedDeployToken = Static<typeof CreatedDeployToken>;

export const KeyItem = Type.Object({
  id: Guid,
  key: Type.String({ description: 'The public key, base64.' }),
  label: Type.String({ description: 'Who the first signature said it is by.' }),
  userName: Type.String({ description: 'Whose key it is.' }),
  firstSeenAt: Timestamp,
  revokedAt: Type.Union([Timestamp, Type.Null()]),
});
export type KeyItem = Static<typeof KeyItem>;
