// From a bindle that a server holds to a channel that runs it: app, channel, revision (hippo-api.md §4, §5). Each part
// begins with a look at what is there, so that all of it can be repeated.

import type { AddonItem } from '../addons/addons.ts';
import { AddonsClient } from '../addons/client.ts';
import { AddonFailedError, waitForAddon } from '../addons/wait.ts';
import type { Network } from '../bindle/http.ts';
import { formatId } from '../bindle/id.ts';
import { HippoError, type HippoClient } from '../hippo/client.ts';
import { followRule, pinRevision } from '../hippo/selection.ts';
import type { AddonStep } from './addons.ts';
import type { Plan, Step } from './plan.ts';
import { rest, waitUntilServed, type ServedChannel } from './wait.ts';

export type ReleaseEvent =
  | { type: 'made'; step: Step; name: string }
  | { type: 'registered'; already: boolean }
  /** What a broker says of an add-on that is waited for. */
  | { type: 'adding'; name: string; words: string }
  /** It is released; what its channels run and serve is as it was before. */
  | { type: 'waiting'; appId: string | undefined; channels: readonly ServedChannel[] }
  /** A later version than this one was faster. */
  | { type: 'overtaken'; channel: ServedChannel }
  | { type: 'retry'; reason: string };

export interface ReleaseOptions {
  plan: Plan;
  hippo: HippoClient;
  /** The steps of the plan that were agreed to. */
  steps: readonly Step[];
  signal?: AbortSignal;
  onEvent?: (event: ReleaseEvent) => void;
  /** How long the channels may take to answer, in ms; 0 does not wait. */
  patience?: number;
  /** The way to the channels' pages, where the environment does not say it all. */
  network?: Network | undefined;
  /** Between two looks, in ms; before something is tried again, longer each time. */
  pause?: number;
}

export interface Released {
  appId: string | undefined;
  channels: ServedChannel[];
}

/** The bindle is stored; what comes after it did not work out. The message says how to go on. */
export class ReleaseError extends Error {
  readonly code: 'NO_APP' | 'NOT_REGISTERED' | 'NOT_ALLOWED' | 'ADDON_FAILED';
  readonly hint: string;
  constructor(code: ReleaseError['code'], message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReleaseError';
    this.code = code;
    this.hint = hint;
  }
}

const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;
const ATTEMPTS = 4;
/** App names that are tried: `shop`, `shop-2` and so on. */
const NAMES = 20;
/** Failures that may have done what was asked for all the same, or may pass. */
const TRANSIENT = new Set(['UNREACHABLE', 'BROKEN', 'SERVER']);

/**
 * Does what the plan says after the push.
 * @throws ReleaseError, NotServedError, HippoError, the signal's reason
 */
export async function release(options: ReleaseOptions): Promise<Released> {
  const { plan, hippo, steps, signal, onEvent, patience = PATIENCE_MS, pause = PAUSE_MS } = options;
  const waitFor = new Map(plan.takers.map(({ app, channel }) => [channel.id, app.id]));
  let appId = plan.app?.id;
  for (const step of steps) {
    signal?.throwIfAborted();
    if (step.type === 'create-app') {
      const app = await part(options, `the app ${step.name} could not be made`, () =>
        createApp(options, step),
      );
      appId = app.id;
      onEvent?.({ type: 'made', step, name: app.name });
    } else if (step.type === 'create-channel' && !step.fixed && appId !== undefined) {
      waitFor.set(await createChannel(options, appId, step), appId);
    } else if (step.type === 'change-rule' && appId !== undefined) {
      // Before the version is registered: real servers look at rules only then.
      await changeChannel(options, appId, step);
      waitFor.set(step.channel.id, appId);
    }
  }
  // Before a process runs it that would lack their variables; a channel that needs the revision comes after it.
  const late = new Set(
    steps.flatMap((step) => (step.type === 'create-channel' && step.fixed ? step.name : [])),
  );
  if (appId !== undefined) await addAddons(options, appId, (channel) => !late.has(channel));
  await part(options, 'Hippo did not take it as a revision', () => register(options, appId));
  for (const step of steps) {
    if (appId === undefined) continue;
    if (step.type === 'create-channel' && step.fixed)
      waitFor.set(await createChannel(options, appId, step), appId);
    if (step.type !== 'choose-revision') continue;
    await changeChannel(options, appId, step);
    waitFor.set(step.channel.id, appId);
  }
  if (appId !== undefined) await addAddons(options, appId, (channel) => late.has(channel));
  if (!plan.appKnown) return { appId, channels: [] };
  const channels = await waitUntilServed({
    id: plan.id,
    hippo,
    channels: [...waitFor].map(([id, ofApp]) => ({ id, appId: ofApp })),
    patience,
    pause,
    onWaiting: (waiting) => onEvent?.({ type: 'waiting', appId, channels: waiting }),
    network: options.network,
    ...(signal ? { signal } : {}),
  });
  for (const channel of channels)
    if (patience > 0 && channel.runs !== plan.id.version) onEvent?.({ type: 'overtaken', channel });
  return { appId, channels };
}

/** One part of a release, whose failure says what is there by now and how to go on. */
async function part<T>(
  { plan, signal }: ReleaseOptions,
  failure: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AddonFailedError)
      throw new ReleaseError(
        'ADDON_FAILED',
        `The bindle ${formatId(plan.id)} is stored, but ${failure}: ${error.message}`,
        `${error.hint} Then \`hippo release ${formatId(plan.id)}\` goes on from there, and so does the same publish again.`,
        { cause: error },
      );
    if (!(error instanceof HippoError)) throw error;
    const refused = error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN';
    const id = formatId(plan.id);
    throw new ReleaseError(
      refused ? 'NOT_ALLOWED' : 'NOT_REGISTERED',
      `The bindle ${id} is stored, but ${failure}: ${error.message}`,
      `\`hippo release ${id}\` goes on from there, and so does the same publish again.`,
      { cause: error },
    );
  }
}

/**
 * Does something once, on a server whose failed answer may have done it: looks, tries, and looks again before each
 * further try.
 * @param look what is there already
 * @throws what `act` throws in the end
 */
async function once<T>(
  { signal, onEvent, pause = PAUSE_MS }: ReleaseOptions,
  look: () => Promise<T | undefined>,
  act: () => Promise<T>,
): Promise<{ value: T; already: boolean }> {
  for (let attempt = 1; ; attempt++) {
    const there = await look();
    if (there !== undefined) return { value: there, already: attempt === 1 };
    try {
      return { value: await act(), already: false };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HippoError)) throw error;
      if (!TRANSIENT.has(error.code) || attempt >= ATTEMPTS) {
        const late = await look();
        if (late === undefined) throw error;
        return { value: late, already: false };
      }
      onEvent?.({ type: 'retry', reason: error.message });
      await rest(pause * 2 ** attempt, signal);
    }
  }
}

/** Numbers are added to a name that is taken. An app that appeared meanwhile with these bindles is the one. */
async function createApp(
  options: ReleaseOptions,
  { name, storageId }: { name: string; storageId: string },
): Promise<{ id: string; name: string }> {
  const { hippo, signal } = options;
  const look = async (): Promise<{ id: string; name: string } | undefined> =>
    (await hippo.findApps(storageId, { signal }))[0];
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    try {
      const { value } = await once(options, look, async () => ({
        id: await hippo.createApp({ name: candidate, storageId }, { signal }),
        name: candidate,
      }));
      return value;
    } catch (error) {
      const taken = error instanceof HippoError && error.code === 'INVALID' && 'Name' in error.fields;
      if (!taken || number >= NAMES) throw error;
    }
  }
}

async function createChannel(
  options: ReleaseOptions,
  appId: string,
  step: Extract<Step, { type: 'create-channel' }>,
): Promise<string> {
  const { hippo, signal, onEvent } = options;
  const { name, rule, fixed } = step;
  const look = async (): Promise<string | undefined> =>
    (await hippo.app(appId, { signal })).channels.find((channel) => channel.name === name)?.id;
  const id = await part(options, `the channel ${name} could not be made`, async () => {
    const selection = fixed
      ? ({
          revisionSelectionStrategy: 'UseSpecifiedRevision',
          activeRevisionId: await demandRevision(options, appId),
        } as const)
      : ({ revisionSelectionStrategy: 'UseRangeRule', rangeRule: rule } as const);
    const create = (): Promise<string> => hippo.createChannel({ appId, name, ...selection }, { signal });
    return (await once(options, look, create)).value;
  });
  onEvent?.({ type: 'made', step, name });
  return id;
}

/**
 * Adds and attaches what was agreed to, for channels that are there, and waits until it can be used; so it does for
 * what somebody else has begun to add.
 */
async function addAddons(
  options: ReleaseOptions,
  appId: string,
  isTurn: (channel: string) => boolean,
): Promise<void> {
  const { plan, hippo, steps, signal, onEvent, patience } = options;
  const turn = steps.filter(
    (step) => (step.type === 'add-addon' || step.type === 'attach-addon') && isTurn(step.channel),
  ) as AddonStep[];
  const begun = plan.addons.filter(({ state, channel }) => state === 'coming' && isTurn(channel));
  if (turn.length === 0 && begun.length === 0) return;
  const client = new AddonsClient(hippo);
  const wait = async (addon: AddonItem): Promise<void> => {
    if (patience === 0) return;
    const { name } = addon;
    const there = await waitForAddon(client, addon, {
      kinds: ['create', 'adopt', 'bind'],
      signal,
      onProgress: (words) => onEvent?.({ type: 'adding', name, words }),
    });
    if (!there) throw new HippoError('NOT_FOUND', `${name} was removed again.`);
  };
  for (const step of turn)
    await part(options, `the add-on ${step.name} could not be added`, async () => {
      const { channels } = await hippo.app(appId, { signal });
      const channelId = channels.find(({ name }) => name === step.channel)?.id;
      if (channelId === undefined) throw new HippoError('NOT_FOUND', `The channel ${step.channel} is gone.`);
      const find = async (): Promise<AddonItem | undefined> =>
        (await client.addons({ appId, signal })).find(({ name }) => name === step.name);
      const look = async (): Promise<AddonItem | undefined> => {
        const addon = await find();
        const isUsed = addon?.bindings.some((binding) => binding.channelId === channelId);
        return isUsed && addon?.state !== 'failed' ? addon : undefined;
      };
      const act = async (): Promise<AddonItem> => {
        if (step.type === 'attach-addon') {
          const as = step.as === step.name ? {} : { as: step.as };
          return client.bindAddon((await find())?.id ?? '', { channelId, ...as }, { signal });
        }
        const { offering, plan: size, name, named } = step;
        return client.createAddon(
          { name: offering, plan: size, channelId, ...(named ? { as: name } : {}) },
          { signal },
        );
      };
      const { value } = await once(options, look, act).catch(async (error: unknown) => {
        throw (await whatIsLeft(client, await find(), error, signal)) ?? error;
      });
      await wait(value);
      onEvent?.({ type: 'made', step, name: step.name });
    });
  for (const { addonId = '', wanted } of begun)
    await part(options, `the add-on ${wanted} is not ready`, async () =>
      wait(await client.addon(addonId, { signal })),
    );
}

/** Why an add-on is refused whose name one has that failed before, and that its broker may still have something of. */
async function whatIsLeft(
  client: AddonsClient,
  addon: AddonItem | undefined,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<AddonFailedError | undefined> {
  const refused = error instanceof HippoError && error.code === 'INVALID';
  if (!refused || addon?.state !== 'failed') return undefined;
  const operations = await client.operations(addon.id, { signal });
  const failed = operations.find(({ state }) => state === 'failed');
  return failed && new AddonFailedError(addon, failed);
}

/** Makes the version known, once: real servers fail later on a double (hippo-api.md §5). */
async function register(options: ReleaseOptions, appId: string | undefined): Promise<void> {
  const { plan, hippo, signal, onEvent } = options;
  const { name: appStorageId, version: revisionNumber } = plan.id;
  const send = async (): Promise<true> => {
    try {
      await hippo.registerRevision({ appStorageId, revisionNumber }, { signal });
      return true;
    } catch (error) {
      if (!(error instanceof HippoError) || error.code !== 'NOT_FOUND') throw error;
      const id = formatId(plan.id);
      throw new ReleaseError(
        'NO_APP',
        `The bindle ${id} is stored, but this Hippo has no app with the storage id "${appStorageId}".`,
        `Make one with \`hippo create NAME ${appStorageId}\`, then run \`hippo release ${id}\`.`,
        { cause: error },
      );
    }
  };
  if (appId === undefined) {
    // A server that cannot be asked what it has gets one try.
    await send();
    onEvent?.({ type: 'registered', already: false });
    return;
  }
  const look = async (): Promise<true | undefined> =>
    (await findRevision(options, appId)) === undefined ? undefined : true;
  const { already } = await once(options, look, send);
  onEvent?.({ type: 'registered', already });
}

async function changeChannel(
  options: ReleaseOptions,
  appId: string,
  step: Extract<Step, { type: 'change-rule' | 'choose-revision' }>,
): Promise<void> {
  const { hippo, signal, onEvent } = options;
  const { id, name } = step.channel;
  await part(options, `the channel ${name} could not be changed`, async () => {
    if (step.type === 'choose-revision')
      return pinRevision(hippo, id, await demandRevision(options, appId), { signal });
    const runs = await findRevision(options, appId);
    return followRule(hippo, id, step.rule, { signal, runs });
  });
  onEvent?.({ type: 'made', step, name });
}

async function demandRevision(options: ReleaseOptions, appId: string): Promise<string> {
  const revision = await findRevision(options, appId);
  if (revision !== undefined) return revision;
  throw new ReleaseError(
    'NOT_REGISTERED',
    `Hippo has lost the revision ${options.plan.id.version} again.`,
    'Publish once more.',
  );
}

async function findRevision(
  { plan, hippo, signal }: ReleaseOptions,
  appId: string,
): Promise<string | undefined> {
  const revisions = await hippo.revisions({ appId, signal });
  return revisions.find(({ revisionNumber }) => revisionNumber === plan.id.version)?.id;
}
