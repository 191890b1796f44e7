// Add-ons, their bindings to channels and their operations.

import Type, { type Static } from 'typebox';
import { Guid, nullable, optional, Timestamp } from '../hippo/common.ts';
import { PlanItem } from './offerings.ts';

/**
 * `usable`: the last operation failed, and it works as before. `failed`: it does not work; what could not be made can
 * only be removed, what a change broke can be changed again. `attention`: what the broker holds and what is known
 * here may differ; `message` says what to do.
 */
export const AddonState = Type.Enum([
  'creating',
  'ready',
  'changing',
  'removing',
  'usable',
  'failed',
  'attention',
]);
export type AddonState = Static<typeof AddonState>;

export const OPERATION_KINDS = [
  'create',
  'adopt',
  'update',
  'bind',
  'rotate',
  'unbind',
  'remove',
  /** Removing what a failed step may have left with the broker. */
  'clean-up',
  'abandon',
] as const;

/** `queued`: another one is under way. `running`: recorded, and being done. */
export const OperationState = Type.Enum(['queued', 'running', 'succeeded', 'failed']);
export type OperationState = Static<typeof OperationState>;

export const OperationItem = Type.Object({
  id: Guid,
  kind: Type.Enum([...OPERATION_KINDS]),
  state: OperationState,
  channelId: nullable(Guid),
  plan: nullable(Type.String({ description: 'The name of the plan it leads to.' })),
  message: nullable(Type.String({ description: "The broker's own words, or what went wrong." })),
  by: nullable(Type.String({ description: 'The user; null for what the platform does by itself.' })),
  createdAt: Timestamp,
  endedAt: nullable(Timestamp),
});
export type OperationItem = Static<typeof OperationItem>;

export const BindingState = Type.Enum(['binding', 'ready', 'rotating', 'unbinding', 'failed', 'attention']);
export type BindingState = Static<typeof BindingState>;

/** What a guest's host calls may use an add-on for: `hippo_sql`, `hippo_kv`. */
export const HostInterface = Type.Enum(['sql', 'kv']);
export type HostInterface = Static<typeof HostInterface>;

export const BindingItem = Type.Object({
  channelId: Guid,
  channelName: Type.String(),
  name: Type.String({ description: 'What the channel calls it: for host calls, and before its variables.' }),
  state: BindingState,
  message: nullable(Type.String()),
  variables: Type.Array(Type.String(), { description: 'Their names.' }),
  interfaces: Type.Array(HostInterface),
  createdAt: Timestamp,
  rotatedAt: nullable(Timestamp),
  expiresAt: nullable(Timestamp),
});
export type BindingItem = Static<typeof BindingItem>;

export const AddonItem = Type.Object({
  id: Guid,
  appId: Guid,
  appName: Type.String(),
  name: Type.String({ description: "Unique in its app; the offering's unless another was given." }),
  offering: Type.Object({
    id: Guid,
    name: Type.String(),
    reference: Type.String(),
    displayName: Type.String(),
    documentationUrl: nullable(Type.String()),
  }),
  broker: Type.Object({ id: Guid, name: Type.String() }),
  plan: PlanItem,
  state: AddonState,
  message: nullable(Type.String({ description: "The broker's own words beside the state." })),
  operation: nullable(OperationItem),
  bindings: Type.Array(BindingItem),
  dashboard: Type.Boolean({ description: 'It has one.' }),
  adopted: Type.Boolean({
    description: 'It was not made here, and is never cleaned up without being asked.',
  }),
  maintenanceVersion: nullable(Type.String()),
  createdAt: Timestamp,
});
export type AddonItem = Static<typeof AddonItem>;

const OfferingReference = Type.String({
  minLength: 1,
  maxLength: 320,
  description: 'The name of an offering, or `name@broker`.',
});
const PlanName = Type.String({ minLength: 1, maxLength: 255 });
/** Also the start of variables' names, so that it cannot be long. */
const AddonName = Type.String({
  minLength: 1,
  maxLength: 28,
  pattern: '^[a-zA-Z][a-zA-Z0-9_-]*$',
  description: 'A letter, then letters, digits, "-" and "_".',
});
const Parameters = Type.Record(Type.String(), Type.Unknown());

export const NewAddon = Type.Object({
  name: OfferingReference,
  plan: optional(PlanName),
  channelId: optional(Guid),
  as: optional(AddonName),
  parameters: optional(Parameters),
});
/**
 * `plan` may be left out where the offering has one only, or a free one. `channelId` may be left out where the
 * caller can reach exactly one channel.
 */
export type NewAddon = Static<typeof NewAddon>;

export const AddonAdoption = Type.Object({
  name: OfferingReference,
  plan: PlanName,
  channelId: Guid,
  as: optional(AddonName),
  instanceId: Type.String({ minLength: 1, maxLength: 255, description: "The instance's id at the broker." }),
});
export type AddonAdoption = Static<typeof AddonAdoption>;

/** `upgrade`: to the maintenance version that the broker offers now. */
export const AddonChange = Type.Object({
  plan: optional(PlanName),
  parameters: optional(Parameters),
  upgrade: Type.Optional(Type.Boolean()),
});
export type AddonChange = Static<typeof AddonChange>;

export const NewBinding = Type.Object({
  channelId: Guid,
  as: optional(AddonName),
  parameters: optional(Parameters),
});
export type NewBinding = Static<typeof NewBinding>;

export const DashboardLink = Type.Object({
  url: Type.String({ description: '`https:`, or `http:` on loopback.' }),
  foreign: Type.Boolean({ description: "Its host is not the broker's." }),
});
export type DashboardLink = Static<typeof DashboardLink>;

export const AddonVariable = Type.Object({
  key: Type.String(),
  addonId: Guid,
  addonName: Type.String(),
  value: Type.Optional(Type.String({ description: 'Where `reveal` was asked for.' })),
});
export type AddonVariable = Static<typeof AddonVariable>;
