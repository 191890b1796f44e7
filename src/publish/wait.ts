// Waiting until channels run a version and their pages answer (hippo-api.md §4).

import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { createDispatcher, type Network } from '../bindle/http.ts';
import { formatId, type BindleId } from '../bindle/id.ts';
import type { ChannelItem } from '../hippo/api.ts';
import { HippoError, type HippoClient } from '../hippo/client.ts';
import { RuleError, selectRevision } from '../hippo/rules.ts';
import { addressOf } from '../session/address.ts';

export interface WaitOptions {
  id: BindleId;
  hippo: HippoClient;
  channels: readonly { id: string; appId: string }[];
  /** How long they may take, in ms; 0 does not wait. */
  patience: number;
  /** Between two looks, in ms. */
  pause: number;
  /** Told what is waited for, as it is before. */
  onWaiting: (channels: readonly ServedChannel[]) => void;
  /** The way to their pages, where the environment does not say it all. */
  network?: Network | undefined;
  signal?: AbortSignal;
}

export interface ServedChannel {
  id: string;
  name: string;
  /** Where it is served. */
  address: string;
  /** The version that it runs; another than the one that was released where a later one has overtaken it. */
  runs: string | null;
  /** HTTP status of its page; absent if it was not asked. */
  status?: number;
}

/** The channels do not serve the version; the message says which and why. */
export class NotServedError extends Error {
  readonly code = 'NOT_RUNNING';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'NotServedError';
    this.hint = hint;
  }
}

/** Failures of one look that the next may not meet. */
const TRANSIENT = new Set(['UNREACHABLE', 'BROKEN', 'SERVER', 'LIMITED']);

/** @throws NotServedError, HippoError, the signal's reason */
export async function waitUntilServed(options: WaitOptions): Promise<ServedChannel[]> {
  const { id, hippo, patience, pause, signal } = options;
  const channels = await Promise.all(
    options.channels.map(async (one) => ({ ...one, item: await hippo.channel(one.id, { signal }) })),
  );
  const seen = new Map<string, Seen>(channels.map(({ item }) => [item.id, { runs: runsNow(item) }]));
  const connection = { hippoUrl: hippo.url.href };
  const served = (): ServedChannel[] =>
    channels.map(({ item }) => ({
      id: item.id,
      name: item.name,
      address: addressOf(item, { connection }),
      ...(seen.get(item.id) ?? { runs: null }),
    }));
  if (patience > 0 && channels.length > 0) options.onWaiting(served());
  const end = Date.now() + patience;
  for (let waiting = patience > 0 ? channels : []; waiting.length > 0;) {
    const reasons = new Map<(typeof channels)[number], string>();
    for (const channel of waiting) {
      const look = await lookAt(channel, options);
      if ('reason' in look) reasons.set(channel, look.reason);
      else seen.set(channel.id, look);
    }
    waiting = [...reasons.keys()];
    const [first] = waiting;
    if (!first) break;
    if (Date.now() >= end)
      throw new NotServedError(
        `${formatId(id)} is released, but after ${Math.round(patience / 1000)} seconds ` +
          `${waiting.map((one) => `${one.item.name} ${reasons.get(one) ?? ''}`).join('; ')}.`,
        `\`hippo channel logs ${first.item.name}\` may say why, \`hippo rollback ${first.item.name}\` goes back.`,
      );
    await rest(pause, signal);
  }
  return served();
}

type Seen = Pick<ServedChannel, 'runs' | 'status'>;

/** What a channel serves by now, or why that is not yet what it should be. */
async function lookAt(
  { id: channelId, appId }: { id: string; appId: string },
  { id, hippo, network, signal }: WaitOptions,
): Promise<Seen | { reason: string }> {
  try {
    const channel = await hippo.channel(channelId, { signal });
    const runs = runsNow(channel);
    if (runs !== id.version) {
      const numbers = (await hippo.revisions({ appId, signal })).map(({ revisionNumber }) => revisionNumber);
      return isOvertaken(channel, id, numbers) ? { runs } : { reason: `runs ${runs ?? 'nothing'}` };
    }
    // Whoever has stopped it wants no answer from it.
    if (channel.desiredStatus === 'Dead') return { runs };
    if ((await statusOf(channel, hippo, signal)) === 'Dead') return { reason: 'is dead' };
    const status = await statusOfPage(channel, hippo.url, network, signal);
    if (status === undefined) return { reason: 'does not answer' };
    // A gateway that has nobody to ask; all else is the app's own answer.
    return status < 502 || status > 504 ? { runs, status } : { reason: `answers ${status}` };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof HippoError && TRANSIENT.has(error.code))
      return { reason: `could not be looked at: ${error.message.replace(/\.$/, '')}` };
    throw error;
  }
}

function runsNow({ activeRevision }: ChannelItem): string | null {
  return activeRevision?.revisionNumber ?? null;
}

/**
 * Somebody has published a later version meanwhile, or chosen one: this one will not come any more.
 * @throws NotServedError if it would not come even then
 */
function isOvertaken(channel: ChannelItem, id: BindleId, numbers: readonly string[]): boolean {
  const { name, rangeRule, activeRevision } = channel;
  if (channel.revisionSelectionStrategy !== 'UseRangeRule') return activeRevision !== null;
  const rule = rangeRule ?? '*';
  if (select(rule, [id.version]) === undefined)
    throw new NotServedError(
      `${formatId(id)} is released, but ${name} does not run it: its rule is "${rule}".`,
      'Publish again: it is planned with what the channel is now.',
    );
  return numbers.includes(id.version) && select(rule, numbers) !== id.version;
}

function select(rule: string, numbers: readonly string[]): string | undefined {
  try {
    return selectRevision(rule, numbers);
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}

/** Undefined where the server does not say: some of dialect S have no such path. */
async function statusOf(
  { id }: ChannelItem,
  hippo: HippoClient,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    return await hippo.channelStatus(id, { signal });
  } catch (error) {
    if (error instanceof HippoError && ['NOT_FOUND', 'UNSUPPORTED'].includes(error.code)) return undefined;
    throw error;
  }
}

/** What its page answers; undefined if it does not. */
async function statusOfPage(
  channel: ChannelItem,
  hippo: URL,
  network: Network | undefined,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  // Names under `localhost` are not known to every resolver.
  const [byPort] = (channel.urls ?? []).filter((url) => /^http:\/\/(127\.0\.0\.1|localhost):/.test(url));
  const url = byPort ?? addressOf(channel, { connection: { hippoUrl: hippo.href } });
  // Only whether it answers is asked, and nothing is told: whose certificate it is does not matter here.
  const dispatcher = createDispatcher({
    url,
    insecure: true,
    connections: 1,
    ...(network === undefined ? {} : { network }),
  });
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headersTimeout: 10_000,
      ...(signal ? { signal } : {}),
    });
    // A page may go on for ever.
    body.on('error', () => undefined).destroy();
    return statusCode;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  } finally {
    await dispatcher.destroy();
  }
}

/** @throws the signal's reason */
export async function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  signal?.throwIfAborted();
}
