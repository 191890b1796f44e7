// Hippo's REST API: all its wire types in one place to import from, and the error for what does not fit them.

export type {
  AccountItem,
  CreatedDeployToken,
  DeployTokenItem,
  KeyItem,
  Myself,
  NewAccount,
  NewDeployToken,
  Session,
} from './accounts.ts';
export type { AppItem, NewApp, NewRevision, RevisionItem } from './apps.ts';
export type {
  CertificateItem,
  CertificateReplacement,
  ChannelItem,
  ChannelPatch,
  ChannelReplacement,
  ChannelState,
  ChannelStatus,
  DesiredStatus,
  NewCertificate,
  NewChannel,
  SelectionStrategy,
  Variable,
} from './channels.ts';
export type { Page, ProblemDetails } from './common.ts';
export { ValidationError } from './check.ts';
export type { HippoEvent, Prune, Pruned, StoredBindle } from './events.ts';
export type { NewTeam, TeamItem, TeamSummary } from './teams.ts';
