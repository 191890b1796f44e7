// Redis add-ons: a server each, behind a port of the broker's.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import { Check } from 'typebox/value';
import { bytesText } from '../kit/bytes-text.ts';
import type { Binding, Driver, Environment, Instance, InstanceStatus } from '../kit/definition.ts';
import { BrokerFailure } from '../kit/failure.ts';
import { faultPoint } from '../kit/faults.ts';
import { findFreePort } from '../kit/free-port.ts';
import { repeat } from '../kit/repeat.ts';
import { makeName, makePassword } from '../kit/secrets.ts';
import { makePlace, removePlace, serverUser } from '../kit/server-place.ts';
import { findRedis, missingRedis } from './find-program.ts';
import { Front } from './front.ts';
import { PLANS, type Eviction, type RedisPlan } from './offering.ts';
import { portTaken, RedisServer, type Limits } from './server.ts';

const HOST = '127.0.0.1';
const USERS = ['redis', 'nobody'];
const WATCH_INTERVAL = 1000;

/** `config.json` in the broker's folder: what the machine's administrator may set. */
const Config = Type.Object({
  /** Without a connection for so long, a server is stopped. */
  idleSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 86_400 })),
});
const IDLE_SECONDS = 300;

interface Running {
  instance: Instance;
  server: RedisServer;
  front: Front;
}

export function openRedis(environment: Environment): Driver {
  return new RedisDriver(environment);
}

class RedisDriver implements Driver {
  readonly #environment: Environment;
  readonly #idleTime: number;
  /** By the name in its facts. */
  readonly #running = new Map<string, Running>();
  /** Those whose port another program has, by the name in their facts. */
  readonly #waiting = new Map<string, Instance>();
  #program: string | undefined;
  #stopWatching: () => Promise<void> = async () => undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#idleTime = readIdleSeconds(environment.directory) * 1000;
  }

  async start(instances: readonly Instance[]): Promise<void> {
    const { directory, log } = this.#environment;
    if (instances.length === 0) removePlace(directory);
    for (const instance of instances) await this.#openOrWait(instance);
    this.#stopWatching = repeat(
      WATCH_INTERVAL,
      async () => {
        for (const instance of [...this.#waiting.values()]) await this.#openOrWait(instance);
        await Promise.all(
          [...this.#running.values()].map(async ({ server, front }) => {
            await server.watch();
            if (front.connections === 0 && server.unusedFor > this.#idleTime) await server.sleep();
          }),
        );
      },
      log,
    );
  }

  async stop(): Promise<void> {
    await this.#stopWatching();
    await Promise.all(
      [...this.#running.values()].map(async ({ front, server }) => {
        await front.close();
        await server.stop();
      }),
    );
  }

  async unavailable() {
    return (await this.#find()) === undefined ? missingRedis() : undefined;
  }

  async prepareInstance() {
    const port = await findFreePort();
    let serverPort = port;
    while (serverPort === port) serverPort = await findFreePort();
    return { name: makeName('r'), port, serverPort, admin: this.#environment.seal(makePassword()) };
  }

  async provision(instance: Instance): Promise<void> {
    const { server } = await this.#open(instance);
    server.prepare();
    faultPoint('provision.folder');
    await server.ready();
    faultPoint('provision.started');
  }

  async refuseUpdate(instance: Instance, planId: string): Promise<string | undefined> {
    const { maxMemory, name } = planOf(planId);
    if (maxMemory >= planOf(instance.planId).maxMemory) return undefined;
    const { server } = await this.#open(instance);
    const used = await server.usedMemory();
    return used > maxMemory
      ? `It holds ${bytesText(used)}, and plan ${name} allows ${bytesText(maxMemory)}: delete something first, or choose a larger plan.`
      : undefined;
  }

  async update(_instance: Instance, next: Instance): Promise<void> {
    const running = await this.#open(next);
    running.instance = next;
    await running.server.applyLimits();
    faultPoint('update.applied');
  }

  async deprovision(instance: Instance): Promise<undefined> {
    const { server, front } = this.#running.get(nameOf(instance)) ?? this.#make(instance);
    this.#waiting.delete(nameOf(instance));
    await front.close();
    await server.remove();
    this.#running.delete(nameOf(instance));
    if (this.#running.size === 0) removePlace(this.#environment.directory);
  }

  prepareBinding() {
    return { facts: { user: makeName('u').slice(0, 17) }, secret: makePassword() };
  }

  async bind(instance: Instance, { facts, secret }: Binding): Promise<void> {
    const { server } = await this.#open(instance);
    await server.addUser(String(facts['user']), secret);
  }

  async unbind(instance: Instance, { facts }: Binding): Promise<void> {
    const { server } = await this.#open(instance);
    await server.removeUser(String(facts['user']));
  }

  access({ facts: { port } }: Instance, { facts: { user }, secret }: Binding) {
    const username = String(user);
    return {
      credentials: {
        uri: `redis://${username}:${secret}@${HOST}:${String(port)}/0`,
        host: HOST,
        port: Number(port),
        username,
        password: secret,
      },
      endpoints: [{ host: HOST, ports: [String(port)], protocol: 'tcp' }],
    };
  }

  async status(instance: Instance): Promise<InstanceStatus> {
    const { server, front } = await this.#open(instance);
    const { maxMemory, maxConnections, eviction } = limitsOf(instance);
    const isRunning = await server.isRunning();
    const used = isRunning ? await server.usedMemory() : undefined;
    const isFull = (used ?? 0) > maxMemory * 0.9;
    return {
      ...(used === undefined ? {} : { storage: { used, limit: maxMemory } }),
      connections: { used: front.connections, limit: maxConnections },
      details: { Server: isRunning ? 'runs' : 'sleeps until somebody connects', 'When full': eviction },
      warnings: isFull ? ['Nearly all of its memory is used.'] : [],
    };
  }

  /** One whose port is taken must not keep the others from being there. */
  async #openOrWait(instance: Instance): Promise<void> {
    const name = nameOf(instance);
    try {
      await this.#open(instance);
    } catch (error) {
      if (!this.#waiting.has(name)) this.#environment.log(textOf(error));
      this.#waiting.set(name, instance);
    }
  }

  async #open(instance: Instance): Promise<Running> {
    const known = this.#running.get(nameOf(instance));
    if (known) return known;
    const made = this.#make(instance);
    this.#running.set(nameOf(instance), made);
    try {
      await made.front.listen();
    } catch (error) {
      this.#running.delete(nameOf(instance));
      this.#environment.log(textOf(error));
      throw portTaken(Number(instance.facts['port']));
    }
    this.#waiting.delete(nameOf(instance));
    return made;
  }

  #make(instance: Instance): Running {
    const { directory, log, unseal } = this.#environment;
    const place = makePlace(directory, USERS);
    const { facts } = instance;
    const server = new RedisServer({
      program: async () => {
        const program = await this.#find();
        if (program === undefined) throw new BrokerFailure(500, 'ServerUnavailable', missingRedis().reason);
        return program;
      },
      directory: join(place.directory, nameOf(instance)),
      user: place.user,
      port: Number(facts['serverPort']),
      adminPassword: unseal(String(facts['admin'])),
      limits: () => limitsOf(running.instance),
      log,
    });
    const front = new Front({
      port: Number(facts['port']),
      server,
      maxConnections: () => limitsOf(running.instance).maxConnections,
      log,
    });
    const running: Running = { instance, server, front };
    return running;
  }

  /** Looked for each time while there is none: it may have been installed since. */
  async #find(): Promise<string | undefined> {
    return (this.#program ??= await findRedis(serverUser(USERS)));
  }
}

/** @throws Error if the file is not what it must be */
function readIdleSeconds(directory: string): number {
  const file = join(directory, 'config.json');
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return IDLE_SECONDS;
    throw new Error(`${file} cannot be read as JSON.`, { cause: error });
  }
  if (!Check(Config, config)) throw new Error(`${file} must be an object of idleSeconds.`);
  return config.idleSeconds ?? IDLE_SECONDS;
}

function nameOf({ facts }: Instance): string {
  return String(facts['name']);
}

function planOf(planId: string): RedisPlan {
  const plan = PLANS.find(({ id }) => id === planId);
  if (!plan) throw new Error('The plan is not one of this broker.');
  return plan;
}

function limitsOf({ planId, parameters }: Instance): Limits {
  const { maxMemory, maxConnections, eviction } = planOf(planId);
  return {
    maxMemory,
    maxConnections,
    eviction: (parameters['eviction'] as Eviction | undefined) ?? eviction,
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
