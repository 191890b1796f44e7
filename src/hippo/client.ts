// A client of Hippo's REST API: what a first publish needs (hippo-api.md §4).

import { request, type Dispatcher } from 'undici';
import {
  paths,
  type AppItem,
  type ChannelItem,
  type ChannelPatch,
  type ChannelState,
  type ChannelStatus,
  type NewApp,
  type NewChannel,
  type NewRevision,
  type Page,
  type ProblemDetails,
} from './api.ts';

/** The server cannot be reached, or answered with an error. */
export class HippoError extends Error {
  readonly code: 'UNREACHABLE' | 'REFUSED';
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(code: HippoError['code'], message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HippoError';
    this.code = code;
    this.status = status;
  }
}

export interface HippoClientOptions {
  /** `http://localhost:5309`; a trailing slash does no harm. */
  readonly url: string;
  /** Connections to use: proxies, certificates. undici's own where absent. */
  readonly dispatcher?: Dispatcher;
}

export class HippoClient {
  readonly url: string;
  readonly #dispatcher: Dispatcher | undefined;

  constructor(options: HippoClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#dispatcher = options.dispatcher;
  }

  /** The apps whose bindles have this name. @throws HippoError */
  async findApps(storageId: string): Promise<AppItem[]> {
    const apps = await this.#all<AppItem>(paths.apps);
    return apps.filter((app) => app.storageId === storageId);
  }

  /** @returns the app's id @throws HippoError */
  createApp(app: NewApp): Promise<string> {
    return this.#send('POST', paths.apps, app) as Promise<string>;
  }

  /** @returns the channel's id @throws HippoError */
  createChannel(channel: NewChannel): Promise<string> {
    return this.#send('POST', paths.channels, channel) as Promise<string>;
  }

  /** @throws HippoError */
  channel(id: string): Promise<ChannelItem> {
    return this.#send('GET', paths.channel(id)) as Promise<ChannelItem>;
  }

  /** @throws HippoError */
  async patchChannel(id: string, patch: ChannelPatch): Promise<void> {
    await this.#send('PATCH', paths.channel(id), patch);
  }

  /** Tells the server of a bindle that it may run. @throws HippoError */
  async registerRevision(revision: NewRevision): Promise<void> {
    await this.#send('POST', paths.revisions, revision);
  }

  /** @throws HippoError */
  async channelStatus(id: string): Promise<ChannelState> {
    const page = (await this.#send('GET', `${paths.channelStatuses}?channelId=${id}`)) as Page<ChannelStatus>;
    return page.items.find(({ channelId }) => channelId === id)?.status ?? 'Unknown';
  }

  async #all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    for (let pageIndex = 0; ; pageIndex++) {
      const page = (await this.#send('GET', `${path}?pageIndex=${pageIndex}&pageSize=100`)) as Page<T>;
      items.push(...page.items);
      if (page.isLastPage || page.items.length === 0) return items;
    }
  }

  async #send(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<unknown> {
    const answer = await request(`${this.url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(this.#dispatcher === undefined ? {} : { dispatcher: this.#dispatcher }),
    }).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new HippoError(
        'UNREACHABLE',
        `No Hippo answers at ${this.url} (${reason}): check the address, or start one with "hippo platform start".`,
        undefined,
        { cause },
      );
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw refusal(this.url, answer.statusCode, text);
    return text === '' ? undefined : parse(this.url, text);
  }
}

function refusal(url: string, status: number, text: string): HippoError {
  const problem = tryParse(text) as Partial<ProblemDetails> | undefined;
  const fields = Object.entries(problem?.errors ?? {}).map(
    ([name, problems]) => `${name}: ${problems.join(', ')}`,
  );
  const reason =
    [...fields, problem?.detail ?? ''].filter((part) => part !== '').join('; ') || problem?.title;
  return new HippoError(
    'REFUSED',
    `Hippo at ${url} refused (${status})${reason ? `: ${reason}` : ''}.`,
    status,
  );
}

function parse(url: string, text: string): unknown {
  const value = tryParse(text);
  if (value === undefined)
    throw new HippoError('REFUSED', `What answers at ${url} is not Hippo: check the address.`);
  return value;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
