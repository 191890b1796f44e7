// A real PostgreSQL for tests, on a free port of 127.0.0.1, never run by root. Undefined where this machine has none.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';

const DEBIAN = '/usr/lib/postgresql';

export interface RealPostgresql {
  /** Of the superuser. */
  readonly uri: string;
  /** One statement by the superuser, in this database or the usual one. */
  query(sql: string, database?: string): Promise<pg.QueryResult>;
  /** A URI for a role. */
  uriOf(role: string, password: string, database: string): string;
  stop(): Promise<void>;
}

/** Where its programs are; undefined where this machine lacks them: `apt-get install -y postgresql`. */
export function postgresqlPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const debian = versions.map((version) => join(DEBIAN, version, 'bin'));
  return debian.find((folder) => existsSync(join(folder, 'initdb'))) ?? onPath();
}

export async function startPostgresql(
  programs: string,
  more: Readonly<Record<string, string | number>> = {},
): Promise<RealPostgresql> {
  const user = serverUser('postgres');
  // The usual folder for temporary files may be closed to the server's user.
  const folder = mkdtempSync('/tmp/hippo-test-postgresql-');
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  if (user) for (const path of [folder, data, passwordFile]) chownSync(path, user.uid, user.gid);
  const options = { cwd: folder, stdio: 'ignore', ...user } as const;
  execFileSync(
    join(programs, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'root_of_test',
      '-A',
      'scram-sha-256',
      '--pwfile',
      passwordFile,
      '-E',
      'UTF8',
      '--no-sync',
    ],
    options,
  );
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    ...more,
  };
  const server = spawn(
    join(programs, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    options,
  );
  const ended = once(server, 'exit');
  const uriOf = (role: string, secret: string, database: string): string =>
    `postgresql://${role}:${secret}@127.0.0.1:${port}/${database}`;
  const query = async (sql: string, database = 'postgres'): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: uriOf('root_of_test', password, database) });
    client.on('error', () => undefined);
    await client.connect();
    return client.query(sql).finally(() => client.end());
  };
  while (
    !(await query('SELECT 1').then(
      () => true,
      () => false,
    ))
  )
    if (server.exitCode !== null) throw new Error('PostgreSQL does not start.');
  return {
    uri: uriOf('root_of_test', password, 'postgres'),
    query,
    uriOf,
    async stop() {
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Whom a server runs as where the tests are root's. */
export function serverUser(preferred: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string, name: string): number | undefined => {
    const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  };
  for (const name of [preferred, 'nobody']) {
    const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('This machine has no user that a server could run as.');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function onPath(): string | undefined {
  return (process.env['PATH'] ?? '').split(':').find((folder) => existsSync(join(folder, 'initdb')));
}
