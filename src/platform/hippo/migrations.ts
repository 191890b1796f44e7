// The schema of Hippo's state; migrations are only ever added at the end.

import { randomUUID } from 'node:crypto';
import type { Database, Migration } from '../store/database.ts';

/** The account of whoever owns the machine; it has no password. */
export const OWNER = 'owner';

/** The first version that keeps something encrypted, or signed with the platform's key. */
export const FIRST_WITH_KEY = 2;

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
  addAccounts,
];

/** What was there before anybody had an account belongs to the owner of the machine. */
function addAccounts(database: Database): void {
  database.execute(`
  CREATE TABLE team (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE
  ) STRICT;

  CREATE TABLE account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    -- As passwords.ts writes it; null for one that nobody can sign in to.
    password TEXT,
    administrator INTEGER NOT NULL,
    first_team_id TEXT NOT NULL REFERENCES team (id)
  ) STRICT;

  CREATE TABLE member (
    team_id TEXT NOT NULL REFERENCES team (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, account_id)
  ) STRICT;
  CREATE INDEX member_account ON member (account_id);

  CREATE TABLE session (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- Unix milliseconds, as everywhere below.
    expires_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE refresh_token (
    digest TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    -- When it was exchanged for the next one.
    used_at INTEGER
  ) STRICT;
  CREATE INDEX refresh_token_session ON refresh_token (session_id);

  CREATE TABLE deploy_token (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL REFERENCES app (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER
  ) STRICT;
  CREATE INDEX deploy_token_app ON deploy_token (app_id);

  CREATE TABLE certificate (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES team (id),
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    -- Encrypted (secrets.ts).
    private_key BLOB NOT NULL,
    UNIQUE (team_id, name)
  ) STRICT;

  -- The team that pushed a name first.
  CREATE TABLE bindle_name (
    name TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES team (id)
  ) STRICT;

  -- The account that pushed first with a key.
  CREATE TABLE signing_key (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    first_seen_at INTEGER NOT NULL,
    revoked_at INTEGER
  ) STRICT;

  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id TEXT NOT NULL,
    json TEXT NOT NULL
  ) STRICT;

  ALTER TABLE app ADD COLUMN team_id TEXT REFERENCES team (id);
  ALTER TABLE channel ADD COLUMN certificate_id TEXT REFERENCES certificate (id) ON DELETE SET NULL;
  ALTER TABLE channel ADD COLUMN desired_status TEXT NOT NULL DEFAULT 'Running';
  CREATE INDEX app_team ON app (team_id);
  CREATE INDEX channel_revision ON channel (active_revision_id);
  CREATE INDEX channel_certificate ON channel (certificate_id);
  `);
  const [team, account] = [randomUUID(), randomUUID()];
  database.run('INSERT INTO team VALUES (?, ?)', team, OWNER);
  database.run('INSERT INTO account VALUES (?, ?, NULL, 1, ?)', account, OWNER, team);
  database.run('INSERT INTO member VALUES (?, ?)', team, account);
  database.run('UPDATE app SET team_id = ?', team);
}
