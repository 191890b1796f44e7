// What the servers of a connection hold, as whoever writes a HIPPOFACTS asks for it: remembered, never waited for long.

import { compareBuild, valid } from 'semver';
import type { BindleClient } from '../bindle/client.ts';
import { BindleError } from '../bindle/http.ts';
import { parseId } from '../bindle/id.ts';
import type { ChannelItem } from '../hippo/api.ts';
import type { HippoClient } from '../hippo/client.ts';
import type { KnownBindle, KnownChannel, ServerFacts } from '../hippofacts/facts.ts';
import { addressOf } from './address.ts';
import type { Connection } from './connections.ts';

/** Servers that are looked at: a session of the editor, or of the terminal. */
export interface LookedAt {
  readonly connection: Pick<Connection, 'hippoUrl'>;
  /** Undefined where only a Bindle server is known. */
  readonly client?: Pick<HippoClient, 'findApps' | 'channel'> | undefined;
  /** A client of the Bindle server; it is closed here. */
  bindle(): Promise<Pick<BindleClient, 'getInvoice' | 'search' | 'close'>>;
}

export interface ServerFactsOptions {
  /** For sentences. */
  readonly origin: string;
  /** Asked for each question; nothing is started for it, and nobody is asked. Undefined: there is nobody to ask. */
  readonly open: () => Promise<LookedAt | undefined>;
  /** Ms that a question is waited for, once; the answer is remembered when it comes later. 2 s without it. */
  readonly patience?: number;
  /** An answer that nobody waited for any longer has come: the same question has it now. */
  readonly onLate?: () => void;
  /** In ms. */
  readonly now?: () => number;
  /** Where a channel is visited from here; as it is known to all without it. */
  readonly addressOf?: (channel: ChannelItem, connection: LookedAt['connection']) => string;
}

/** Ms that an answer is good for. */
const GOOD_FOR = 60_000;
/** Ms in which a server that did not answer, or not in time, is left alone. */
const REST = 10_000;
/** Questions that are remembered. */
const MAX_REMEMBERED = 500;
/** Of one search, pages of as many bindles as a server gives at once. */
const MAX_PAGES = 4;
const PAGE = 255;

interface Remembered {
  readonly answer: Promise<unknown>;
  until: number;
  /** It has been waited for, and has not come yet. */
  isLate?: boolean;
}

export class ServerLook implements ServerFacts {
  readonly origin: string;
  /** Why the last question that was not answered was not. */
  failure: unknown;
  readonly #open: ServerFactsOptions['open'];
  readonly #patience: number;
  readonly #onLate: (() => void) | undefined;
  readonly #now: () => number;
  readonly #addressOf: NonNullable<ServerFactsOptions['addressOf']>;
  readonly #remembered = new Map<string, Remembered>();
  #restsUntil = -Infinity;

  constructor({
    origin,
    open,
    patience = 2000,
    onLate,
    now = () => performance.now(),
    addressOf: visit = (channel, connection) => addressOf(channel, { connection }),
  }: ServerFactsOptions) {
    this.#addressOf = visit;
    this.origin = origin;
    this.#open = open;
    this.#patience = patience;
    this.#onLate = onLate;
    this.#now = now;
  }

  bindle(id: string): Promise<KnownBindle | 'none' | undefined> {
    const parsed = parseId(id);
    if (!parsed) return Promise.resolve('none');
    return this.#ask(`bindle ${id}`, async (servers) =>
      withBindle(servers, async (client) => {
        try {
          const invoice = await client.getInvoice(parsed, { yanked: true });
          const handlers = (invoice.parcel ?? []).flatMap(({ label }) => {
            const handlerId = label.annotations?.['wagi_handler_id'];
            const entrypoint = label.feature?.['wagi']?.['entrypoint'];
            return handlerId === undefined
              ? []
              : { id: handlerId, ...(entrypoint !== undefined && { entrypoint }) };
          });
          return { handlers, yanked: invoice.yanked ?? false, invoice };
        } catch (error) {
          if (error instanceof BindleError && error.code === 'NOT_FOUND') return 'none';
          throw error;
        }
      }),
    );
  }

  async bindles(start: string): Promise<readonly string[] | undefined> {
    const found = await this.#search(start);
    return (
      found && [...new Set(found.map(({ name }) => name))].filter((name) => name.startsWith(start)).sort()
    );
  }

  async versions(name: string): Promise<readonly string[] | undefined> {
    const found = await this.#search(name);
    return found
      ?.filter((bindle) => bindle.name === name)
      .map(({ version }) => version)
      .sort((a, b) => (valid(a) && valid(b) ? compareBuild(b, a) : a < b ? 1 : -1));
  }

  channels(name: string): Promise<readonly KnownChannel[] | undefined> {
    return this.#ask(`channels ${name}`, async ({ client, connection }) => {
      if (!client) return undefined;
      const known: KnownChannel[] = [];
      for (const app of await client.findApps(name))
        for (const { id } of app.channels) {
          const channel = await client.channel(id);
          const { revisionSelectionStrategy, rangeRule, activeRevision } = channel;
          known.push({
            app: app.name,
            channel: channel.name,
            ...(revisionSelectionStrategy === 'UseRangeRule' && { rule: rangeRule ?? '*' }),
            ...(activeRevision && { runs: activeRevision.revisionNumber }),
            address: this.#addressOf(channel, connection),
          });
        }
      return known;
    });
  }

  /** Forgets all answers, as after a publish. */
  forget(): void {
    this.#remembered.clear();
    this.#restsUntil = -Infinity;
  }

  #search(query: string): Promise<readonly { name: string; version: string }[] | undefined> {
    return this.#ask(`search ${query}`, async (servers) =>
      withBindle(servers, async (client) => {
        const found: { name: string; version: string }[] = [];
        for (let page = 0; page < MAX_PAGES; page++) {
          const { invoices, more } = await client.search({ query, limit: PAGE, offset: found.length });
          found.push(...invoices.map(({ bindle: { name, version } }) => ({ name, version })));
          if (!more || invoices.length === 0) break;
        }
        return found;
      }),
    );
  }

  /** Undefined if nobody answers, or not in time. */
  async #ask<T>(key: string, question: (servers: LookedAt) => Promise<T>): Promise<T | undefined> {
    const now = this.#now();
    const known = this.#remembered.get(key);
    if (known && known.until > now) return this.#inTime<T>(known);
    if (this.#restsUntil > now) return undefined;
    const asked = { answer: this.#find(key, question), until: now + GOOD_FOR };
    this.#remembered.set(key, asked);
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined && this.#remembered.size > MAX_REMEMBERED) this.#remembered.delete(oldest);
    return this.#inTime<T>(asked);
  }

  async #find<T>(key: string, question: (servers: LookedAt) => Promise<T>): Promise<T | undefined> {
    try {
      const servers = await this.#open();
      if (servers) return await question(servers);
    } catch (error) {
      this.failure = error;
    }
    this.#remembered.delete(key);
    this.#restsUntil = this.#now() + REST;
    return undefined;
  }

  async #inTime<T>(asked: Remembered): Promise<T | undefined> {
    if (asked.isLate) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.failure = new Error(`${this.origin} takes too long to answer.`);
        if (!asked.isLate) void this.#expect(asked);
        resolve(undefined);
      }, this.#patience);
    });
    return Promise.race([asked.answer as Promise<T | undefined>, late]).finally(() => clearTimeout(timer));
  }

  /** Nobody waits for it any more, nor for other answers until it has come. */
  async #expect(asked: Remembered): Promise<void> {
    asked.isLate = true;
    this.#restsUntil = this.#now() + REST;
    const answer = await asked.answer;
    asked.isLate = false;
    if (answer === undefined) return;
    asked.until = this.#now() + GOOD_FOR;
    this.#restsUntil = -Infinity;
    this.#onLate?.();
  }
}

async function withBindle<T>(
  servers: LookedAt,
  work: (client: Awaited<ReturnType<LookedAt['bindle']>>) => Promise<T>,
): Promise<T> {
  const client = await servers.bindle();
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
