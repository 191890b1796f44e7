// PostgreSQL add-ons: a database each, watched for statements that take too long and for its size.

import { rmSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Driver, Environment, Instance, InstanceStatus } from '../kit/definition.ts';
import { bytesText } from '../kit/bytes-text.ts';
import { faultPoint } from '../kit/faults.ts';
import { repeat } from '../kit/repeat.ts';
import { makeName, makePassword, writePrivateFile } from '../kit/secrets.ts';
import { serial } from '../kit/serial.ts';
import { readConfig, type Config } from './config.ts';
import { Databases } from './databases.ts';
import { dump, removeOldDumps } from './dumps.ts';
import { PLANS, type PostgresPlan } from './offering.ts';
import { closeToPublic, configuredServer, ownServer, withClient, type Server } from './server.ts';
import { nextStorage, OPEN, storageWarning, type Storage } from './storage.ts';

const WATCH_INTERVAL = 1000;
/** Seconds from cancelling a statement to closing its connection. */
const GRACE = 3;
/** Seconds. */
const MAX_IDLE_TRANSACTION = 300;
const HOUR = 3_600_000;
/** Of one database; the server has room for 64,000. */
const MAX_LOCKS = 10_000;
/** Bytes. */
const MAX_SPILL = 1024 ** 3;
/** Milliseconds without a database after which the server goes. */
const UNUSED_TIME = 60_000;

export function openPostgres(environment: Environment): Driver {
  const config = readConfig(environment.directory);
  const server =
    config.server === undefined
      ? ownServer(environment)
      : configuredServer(config.server, environment.directory);
  return new PostgresDriver(environment, config, server);
}

class PostgresDriver implements Driver {
  readonly #environment: Environment;
  readonly #config: Config;
  readonly #server: Server;
  readonly #databases: Databases;
  /** Database → its plan. */
  readonly #plans = new Map<string, PostgresPlan>();
  /** Database → how its storage is, where that is not as usual; kept in a file. */
  readonly #storage: Map<string, Storage>;
  readonly #storageFile: string;
  readonly #dumps: string;
  #unused: NodeJS.Timeout | undefined;
  readonly #tasks: (() => Promise<void>)[] = [];
  /** Database → changes of what its tenant may do, which sampling and operations both make. */
  readonly #changes = new Map<string, ReturnType<typeof serial>>();

  constructor(environment: Environment, config: Config, server: Server) {
    this.#environment = environment;
    this.#config = config;
    this.#server = server;
    this.#databases = new Databases(server);
    this.#storageFile = join(environment.directory, 'storage.json');
    this.#dumps = join(environment.directory, 'dumps');
    this.#storage = readStorage(this.#storageFile);
  }

  async start(instances: readonly Instance[]): Promise<void> {
    for (const { facts, planId } of instances) this.#plans.set(databaseOf(facts), planOf(planId));
    removeOldDumps(this.#dumps, this.#config.dumpDays, Date.now());
    const { log } = this.#environment;
    let started: Promise<void> | undefined;
    const beReady = (): Promise<void> =>
      (started ??= this.#startServer().catch((error: unknown) => {
        started = undefined;
        throw error;
      }));
    beReady().catch((error: unknown) => log(textOf(error)));
    const watching = [
      [WATCH_INTERVAL, () => this.#watchStatements()],
      [this.#config.sampleSeconds * 1000, () => this.#watchStorage()],
      [HOUR, async () => removeOldDumps(this.#dumps, this.#config.dumpDays, Date.now())],
    ] as const;
    for (const [interval, work] of watching)
      this.#tasks.push(
        repeat(
          interval,
          async () => {
            await beReady();
            if (this.#plans.size > 0) await work();
          },
          log,
        ),
      );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#tasks.map((stop) => stop()));
    clearTimeout(this.#unused);
    await this.#databases.disconnectSelf();
    await (this.#plans.size > 0 ? this.#server.stop() : this.#server.discard());
  }

  unavailable() {
    return this.#server.unavailable();
  }

  prepareInstance() {
    return { database: makeName('d') };
  }

  async provision({ facts, planId }: Instance): Promise<void> {
    const database = databaseOf(facts);
    const plan = planOf(planId);
    this.#plans.set(database, plan);
    await this.#server.ready();
    if (!this.#server.own) await withClient(this.#server.address(), closeToPublic);
    await this.#databases.create(database);
    await this.#databases.setSpill(database, spillOf(plan));
    await this.#databases.setLimit(database, plan.maxConnections);
    faultPoint('provision.opened');
  }

  async refuseUpdate({ facts }: Instance, planId: string): Promise<string | undefined> {
    const database = databaseOf(facts);
    const used = (await this.#databases.sizes([database])).get(database) ?? 0;
    const { maxBytes, name } = planOf(planId);
    return used > maxBytes
      ? `The database has ${bytesText(used)}, and plan ${name} allows ${bytesText(maxBytes)}: delete something first, or choose a larger plan.`
      : undefined;
  }

  async update({ facts }: Instance, next: Instance): Promise<void> {
    const database = databaseOf(facts);
    const plan = planOf(next.planId);
    this.#plans.set(database, plan);
    await this.#databases.setSpill(database, spillOf(plan));
    const used = (await this.#databases.sizes([database])).get(database) ?? 0;
    await this.#inTurn(database, () => this.#judge(database, plan, used, true));
  }

  async deprovision({ facts }: Instance, { discard }: { discard: boolean }): Promise<string | undefined> {
    const database = databaseOf(facts);
    const note = await this.#inTurn(database, async () => {
      const there = await this.#databases.shut(database);
      const kept = there && !discard && this.#config.dumpDays > 0;
      const problem = kept ? await dump(this.#server, database, this.#dumps) : undefined;
      await this.#databases.drop(database);
      this.#remember(database, OPEN);
      this.#changes.delete(database);
      this.#plans.delete(database);
      if (!kept) return undefined;
      return problem === undefined
        ? `A dump is kept for ${this.#config.dumpDays} days: ${join(this.#dumps, `${database}.dump`)}.`
        : `No dump is kept: ${problem}.`;
    });
    clearTimeout(this.#unused);
    // Who removes one often adds another, and making a server takes a second.
    this.#unused = setTimeout(() => {
      this.#discardUnused().catch((error: unknown) => this.#environment.log(textOf(error)));
    }, UNUSED_TIME);
    return note;
  }

  prepareBinding({ facts }: Instance) {
    return {
      facts: { role: `${databaseOf(facts)}_${makeName('').slice(0, 12)}` },
      secret: makePassword(),
    };
  }

  async bind({ facts }: Instance, { facts: { role }, secret }: Parameters<Driver['bind']>[1]): Promise<void> {
    const database = databaseOf(facts);
    await this.#inTurn(database, () =>
      this.#databases.addLogin(database, String(role), secret, this.#storageOf(database).door),
    );
  }

  async unbind({ facts }: Instance, { facts: { role } }: Parameters<Driver['unbind']>[1]): Promise<void> {
    const database = databaseOf(facts);
    await this.#inTurn(database, () => this.#databases.removeLogin(database, String(role)));
  }

  access({ facts }: Instance, { facts: { role }, secret }: Parameters<Driver['access']>[1]) {
    const { host, port } = this.#server.address();
    const database = databaseOf(facts);
    const username = String(role);
    return {
      credentials: {
        uri: `postgresql://${username}:${secret}@${host}:${port}/${database}`,
        host,
        port,
        database,
        username,
        password: secret,
      },
      endpoints: [{ host, ports: [String(port)], protocol: 'tcp' }],
    };
  }

  async status({ facts, planId }: Instance): Promise<InstanceStatus> {
    const database = databaseOf(facts);
    const plan = planOf(planId);
    const used = (await this.#databases.sizes([database])).get(database) ?? 0;
    const warning = storageWarning(this.#storageOf(database), used, plan.maxBytes);
    return {
      storage: { used, limit: plan.maxBytes },
      connections: { used: await this.#databases.connections(database), limit: plan.maxConnections },
      details: { 'Longest statement': `${plan.maxStatementTime} seconds`, Database: database },
      warnings: warning === undefined ? [] : [warning],
    };
  }

  async #startServer(): Promise<void> {
    if (this.#plans.size === 0) return this.#discardUnused();
    await this.#server.ready();
    for (const [database, { door }] of this.#storage) {
      const plan = this.#plans.get(database);
      if (plan) await this.#databases.setDoor(database, door, plan.maxConnections);
      await this.#databases.disconnect(database);
    }
    if (!this.#server.own) return;
    // What an earlier broker left when it could not undo what had failed.
    for (const database of await this.#databases.known())
      if (!this.#plans.has(database)) {
        await this.#databases.shut(database);
        await this.#databases.drop(database);
        this.#environment.log(`${database} belonged to no add-on and was removed`);
      }
  }

  async #discardUnused(): Promise<void> {
    if (this.#plans.size > 0) return;
    // An add-on that is made from now on waits until it is done, and gets a new server.
    const discarded = this.#server.discard();
    await this.#databases.disconnectSelf();
    await discarded;
  }

  async #watchStatements(): Promise<void> {
    for (const pid of await this.#databases.hoarders([...this.#plans.keys()], MAX_LOCKS))
      await this.#databases.end(pid, 'terminate').catch((error: unknown) => {
        // Whose session it is may be looked up in a table, for which there is no lock left.
        if (!this.#server.own || process.platform === 'win32') throw error;
        process.kill(pid, 'SIGTERM');
      });
    for (const { pid, database, statementTime, idleTime } of await this.#databases.sessions()) {
      const most = this.#plans.get(database)?.maxStatementTime;
      if (most === undefined) continue;
      const over = (statementTime ?? 0) - most;
      if (over > GRACE || (idleTime ?? 0) > MAX_IDLE_TRANSACTION) await this.#databases.end(pid, 'terminate');
      else if (over > 0) await this.#databases.end(pid, 'cancel');
    }
  }

  async #watchStorage(): Promise<void> {
    const sizes = await this.#databases.sizes([...this.#plans.keys()]);
    for (const [database, used] of sizes)
      await this.#inTurn(database, async () => {
        const plan = this.#plans.get(database);
        if (plan) await this.#judge(database, plan, used, false);
      });
  }

  /** @param always also where the door stays as it is: limits may have changed */
  async #judge(database: string, plan: PostgresPlan, used: number, always: boolean): Promise<void> {
    const before = this.#storageOf(database);
    const next = nextStorage(before, {
      used,
      limit: plan.maxBytes,
      now: Date.now(),
      cleanUpTime: this.#config.cleanUpHours * HOUR,
    });
    const changes = next.door !== before.door;
    // A restart does again what is remembered, so that it is forgotten only when it has been undone.
    if (changes && next.door !== 'open') this.#remember(database, next);
    if (changes || always) await this.#databases.setDoor(database, next.door, plan.maxConnections);
    if (changes) {
      this.#environment.log(`${database} is ${next.door} at ${bytesText(used)}`);
      await this.#databases.disconnect(database);
      // What was under way until now has grown it, and is not held against its tenant.
      const closedAt = (await this.#databases.sizes([database])).get(database) ?? used;
      this.#remember(database, next.door === 'closed' ? { ...next, closedAt } : next);
    }
    if (next.door === 'closed') await this.#databases.shrink(database);
  }

  #inTurn<T>(database: string, work: () => Promise<T>): Promise<T> {
    const inTurn = this.#changes.get(database) ?? serial();
    this.#changes.set(database, inTurn);
    return inTurn(work);
  }

  #storageOf(database: string): Storage {
    return this.#storage.get(database) ?? OPEN;
  }

  #remember(database: string, storage: Storage): void {
    if (storage.door === 'open') this.#storage.delete(database);
    else this.#storage.set(database, storage);
    if (this.#storage.size === 0) rmSync(this.#storageFile, { force: true });
    else writePrivateFile(this.#storageFile, JSON.stringify(Object.fromEntries(this.#storage)));
  }
}

function readStorage(file: string): Map<string, Storage> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Storage>));
  } catch {
    return new Map();
  }
}

function databaseOf(facts: Instance['facts']): string {
  return String(facts['database']);
}

function planOf(planId: string): PostgresPlan {
  const plan = PLANS.find(({ id }) => id === planId);
  if (!plan) throw new Error('The plan is not one of this broker.');
  return plan;
}

function spillOf({ maxBytes }: PostgresPlan): number {
  return Math.min(2 * maxBytes, MAX_SPILL);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
