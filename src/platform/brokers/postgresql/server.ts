// The PostgreSQL server that holds the databases: this broker's own, or one that was configured.

import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Environment, Unavailable } from '../kit/definition.ts';
import { BrokerFailure } from '../kit/failure.ts';
import { faultPoint } from '../kit/faults.ts';
import { findFreePort, isFree } from '../kit/free-port.ts';
import { isAlive, runProgram } from '../kit/run-program.ts';
import { makePassword, writePrivateFile } from '../kit/secrets.ts';
import { serial } from '../kit/serial.ts';
import {
  abandonedPlaces,
  findPlace,
  makePlace,
  removePlace,
  type ServerPlace,
  serverUser,
} from '../kit/server-place.ts';
import { findPrograms, missingServer, programPath, type Programs } from './find-programs.ts';
import { name } from './sql.ts';

const HOST = '127.0.0.1';
const SUPERUSER = 'hippo_admin';
const USERS = ['postgres', 'nobody'];
/** Milliseconds. */
const START_TIME = 60_000;
const CONNECT_TIME = 10_000;
/** For what is left of a server that was killed. */
const LEAVE_TIME = 15_000;

/** How to sign in as the superuser. */
export interface AdminAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  /** That which is for administration. */
  database: string;
  ssl: boolean;
}

/** Methods are free of `this`. */
export interface Server {
  /** Undefined if it is there, or can be started. */
  unavailable: () => Promise<Unavailable | undefined>;
  /** It may be spoken to: who listens at its address is the server. */
  isUp: () => boolean;
  /** It runs when this resolves. @throws BrokerFailure */
  ready: () => Promise<void>;
  /** Known from its first start on. @throws Error */
  address: () => AdminAddress;
  /** The path of one of its programs, if it is here. */
  program: (name: string) => Promise<string | undefined>;
  /** True if nobody else has databases in it. */
  own: boolean;
  /** No database is left: all that belongs to it may go. */
  discard: () => Promise<void>;
  stop: () => Promise<void>;
}

/** @param directory the broker's, where programs beside it may be */
export function configuredServer(url: string, directory: string): Server {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const address: AdminAddress = {
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || 'postgres',
    ssl: !['', 'disable'].includes(searchParams.get('sslmode') ?? ''),
  };
  const refusal = async (): Promise<string | undefined> => {
    try {
      const isSuper = await withClient(address, async (client) => {
        const { rows } = await client.query<{ rolsuper: boolean }>(
          'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
        );
        return rows[0]?.rolsuper;
      });
      return isSuper
        ? undefined
        : 'The PostgreSQL that config.json names gives its user no superuser rights.';
    } catch (error) {
      return `The PostgreSQL that config.json names cannot be used (${(error as { code?: string }).code ?? 'no answer'}).`;
    }
  };
  return {
    own: false,
    unavailable: async () => {
      const reason = await refusal();
      return reason === undefined ? undefined : { reason };
    },
    isUp: () => true,
    ready: async () => {
      const reason = await refusal();
      if (reason !== undefined) throw unavailable(reason);
    },
    address: () => address,
    program: async (name) => {
      const found = await findPrograms({ directory, user: undefined, version: undefined });
      return found && pathOf(found, name);
    },
    discard: async () => undefined,
    stop: async () => undefined,
  };
}

/** What is kept of an own server. */
interface Note {
  /** Credentials name it: it stays. */
  port: number;
  /** Sealed. */
  password: string;
}

export function ownServer({ directory, log, seal, unseal }: Environment): Server {
  const noteFile = join(directory, 'server.json');
  const inTurn = serial();
  let programs: Programs | undefined;
  let address = readAddress();

  async function find(): Promise<Programs | undefined> {
    // Looked for each time while there is none: it may have been installed since.
    if (!programs || !existsSync(programPath(programs, 'postgres')))
      programs = await findPrograms({
        directory,
        user: serverUser(USERS),
        version: versionOf(findPlace(directory)),
      });
    return programs;
  }

  async function start(): Promise<void> {
    const found = await find();
    if (!found) {
      const { reason, command } = missingServer(directory);
      throw unavailable(`${reason} This gets it: ${command}`);
    }
    const place = makePlace(directory, USERS);
    address ??= await makeAddress();
    if (!address) throw new Error('The note of the server is gone.');
    if (versionOf(place) === undefined) await initialize(found, place, address.password);
    faultPoint('server.made');
    writeSettings(place, address.port);
    await launch(found, place, address);
    await withClient(address, closeToPublic);
    log(`PostgreSQL ${found.version} runs at port ${address.port}`);
  }

  async function launch(found: Programs, place: ServerPlace, known: AdminAddress): Promise<void> {
    for (const deadline = Date.now() + LEAVE_TIME; ; await delay(250)) {
      if (!isAlive(postmasterOf(place)) && !(await isFree(known.port)))
        throw unavailable(
          `Another program has taken port ${known.port}, which this machine's PostgreSQL add-ons have in their credentials: end it. PostgreSQL then starts by itself.`,
        );
      await control(found, place, ['start', '-w', '-t', '60', '-l', join(place.directory, 'server.log')]);
      faultPoint('server.started');
      if (await answers(place, known)) return;
      // Of a server that was killed, the processes of its connections end a moment later, and keep its memory.
      if (Date.now() > deadline)
        throw unavailable(
          "PostgreSQL did not start: the broker's log says more to this machine's administrator.",
        );
    }
  }

  async function stop(): Promise<void> {
    const place = findPlace(directory);
    const isRunning = (): boolean =>
      place !== undefined && existsSync(join(place.directory, 'data/postmaster.pid'));
    const found = isRunning() ? await find() : undefined;
    if (!found || !place) return;
    await control(found, place, ['stop', '-w', '-m', 'fast', '-t', '10']);
    if (isRunning()) await control(found, place, ['stop', '-w', '-m', 'immediate', '-t', '10']);
    log('PostgreSQL stopped');
  }

  async function control(
    found: Programs,
    { directory: cwd, user }: ServerPlace,
    args: string[],
  ): Promise<void> {
    const { code, output } = await runProgram(
      programPath(found, 'pg_ctl'),
      [...args, '-D', join(cwd, 'data')],
      { cwd, user, timeLimit: START_TIME + 10_000 },
    );
    if (code !== 0) log(`pg_ctl ${args[0]} ended with ${code}: ${output}`);
  }

  async function initialize(found: Programs, { directory: cwd, user }: ServerPlace, password: string) {
    const unfinished = join(cwd, 'data.part');
    const passwordFile = join(cwd, 'password');
    for (const folder of [unfinished, join(cwd, 'data')]) rmSync(folder, { recursive: true, force: true });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    try {
      if (user) chownSync(passwordFile, user.uid, user.gid);
      const { code, output } = await runProgram(
        programPath(found, 'initdb'),
        [
          ...['-D', unfinished, '-U', SUPERUSER, '--pwfile', passwordFile],
          ...['--auth=scram-sha-256', '--encoding=UTF8'],
          process.platform === 'linux' ? '--locale=C.UTF-8' : '--no-locale',
        ],
        { cwd, user },
      );
      if (code !== 0) {
        log(`initdb ended with ${code}: ${output}`);
        throw unavailable("PostgreSQL's data could not be made.");
      }
    } finally {
      rmSync(passwordFile, { force: true });
    }
    faultPoint('server.initialized');
    renameSync(unfinished, join(cwd, 'data'));
  }

  function readAddress(): AdminAddress | undefined {
    if (!existsSync(noteFile)) return undefined;
    const { port, password } = JSON.parse(readFileSync(noteFile, 'utf8')) as Note;
    return {
      host: HOST,
      port,
      user: SUPERUSER,
      password: unseal(password),
      database: 'postgres',
      ssl: false,
    };
  }

  async function makeAddress(): Promise<AdminAddress | undefined> {
    const note: Note = { port: await findFreePort(), password: seal(makePassword()) };
    writePrivateFile(noteFile, JSON.stringify(note));
    return readAddress();
  }

  function removeAbandoned(): void {
    for (const abandoned of abandonedPlaces())
      if (!existsSync(join(abandoned, 'data/postmaster.pid')))
        rmSync(abandoned, { recursive: true, force: true });
  }

  return {
    own: true,
    unavailable: async () => ((await find()) ? undefined : missingServer(directory)),
    isUp: () => {
      const place = findPlace(directory);
      return place !== undefined && isAlive(postmasterOf(place));
    },
    ready: () =>
      inTurn(async () => {
        const place = findPlace(directory);
        if (!place || !address || !(await answers(place, address))) await start();
      }),
    address: () => {
      if (!address) throw new Error('The server has not been started yet.');
      return address;
    },
    program: async (name) => {
      const found = await find();
      return found && pathOf(found, name);
    },
    discard: () =>
      inTurn(async () => {
        await stop();
        address = undefined;
        rmSync(noteFile, { force: true });
        removePlace(directory);
        removeAbandoned();
      }),
    stop: () => inTurn(stop),
  };
}

function pathOf(found: Programs, name: string): string | undefined {
  const path = programPath(found, name);
  return existsSync(path) ? path : undefined;
}

function unavailable(reason: string): BrokerFailure {
  return new BrokerFailure(500, 'ServerUnavailable', reason);
}

/** All of it is ours: nothing but loopback and passwords, and no statement in the log, which could hold one. */
function writeSettings({ directory, user }: ServerPlace, port: number): void {
  const settings = {
    listen_addresses: HOST,
    port,
    unix_socket_directories: '',
    max_connections: 500,
    superuser_reserved_connections: 10,
    password_encryption: 'scram-sha-256',
    // Of each process, in kilobytes; each database has its own.
    temp_file_limit: 1024 * 1024,
    // Room for locks, which all databases share: 64,000.
    max_locks_per_transaction: 128,
    log_min_error_statement: 'panic',
    log_min_messages: 'warning',
    log_statement: 'none',
    timezone: 'UTC',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = '${value}'\n`);
  for (const [file, text] of [
    ['postgresql.conf', lines.join('')],
    ['pg_hba.conf', `host all all ${HOST}/32 scram-sha-256\n`],
  ] as const) {
    const path = join(directory, 'data', file);
    writeFileSync(path, text, { mode: 0o600 });
    if (user) chownSync(path, user.uid, user.gid);
  }
}

/** The version whose data is there; undefined if there is none. */
function versionOf(place: ServerPlace | undefined): number | undefined {
  if (!place) return undefined;
  try {
    return Number(readFileSync(join(place.directory, 'data/PG_VERSION'), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * True if our server is there and takes our password. Nobody else is told it: a program that has our port while our
 * server does not run could ask for it in clear.
 */
async function answers(place: ServerPlace, address: AdminAddress): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    if (!isAlive(postmasterOf(place))) return false;
    try {
      await withClient(address, (client) => client.query('SELECT 1'));
      return true;
    } catch (error) {
      // It is starting, or recovering from a crash (57P03: cannot_connect_now).
      if ((error as { code?: string }).code !== '57P03') return false;
      await delay(100);
    }
  }
  return false;
}

/** Its process, as its lock file says; undefined if there is none. */
function postmasterOf({ directory }: ServerPlace): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(directory, 'data/postmaster.pid'), 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

/** One connection, for as long as `work` takes. */
export async function withClient<T>(
  address: AdminAddress,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(address);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function connect(address: AdminAddress): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(address));
  // It may be cut off at any time; the query under way says so.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Connections that are kept for a while. */
export function openPool(address: AdminAddress): pg.Pool {
  const pool = new pg.Pool({ ...clientConfig(address), max: 4, idleTimeoutMillis: 10_000 });
  // Also of those that are in use when the server stops.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

function clientConfig({ host, port, user, password, database, ssl }: AdminAddress): pg.ClientConfig {
  return {
    host,
    port,
    user,
    password,
    database,
    ...(ssl ? { ssl: true } : {}),
    connectionTimeoutMillis: CONNECT_TIME,
    application_name: 'hippo broker',
  };
}

/** Nobody but superusers has anything to look for in the databases that belong to no add-on. */
export async function closeToPublic(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ datname: string; isOpen: boolean }>(
    `SELECT datname, has_database_privilege('public', oid, 'CONNECT') AS "isOpen"
     FROM pg_database WHERE datname IN ('postgres', 'template1', current_database())`,
  );
  for (const { datname, isOpen } of rows)
    if (isOpen) await client.query(`REVOKE ALL ON DATABASE ${name(datname)} FROM PUBLIC`);
}
