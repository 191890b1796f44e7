// From a bindle that a server holds to a channel that answers: app, channel, revision, wait (hippo-api.md §4, §5).

import { request } from 'undici';
import { setTimeout as delay } from 'node:timers/promises';
import { createDispatcher } from '../bindle/http.ts';
import { formatId } from '../bindle/id.ts';
import type { ChannelItem } from '../hippo/api.ts';
import { HippoError, type HippoClient } from '../hippo/client.ts';
import type { Plan, Step } from './plan.ts';

export type ReleaseEvent =
  | { type: 'made'; step: Step; name: string }
  | { type: 'registered'; already: boolean }
  | { type: 'waiting'; channels: readonly string[] }
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
  /** Between two looks, in ms. */
  pause?: number;
}

export interface ReleasedChannel {
  id: string;
  name: string;
  /** Where it is served. */
  address: string;
}

export interface Released {
  appId: string | undefined;
  channels: ReleasedChannel[];
}

/** The bindle is stored; what comes after it did not work out. The message says how to go on. */
export class ReleaseError extends Error {
  readonly code: 'NO_APP' | 'NOT_REGISTERED' | 'NOT_ALLOWED' | 'NOT_RUNNING';
  readonly hint: string | undefined;
  constructor(code: ReleaseError['code'], message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReleaseError';
    this.code = code;
    this.hint = hint;
  }
}

const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;
const ATTEMPTS = 4;
const TRANSIENT = new Set(['UNREACHABLE', 'BROKEN', 'SERVER']);

/**
 * Does what the plan says after the push. Each part can be repeated: what is there is taken as it is.
 * @throws ReleaseError, HippoError, the signal's reason
 */
export async function release(options: ReleaseOptions): Promise<Released> {
  const { plan, hippo, steps, signal, onEvent } = options;
  let appId = plan.app?.id;
  const waitFor = new Set(plan.takers.map(({ channel }) => channel.id));
  for (const step of steps) {
    signal?.throwIfAborted();
    if (step.type === 'create-app') {
      const { id, name } = await createApp(hippo, step.name, step.storageId, signal);
      appId = id;
      onEvent?.({ type: 'made', step, name });
    } else if (step.type === 'create-channel' && appId !== undefined) {
      const channelId = await createChannel(hippo, appId, step.name, step.rule, signal);
      waitFor.add(channelId);
      onEvent?.({ type: 'made', step, name: step.name });
    }
  }
  await register(options, appId);
  for (const step of steps) {
    if (step.type === 'change-rule') {
      await hippo.patchChannel(
        step.channel.id,
        { revisionSelectionStrategy: 'UseRangeRule', rangeRule: step.rule, activeRevisionId: null },
        { signal },
      );
      waitFor.add(step.channel.id);
      onEvent?.({ type: 'made', step, name: step.channel.name });
    } else if (step.type === 'choose-revision' && appId !== undefined) {
      const revision = await findRevision(hippo, appId, plan.id.version, signal);
      if (revision === undefined)
        throw new ReleaseError(
          'NOT_REGISTERED',
          `Hippo has lost the revision ${plan.id.version} again.`,
          'Publish once more.',
        );
      await hippo.patchChannel(
        step.channel.id,
        { revisionSelectionStrategy: 'UseSpecifiedRevision', activeRevisionId: revision },
        { signal },
      );
      waitFor.add(step.channel.id);
      onEvent?.({ type: 'made', step, name: step.channel.name });
    }
  }
  const channels = plan.appKnown ? await waitUntilServed(options, [...waitFor]) : [];
  return { appId, channels };
}

/** Numbers are added to a name that is taken. An app that appeared meanwhile with these bindles is the one. */
async function createApp(
  hippo: HippoClient,
  name: string,
  storageId: string,
  signal: AbortSignal | undefined,
): Promise<{ id: string; name: string }> {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    try {
      return { id: await hippo.createApp({ name: candidate, storageId }, { signal }), name: candidate };
    } catch (error) {
      const [there] = await hippo.findApps(storageId, { signal });
      if (there) return { id: there.id, name: there.name };
      const taken = error instanceof HippoError && error.code === 'INVALID' && 'Name' in error.fields;
      if (!taken || number >= 20) throw error;
    }
  }
}

async function createChannel(
  hippo: HippoClient,
  appId: string,
  name: string,
  rangeRule: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    return await hippo.createChannel(
      { appId, name, revisionSelectionStrategy: 'UseRangeRule', rangeRule },
      { signal },
    );
  } catch (error) {
    // A repeat after an answer that was lost.
    const there = (await hippo.app(appId, { signal })).channels.find((channel) => channel.name === name);
    if (there) return there.id;
    throw error;
  }
}

/**
 * Makes the version known, once: real servers fail later on a double (hippo-api.md §5). A failed answer may have
 * stored it, so each try begins with a look; where the server cannot be asked, there is one try.
 */
async function register(
  { plan, hippo, signal, onEvent, pause = PAUSE_MS }: ReleaseOptions,
  appId: string | undefined,
): Promise<void> {
  const { name: appStorageId, version: revisionNumber } = plan.id;
  for (let attempt = 1; ; attempt++) {
    if (appId !== undefined && (await findRevision(hippo, appId, revisionNumber, signal)) !== undefined) {
      onEvent?.({ type: 'registered', already: attempt === 1 });
      return;
    }
    try {
      await hippo.registerRevision({ appStorageId, revisionNumber }, { signal });
      onEvent?.({ type: 'registered', already: false });
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HippoError)) throw error;
      const stored = `The bindle ${formatId(plan.id)} is stored, but`;
      if (error.code === 'NOT_FOUND')
        throw new ReleaseError(
          'NO_APP',
          `${stored} this Hippo has no app with the storage id "${appStorageId}".`,
          `Make one with \`hippo create NAME ${appStorageId}\`, then run \`hippo release ${formatId(plan.id)}\`.`,
          { cause: error },
        );
      if (!TRANSIENT.has(error.code) || attempt >= ATTEMPTS || appId === undefined)
        throw new ReleaseError(
          error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN' ? 'NOT_ALLOWED' : 'NOT_REGISTERED',
          `${stored} Hippo did not take it as a revision: ${error.message}`,
          `\`hippo release ${formatId(plan.id)}\` tries that again.`,
          { cause: error },
        );
      onEvent?.({ type: 'retry', reason: error.message });
      await delay(pause * 2 ** attempt, undefined, signal ? { signal } : {});
    }
  }
}

async function findRevision(
  hippo: HippoClient,
  appId: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const revisions = await hippo.revisions({ appId, signal });
  return revisions.find((one) => one.appId === appId && one.revisionNumber === version)?.id;
}

async function waitUntilServed(
  { plan, hippo, signal, onEvent, patience = PATIENCE_MS, pause = PAUSE_MS }: ReleaseOptions,
  ids: readonly string[],
): Promise<ReleasedChannel[]> {
  const channels = await Promise.all(ids.map((id) => hippo.channel(id, { signal })));
  if (ids.length > 0 && patience > 0)
    onEvent?.({ type: 'waiting', channels: channels.map(({ name }) => name) });
  const end = Date.now() + patience;
  let waiting = patience > 0 ? channels : [];
  let reason = '';
  while (waiting.length > 0) {
    const left: ChannelItem[] = [];
    for (const { id } of waiting) {
      const channel = await hippo.channel(id, { signal });
      const problem = await notServed(channel, plan.id.version, hippo, signal);
      if (problem === undefined) continue;
      reason = `${channel.name} ${problem}`;
      left.push(channel);
    }
    waiting = left;
    if (waiting.length === 0) break;
    if (Date.now() >= end)
      throw new ReleaseError(
        'NOT_RUNNING',
        `${formatId(plan.id)} is released, but after ${Math.round(patience / 1000)} seconds ${reason}.`,
        `\`hippo channel logs ${waiting[0]?.name ?? ''}\` may say why; \`hippo rollback ${waiting[0]?.name ?? ''}\` goes back.`,
      );
    await delay(pause, undefined, signal ? { signal } : {});
  }
  return channels.map((channel) => ({
    id: channel.id,
    name: channel.name,
    address: addressOf(channel, hippo.url),
  }));
}

/** Why a channel does not serve the version yet; undefined if it does. */
async function notServed(
  channel: ChannelItem,
  version: string,
  hippo: HippoClient,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const runs = channel.activeRevision?.revisionNumber;
  if (runs !== version) return `runs ${runs ?? 'nothing'}`;
  // Whoever has stopped it wants no answer from it.
  if (channel.desiredStatus === 'Dead') return undefined;
  const status = await hippo.channelStatus(channel.id, { signal });
  if (status === 'Dead' || status === 'Unknown') return `is ${status}`;
  const [byPort] = (channel.urls ?? []).filter((url) => /^http:\/\/(127\.0\.0\.1|localhost):/.test(url));
  const url = byPort ?? addressOf(channel, hippo.url);
  // Only whether it answers is asked, and nothing is told: whose certificate it is does not matter here.
  const dispatcher = createDispatcher({ url, insecure: true, connections: 1 });
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headersTimeout: 10_000,
      ...(signal ? { signal } : {}),
    });
    await body.dump();
    return statusCode < 502 || statusCode > 504 ? undefined : `answers ${statusCode}`;
  } catch {
    signal?.throwIfAborted();
    return 'does not answer';
  } finally {
    await dispatcher.destroy();
  }
}

/** Where a channel is served: what the server says, else its domain, by https where Hippo itself has it. */
export function addressOf(channel: Pick<ChannelItem, 'domain' | 'urls'>, hippo: URL): string {
  const [first] = channel.urls ?? [];
  if (first !== undefined) return first;
  const port = channel.domain.endsWith('.localhost') && hippo.port !== '' ? `:${hippo.port}` : '';
  return `${port === '' ? hippo.protocol : 'http:'}//${channel.domain}${port}/`;
}
