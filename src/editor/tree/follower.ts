// Keeps the tree in step with a Hippo for as long as somebody looks: by its events where it has them, else by asking
// again and again. Whatever goes wrong, it goes on by itself.

import type { AppItem, ChannelItem, HippoEvent, RevisionItem } from '../../hippo/api.ts';
import type { HippoClient } from '../../hippo/client.ts';
import { LOCAL } from '../../session/connections.ts';
import type { Clock, Log } from '../app.ts';
import { Emitter, type Disposable, type Event } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import { AddonsReader, unlessGone, type FollowedAddons } from './addons-reader.ts';
import { digest } from './events.ts';
import type { AppsModel } from './model.ts';

export type FollowedHippo = Pick<
  HippoClient,
  | 'identify'
  | 'events'
  | 'apps'
  | 'app'
  | 'channels'
  | 'channel'
  | 'channelStatuses'
  | 'channelStatus'
  | 'revisions'
>;

export interface Followed {
  /** Name of the connection. */
  readonly name: string;
  readonly hippoUrl: string;
  readonly userName: string | undefined;
  readonly client: FollowedHippo;
  /** Absent: its add-ons are not asked for. */
  readonly addons?: FollowedAddons;
}

export interface FollowerPorts {
  /** What is to be followed now, asked before each attempt; undefined: the local Hippo, which does not run. */
  readonly open: () => Promise<Followed | undefined>;
  /** Told what came of talking to a connection; @param error undefined if it answered */
  readonly report: (name: string | undefined, error: unknown) => void;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'trace' | 'error'>;
}

export type FollowerState =
  /** Nobody has looked yet. */
  | 'idle'
  | 'loading'
  | 'ready'
  /** The local Hippo does not run. */
  | 'stopped'
  /** There is no connection of the name that the setting has. */
  | 'missing'
  | 'signedOut'
  /** It does not answer, or not as it should; what was known of it stays. */
  | 'unreachable'
  /** It is too old to tell what it has. */
  | 'unsupported';

/** Milliseconds. */
const TIMES = {
  /** For an answer. */
  patience: 20_000,
  /** Between two questions to a Hippo without events. */
  poll: 5_000,
  /** A slow one is asked so many times less often than it takes. */
  share: 4,
  /** After a stream has ended, and after the first failure; doubles with each that follows. */
  retry: 1_000,
  mostRetry: 30_000,
  /** Between two looks at what can be added, where nobody tells when that changes. */
  offerings: 60_000,
  /** Between two looks whether the local Hippo runs. */
  look: 2_000,
} as const;

/** Rather than by more questions than that, all is read. */
const MOST_READS = 24;

/** A Hippo that names a product and yet has no events: an old one, or one that keeps them from who asks. */
const NO_EVENTS = new Set(['NOT_FOUND', 'FORBIDDEN', 'UNSUPPORTED', 'NOT_HIPPO', 'INVALID']);

/** Other Hippos fail so when what runs their channels cannot be asked; those before 0.17 have no path for states. */
const NO_STATES = new Set(['SERVER', 'NOT_FOUND', 'UNSUPPORTED']);

const LOST: ReadonlySet<FollowerState> = new Set(['stopped', 'missing', 'unreachable', 'unsupported']);

interface Received {
  readonly id: string;
  readonly event: HippoEvent;
}

export class Follower implements Disposable {
  readonly #model: AppsModel;
  readonly #ports: FollowerPorts;
  readonly #changed: Emitter<FollowerState>;
  readonly #addons: AddonsReader;
  #state: FollowerState = 'idle';
  #running: AbortController | undefined;
  #followed: Followed | undefined;
  /** Of what is in the model. */
  #key: string | undefined;
  /** Up to which event of which process the model has it all. */
  #applied: { readonly instance: string | undefined; readonly id: string | undefined } | undefined;
  /** Ends a pause, or has everything read again. */
  #again: (() => void) | undefined;
  #listening = false;
  #serial: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(model: AppsModel, ports: FollowerPorts) {
    this.#model = model;
    this.#ports = ports;
    this.#changed = new Emitter((error) => ports.log.error('A listener failed', error));
    this.#addons = new AddonsReader(ports.log, () => ports.clock.now());
  }

  get state(): FollowerState {
    return this.#state;
  }

  get onDidChangeState(): Event<FollowerState> {
    return this.#changed.event;
  }

  /** Name of the connection that the tree is of. */
  get connection(): string | undefined {
    return this.#followed?.name;
  }

  /** What is known beside the apps. */
  get addons(): Pick<AddonsReader, 'knowledge' | 'offerings' | 'onDidChange'> {
    return this.#addons;
  }

  /** Somebody looks at what can be added, or nobody does any more. */
  async wantOfferings(wanted: boolean): Promise<void> {
    this.#addons.wantsOfferings = wanted;
    const { addons, name } = this.#followed ?? {};
    const signal = this.#running?.signal;
    // Else the first look at the Hippo brings them.
    if (!wanted || !signal || this.#state !== 'ready') return;
    try {
      await this.#inTurn(() =>
        this.#within(signal, (limited) =>
          this.#addons.readOfferings(addons, limited, this.#listening ? Infinity : TIMES.offerings),
        ),
      );
    } catch (error) {
      if (signal.aborted) return;
      this.#ports.report(name, error);
      // By way of the next attempt, it is told what is wrong.
      this.restart();
    }
  }

  /** Somebody looks. */
  start(): void {
    if (this.#running) return;
    if (this.#state === 'idle') this.#become('loading');
    const running = (this.#running = new AbortController());
    void this.#run(running.signal);
  }

  /** Nobody looks any more: no connection is held, which would keep a local Hippo from ending itself. */
  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#again = undefined;
    this.#listening = false;
    this.#settle();
  }

  /** Something else is to be followed, or the same in another way: begins anew. */
  restart(): void {
    if (!this.#running) return;
    this.stop();
    // Which one it is now is said by the next attempt.
    this.#followed = undefined;
    this.start();
  }

  /** Tries again now, or reads everything again. Resolves when that is done, or has failed. */
  refresh(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#again?.();
    return done;
  }

  /** Something was changed from here: a Hippo that does not tell of changes is asked at once. */
  changed(): void {
    if (!this.#listening) this.#again?.();
  }

  /** The connection is no longer what it was: it answers somebody else, or somebody may have signed in. */
  reconsider(state: 'ready' | 'unknown'): void {
    if (this.#state === 'signedOut' || (state === 'ready' && LOST.has(this.#state))) this.#again?.();
  }

  /** Resolves as soon as there is something to show, if only what is wrong. */
  async settled(): Promise<void> {
    if (this.#state !== 'idle' && this.#state !== 'loading') return;
    await new Promise<void>((resolve) => {
      const listening = this.#changed.event((state) => {
        if (state === 'idle' || state === 'loading') return;
        listening.dispose();
        resolve();
      });
    });
  }

  /**
   * Has the revisions of an app in the model, now and from now on.
   * @throws HippoError
   */
  async wantRevisions(appId: string): Promise<void> {
    const { client } = this.#followed ?? {};
    if (!client || !this.#model.hasApp(appId)) return;
    this.#model.wantRevisions(appId);
    await this.#inTurn(async () => {
      if (this.#model.hasRevisions(appId)) return;
      const signal = this.#running?.signal ?? new AbortController().signal;
      const revisions = await this.#within(signal, (limited) => client.revisions({ appId, signal: limited }));
      this.#model.apply({ revisions: new Map([[appId, revisions]]) });
    });
  }

  dispose(): void {
    this.stop();
    this.#changed.dispose();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let pause: number | undefined = TIMES.retry;
      let followed: Followed | undefined;
      try {
        followed = await this.#within(signal, () => this.#ports.open());
        signal.throwIfAborted();
        this.#followed = followed;
        if (followed)
          await this.#follow(followed, signal, () => {
            failures = 0;
          });
        else {
          this.#forget(undefined);
          this.#become('stopped');
          pause = TIMES.look;
        }
      } catch (error) {
        if (signal.aborted) return;
        pause = this.#fail(followed, error, failures++);
      }
      this.#settle();
      await this.#pause(pause, signal);
    }
  }

  /** Until the signal, a failure, or the end of a stream. */
  async #follow(followed: Followed, signal: AbortSignal, onAnswer: () => void): Promise<void> {
    const { client, name, hippoUrl, userName } = followed;
    const key = JSON.stringify([name, hippoUrl, userName]);
    if (key !== this.#key) {
      this.#forget(key, hippoUrl);
      this.#become('loading');
    }
    const good = (): void => {
      onAnswer();
      this.#model.setStale(false);
      this.#become('ready');
      this.#ports.report(name, undefined);
      this.#settle();
    };
    this.#addons.ask(followed.addons);
    const { product, instance } = await this.#within(signal, (limited) =>
      client.identify({ signal: limited }),
    );
    if (product !== undefined)
      try {
        return await this.#listen(followed, instance, signal, good);
      } catch (error) {
        if (signal.aborted || !NO_EVENTS.has((error as { code?: string }).code ?? '')) throw error;
        this.#ports.log.info(`${name} tells of no changes, and is asked every ${TIMES.poll / 1000} seconds`);
      }
    for (;;) {
      const asked = this.#ports.clock.now();
      await this.#inTurn(() => this.#load(followed, signal, TIMES.offerings));
      signal.throwIfAborted();
      good();
      const took = this.#ports.clock.now() - asked;
      await this.#pause(Math.max(TIMES.poll, TIMES.share * took), signal);
      signal.throwIfAborted();
    }
  }

  /** The stream is open before anything is read, so that nothing happens in between. */
  async #listen(
    followed: Followed,
    instance: string | undefined,
    signal: AbortSignal,
    good: () => void,
  ): Promise<void> {
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const resumed = instance !== undefined && this.#applied?.instance === instance;
    let lastEventId = resumed ? this.#applied?.id : undefined;
    let loads = lastEventId === undefined || this.#addons.knowledge.state === 'unknown';
    let queue: Received[] = [];
    let working = false;
    const work = async (): Promise<void> => {
      if (working) return;
      working = true;
      try {
        while (!both.aborted && (loads || queue.length > 0 || this.#addons.lacksOfferings)) {
          const [batch, all] = [queue, loads];
          [queue, loads] = [[], false];
          await this.#inTurn(() => this.#take(followed, batch, all, both));
          // Somebody has turned away meanwhile, maybe to another Hippo.
          if (both.aborted) return;
          lastEventId = batch.at(-1)?.id ?? lastEventId;
          this.#applied = { instance, id: lastEventId };
          good();
        }
      } catch (error) {
        // Where it was is known: the next stream goes on from there.
        stop.abort(error);
      } finally {
        working = false;
      }
    };
    const again = (): void => {
      loads = true;
      void work();
    };
    this.#again = again;
    this.#listening = true;
    const patience = this.#ports.clock.after(TIMES.patience, () => stop.abort(silent()));
    const onOpen = (): void => {
      patience.dispose();
      if (loads || this.#addons.lacksOfferings) void work();
      else good();
    };
    try {
      for await (const received of followed.client.events({ signal: both, lastEventId, onOpen })) {
        queue.push(received);
        void work();
      }
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      patience.dispose();
      if (this.#again === again) {
        this.#again = undefined;
        this.#listening = false;
      }
      stop.abort();
    }
  }

  async #take(
    followed: Followed,
    batch: readonly Received[],
    all: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const news = digest(batch.map(({ event }) => event));
    const { apps, channels, revisions, wholeApps } = news;
    const { client } = followed;
    const model = this.#model;
    const addonIds = new Set(news.addons);
    // They tell the names of their app and its channels.
    for (const { id, appId, bindings } of model.addons)
      if (apps.has(appId) || bindings.some(({ channelId }) => channels.has(channelId))) addonIds.add(id);
    const reads = apps.size + channels.size + revisions.size + addonIds.size + 3 * wholeApps.size;
    if (news.offerings) this.#addons.forgetOfferings();
    const again = this.#addons.knowledge.state === 'failed' && addonIds.size > 0;
    if (all || again || news.everything || reads > MOST_READS) {
      this.#applied = undefined;
      this.#addons.forgetOfferings();
      return this.#load(followed, signal);
    }
    const removedApps = new Set(news.removedApps);
    const removedChannels = new Set(news.removedChannels);
    const statuses = new Map(news.statuses);
    const readApps: AppItem[] = [];
    const readChannels: ChannelItem[] = [];
    const channelsOf = new Map<string, ChannelItem[]>();
    const revisionsOf = new Map<string, RevisionItem[]>();
    const wanted = new Set(model.wantedRevisions);
    const some = await this.#within(signal, async (limited) => {
      const options = { signal: limited };
      const readApp = async (id: string): Promise<void> => {
        const app = await unlessGone(client.app(id, options));
        if (app) readApps.push(app);
        else removedApps.add(id);
      };
      const readWhole = async (appId: string): Promise<void> => {
        await readApp(appId);
        const found = await client.channels({ appId, ...options });
        channelsOf.set(appId, found);
        for (const { id } of found)
          if (!statuses.has(id)) statuses.set(id, await client.channelStatus(id, options));
      };
      const readChannel = async (id: string): Promise<void> => {
        const channel = await unlessGone(client.channel(id, options));
        if (channel) readChannels.push(channel);
        else removedChannels.add(id);
      };
      const readRevisions = async (appId: string): Promise<void> => {
        if (wanted.has(appId)) revisionsOf.set(appId, await client.revisions({ appId, ...options }));
      };
      const [read] = await Promise.all([
        this.#addons.some(followed.addons, { ids: addonIds, appIds: wholeApps }, limited),
        news.offerings || this.#addons.lacksOfferings
          ? this.#addons.readOfferings(followed.addons, limited)
          : undefined,
        ...[...wholeApps].map(readWhole),
        ...[...apps].map(readApp),
        ...[...channels].map(readChannel),
        ...[...revisions].map(readRevisions),
      ]);
      return read;
    });
    model.apply({
      removedApps,
      removedChannels,
      apps: readApps,
      channelsOf,
      channels: readChannels,
      statuses,
      revisions: revisionsOf,
      removedAddons: [...news.removedAddons, ...some.gone],
      addons: some.addons,
    });
  }

  /** @param since what can be added is not read again if it was read within so many milliseconds */
  async #load(followed: Followed, signal: AbortSignal, since = 0): Promise<void> {
    const { client } = followed;
    const wanted = this.#model.wantedRevisions;
    const facts = await this.#within(signal, async (limited) => {
      const options = { signal: limited };
      const [apps, channels, statuses, addons, , ...revisions] = await Promise.all([
        client.apps(options),
        client.channels(options),
        client.channelStatuses(options).catch((error: unknown) => {
          if (NO_STATES.has((error as { code?: string }).code ?? '')) return [];
          throw error;
        }),
        this.#addons.addons(followed.addons, limited),
        this.#addons.readOfferings(followed.addons, limited, since),
        ...wanted.map((appId) => client.revisions({ appId, ...options })),
      ]);
      return {
        apps,
        channels,
        statuses,
        ...(addons === 'kept' ? {} : { addons }),
        revisions: new Map(wanted.map((appId, index) => [appId, revisions[index] ?? []])),
      };
    });
    this.#model.replace(facts);
  }

  /** @returns milliseconds until the next attempt; undefined: somebody has to do something first */
  #fail(followed: Followed | undefined, error: unknown, before: number): number | undefined {
    const { report, log } = this.#ports;
    const { code = '' } = error as { code?: string };
    report(followed?.name, error);
    const message = error instanceof Error ? error.message : String(error);
    const become = (state: FollowerState): void => {
      if (state !== this.#state) log.warn(`The apps of ${followed?.name ?? 'the connection'}: ${message}`);
      else log.trace(message);
      this.#become(state);
    };
    // Nobody signs in to the local Hippo: it was just made anew, and the next attempt knows its key.
    const signedOut = code === 'UNAUTHORIZED' && followed?.name !== LOCAL;
    if (signedOut || code === 'NO_SUCH_CONNECTION') {
      this.#forget(undefined);
      become(signedOut ? 'signedOut' : 'missing');
      return undefined;
    }
    if (code === 'UNSUPPORTED') {
      this.#forget(undefined);
      become('unsupported');
      return TIMES.mostRetry;
    }
    this.#model.setStale(true);
    become('unreachable');
    return Math.min(TIMES.retry * 2 ** before, TIMES.mostRetry);
  }

  #forget(key: string | undefined, hippoUrl = 'http://localhost'): void {
    this.#key = key;
    this.#applied = undefined;
    this.#addons.clear();
    this.#model.clear(hippoUrl);
  }

  /** One after the other, so that what was read earlier never takes the place of what was read later. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#serial.then(work);
    this.#serial = result.catch(() => undefined);
    return result;
  }

  async #within<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timer = this.#ports.clock.after(TIMES.patience, () => limit.abort(silent()));
    const both = AbortSignal.any([signal, limit.signal]);
    // Not everything that is waited for knows the signal.
    let end: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      end = () => reject(both.reason as Error);
      both.addEventListener('abort', end);
    });
    try {
      both.throwIfAborted();
      return await Promise.race([work(both), aborted]);
    } finally {
      timer.dispose();
      if (end) both.removeEventListener('abort', end);
    }
  }

  /** @param milliseconds undefined: until `refresh` */
  #pause(milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer =
        milliseconds === undefined ? undefined : this.#ports.clock.after(milliseconds, () => end());
      const end = (): void => {
        timer?.dispose();
        signal.removeEventListener('abort', end);
        if (this.#again === end) this.#again = undefined;
        resolve();
      };
      if (signal.aborted) return end();
      signal.addEventListener('abort', end);
      this.#again = end;
    });
  }

  #become(state: FollowerState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#changed.fire(state);
  }

  #settle(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function silent(): EditorError {
  return new EditorError('UNREACHABLE', `There was no answer for ${TIMES.patience / 1000} seconds.`);
}
