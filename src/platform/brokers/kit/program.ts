// A broker as a program: arguments, its folder, its own credentials, the line that says it is ready, and its end.

import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Broker } from './broker.ts';
import { makeCatalog } from './catalog.ts';
import type { BrokerDefinition } from './definition.ts';
import { createFrame, type Credentials } from './frame.ts';
import { openLog } from './log.ts';
import { Pages } from './pages.ts';
import { makePassword, readOrMake, SecretKey, writePrivateFile } from './secrets.ts';
import { stopRequest } from './stop-request.ts';
import { BrokerStore } from './store.ts';

const HOST = '127.0.0.1';
const USAGE = '--data DIR [--port N] [--ready-json] [--until-stdin-ends]';
/** Milliseconds that what is under way gets to finish when the broker stops. */
const PATIENCE = 5000;

/** What `--ready-json` prints, in one line. */
export interface ReadyLine {
  url: string;
  /** Holds `{username, password}`. */
  credentialsFile: string;
  pid: number;
}

/** Runs the broker until it is asked to stop; sets the exit code. */
export async function runBroker(definition: BrokerDefinition): Promise<void> {
  // Databases, keys and passwords are written: all of it is its owner's alone.
  process.umask(0o077);
  try {
    const options = readOptions(process.argv.slice(2));
    const stopped = stopRequest(options.untilStdinEnds);
    const { ready, stop } = await startBroker(definition, options);
    process.stdout.write(
      options.json
        ? `${JSON.stringify(ready)}\n`
        : `${definition.service.displayName} broker: ${ready.url}\nUser name and password: ${ready.credentialsFile}\n`,
    );
    await stopped;
    await stop();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

interface Options {
  directory: string;
  /** That of the last time, or any free one, where absent. */
  port: number | undefined;
  json: boolean;
  untilStdinEnds: boolean;
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      port: { type: 'string' },
      'ready-json': { type: 'boolean', default: false },
      'until-stdin-ends': { type: 'boolean', default: false },
    },
  });
  const { data, port } = values;
  if (data === undefined) throw new Error(`--data is missing. Usage: ${USAGE}`);
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535))
    throw new Error(`"${port}" is no port: give a number from 0 to 65535.`);
  return {
    directory: resolve(data),
    port: port === undefined ? undefined : Number(port),
    json: values['ready-json'],
    untilStdinEnds: values['until-stdin-ends'],
  };
}

interface Started {
  ready: ReadyLine;
  stop: () => Promise<void>;
}

async function startBroker(
  definition: BrokerDefinition,
  { directory, port: wish }: Pick<Options, 'directory' | 'port'>,
): Promise<Started> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const log = openLog(join(directory, 'broker.log'));
  logWarnings(log);
  const store = BrokerStore.open(join(directory, 'broker.db'));
  const key = SecretKey.open(join(directory, 'key'));
  const credentialsFile = join(directory, 'credentials.json');
  const credentials = JSON.parse(
    readOrMake(credentialsFile, () =>
      JSON.stringify({ username: `broker-${randomUUID().slice(0, 8)}`, password: makePassword() }),
    ),
  ) as Credentials;
  const driver = definition.open({
    directory,
    log,
    seal: (text) => key.seal(text),
    unseal: (text) => key.unseal(text),
  });
  let origin = '';
  const pages: Pages = new Pages({ definition, broker: () => broker, key });
  const broker: Broker = new Broker({
    definition,
    driver,
    store,
    key,
    log,
    dashboardUrl: (id) => origin + pages.dashboardPath(id),
  });
  const server = createFrame({
    broker,
    credentials,
    catalog: async () => makeCatalog(definition, origin, await driver.unavailable()),
    page: (request, response, url) => pages.handle(request, response, url),
    log,
  });
  try {
    // Links to dashboards and documentation name the port.
    const port = await listen(server, join(directory, 'port'), wish);
    origin = `http://${HOST}:${port}`;
    await broker.start();
    log(`ready at ${origin}`);
    return {
      ready: { url: origin, credentialsFile, pid: process.pid },
      stop: async () => {
        server.close();
        server.closeIdleConnections();
        await broker.stop(PATIENCE);
        server.closeAllConnections();
        store.close();
        log('stopped');
      },
    };
  } catch (error) {
    await driver.stop().catch(() => undefined);
    server.close();
    throw error;
  }
}

/** Node's own way is to print them where the ready line is waited for; node:sqlite is the reason for one. */
function logWarnings(log: (text: string) => void): void {
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    if (name !== 'ExperimentalWarning') log(`${name}: ${message}`);
  });
}

/** The port that was asked for or, without a wish, that of the last time or any other. */
async function listen(server: Server, file: string, wish: number | undefined): Promise<number> {
  const last = wish ?? lastPort(file);
  let port: number;
  try {
    port = await listenOn(server, last ?? 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (wish !== undefined)
      throw new Error(`Port ${wish} is taken: give another one, or leave --port out.`, { cause: error });
    port = await listenOn(server, 0);
  }
  if (port !== last) writePrivateFile(file, String(port));
  return port;
}

function lastPort(file: string): number | undefined {
  try {
    const port = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
  } catch {
    return undefined;
  }
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server
      .once('error', reject)
      .once('listening', () => server.off('error', reject))
      .listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}
