// The schema of brokers, add-ons and what was done with them; migrations are only ever added at the end.

import type { Migration } from '../store/database.ts';

export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE broker (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    -- Of one that ships: where it was the last time.
    url TEXT NOT NULL,
    authentication TEXT NOT NULL,
    user_name TEXT,
    -- Password or token, encrypted; null for one that ships.
    secret BLOB,
    ca TEXT,
    -- The program of one that ships.
    program TEXT UNIQUE,
    -- Ids of those who see it, as JSON; null for everybody.
    teams TEXT,
    state TEXT NOT NULL,
    message TEXT,
    -- Unix milliseconds, as everywhere below.
    checked_at INTEGER,
    etag TEXT
  ) STRICT;

  CREATE TABLE offering (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    broker_id TEXT NOT NULL REFERENCES broker (id) ON DELETE CASCADE,
    service_id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- catalog.ts: CatalogOffering.
    json TEXT NOT NULL,
    icon TEXT,
    UNIQUE (broker_id, service_id)
  ) STRICT;

  CREATE TABLE plan (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    offering_id TEXT NOT NULL REFERENCES offering (id) ON DELETE CASCADE,
    plan_id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- catalog.ts: CatalogPlan.
    json TEXT NOT NULL,
    UNIQUE (offering_id, plan_id)
  ) STRICT;

  -- What a plan of ours has cost from when on; it outlives the plan, for bills.
  CREATE TABLE price (
    plan_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    costs TEXT NOT NULL,
    PRIMARY KEY (plan_id, since)
  ) STRICT;

  CREATE TABLE addon (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL,
    -- As they were called last, for when they are no more.
    app_name TEXT NOT NULL,
    team_id TEXT NOT NULL,
    team_name TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    broker_id TEXT NOT NULL,
    broker_name TEXT NOT NULL,
    offering_id TEXT NOT NULL,
    -- The broker's ids.
    service_id TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    organization_guid TEXT NOT NULL,
    space_guid TEXT NOT NULL,
    -- Snapshots, for when the catalog has them no more.
    offering TEXT NOT NULL,
    plan_guid TEXT NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    message TEXT,
    -- What is known of the instance at the broker: none, maybe, there.
    presence TEXT NOT NULL,
    dashboard_url TEXT,
    adopted INTEGER NOT NULL,
    maintenance_version TEXT,
    created_at INTEGER NOT NULL,
    gone_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX addon_name ON addon (app_id, name) WHERE gone_at IS NULL;
  CREATE UNIQUE INDEX addon_instance ON addon (broker_id, instance_id) WHERE gone_at IS NULL;
  CREATE INDEX addon_app ON addon (app_id);

  -- A channel's use of an add-on.
  CREATE TABLE use (
    id TEXT PRIMARY KEY,
    addon_id TEXT NOT NULL REFERENCES addon (id),
    channel_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Of its variables: two names may have the same.
    prefix TEXT NOT NULL,
    state TEXT NOT NULL,
    message TEXT,
    -- The binding whose credentials it has.
    binding_id TEXT,
    -- Encrypted JSON; null while there are none to be given.
    credentials BLOB,
    -- Their names, as JSON.
    variables TEXT NOT NULL,
    interfaces TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER,
    expires_at INTEGER,
    renew_at INTEGER,
    UNIQUE (addon_id, channel_id),
    UNIQUE (channel_id, prefix)
  ) STRICT;
  CREATE INDEX use_channel ON use (channel_id);

  -- Every binding that its broker was asked for and may have.
  CREATE TABLE binding (
    id TEXT PRIMARY KEY,
    addon_id TEXT NOT NULL REFERENCES addon (id)
  ) STRICT;
  CREATE INDEX binding_addon ON binding (addon_id);

  CREATE TABLE operation (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    addon_id TEXT NOT NULL REFERENCES addon (id),
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    -- It lets others go first.
    background INTEGER NOT NULL DEFAULT 0,
    use_id TEXT,
    channel_id TEXT,
    -- What it leads to: a plan of ours, and its snapshot.
    plan_guid TEXT,
    plan TEXT,
    -- Encrypted JSON, until it has ended.
    parameters BLOB,
    -- The request that is being made: a verb of OSB, the binding it is about, and how far it is.
    verb TEXT,
    binding_id TEXT,
    phase TEXT NOT NULL DEFAULT 'planned',
    broker_operation TEXT,
    -- It was sent before, and nobody knows what became of it.
    unanswered INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When the first attempt was.
    tried_at INTEGER,
    next_at INTEGER NOT NULL DEFAULT 0,
    deadline INTEGER,
    message TEXT,
    user_id TEXT,
    user_name TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
  ) STRICT;
  CREATE INDEX operation_addon ON operation (addon_id, sequence);
  CREATE INDEX operation_open ON operation (addon_id) WHERE ended_at IS NULL;

  -- Events that Hippo has not been told yet.
  CREATE TABLE untold (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id TEXT,
    json TEXT NOT NULL
  ) STRICT;
  `,
];
