// The schema of Hippo's state; migrations are only ever added at the end.

import type { Migration } from '../store/database.ts';

export const MIGRATIONS: readonly Migration[] = [
  `
  CREATE TABLE app (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    storage_id TEXT NOT NULL
  ) STRICT;
  CREATE INDEX app_storage ON app (storage_id);

  CREATE TABLE revision (
    -- The order of registration.
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL REFERENCES app (id) ON DELETE CASCADE,
    number TEXT NOT NULL,
    UNIQUE (app_id, number)
  ) STRICT;

  CREATE TABLE channel (
    id TEXT PRIMARY KEY,
    app_id TEXT NOT NULL REFERENCES app (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    domain TEXT NOT NULL UNIQUE,
    strategy TEXT NOT NULL,
    range_rule TEXT,
    active_revision_id TEXT REFERENCES revision (id) ON DELETE SET NULL,
    last_publish_at TEXT,
    UNIQUE (app_id, name)
  ) STRICT;

  CREATE TABLE variable (
    channel_id TEXT NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (channel_id, key)
  ) STRICT;
  `,
];
