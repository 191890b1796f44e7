// One app running in one runtime process: loaded from its bindle, with the routes it answers.

import { formatId, type BindleId } from '../../bindle/id.ts';
import { INTERFACES } from '../../addons/host-calls.ts';
import type { Invoice } from '../../bindle/invoice.ts';
import { readApp, type App, type Handler } from './app.ts';
import { GuestProcess, type ProcessLimits, type RuntimePrograms } from './guest-process.ts';
import type { JobIo, JobOutcome } from './job.ts';
import type { Run } from './messages.ts';
import { matchRoute, parseSubRoutes } from '../../hippofacts/routes.ts';

/** What the runtime needs to know of the Bindle server. */
export interface BindleSource {
  /** Undefined if there is no such bindle. */
  readonly readInvoice: (id: BindleId) => Invoice | undefined;
  /** Undefined if the parcel is not there. */
  readonly readParcel: (sha256: string) => Promise<Uint8Array | undefined>;
  /** Those that are not there. */
  readonly missingParcels: (sha256s: readonly string[]) => Promise<readonly string[]>;
}

export interface InstanceLimits extends ProcessLimits {
  /** Bytes of stderr that one run may add to the log. */
  readonly stderr: number;
}

export interface InstanceOptions extends BindleSource {
  readonly programs: RuntimePrograms;
  readonly limits: InstanceLimits;
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

/** Whether a bindle can be run: its app, if everything it needs is there. @throws BindleIncompleteError */
export async function completeApp(bindle: BindleId, source: BindleSource): Promise<App> {
  const invoice = source.readInvoice(bindle);
  if (invoice === undefined)
    throw new BindleIncompleteError(
      `There is no bindle ${formatId(bindle)} on this server: push it, then try again.`,
    );
  const app = readApp(invoice);
  const [missing] = await source.missingParcels([...app.handlers, ...app.files].map(({ sha256 }) => sha256));
  if (missing !== undefined) throw lacks(bindle, missing);
  return app;
}

type Compiled = { readonly exports: readonly string[] } | { readonly reason: string };

/** Bytes that `_routes` may print. */
const ROUTES_LIMIT = 64 * 1024;

export class Instance {
  /** Settles when the process behind it has ended, with the reason where nobody asked for it. */
  readonly ended: Promise<string | undefined>;
  readonly #process: GuestProcess;
  readonly #options: InstanceOptions;
  readonly #modules = new Map<string, Compiled>();
  #table: readonly Handler[] = [];

  private constructor(options: InstanceOptions) {
    this.#options = options;
    this.#process = new GuestProcess(options.programs, options.limits, options.log);
    this.ended = this.#process.ended;
  }

  /** @throws BindleIncompleteError, RuntimeGoneError */
  static async start(bindle: BindleId, options: InstanceOptions): Promise<Instance> {
    const app = await completeApp(bindle, options);
    const instance = new Instance(options);
    try {
      await instance.#load(bindle, app);
      return instance;
    } catch (error) {
      await instance.stop();
      throw error;
    }
  }

  /** The handler that answers `path`, which is percent-encoded. */
  match(path: string): Handler | undefined {
    return matchRoute(this.#table, path);
  }

  /** @throws RuntimeGoneError, BusyError, the signal's reason, and what `io` fails with */
  async run(
    handler: Handler,
    input: Pick<Run, 'args' | 'environment' | 'interfaces'>,
    io: JobIo,
    signal?: AbortSignal,
  ): Promise<JobOutcome> {
    const { sha256, entrypoint, files } = handler;
    const module = this.#modules.get(sha256);
    if (module !== undefined && 'reason' in module)
      return { end: 'failed', reason: module.reason, rest: new Uint8Array() };
    const { stderr } = this.#options.limits;
    const run: Run = { sha256, entrypoint, files, stderr, input: io.stdin !== undefined, ...input };
    return this.#process.run(run, io, signal);
  }

  /** Ends the process at once. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** One parcel after the other: an app need not fit into the control process. */
  async #load(bindle: BindleId, app: App): Promise<void> {
    const read = async (sha256: string): Promise<Uint8Array> => {
      const content = await this.#options.readParcel(sha256);
      if (content === undefined) throw lacks(bindle, sha256);
      return content;
    };
    for (const [sha256, paths] of Map.groupBy(app.files, (file) => file.sha256))
      await this.#process.addFile(
        paths.map(({ path }) => path),
        await read(sha256),
      );
    for (const sha256 of new Set(app.handlers.map((handler) => handler.sha256)))
      this.#modules.set(sha256, compiled(await this.#process.compile(sha256, await read(sha256))));
    this.#table = (await Promise.all(app.handlers.map((handler) => this.#withSubRoutes(handler)))).flat();
  }

  /** A module that exports `_routes` prints more routes, which go before its own (WAGI, libraries.md §6). */
  async #withSubRoutes(handler: Handler): Promise<Handler[]> {
    const { log } = this.#options;
    const module = this.#modules.get(handler.sha256);
    if (module === undefined || 'reason' in module) {
      log(`${handler.name} cannot run: ${module?.reason ?? 'it is not loaded'}`);
      return [handler];
    }
    if (!module.exports.includes('_routes')) return [handler];
    const routes = parseSubRoutes(handler.path, await this.#printRoutes(handler));
    if (routes === undefined)
      log(
        `${handler.name}: _routes printed no list of "path entrypoint" lines, so only ${handler.path} is served.`,
      );
    return [...(routes ?? []).map((route) => ({ ...handler, ...route })), handler];
  }

  /** Nothing if it fails, or prints too much. */
  async #printRoutes(handler: Handler): Promise<string> {
    const printed: Uint8Array[] = [];
    let bytes = 0;
    const stdout = (chunk: Uint8Array): undefined => {
      bytes += chunk.length;
      if (bytes <= ROUTES_LIMIT) printed.push(chunk);
    };
    const outcome = await this.run(
      { ...handler, entrypoint: '_routes', files: false },
      // What it imports is there, and nobody answers it: routes are not a request's.
      { args: [], environment: {}, interfaces: INTERFACES },
      { stdout },
    );
    if (outcome.end !== 'finished') return '';
    stdout(outcome.rest);
    return bytes > ROUTES_LIMIT ? '' : Buffer.concat(printed).toString('utf8');
  }
}

function compiled(outcome: JobOutcome): Compiled {
  if (outcome.end === 'timed-out') return { reason: 'its module took too long to compile' };
  return outcome.end === 'failed' ? { reason: outcome.reason } : { exports: outcome.exports ?? [] };
}

function lacks(bindle: BindleId, sha256: string): BindleIncompleteError {
  return new BindleIncompleteError(
    `The bindle ${formatId(bindle)} lacks its parcel ${sha256}: push it again, which sends what is missing.`,
  );
}
