// One app running in one runtime process: loaded from its bindle, with the routes it answers.

import { formatId, type BindleId } from '../../bindle/id.ts';
import type { Invoice } from '../../bindle/invoice.ts';
import { readApp, type App, type Handler } from './app.ts';
import { GuestProcess, type RuntimePrograms } from './guest-process.ts';
import type { Outcome } from './guest.ts';
import type { AppContents, Run, RuntimeLimits } from './messages.ts';
import { matchRoute, parseSubRoutes } from './routes.ts';

export interface InstanceOptions {
  readonly programs: RuntimePrograms;
  /** Undefined if the Bindle server has no such bindle. */
  readonly readInvoice: (id: BindleId) => Invoice | undefined;
  /** Undefined if the Bindle server does not have the parcel. */
  readonly readParcel: (sha256: string) => Promise<Uint8Array | undefined>;
  readonly limits: RuntimeLimits;
  /** Lines for the channel's log. */
  readonly log: (text: string) => void;
}

/** The bindle cannot be run as it is stored; the message says what is missing. */
export class BindleIncompleteError extends Error {
  readonly code = 'BINDLE_INCOMPLETE';
  constructor(message: string) {
    super(message);
    this.name = 'BindleIncompleteError';
  }
}

export class Instance {
  /** Settles when the process behind it has ended. */
  readonly ended: Promise<void>;
  private readonly process: GuestProcess;
  private readonly handlers: readonly Handler[];

  private constructor(process: GuestProcess, handlers: readonly Handler[]) {
    this.process = process;
    this.handlers = handlers;
    this.ended = process.ended;
  }

  /** @throws BindleIncompleteError, RuntimeGoneError */
  static async start(bindle: BindleId, options: InstanceOptions): Promise<Instance> {
    const invoice = options.readInvoice(bindle);
    if (invoice === undefined)
      throw new BindleIncompleteError(
        `There is no bindle ${formatId(bindle)} on this server: push it, then try again.`,
      );
    const app = readApp(invoice);
    const contents = await readContents(bindle, app, options);
    const process = new GuestProcess(options.programs, options.log);
    try {
      const exports = await process.load(contents, options.limits);
      return new Instance(process, await withSubRoutes(app.handlers, exports, process, options.log));
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  /** The handler that answers `path`, which is percent-encoded. */
  match(path: string): Handler | undefined {
    return matchRoute(this.handlers, path);
  }

  /** @throws RuntimeGoneError */
  run(handler: Handler, input: Pick<Run, 'args' | 'environment' | 'stdin'>): Promise<Outcome> {
    return this.process.run(runOf(handler, input));
  }

  /** Ends the process at once. */
  stop(): Promise<void> {
    return this.process.stop();
  }
}

function runOf(handler: Handler, input: Pick<Run, 'args' | 'environment' | 'stdin'>): Run {
  const { sha256, entrypoint, files } = handler;
  return { sha256, entrypoint, files, ...input };
}

async function readContents(bindle: BindleId, app: App, options: InstanceOptions): Promise<AppContents> {
  const parcels = new Map<string, Uint8Array>();
  for (const { sha256 } of [...app.handlers, ...app.files]) {
    if (parcels.has(sha256)) continue;
    const content = await options.readParcel(sha256);
    if (content === undefined)
      throw new BindleIncompleteError(
        `The bindle ${formatId(bindle)} lacks its parcel ${sha256}: push it again, which sends what is missing.`,
      );
    parcels.set(sha256, content);
  }
  const content = (sha256: string): Uint8Array => parcels.get(sha256) ?? new Uint8Array();
  return {
    modules: new Map(app.handlers.map(({ sha256 }) => [sha256, content(sha256)])),
    files: new Map(app.files.map(({ path, sha256 }) => [path, content(sha256)])),
  };
}

/** A module that exports `_routes` prints more routes, which go before its own (WAGI, libraries.md §6). */
async function withSubRoutes(
  handlers: readonly Handler[],
  exports: ReadonlyMap<string, readonly string[]>,
  process: GuestProcess,
  log: (text: string) => void,
): Promise<Handler[]> {
  const table = await Promise.all(
    handlers.map(async (handler) => {
      if (!exports.get(handler.sha256)?.includes('_routes')) return [handler];
      const run = runOf(
        { ...handler, entrypoint: '_routes', files: false },
        { args: [], environment: {}, stdin: new Uint8Array() },
      );
      const outcome = await process.run(run);
      const routes =
        outcome.end === 'finished'
          ? parseSubRoutes(handler.path, Buffer.from(outcome.stdout).toString('utf8'))
          : undefined;
      if (routes === undefined)
        log(
          `${handler.name}: _routes printed no list of "path entrypoint" lines, so only ${handler.path} is served.`,
        );
      return [...(routes ?? []).map((route) => ({ ...handler, ...route })), handler];
    }),
  );
  return table.flat();
}
