// The pipeline of publish/ with the editor's ports: what is saved and built first, who is asked, where problems are
// shown and what is remembered. Commands, buttons and tasks all come by here.

import { dirname, resolve } from 'node:path';
import type { BindleId } from '../../bindle/id.ts';
import type { BindleClient } from '../../bindle/client.ts';
import type { SigningKey } from '../../bindle/signing.ts';
import type { Problem } from '../../hippofacts/problem.ts';
import type { Plan } from '../../publish/plan.ts';
import type { ReleaseEvent } from '../../publish/release.ts';
import type { Published, PublishEvent, PublishOptions, Stage } from '../../publish/run.ts';
import { count } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import type { Connections, Core, Session } from '../connections/connections.ts';
import { networkOf } from '../connections/network.ts';
import { EditorError } from '../failure.ts';
import { NO_BUILD, type Builds, type BuildTask } from './builds.ts';
import { Decider } from './decide.ts';
import { recordOf, type History, type PublishRecord } from './history.ts';
import type { Diagnostics, Documents } from './ports.ts';
import { Teller, type Listener } from './teller.ts';
import { demandTrust } from './trust.ts';
import { complete, type FullWish, type Target, type Wish } from './wish.ts';

/** A publish that has come to its end. */
export interface Done {
  readonly record: PublishRecord;
  readonly published: Published;
  /** By stage, in the order in which they began. */
  readonly milliseconds: Partial<Record<Stage, number>>;
}

export interface Preview {
  readonly target: Target;
  readonly wish: Wish;
  readonly plan: Plan;
  /** What is wrong with the project without keeping it from being published. */
  readonly problems: readonly Problem[];
  /** For people. */
  readonly connection: string;
}

/** The app and the channels of a release, as its events tell them. */
type ReleasedTo = Pick<Extract<ReleaseEvent, { type: 'waiting' }>, 'appId' | 'channels'>;

type Job = PublishOptions & { readonly onEvent: (event: PublishEvent) => void };

/** What is done to a project, as a word for people. */
export type Doing = 'published' | 'previewed' | 'prepared' | 'released';

export interface PublisherNeeds {
  readonly app: App;
  readonly connections: Connections;
  readonly builds: Builds;
  readonly history: History;
  readonly documents: Documents;
  readonly diagnostics: Diagnostics;
}

export class Publisher {
  readonly #needs: PublisherNeeds;
  /** URI of what is under way → what is done to it. */
  readonly #running = new Map<string, Doing>();

  constructor(needs: PublisherNeeds) {
    this.#needs = needs;
  }

  /**
   * For everything that publishes or looks at it: one at a time for each project.
   * @throws EditorError `RUNNING`, and what the work throws
   */
  async alone<T>(
    { uri, label }: Pick<Target, 'uri' | 'label'>,
    doing: Doing,
    work: () => Promise<T>,
  ): Promise<T> {
    const running = this.#running.get(uri);
    if (running === doing) throw new EditorError('RUNNING', `${label} is being ${doing} already.`);
    if (running) throw new EditorError('RUNNING', `${label} is being ${running}: wait until that is done.`);
    this.#running.set(uri, doing);
    try {
      return await work();
    } finally {
      this.#running.delete(uri);
    }
  }

  /**
   * Saves, builds and publishes, up to channels that answer.
   * @throws ProjectProblems, EditorError `UNTRUSTED`, `NOT_SAVED`, `BUILD_FAILED`, `NO_BUILD_TASK`, and what `publish`
   * throws
   */
  async publish(target: Target, wished: Wish, listener: Listener): Promise<Done> {
    const { history } = this.#needs;
    const wish = complete(wished, target, this.#needs.app.settings);
    demandTrust(this.#needs.app);
    const done = await this.#withPipeline(target, wish, listener, async (core, session, job) => {
      const times = new core.StageTimes();
      let id: BindleId | undefined;
      let appName: string | undefined;
      let waiting: ReleasedTo | undefined;
      const record = (bindle: BindleId, { appId, channels }: ReleasedTo): PublishRecord => {
        const app = appId === undefined ? undefined : { id: appId, name: appName ?? target.label };
        return recordOf(
          { kind: 'publish', target, versioning: wish.versioning, bindle, app, channels },
          session.connection,
          this.#needs.app.clock.now(),
        );
      };
      const onEvent = (event: PublishEvent): void => {
        times.onEvent(event);
        if (event.type === 'planned') [id, appName] = [event.plan.id, event.plan.app?.name];
        if (event.type === 'release' && event.event.type === 'waiting') waiting = event.event;
        if (event.type === 'release' && event.event.type === 'made' && event.event.step.type === 'create-app')
          appName = event.event.name;
        job.onEvent(event);
      };
      try {
        const published = await core.publish({ ...job, onEvent });
        return { record: record(published.id, published), published, milliseconds: times.end() };
      } catch (error) {
        // It is released all the same; nobody has waited, or nothing has answered.
        if (id && waiting) await history.add(record(id, waiting));
        throw error;
      }
    });
    await history.add(done.record);
    return done;
  }

  /** What a publish would do. It is built before, where that is allowed. */
  async preview(target: Target, wished: Wish, listener: Listener): Promise<Preview> {
    const { app } = this.#needs;
    const wish = complete(wished, target, app.settings);
    const build = app.workspace.isTrusted ? wish.build : NO_BUILD;
    let problems: readonly Problem[] = [];
    return this.#withPipeline(target, { ...wish, build }, listener, async (core, session, job) => {
      await job.build?.();
      const { plan } = await core.preview({
        ...job,
        onEvent: (event) => {
          if (event.type === 'problems') problems = event.problems;
          job.onEvent(event);
        },
      });
      return { target, wish: wished, plan, problems, connection: session.connection.name };
    });
  }

  /**
   * Writes the bindle in standalone form.
   * @param folder absolute, or relative to the project
   * @returns where it is
   */
  async prepare(target: Target, wished: Wish, folder: string, listener: Listener): Promise<string> {
    const { app, connections } = this.#needs;
    const wish = complete(wished, target, app.settings);
    demandTrust(this.#needs.app);
    const { build, core } = await this.#ready(target, wish, listener);
    const { signal } = listener;
    if (build) {
      listener.line({ text: `Building with "${build.name}"` });
      await this.#needs.builds.run(build, signal);
    }
    // Another bindle that the project refers to may be on the server; nothing is started for that.
    const external = await this.#openQuietly(connections);
    const user = core.publisher(process.env);
    try {
      const made = await core.makeBindle({
        ...this.#project(target, wish, user),
        now: new Date(app.clock.now()),
        signal,
        ...(external ? { external } : {}),
      });
      try {
        this.#onProblems(target, made.problems, listener);
        if (made.lookupFailure) throw made.lookupFailure;
        if (!made.invoice) throw new ProjectProblems(target, made.problems);
        const key = await this.#signingKey(core, user);
        const seconds = Math.floor(app.clock.now() / 1000);
        const invoice = core.signInvoice(made.invoice, key, 'creator', seconds);
        return await core.stage(made, invoice, resolve(dirname(target.file), folder), { signal });
      } finally {
        await made.close();
      }
    } finally {
      await external?.close();
    }
  }

  /** Shows what is wrong with a project by now; nothing is built, started, asked or sent. */
  async check(target: Target): Promise<void> {
    const { app, connections, diagnostics } = this.#needs;
    const core = await connections.core();
    const user = core.publisher(process.env);
    const external = await this.#openQuietly(connections);
    try {
      const made = await core.makeBindle({
        ...this.#project(target, complete({}, target, app.settings), user),
        now: new Date(app.clock.now()),
        ...(external ? { external } : {}),
      });
      await made.close();
      // Whoever cannot look says nothing about what is elsewhere.
      const found = made.problems.filter(
        ({ code }) => external !== undefined || code !== 'external-not-found',
      );
      diagnostics.show(target, found);
    } finally {
      await external?.close();
    }
  }

  /** The Bindle server of the connection, for who may need it; undefined if it cannot be had. */
  async #openQuietly(connections: Connections): Promise<BindleClient | undefined> {
    const { guard } = this.#needs.app;
    return guard.quietly('Opening the Bindle server', async () => (await connections.peek())?.bindle());
  }

  /** What comes before the pipeline: nothing is unsaved, and it is known what builds. */
  async #ready(
    target: Target,
    { build: named }: Wish,
    { signal }: Listener,
  ): Promise<{ build: BuildTask | undefined; core: Core }> {
    const { documents, builds, connections } = this.#needs;
    // Its bundle is read from the disk meanwhile.
    const loading = connections.core();
    loading.catch(() => undefined);
    await documents.save(target);
    const build = await builds.choose(target, named);
    signal.throwIfAborted();
    return { build, core: await loading };
  }

  async #withPipeline<T>(
    target: Target,
    wish: FullWish,
    listener: Listener,
    run: (core: Core, session: Session, job: Job) => Promise<T>,
  ): Promise<T> {
    const { app, connections, builds } = this.#needs;
    const { signal } = listener;
    const { build, core } = await this.#ready(target, wish, listener);
    const user = core.publisher(process.env);
    const { connection: named, app: asked, channel, bump } = wish;
    let problems: readonly Problem[] = [];
    const work = async (session: Session): Promise<T> => {
      const bindle = await session.bindle();
      const teller = new Teller(core, listener, { server: bindle.url, build: build?.name });
      const decider = new Decider(app, target.uri, () => teller.asking());
      const job: Job = {
        ...this.#project(target, wish, user),
        hippo: session.client,
        bindle,
        external: bindle,
        decide: decider.decide,
        local: session.platform !== undefined,
        network: networkOf(app.settings),
        clock: () => new Date(app.clock.now()),
        signal,
        abort: listener.abort,
        signingKey: () => this.#signingKey(core, user),
        onEvent: (event) => {
          if (event.type === 'planned') decider.note(event.plan);
          if (event.type === 'problems') this.#onProblems(target, (problems = event.problems), listener);
          teller.onEvent(event);
        },
        ...(channel === undefined ? {} : { channel }),
        ...(bump === undefined ? {} : { bump }),
        ...(build ? { build: () => builds.run(build, signal) } : {}),
      };
      try {
        return await this.#withApp(target, asked, session, core, (app) =>
          run(core, session, app === undefined ? job : { ...job, app }),
        );
      } catch (error) {
        throw explain(error, target, problems);
      } finally {
        await bindle.close();
      }
    };
    return beginOrCancel<Session, T>((begin) => connections.use(begin(work), { connection: named }), signal);
  }

  /** Where several apps have these bindles, a person says which one is meant, once. */
  async #withApp<T>(
    { uri, file, label }: Target,
    asked: string | undefined,
    { client }: Session,
    core: Core,
    run: (app: string | undefined) => Promise<T>,
  ): Promise<T> {
    const { memory, prompts } = this.#needs.app;
    if (asked !== undefined) return run(asked);
    const { origin } = client.url;
    const key = `${origin} ${uri}`;
    try {
      return await run(memory.get('publish.apps')?.[key]);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'WHICH_APP') throw error;
      const storageId = await core.storageIdOf(file);
      const apps = storageId === undefined ? [] : await client.findApps(storageId);
      if (apps.length === 0) throw error;
      const { id } = await prompts.pick(
        apps.map((one) => ({
          label: one.name,
          description: one.channels.map(({ name }) => name).join(', '),
          value: one,
        })),
        { title: `Publish ${label}`, placeholder: 'Several apps have these bindles: which one is meant?' },
      );
      await memory.set('publish.apps', { ...memory.get('publish.apps'), [key]: id });
      return run(id);
    }
  }

  #project(
    target: Target,
    { versioning }: FullWish,
    user: string,
  ): Pick<PublishOptions, 'path' | 'versioning' | 'user' | 'allow' | 'cacheFolder'> {
    const { places, settings } = this.#needs.app;
    const allow = settings.get('hippo.publish.allow', target.uri);
    return { path: target.file, versioning, user, allow, cacheFolder: places.hashCache };
  }

  #onProblems(target: Target, problems: readonly Problem[], listener: Listener): void {
    this.#needs.diagnostics.show(target, problems);
    for (const { severity, message, range } of problems)
      listener.line({
        text:
          severity === 'information'
            ? `${message}.`
            : `${target.file}:${range.start.line + 1}:${range.start.column + 1}: ${severity}: ${message}`,
        ...(severity === 'information' ? {} : { tone: 'warning' }),
      });
  }

  async #signingKey(core: Core, user: string): Promise<SigningKey> {
    const { places, log } = this.#needs.app;
    const { key, created, exposed } = await core.creatorKey(places, user);
    if (created) log.info(`Made a key to sign with, "${key.label}", in ${places.secretKeys}`);
    if (exposed) log.warn(`Others can read your private keys: run \`chmod 600 ${places.secretKeys}\``);
    return key;
  }
}

/** What the project has to be changed for; each problem is shown at its place. */
export class ProjectProblems extends EditorError {
  readonly target: Target;
  readonly problems: readonly Problem[];
  constructor(target: Target, problems: readonly Problem[], cause?: unknown) {
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    super('PROBLEMS', `${target.label} has ${count(errors, 'error')}: nothing was made or sent.`, { cause });
    this.target = target;
    this.problems = problems;
  }
}

/**
 * Gives up at once if it is cancelled before it has begun: a server that starts, or asks for a password, may take its
 * time. What has begun ends by itself.
 */
async function beginOrCancel<A, T>(
  start: (begin: (work: (input: A) => Promise<T>) => (input: A) => Promise<T>) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let begun = false;
  const { promise: cancelled, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    if (!begun) reject(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort);
  const outcome = start((work) => async (input) => {
    signal.throwIfAborted();
    begun = true;
    return work(input);
  });
  try {
    return await Promise.race([outcome, cancelled]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    outcome.catch(() => undefined);
  }
}

/** Errors of the pipeline whose remedy the editor knows better. */
function explain(error: unknown, target: Target, problems: readonly Problem[]): unknown {
  if (!(error instanceof Error)) return error;
  switch ((error as { code?: unknown }).code) {
    case 'PROBLEMS':
      return new ProjectProblems(target, problems, error);
    case 'VERSION_TAKEN':
      return new EditorError('VERSION_TAKEN', error.message, {
        cause: error,
        remedies: ['openSettings'],
        setting: 'hippo.publish.whenVersionIsTaken',
      });
    default:
      return error;
  }
}
