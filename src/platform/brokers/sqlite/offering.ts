// What the SQLite broker offers.

import type { PlanDefinition, ServiceDefinition } from '../kit/definition.ts';

const MB = 1024 * 1024;

export interface SqlitePlan extends PlanDefinition {
  /** Of the file, in bytes. */
  maxBytes: number;
}

function plan(id: string, name: string, displayName: string, megabytes: number): SqlitePlan {
  const size = megabytes < 1024 ? `${megabytes} MB` : `${megabytes / 1024} GB`;
  return {
    id,
    name,
    displayName,
    description: `A SQLite file of at most ${size}.`,
    bullets: [`${size} of storage`],
    maxBytes: megabytes * MB,
  };
}

export const PLANS: readonly SqlitePlan[] = [
  plan('8b4c3b06-1c5e-4e36-9c8c-0d4b6f0a5a01', 'free', 'Free', 16),
  plan('8b4c3b06-1c5e-4e36-9c8c-0d4b6f0a5a02', 'small', 'Small', 128),
  plan('8b4c3b06-1c5e-4e36-9c8c-0d4b6f0a5a03', 'medium', 'Medium', 1024),
  plan('8b4c3b06-1c5e-4e36-9c8c-0d4b6f0a5a04', 'large', 'Large', 8192),
];

export const SERVICE: ServiceDefinition = {
  id: '8b4c3b06-1c5e-4e36-9c8c-0d4b6f0a5a00',
  name: 'sqlite',
  displayName: 'SQLite',
  description: 'A small SQL database in a file, which needs no server.',
  longDescription:
    'A SQLite database of its own for each add-on. It is there at once, on every machine, and is reached by the host call hippo_sql.',
  tags: ['database', 'sql', 'sqlite'],
  documentation: [
    'An app has the database by the host call hippo_sql, which names the add-on and never a file. Its size is limited by the plan: a statement that would make the file larger fails with "database or disk is full", and deleting makes room again.',
    'A larger plan is there at once. A smaller one is refused while the file is larger than it allows.',
    'Removing the add-on removes the file.',
  ],
  credentials: {
    uri: 'sqlite:<id>, which only the platform can open',
    max_bytes: 'how large the file may become, in bytes',
  },
  // There is no secret in them that could be changed.
  bindingRotatable: false,
  slow: [],
  parameters: {},
};
