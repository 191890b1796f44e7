// Apps and revisions (hippo-api.md §4 "Apps", "Revisions").

import Type, { type Static } from 'typebox';
import { Guid, name, nullable, optional, RevisionNumber, StorageId } from './common.ts';

export const AppChannel = Type.Object({
  id: Guid,
  name: Type.String(),
  activeRevisionNumber: nullable(Type.String()),
});

export const AppItem = Type.Object({
  id: Guid,
  name: Type.String(),
  storageId: Type.String({ description: "The name of the app's bindles." }),
  description: nullable(Type.String({ description: 'That of the highest revision.' })),
  channels: Type.Array(AppChannel),
  teamId: Type.Optional(Guid),
});
export type AppItem = Static<typeof AppItem>;

export const NewApp = Type.Object({
  name: name(128),
  storageId: StorageId,
  teamId: optional(Guid),
});
export type NewApp = Static<typeof NewApp>;

export const AppChange = Type.Object({ id: Guid, name: name(128) });

export const AppMove = Type.Object({ teamId: Guid });

export const RevisionComponent = Type.Object({
  id: Guid,
  source: Type.String(),
  name: Type.String(),
  route: nullable(Type.String()),
  channel: nullable(Type.String()),
  type: nullable(Type.String()),
});

export const RevisionItem = Type.Object({
  id: Guid,
  appId: Guid,
  revisionNumber: Type.String(),
  components: Type.Array(RevisionComponent),
  type: nullable(Type.String()),
});
export type RevisionItem = Static<typeof RevisionItem>;

export const NewRevision = Type.Object({ appStorageId: StorageId, revisionNumber: RevisionNumber });
export type NewRevision = Static<typeof NewRevision>;
