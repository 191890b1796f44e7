// The local Hippo's front door: brings the rooms of the platform together, says when it is ready and ends with
// all of them. The rooms know each other only through the functions that are handed over here.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import type { BindleId } from './bindle/id.ts';
import { createBindleServer } from './platform/bindle/server.ts';
import { close, createEntrance, listen } from './platform/gateway/entrance.ts';
import { createGateway } from './platform/gateway/gateway.ts';
import { MIGRATIONS } from './platform/hippo/migrations.ts';
import { createHippoServer } from './platform/hippo/server.ts';
import { HippoState } from './platform/hippo/state.ts';
import { openLogs } from './platform/runtime/log.ts';
import { createRuntime } from './platform/runtime/runtime.ts';
import { openDatabase } from './platform/store/database.ts';
import { lockDirectory } from './platform/store/directory-lock.ts';
import { FileParcelStore } from './platform/store/file-parcels.ts';
import { findPlaces } from './session/places.ts';

const USAGE = 'platform [--port N] [--data DIR | --ephemeral] [--ready-json] [--until-stdin-ends]';
const DEFAULT_PORT = 5309;
const PLATFORM_DOMAIN = 'localhost';
/** Milliseconds that a request under way gets to finish when the platform stops. */
const PATIENCE = 3000;

interface Options {
  /** The next free one from `DEFAULT_PORT` on where absent. */
  port: number | undefined;
  /** A temporary one, which goes when the platform stops, where absent. */
  dataDir: string | undefined;
  /** Say that it is ready as one line of JSON. */
  json: boolean;
  /** Stop when standard input ends: the parent is gone. */
  untilStdinEnds: boolean;
}

interface Platform {
  hippoUrl: string;
  bindleUrl: string;
  dataDir: string;
  stop: () => Promise<void>;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  // Asked to stop before it is ready, it stops as soon as it is.
  const stopped = stopRequest(options);
  const { stop, ...ready } = await start(options);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...ready, pid: process.pid })}\n`);
  else process.stdout.write(`Hippo: ${ready.hippoUrl}\nBindle: ${ready.bindleUrl}\nData: ${ready.dataDir}\n`);
  await stopped;
  await stop();
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      ephemeral: { type: 'boolean', default: false },
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
    json: values['ready-json'],
    untilStdinEnds: values['until-stdin-ends'],
  };
}

function stopRequest({ untilStdinEnds }: Options): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
    if (untilStdinEnds)
      process.stdin
        .on('end', () => resolve())
        .on('error', () => resolve())
        .resume();
  });
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

async function start({ port, dataDir: kept }: Options): Promise<Platform> {
  const cleanup = new Cleanup();
  try {
    const dataDir = kept ?? mkdtempSync(join(tmpdir(), 'hippo-'));
    if (kept === undefined)
      cleanup.add(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }));
    const lock = lockDirectory(dataDir);
    cleanup.add(() => lock.release());

    const parcels = await FileParcelStore.open(join(dataDir, 'parcels'));
    const bindle = await createBindleServer({
      directory: join(dataDir, 'bindle'),
      parcels,
      report: complain,
    });
    cleanup.add(() => bindle.close());
    const database = openDatabase(join(dataDir, 'hippo.db'), MIGRATIONS);
    cleanup.add(() => database.close());
    const state = new HippoState({ database, platformDomain: PLATFORM_DOMAIN });
    const logs = openLogs(join(dataDir, 'logs'));

    const runtime = createRuntime({
      programs: runtimePrograms(),
      readInvoice: (id: BindleId) => bindle.invoice(id),
      readParcel: async (sha256) => {
        const parcel = await parcels.open(sha256);
        return parcel && Buffer.concat(await parcel.stream.toArray());
      },
      log: (channelId, text) => {
        try {
          logs.append(channelId, text);
        } catch (error) {
          // A full disk must not keep a channel from answering.
          complain(error);
        }
      },
    });
    cleanup.add(() => runtime.stop());

    const hippo = createHippoServer({
      state,
      bindleVersions: (name) => bindle.versions(name),
      channelLog: (channelId) => logs.read(channelId),
      channelRemoved: (channelId) => {
        runtime.release(channelId);
        logs.remove(channelId);
      },
      health: health(randomUUID()),
      report: complain,
    });
    const entrance = createEntrance({
      bindle: (request, response, options) => bindle.handle(request, response, options),
      hippo: (request, response) => hippo.handle(request, response),
      gateway: createGateway({ channelAt: (domain) => state.channelAt(domain), runtime, report: complain }),
    });
    const bound = await listen(entrance, port ?? DEFAULT_PORT, port === undefined);
    cleanup.add(() => close(entrance, PATIENCE));

    const hippoUrl = `http://localhost:${bound}`;
    return { hippoUrl, bindleUrl: `${hippoUrl}/v1`, dataDir, stop: () => cleanup.run() };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
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
  };
  return () => answer;
}

/** Started from source, in tests, or bundled. */
function runtimePrograms(): { process: URL; worker: URL } {
  const program = (source: string, bundle: string): URL =>
    new URL(import.meta.url.endsWith('.ts') ? source : bundle, import.meta.url);
  return {
    process: program('./platform/runtime/process.ts', './runtime-process.cjs'),
    worker: program('./platform/runtime/worker.ts', './runtime-worker.cjs'),
  };
}

function complain(error: unknown): void {
  process.stderr.write(`hippo platform: ${error instanceof Error ? error.message : String(error)}\n`);
}

main().then(
  // Nothing is left to do: a connection or a handle that lingers must not keep the process.
  () => process.exit(0),
  (error: unknown) => {
    complain(error);
    process.exit(1);
  },
);
