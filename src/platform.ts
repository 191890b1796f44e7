// The local Hippo's front door: brings the rooms of the platform together, says when it is ready and ends with
// all of them. The rooms know each other only through the functions that are handed over here.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { addonRoutes, OLDER_ADDONS_PATH } from './addons/routes.ts';
import type { BindleId } from './bindle/id.ts';
import type { ChannelState } from './hippo/api.ts';
import type { PlatformHealth } from './hippo/platform-api.ts';
import { openAddons } from './platform/addons/addons.ts';
import { createServices } from './platform/addons/services/services.ts';
import { createBindleServer } from './platform/bindle/server.ts';
import { stopRequest } from './platform/brokers/kit/stop-request.ts';
import { openAccessLog } from './platform/gateway/access-log.ts';
import { createControl } from './platform/gateway/control.ts';
import { close, createEntrance, listen } from './platform/gateway/entrance.ts';
import { createGateway, type GatewayChannel } from './platform/gateway/gateway.ts';
import { ChannelPorts, PORT_MIGRATIONS } from './platform/gateway/ports.ts';
import { keepPort, listenOnKeptPort } from './platform/gateway/kept-port.ts';
import { holdLease } from './platform/gateway/lease.ts';
import type { Caller } from './platform/hippo/caller.ts';
import { openHippo, type Hippo } from './platform/hippo/hippo.ts';
import { placesOf } from './platform/hippo/places.ts';
import { openLogs } from './platform/runtime/log.ts';
import { createRuntime } from './platform/runtime/runtime.ts';
import { openDatabase } from './platform/store/database.ts';
import { lockDirectory } from './platform/store/directory-lock.ts';
import { FileParcelStore } from './platform/store/file-parcels.ts';
import { openLogFile } from './platform/store/log-file.ts';
import { findPlaces } from './session/places.ts';
import { forgetPlatform, notePlatform } from './session/platform-notes.ts';
import { removeRunning, writeRunning, type RunningPlatform } from './session/running-file.ts';

const USAGE =
  'platform [--port N] [--data DIR | --ephemeral] [--private] [--lease SECONDS] [--idle SECONDS] [--time-limit SECONDS] [--ready-json] [--until-stdin-ends] [--detached]';
const DEFAULT_PORT = 5309;
const PLATFORM_DOMAIN = 'localhost';
/** Milliseconds that a request under way gets to finish when the platform stops. */
const PATIENCE = 3000;

interface Options {
  /** The next free one from `DEFAULT_PORT` on where absent. */
  port: number | undefined;
  /** Seconds after its last client at which it ends by itself; never where null. */
  lease: number | null;
  /** Seconds after its last request at which a channel's process ends; the runtime's own default where absent. */
  idle: number | undefined;
  /** Seconds that a handler may take for a request; the same. */
  timeLimit: number | undefined;
  /** Whoever started it does not stay: it says that it is ready, or why not, by a message, and only logs. */
  detached: boolean;
  /** A temporary one, which goes when the platform stops, where absent. */
  dataDir: string | undefined;
  /** Bindles are read by those alone whose team owns them. */
  isPrivate: boolean;
  /** Say that it is ready as one line of JSON. */
  json: boolean;
  /** Stop when standard input ends: the parent is gone. */
  untilStdinEnds: boolean;
}

interface Platform {
  ready: RunningPlatform;
  /** Resolves with the reason when a client asked it to end, or none came for the time of its lease. */
  over: Promise<string>;
  stop: () => Promise<void>;
}

async function main(): Promise<void> {
  // Databases hold variables and who may sign in: what is written here is its owner's alone, wherever it lies.
  process.umask(0o077);
  const options = readOptions(process.argv.slice(2));
  // Asked to stop before it is ready, it stops as soon as it is.
  const stopped = stopRequest(options.untilStdinEnds);
  const { ready, over, stop } = await start(options).catch((error: unknown) => {
    if (options.detached) tellStarter({ failure: { code: codeOf(error), message: textOf(error) } });
    throw error;
  });
  if (options.detached) tellStarter({ ready });
  else if (options.json) process.stdout.write(`${JSON.stringify(ready)}\n`);
  else process.stdout.write(`Hippo: ${ready.hippoUrl}\nBindle: ${ready.bindleUrl}\nData: ${ready.dataDir}\n`);
  await Promise.race([stopped, over]);
  await stop();
}

/** Whoever started it may be gone already. */
function tellStarter(message: object): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      ephemeral: { type: 'boolean', default: false },
      private: { type: 'boolean', default: false },
      lease: { type: 'string' },
      idle: { type: 'string' },
      'time-limit': { type: 'string' },
      detached: { type: 'boolean', default: false },
      'ready-json': { type: 'boolean', default: false },
      'until-stdin-ends': { type: 'boolean', default: false },
    },
  });
  const { port, data, ephemeral } = values;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535))
    throw new Error(`"${port}" is no port: give a number from 0 to 65535.`);
  if (data !== undefined && ephemeral)
    throw new Error(`--data and --ephemeral exclude each other. Usage: ${USAGE}`);
  return {
    port: port === undefined ? undefined : Number(port),
    dataDir: ephemeral ? undefined : resolve(data ?? findPlaces(process.env).platform),
    lease: secondsOf(values.lease) ?? null,
    idle: secondsOf(values.idle),
    timeLimit: secondsOf(values['time-limit']),
    isPrivate: values.private,
    detached: values.detached,
    json: values['ready-json'],
    untilStdinEnds: values['until-stdin-ends'],
  };
}

function secondsOf(text: string | undefined): number | undefined {
  if (text !== undefined && !/^\d{1,6}(\.\d{1,3})?$/.test(text))
    throw new Error(`"${text}" is no time: give a number of seconds.`);
  return text === undefined ? undefined : Number(text);
}

/** Undoes what was started, last first; what fails on the way does not keep the rest. */
class Cleanup {
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        complain(error);
      }
    }
  }
}

async function start({
  port,
  dataDir: kept,
  lease: leaseSeconds,
  idle,
  timeLimit,
  isPrivate,
  detached,
}: Options): Promise<Platform> {
  const cleanup = new Cleanup();
  try {
    const dataDir = kept ?? mkdtempSync(join(tmpdir(), 'hippo-'));
    if (kept === undefined)
      cleanup.add(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }));
    const lock = lockDirectory(dataDir);
    const startedAt = new Date().toISOString();
    cleanup.add(() => lock.release());
    const log = openLogFile(join(dataDir, 'platform.log'));
    const report = (error: unknown): void => {
      log.write(textOf(error));
      if (!detached) complain(error);
    };
    const instance = randomUUID();

    const parcels = await FileParcelStore.open(join(dataDir, 'parcels'));
    const bindle = await createBindleServer<Caller>({
      directory: join(dataDir, 'bindle'),
      parcels,
      // Nobody is let in before all is here.
      authenticate: (headers, address) => hippo.bindleRules.authenticate(headers, address),
      mayWrite: (who, name, action) => hippo.bindleRules.mayWrite(who, name, action),
      mayRead: (who, name) => hippo.bindleRules.mayRead(who, name),
      verify: (invoice, who) => hippo.bindleRules.verify(invoice, who),
      claim: (invoice, who) => hippo.bindleRules.claim(invoice, who),
      report,
    });
    cleanup.add(() => bindle.close());
    const logs = openLogs(join(dataDir, 'logs'));
    const accessLog = openAccessLog(join(dataDir, 'logs', 'access.log'), report);
    cleanup.add(() => accessLog.close());

    const channelLog = (channelId: string, text: string): void => {
      try {
        logs.append(channelId, text);
      } catch (error) {
        // A full disk must not keep a channel from answering.
        report(error);
      }
    };
    const runtime = createRuntime({
      programs: runtimePrograms(),
      limits: {
        ...(idle === undefined ? {} : { unused: idle * 1000 }),
        ...(timeLimit === undefined ? {} : { time: timeLimit * 1000 }),
      },
      readInvoice: (id: BindleId) => bindle.invoice(id),
      readParcel: async (sha256) => {
        const parcel = await parcels.open(sha256);
        return parcel && Buffer.concat(await parcel.stream.toArray());
      },
      missingParcels: async (sha256s) => {
        const here = await parcels.sizes(sha256s);
        return sha256s.filter((sha256) => !here.has(sha256));
      },
      statusChanged: (channelId) => {
        try {
          hippo.state.channelStateChanged(channelId);
        } catch (error) {
          report(error);
        }
      },
      hostCall: (call, signal) => services.call(call, signal),
      runEnded: (runId) => services.runEnded(runId),
      log: channelLog,
    });
    const services = createServices({
      credentialsOf: (channelId, addon) => addons.credentialsOf(channelId, addon)?.credentials,
      // Of the broker that ships: no other makes files here.
      sqliteDirectory: join(dataDir, 'brokers', 'sqlite', 'files'),
      sqliteProgram: program('./platform/addons/services/sqlite-process.ts', './addon-sqlite.cjs'),
      log: channelLog,
      report,
    });
    const addons = openAddons({
      directory: dataDir,
      hippo: placesOf(() => hippo),
      vault: {
        encrypt: (text) => hippo.secrets.encrypt(text),
        decrypt: (bytes) => hippo.secrets.decrypt(bytes),
      },
      programs: addonPrograms(),
      report,
    });
    const hippo: Hippo = openHippo({
      directory: dataDir,
      platformDomain: PLATFORM_DOMAIN,
      private: isPrivate,
      bindle: {
        versions: (name) => bindle.versions(name),
        description: (id) => bindle.description(id),
        names: () => bindle.names(),
        ids: () => bindle.ids(),
        store: (invoice, who, open) => bindle.store(invoice, who, open),
        remove: (ids) => bindle.remove(ids),
      },
      channelLog: (channelId) => logs.read(channelId),
      followLog: (channelId, signal) => logs.follow(channelId, signal),
      channelRemoved: (channelId) => {
        addons.channelRemoved(channelId);
        runtime.release(channelId);
        logs.remove(channelId);
        ports.remove(channelId);
      },
      channelStopped: (channelId) => runtime.release(channelId),
      channelState: (channelId) => stateOf(channelId),
      channelAddress: ({ id, domain }) => {
        const port = ports.portOf(id);
        return { port, urls: [`http://${domain}:${apiPort}/`, `http://localhost:${port}/`] };
      },
      neededApp: (appId) => addons.neededApp(appId),
      neededChannel: (channelId) => addons.neededChannel(channelId),
      takenVariables: (channelId, keys) => addons.takenVariables(channelId, keys),
      extension: {
        routes: addonRoutes,
        handlers: addons.handlers,
        aliases: { createAddon: OLDER_ADDONS_PATH },
      },
      health: health(instance),
      version: packageJson.version,
      report,
    });
    cleanup.add(() => hippo.close());
    // Before Hippo, which it tells of what it does, and after whoever calls its services.
    cleanup.add(() => addons.close());
    cleanup.add(() => services.stop());
    // Before the state, which it tells of its end.
    cleanup.add(() => runtime.stop());
    const stateOf = (channelId: string): ChannelState | undefined => {
      const channel = hippo.state.servedChannel(channelId);
      const { id, bindle: runs, stopped } = channel ?? {};
      if (id === undefined || runs === undefined || stopped === true) return undefined;
      return runtime.status({ id, bindle: runs }).status;
    };
    /** Read with each request, so that new credentials are there with the next one. */
    const withAddons = (channel: GatewayChannel | undefined): GatewayChannel | undefined =>
      channel && {
        ...channel,
        environment: { ...channel.environment, ...addons.variablesOf(channel.id) },
        addons: addons.hostAddonsOf(channel.id),
      };
    const portDatabase = openDatabase(join(dataDir, 'gateway.db'), PORT_MIGRATIONS);
    cleanup.add(() => portDatabase.close());
    const ports = new ChannelPorts({
      database: portDatabase,
      connected: (socket) => entrance.emit('connection', socket),
      report,
    });
    cleanup.add(() => ports.close());
    let end: (reason: string) => void = () => undefined;
    const over = new Promise<string>((resolve) => (end = resolve));
    const control = createControl({
      isAdministrator: (request) => hippo.isAdministrator(request),
      status: () => ({
        version: packageJson.version,
        instance,
        pid: process.pid,
        dataDir,
        startedAt,
        leaseSeconds: lease.seconds,
        openRequests: Math.max(0, lease.openRequests - 1),
        publishing: lease.publishing,
      }),
      keep: () => lease.keep(),
      stop: () => end('a client asked for it'),
    });
    const entrance = createEntrance({
      bindle: (request, response, options) => bindle.handle(request, response, options),
      hippo: (request, response) => control(request, response) || hippo.handle(request, response),
      gateway: createGateway({
        channelAt: (domain) => withAddons(hippo.state.channelAt(domain)),
        channelById: (id) => withAddons(hippo.state.servedChannel(id)),
        runtime,
        accessLog,
        report,
      }),
      channelOf: (socket) => ports.channelOf(socket),
    });
    const lease = holdLease(entrance, leaseSeconds);
    cleanup.add(() => lease.stop());
    const apiPort = await bind(entrance, port, kept && join(kept, 'port'));
    cleanup.add(() => close(entrance, PATIENCE));
    cleanup.add(() => hippo.endStreams());

    const hippoUrl = `http://localhost:${apiPort}`;
    const ready: RunningPlatform = {
      hippoUrl,
      bindleUrl: `${hippoUrl}/v1`,
      dataDir,
      tokenFile: hippo.owner.file,
      pid: process.pid,
      instance,
      version: packageJson.version,
    };
    await writeRunning(ready);
    // First of all: nobody should find what is about to end.
    cleanup.add(() => removeRunning(dataDir));
    const { platform: usual, platforms } = findPlaces(process.env);
    if (dataDir !== usual) {
      // Without the note it runs as well, and is only not found by itself.
      await notePlatform(platforms, ready).catch(report);
      cleanup.add(() => forgetPlatform(platforms, ready));
    }
    // There may be thousands of them: nobody should have to wait for the last.
    setImmediate(() => {
      try {
        addons.resume();
      } catch (error) {
        report(error);
      }
      ports.openAll(hippo.state.servedChannels().map(({ id }) => id)).catch(report);
    });
    log.write(`version ${ready.version} (process ${ready.pid}) is ready at ${hippoUrl}`);
    void lease.ended.then(() => end('no client came for the time of its lease'));
    void over.then((reason) => log.write(`ends: ${reason}`));
    cleanup.add(() => log.write('stops'));
    return { ready, over, stop: () => cleanup.run() };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

/** On the port that was asked for or, without a wish, on the one of the last time. */
async function bind(
  entrance: Server,
  wish: number | undefined,
  portFile: string | undefined,
): Promise<number> {
  if (portFile === undefined) return listen(entrance, wish ?? DEFAULT_PORT, wish === undefined);
  if (wish === undefined) return listenOnKeptPort(entrance, portFile, DEFAULT_PORT);
  const port = await listen(entrance, wish, false);
  if (wish !== 0) keepPort(portFile, port);
  return port;
}

/** The keys of Bindle's `/healthz` and of Hippo's (bindle.md §1, hippo-api.md §4), and who is answering. */
function health(instance: string): () => object {
  const service = (name: string): object => ({
    ServiceName: name,
    Description: '',
    Status: 'Healthy',
    Subservices: [],
  });
  const answer = {
    status: 'OK',
    version: packageJson.version,
    ...service('Hippo'),
    Subservices: [service('Bindle')],
    product: packageJson.name,
    instance,
  } satisfies PlatformHealth & Record<string, unknown>;
  return () => answer;
}

/** In the order in which they are listed. */
const SHIPPED_BROKERS = ['postgresql', 'redis', 'sqlite', 'mysql'];

function addonPrograms(): { schemaWorker: URL; brokers: Map<string, URL> } {
  return {
    schemaWorker: program('./platform/addons/schema-worker.ts', './schema-worker.cjs'),
    brokers: new Map(
      SHIPPED_BROKERS.map((name) => [
        name,
        program(`./platform/brokers/${name}/main.ts`, `./broker-${name}.cjs`),
      ]),
    ),
  };
}

/** Started from source, in tests, or bundled. */
function program(source: string, bundle: string): URL {
  return new URL(import.meta.url.endsWith('.ts') ? source : bundle, import.meta.url);
}

function runtimePrograms(): { process: URL; worker: URL } {
  return {
    process: program('./platform/runtime/process.ts', './runtime-process.cjs'),
    worker: program('./platform/runtime/worker.ts', './runtime-worker.cjs'),
  };
}

function complain(error: unknown): void {
  process.stderr.write(`hippo platform: ${textOf(error)}\n`);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

main().then(
  // Nothing is left to do: a connection or a handle that lingers must not keep the process.
  () => process.exit(0),
  (error: unknown) => {
    complain(error);
    process.exit(1);
  },
);
