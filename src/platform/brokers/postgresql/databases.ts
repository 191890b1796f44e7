// One tenant's database: its owner role without login, a login role for each binding, and what of it is closed.
// Every function may be called again when it was broken off: it makes whole what is half there.
//
// The database itself belongs to the superuser, so that its tenant cannot lift the limit on its connections; what
// is in it belongs to the owner role. Names of roles begin with the name of their database.

import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { BrokerFailure } from '../kit/failure.ts';
import { faultPoint } from '../kit/faults.ts';
import { connect, openPool, type Server } from './server.ts';
import { literal, name, scramVerifier } from './sql.ts';

/** Functions that store large objects; anybody may call them as PostgreSQL comes. */
const LARGE_OBJECT_WRITERS = [
  'lo_creat(integer)',
  'lo_create(oid)',
  'lo_from_bytea(oid, bytea)',
  'lo_put(oid, bigint, bytea)',
  'lowrite(integer, bytea)',
  'lo_truncate(integer, integer)',
  'lo_truncate64(integer, bigint)',
].map((signature) => `pg_catalog.${signature}`);

/**
 * open: as the plan says. closed: it may be read, and made smaller. locked: nobody is let in.
 */
export type Door = 'open' | 'closed' | 'locked';

export interface Session {
  pid: number;
  database: string;
  /** Seconds that its statement has been running; null while none is. */
  statementTime: number | null;
  /** Seconds that its transaction has been idle; null while none is. */
  idleTime: number | null;
}

export const ownerOf = (database: string): string => `${database}_owner`;
/** May read and delete while the database is closed. */
const cleanerOf = (database: string): string => `${database}_cleaner`;

export class Databases {
  readonly #server: Server;
  #pool: pg.Pool | undefined;
  /** Name of a database → its id, as far as somebody has asked. */
  readonly #ids = new Map<string, number>();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Makes an owner and a database of its own that lets in nobody else, and nobody yet. */
  async create(database: string): Promise<void> {
    const owner = ownerOf(database);
    await this.#admin(async (client) => {
      await makeRole(client, owner, 'NOLOGIN');
      faultPoint('provision.owner');
      if (!(await exists(client, database)))
        await client.query(
          `CREATE DATABASE ${name(database)} TEMPLATE template0 ENCODING 'UTF8' CONNECTION LIMIT 0`,
        );
      faultPoint('provision.database');
    });
    await this.#inside(database, (client) =>
      client.query(
        `BEGIN;
         REVOKE ALL ON DATABASE ${name(database)} FROM PUBLIC;
         GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${name(database)} TO ${name(owner)};
         ALTER SCHEMA public OWNER TO ${name(owner)};
         REVOKE ALL ON SCHEMA public FROM PUBLIC;
         REVOKE EXECUTE ON FUNCTION ${LARGE_OBJECT_WRITERS.join(', ')} FROM PUBLIC;
         GRANT EXECUTE ON FUNCTION ${LARGE_OBJECT_WRITERS.join(', ')} TO ${name(owner)};
         COMMIT`,
      ),
    );
    faultPoint('provision.rights');
  }

  /** What a session may spill to disk, which does not count as storage. Of sessions that begin from then on. */
  async setSpill(database: string, bytes: number): Promise<void> {
    await this.#admin((client) =>
      client.query(`ALTER DATABASE ${name(database)} SET temp_file_limit = '${Math.ceil(bytes / 1024)}kB'`),
    );
  }

  /** How many connections it takes at the same time. */
  async setLimit(database: string, connections: number): Promise<void> {
    await this.#admin((client) =>
      client.query(`ALTER DATABASE ${name(database)} CONNECTION LIMIT ${connections}`),
    );
  }

  /** What those who have connected may do from then on, and how many they may be. */
  async setDoor(database: string, door: Door, connections: number): Promise<void> {
    await this.setLimit(database, door === 'locked' ? 0 : connections);
    await this.#inside(database, async (client) => {
      const logins = await loginsOf(client, database);
      if (door === 'closed') await close(client, database, logins);
      else if (logins.length > 0) await client.query(await opening(client, database, logins));
    });
  }

  /** Ends all connections of tenants, so that they come again with the rights that they have now. */
  async disconnect(database: string, role?: string): Promise<void> {
    await this.#admin(async (client) => {
      const others = `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'
        AND pid <> pg_backend_pid() AND ${role === undefined ? 'datname = $1' : 'usename = $1'}
        AND starts_with(usename, $2)`;
      for (let tries = 0; tries < 200; tries++) {
        const { rowCount } = await client.query(
          `SELECT pg_terminate_backend(pid) FROM (${others}) AS others`,
          [role ?? database, `${database}_`],
        );
        if (rowCount === 0) return;
        await delay(10);
      }
      throw new Error('Connections to the database do not end.');
    });
  }

  /** Makes a login role, or gives it that password, which acts as the owner while the database is open. */
  async addLogin(database: string, login: string, password: string, door: Door): Promise<void> {
    await this.#admin(async (client) => {
      const there = await roleExists(client, login);
      const acts = door === 'closed' ? cleanerOf(database) : ownerOf(database);
      await client.query(
        `BEGIN;
         ${there ? 'ALTER' : 'CREATE'} ROLE ${name(login)} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE
           NOREPLICATION NOBYPASSRLS PASSWORD ${literal(scramVerifier(password))};
         GRANT ${name(acts)} TO ${name(login)};
         ALTER ROLE ${name(login)} SET role = ${literal(acts)};
         COMMIT`,
      );
    });
    faultPoint('bind.role');
  }

  /** Ends its connections, gives what it owns to the owner, and removes it. */
  async removeLogin(database: string, login: string): Promise<void> {
    const there = await this.#admin(async (client) => {
      if (!(await roleExists(client, login))) return false;
      await client.query(`ALTER ROLE ${name(login)} NOLOGIN`);
      return true;
    });
    if (!there) return;
    faultPoint('unbind.shut');
    await this.disconnect(database, login);
    await this.#inside(database, (client) =>
      client.query(`REASSIGN OWNED BY ${name(login)} TO ${name(ownerOf(database))}`),
    );
    faultPoint('unbind.reassigned');
    await this.#dropRole(login);
    faultPoint('unbind.dropped');
  }

  /** Lets nobody in any more. False if there is no such database. */
  async shut(database: string): Promise<boolean> {
    const there = await this.#admin(async (client) => {
      if (!(await exists(client, database))) return false;
      await client.query(`ALTER DATABASE ${name(database)} CONNECTION LIMIT 0`);
      return true;
    });
    if (there) await this.disconnect(database);
    return there;
  }

  /** Removes the database and every role of it. */
  async drop(database: string): Promise<void> {
    this.#ids.delete(database);
    await this.#rollBackPrepared(database);
    const roles = await this.#admin(async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${name(database)} WITH (FORCE)`);
      faultPoint('deprovision.dropped');
      return rolesOf(client, database);
    });
    for (const role of roles) {
      await this.#dropRole(role);
      faultPoint('deprovision.role');
    }
  }

  /** Transactions that nobody ends: they would keep the database. Only a server that was configured may have any. */
  async #rollBackPrepared(database: string): Promise<void> {
    const { rows } = await this.#admin((client) =>
      client.query<{ gid: string }>('SELECT gid FROM pg_prepared_xacts WHERE database = $1', [database]),
    );
    if (rows.length > 0)
      await this.#inside(database, async (client) => {
        for (const { gid } of rows) await client.query(`ROLLBACK PREPARED ${literal(gid)}`);
      });
  }

  /** Names of all databases and roles that look like a tenant's. */
  async known(): Promise<Set<string>> {
    return this.#admin(async (client) => {
      const { rows } = await client.query<{ database: string }>(
        `SELECT datname AS database FROM pg_database WHERE datname ~ '^d[0-9a-f]{32}$'
         UNION SELECT left(rolname, 33) FROM pg_roles WHERE rolname ~ '^d[0-9a-f]{32}_'`,
      );
      return new Set(rows.map(({ database }) => database));
    });
  }

  /** Bytes, by name. */
  async sizes(databases: readonly string[]): Promise<Map<string, number>> {
    return this.#admin(async (client) => {
      const { rows } = await client.query<{ datname: string; size: string }>(
        'SELECT datname, pg_database_size(oid) AS size FROM pg_database WHERE datname = ANY ($1)',
        [databases],
      );
      return new Map(rows.map(({ datname, size }) => [datname, Number(size)]));
    });
  }

  async connections(database: string): Promise<number> {
    return this.#admin(async (client) => {
      const { rows } = await client.query<{ count: string }>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'",
        [database],
      );
      return Number(rows[0]?.count);
    });
  }

  /** Sessions of tenants that run a statement, or leave a transaction idle. */
  async sessions(): Promise<Session[]> {
    return this.#admin(async (client) => {
      const { rows } = await client.query<Record<string, string | number | null>>(
        `SELECT pid, datname AS database,
           CASE state WHEN 'active' THEN extract(epoch FROM clock_timestamp() - query_start)
             -- A function that is called without a statement.
             WHEN 'fastpath function call' THEN extract(epoch FROM clock_timestamp() - state_change) END AS running,
           CASE WHEN state LIKE 'idle in transaction%'
             THEN extract(epoch FROM clock_timestamp() - state_change) END AS idle
         FROM pg_stat_activity
         WHERE starts_with(usename, datname || '_') AND state <> 'idle'`,
      );
      const seconds = (value: string | number | null | undefined): number | null =>
        value === null || value === undefined ? null : Number(value);
      return rows.map(({ pid, database, running, idle }) => ({
        pid: Number(pid),
        database: String(database),
        statementTime: seconds(running),
        idleTime: seconds(idle),
      }));
    });
  }

  /**
   * Sessions in databases that hold more locks than that, and share the room for them with all others. Those that hold
   * few are left, as many as fit. Looks into no table, for which there may be no lock left; ids are asked for ahead.
   */
  async hoarders(databases: readonly string[], most: number): Promise<number[]> {
    return this.#admin(async (client) => {
      // In a server of its own, all databases but this one are tenants'.
      const [which, values] = this.#server.own
        ? ['<> (SELECT datid FROM pg_stat_get_activity(pg_backend_pid()))', []]
        : ['= ANY($2::oid[])', [await this.#idsOf(databases, client)]];
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM (
           SELECT pid, sum(count(*)) OVER (PARTITION BY datid ORDER BY count(*), pid) AS locks
           FROM pg_lock_status() AS held JOIN pg_stat_get_activity(NULL) AS session USING (pid)
           WHERE session.datid ${which}
           GROUP BY pid, datid
         ) AS sessions WHERE locks > $1`,
        [most, ...values],
      );
      return rows.map(({ pid }) => pid);
    });
  }

  async #idsOf(databases: readonly string[], client: pg.ClientBase): Promise<number[]> {
    const unknown = databases.filter((database) => !this.#ids.has(database));
    if (unknown.length > 0) {
      const sql = 'SELECT oid, datname FROM pg_database WHERE datname = ANY($1)';
      const { rows } = await client
        .query<{ oid: number; datname: string }>(sql, [unknown])
        .catch(() => ({ rows: [] }));
      for (const { oid, datname } of rows) this.#ids.set(datname, oid);
    }
    return databases.flatMap((database) => this.#ids.get(database) ?? []);
  }

  async end(pid: number, how: 'cancel' | 'terminate'): Promise<void> {
    await this.#admin((client) => client.query(`SELECT pg_${how}_backend($1)`, [pid]));
  }

  /** Gives back the space of rows that were deleted. */
  async shrink(database: string): Promise<void> {
    await this.#inside(database, async (client) => {
      // A table that is in use is left for the next time.
      await client.query("SET lock_timeout = '1s'");
      const { rows } = await client.query<{ table: string }>(
        `SELECT format('%I.%I', schemaname, relname) AS table FROM pg_stat_user_tables
         WHERE n_dead_tup > 0 AND n_dead_tup >= n_live_tup / 10`,
      );
      for (const { table } of rows) await client.query(`VACUUM (FULL) ${table}`).catch(() => undefined);
    });
  }

  /** Rights in other databases, which their tenants may have given it, would keep a role from being dropped. */
  async #dropRole(role: string): Promise<void> {
    const databases = await this.#admin(async (client) => {
      const { rows } = await client.query<{ datname: string }>(
        `SELECT DISTINCT datname FROM pg_shdepend JOIN pg_database ON pg_database.oid = dbid
         WHERE refclassid = 'pg_authid'::regclass AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)`,
        [role],
      );
      return rows.map(({ datname }) => datname);
    });
    for (const database of databases)
      await this.#inside(database, (client) => client.query(`DROP OWNED BY ${name(role)}`));
    await this.#admin(async (client) => {
      if (databases.length === 0 && (await roleExists(client, role)))
        // Rights on databases as such.
        await client.query(`DROP OWNED BY ${name(role)}`);
      await client.query(`DROP ROLE IF EXISTS ${name(role)}`);
    });
  }

  /** Ends what is kept open to the server. */
  async disconnectSelf(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end().catch(() => undefined);
  }

  #admin<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return this.#again(async () => {
      const client = await this.#connected(() => {
        this.#pool ??= openPool(this.#server.address());
        return this.#pool.connect();
      });
      try {
        return await work(client);
      } catch (error) {
        // It may be in the midst of a transaction.
        if (!isBrokenOff(error)) await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      } finally {
        client.release();
      }
    });
  }

  /** As the superuser in a tenant's database: only with statements that run none of the tenant's code. */
  #inside<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.#again(async () => {
      const client = await this.#connected(() => connect({ ...this.#server.address(), database }));
      try {
        await client.query('SET search_path = pg_catalog');
        return await work(client);
      } finally {
        await client.end().catch(() => undefined);
      }
    });
  }

  /** Once more if the server ended under it, which leaves no work half done that may not be done again. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isBrokenOff(error)) throw error;
      // Other connections that are kept have ended with it.
      void this.disconnectSelf();
      await this.#server.ready();
      return work();
    }
  }

  /** A server that does not answer is started. */
  async #connected<T>(attempt: () => Promise<T>): Promise<T> {
    if (this.#server.isUp())
      try {
        return await attempt();
      } catch {
        // It may be about to end.
      }
    void this.disconnectSelf();
    await this.#server.ready();
    return attempt();
  }
}

/** The connection has ended: nothing that has a SQLSTATE, but for what the server says when it ends. */
function isBrokenOff(error: unknown): boolean {
  if (error instanceof BrokerFailure) return false;
  return !(error instanceof pg.DatabaseError) || /^57P0[12]$/.test(error.code ?? '');
}

async function close(client: pg.ClientBase, database: string, logins: readonly string[]): Promise<void> {
  const owner = name(ownerOf(database));
  const cleaner = name(cleanerOf(database));
  await makeRole(client, cleanerOf(database), 'NOLOGIN');
  const strangers = ['PUBLIC', ...logins.map(name)].join(', ');
  const { rows: schemas } = await client.query<{ name: string }>(
    `SELECT quote_ident(nspname) AS name FROM pg_namespace
     WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'`,
  );
  // What they run acts as its owner, who may write.
  const { rows: functions } = await client.query<{ name: string }>(
    `SELECT oid::regprocedure::text AS name FROM pg_proc
     WHERE prosecdef AND proowner = (SELECT oid FROM pg_roles WHERE rolname = $1)`,
    [ownerOf(database)],
  );
  await client.query(
    [
      'BEGIN',
      ...logins.map((login) => `REASSIGN OWNED BY ${name(login)} TO ${owner}`),
      `GRANT CONNECT ON DATABASE ${name(database)} TO ${cleaner}`,
      ...schemas.flatMap((schema) => [
        `REVOKE CREATE ON SCHEMA ${schema.name} FROM ${strangers} CASCADE`,
        `GRANT USAGE ON SCHEMA ${schema.name} TO ${cleaner}`,
        `REVOKE INSERT, UPDATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA ${schema.name} FROM ${strangers} CASCADE`,
        `GRANT SELECT, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${schema.name} TO ${cleaner}`,
      ]),
      ...functions.map((each) => `REVOKE EXECUTE ON ROUTINE ${each.name} FROM ${strangers} CASCADE`),
      ...logins.flatMap((login) => [
        `REVOKE ${owner} FROM ${name(login)}`,
        `GRANT ${cleaner} TO ${name(login)}`,
        `ALTER ROLE ${name(login)} SET role = ${literal(cleanerOf(database))}`,
      ]),
      'COMMIT',
    ].join(';\n'),
  );
}

async function opening(client: pg.ClientBase, database: string, logins: readonly string[]): Promise<string> {
  const owner = ownerOf(database);
  const cleaner = (await roleExists(client, cleanerOf(database))) ? name(cleanerOf(database)) : undefined;
  return [
    'BEGIN',
    ...logins.flatMap((login) => [
      `GRANT ${name(owner)} TO ${name(login)}`,
      ...(cleaner === undefined ? [] : [`REVOKE ${cleaner} FROM ${name(login)}`]),
      `ALTER ROLE ${name(login)} SET role = ${literal(owner)}`,
    ]),
    'COMMIT',
  ].join(';\n');
}

async function makeRole(client: pg.ClientBase, role: string, attributes: string): Promise<void> {
  if (!(await roleExists(client, role))) await client.query(`CREATE ROLE ${name(role)} ${attributes}`);
}

async function roleExists(client: pg.ClientBase, role: string): Promise<boolean> {
  return ((await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])).rowCount ?? 0) > 0;
}

async function exists(client: pg.ClientBase, database: string): Promise<boolean> {
  return ((await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])).rowCount ?? 0) > 0;
}

/** Logins first: they are members of the others. */
async function rolesOf(client: pg.ClientBase, database: string): Promise<string[]> {
  const { rows } = await client.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1) ORDER BY rolcanlogin DESC, rolname',
    [`${database}_`],
  );
  return rows.map(({ rolname }) => rolname);
}

async function loginsOf(client: pg.ClientBase, database: string): Promise<string[]> {
  const all = await rolesOf(client, database);
  return all.filter((role) => ![ownerOf(database), cleanerOf(database)].includes(role));
}
