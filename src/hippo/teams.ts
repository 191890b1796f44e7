// Teams: who owns an app and its bindle names. This product's addition.

import Type, { type Static } from 'typebox';
import { Guid, name } from './common.ts';

export const TeamSummary = Type.Object({ id: Guid, name: Type.String() });
export type TeamSummary = Static<typeof TeamSummary>;

export const TeamItem = Type.Object({
  id: Guid,
  name: Type.String(),
  members: Type.Array(Type.Object({ id: Guid, userName: Type.String() })),
});
export type TeamItem = Static<typeof TeamItem>;

export const NewTeam = Type.Object({ name: name(64) });
export type NewTeam = Static<typeof NewTeam>;

export const NewMember = Type.Object({ userName: name(64) });
export type NewMember = Static<typeof NewMember>;
