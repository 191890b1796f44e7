// Offerings and plans as the marketplace shows them (Open Service Broker 2.17, "Catalog Management").

import Type, { type Static } from 'typebox';
import { Guid, nullable } from '../hippo/common.ts';
import { Cost } from './costs.ts';

/** `withdrawn`: the broker lists it no longer; what there is of it goes on, and nothing new is made. */
export const CatalogState = Type.Enum(['active', 'withdrawn']);
export type CatalogState = Static<typeof CatalogState>;

const JsonSchema = Type.Unknown({ description: 'A JSON schema, as the broker wrote it.' });

export const PlanItem = Type.Object({
  id: Guid,
  name: Type.String({ description: 'Unique in its offering.' }),
  displayName: Type.String(),
  description: Type.String(),
  free: Type.Boolean(),
  bullets: Type.Array(Type.String()),
  costs: Type.Array(Cost, { description: 'All of them together are the price.' }),
  state: CatalogState,
  bindable: Type.Boolean(),
  updatable: Type.Boolean({ description: 'An add-on of this plan can change to another.' }),
  rotatable: Type.Boolean({ description: 'New credentials can be had while the old ones still hold.' }),
  schemas: Type.Object(
    { create: Type.Optional(JsonSchema), update: Type.Optional(JsonSchema), bind: Type.Optional(JsonSchema) },
    { description: 'What parameters each step takes; absent where the broker does not say.' },
  ),
  maintenance: nullable(Type.Object({ version: Type.String(), description: nullable(Type.String()) })),
});
export type PlanItem = Static<typeof PlanItem>;

export const OfferingItem = Type.Object({
  id: Guid,
  name: Type.String({ description: 'As the broker calls it: `postgresql`.' }),
  reference: Type.String({
    description: 'By what a request names it: its name or, where two brokers have it, `name@broker`.',
  }),
  broker: Type.Object({ id: Guid, name: Type.String() }),
  displayName: Type.String(),
  description: Type.String(),
  longDescription: nullable(Type.String({ description: 'Markdown, from the broker: not to be trusted.' })),
  provider: nullable(Type.String()),
  documentationUrl: nullable(Type.String({ description: '`https:`, or `http:` on loopback.' })),
  supportUrl: nullable(Type.String({ description: 'The same.' })),
  icon: Type.Boolean({ description: 'There is one at `/api/offerings/{id}/icon`.' }),
  tags: Type.Array(Type.String()),
  state: CatalogState,
  unavailable: nullable(
    Type.Object({
      reason: Type.String({ description: 'A sentence.' }),
      command: nullable(Type.String({ description: 'What to run to make it available.' })),
    }),
  ),
  plans: Type.Array(PlanItem),
});
export type OfferingItem = Static<typeof OfferingItem>;

export const OfferingIcon = Type.Object({
  dataUri: Type.String({ description: 'PNG, SVG, JPEG or WebP of 64 KiB at most; only for `<img>`.' }),
});

/** What a plan's schema is asked about. */
export const ParameterCheck = Type.Object({
  step: Type.Enum(['create', 'update', 'bind']),
  parameters: Type.Record(Type.String(), Type.Unknown()),
});
export type ParameterCheck = Static<typeof ParameterCheck>;

export const ParameterProblems = Type.Object({
  problems: Type.Array(
    Type.Object({
      path: Type.String({ description: 'A JSON pointer into the parameters; empty for all of them.' }),
      message: Type.String({ description: 'Without the value, which may be a secret.' }),
    }),
  ),
});
export type ParameterProblems = Static<typeof ParameterProblems>;
