// Channels, their variables, status and logs, and certificates (hippo-api.md §4 "Channels", "Certificates").

import Type, { type Static } from 'typebox';
import { AppItem, RevisionItem } from './apps.ts';
import { Guid, name, named, nullable, optional, Timestamp } from './common.ts';

export const SelectionStrategy = named(['UseRangeRule', 'UseSpecifiedRevision'], [0, 1]);
export type SelectionStrategy = Static<typeof SelectionStrategy>;

export const ChannelState = named(['Unknown', 'Pending', 'Running', 'Dead'], [0, 1, 2, 3]);
export type ChannelState = Static<typeof ChannelState>;

export const DesiredStatus = named(['Running', 'Dead'], [2, 3]);
export type DesiredStatus = Static<typeof DesiredStatus>;

const Domain = Type.String({
  maxLength: 253,
  pattern: '^([a-z0-9]+(-[a-z0-9]+)*\\.)+[a-z]{2,}$',
  description: 'A domain of at least two parts, in lower case.',
});

/** Its syntax is checked by `parseRule`. */
const RangeRule = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'A range as npm writes it, such as `*`, `~1.2` or `>=1 <2`, or `P:<range>-<user>-*`.',
});

export const Variable = Type.Object({
  key: Type.String({
    minLength: 1,
    maxLength: 32,
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    description: 'Letters, digits and "_", and no digit first.',
  }),
  value: Type.String({
    maxLength: 32 * 1024,
    pattern: '^[^\\u0000]*$',
    description: 'Any text without NUL.',
  }),
});
export type Variable = Static<typeof Variable>;

const Variables = Type.Array(Variable, { maxItems: 512, description: 'The whole set.' });

const certificateFields = {
  id: Guid,
  name: Type.String(),
  publicKey: Type.String(),
  privateKey: Type.Literal('', {
    description: 'Always empty: private keys are never given out. Generated clients insist on the member.',
  }),
  teamId: Type.Optional(Guid),
};
const CertificateSummary = Type.Object({ ...certificateFields, channels: Type.Tuple([]) });

export const ChannelItem = Type.Object({
  id: Guid,
  appId: Guid,
  name: Type.String(),
  domain: Type.String(),
  revisionSelectionStrategy: SelectionStrategy,
  activeRevision: nullable(RevisionItem),
  lastPublishAt: nullable(Timestamp),
  rangeRule: nullable(Type.String()),
  certificate: nullable(CertificateSummary),
  environmentVariables: Type.Array(
    Type.Object({ channelId: Guid, key: Type.String(), value: Type.String() }),
  ),
  appSummary: nullable(AppItem),
  desiredStatus: Type.Optional(DesiredStatus),
  port: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 65535,
      description: 'A loopback port on which every Host reaches it.',
    }),
  ),
  urls: Type.Optional(
    Type.Array(Type.String(), { description: 'Where it is served: by name, and by port.' }),
  ),
});
export type ChannelItem = Static<typeof ChannelItem>;

export const NewChannel = Type.Object({
  appId: Guid,
  name: name(64),
  domain: optional(Domain),
  revisionSelectionStrategy: optional(SelectionStrategy),
  rangeRule: optional(RangeRule),
  activeRevisionId: optional(Guid),
  certificateId: optional(Guid),
});
export type NewChannel = Static<typeof NewChannel>;

/** The whole channel but its variables and its desired status. */
export const ChannelReplacement = Type.Object({
  id: Guid,
  name: name(64),
  domain: Domain,
  revisionSelectionStrategy: SelectionStrategy,
  rangeRule: optional(RangeRule),
  activeRevisionId: optional(Guid),
  lastPublishDate: optional(Type.String({ description: 'Not used: the server knows better.' })),
  certificateId: optional(Guid),
});
export type ChannelReplacement = Static<typeof ChannelReplacement>;

/** Absent members stay as they are. Each may be wrapped as `{"value": …}`, as older clients send it. */
export const ChannelPatch = Type.Object({
  name: Type.Optional(name(64)),
  domain: Type.Optional(Domain),
  revisionSelectionStrategy: Type.Optional(SelectionStrategy),
  rangeRule: optional(RangeRule),
  activeRevisionId: optional(Guid),
  certificateId: optional(Guid),
  environmentVariables: optional(Variables),
});
export type ChannelPatch = Static<typeof ChannelPatch>;

export const DesiredStatusChange = Type.Object({ channelId: Guid, desiredStatus: DesiredStatus });

export const ChannelStatus = Type.Object({ channelId: Guid, status: ChannelState });
export type ChannelStatus = Static<typeof ChannelStatus>;

export const ChannelLogs = Type.Object({ logs: Type.Array(Type.String()) });

export const CertificateItem = Type.Object({ ...certificateFields, channels: Type.Array(ChannelItem) });
export type CertificateItem = Static<typeof CertificateItem>;

const Pem = Type.String({ minLength: 1, maxLength: 64 * 1024 });

export const NewCertificate = Type.Object({
  name: name(64),
  publicKey: Pem,
  privateKey: Pem,
  teamId: optional(Guid),
});
export type NewCertificate = Static<typeof NewCertificate>;

export const CertificateReplacement = Type.Object({
  id: Guid,
  name: name(64),
  publicKey: Pem,
  privateKey: Pem,
});
export type CertificateReplacement = Static<typeof CertificateReplacement>;
