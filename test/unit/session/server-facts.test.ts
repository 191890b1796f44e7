// What is asked of servers, how often, and how long it is waited for.

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { BindleError } from '../../../src/bindle/http.ts';
import type { Invoice } from '../../../src/bindle/invoice.ts';
import type { ChannelItem } from '../../../src/hippo/api.ts';
import { ServerLook, type LookedAt, type ServerFactsOptions } from '../../../src/session/server-facts.ts';

const invoice = (name: string, version: string, more: Partial<Invoice> = {}): Invoice => ({
  bindleVersion: '1.0.0',
  bindle: { name, version },
  ...more,
});

class Servers {
  readonly invoices: Invoice[];
  asked: string[] = [];
  open = 0;
  /** Set: what every question fails with. */
  failure: Error | undefined;
  /** Set: questions wait for it. */
  gate: Promise<void> | undefined;

  constructor(...invoices: Invoice[]) {
    this.invoices = invoices;
  }

  async #answer<T>(question: string, answer: () => T): Promise<T> {
    this.asked.push(question);
    await this.gate;
    if (this.failure) throw this.failure;
    return answer();
  }

  looked(): LookedAt {
    return {
      connection: { hippoUrl: 'https://hippo.test' },
      client: {
        findApps: (storageId) =>
          this.#answer(
            `apps ${storageId}`,
            () => [{ name: 'shop', channels: [{ id: '1' }, { id: '2' }] }] as never,
          ),
        channel: (id) =>
          this.#answer(`channel ${id}`, () => {
            const ruled = {
              revisionSelectionStrategy: 'UseRangeRule',
              rangeRule: '~1',
              activeRevision: null,
            };
            const pinned = {
              revisionSelectionStrategy: 'UseSpecifiedRevision',
              rangeRule: null,
              activeRevision: { revisionNumber: '1.0.0' },
            };
            return { name: `c${id}`, domain: `c${id}.test`, ...(id === '1' ? ruled : pinned) } as ChannelItem;
          }),
      },
      bindle: () => {
        this.open++;
        return Promise.resolve({
          getInvoice: ({ name, version }) =>
            this.#answer(`invoice ${name}/${version}`, () => {
              const found = this.invoices.find(
                ({ bindle }) => bindle.name === name && bindle.version === version,
              );
              if (!found) throw new BindleError('NOT_FOUND', 'It is not there.');
              return found;
            }),
          search: ({ query = '', offset = 0, limit = 50 }) =>
            this.#answer(`search ${query} ${offset}`, () => {
              const all = this.invoices.filter(({ bindle }) => bindle.name.includes(query));
              const invoices = all.slice(offset, offset + limit);
              const more = offset + invoices.length < all.length;
              return {
                query,
                strict: false,
                offset,
                limit,
                total: all.length,
                more,
                yanked: false,
                invoices,
              };
            }),
          close: () => {
            this.open--;
            return Promise.resolve();
          },
        });
      },
    };
  }

  look(more: Partial<ServerFactsOptions> = {}): ServerLook {
    return new ServerLook({
      origin: 'https://hippo.test',
      open: () => Promise.resolve(this.looked()),
      ...more,
    });
  }
}

const LIBRARY = invoice('lib', '1.0.0', {
  parcel: [
    {
      label: {
        name: 's.wasm',
        sha256: 'a'.repeat(64),
        size: 1,
        mediaType: 'application/wasm',
        annotations: { wagi_handler_id: 'static' },
        feature: { wagi: { entrypoint: 'serve' } },
      },
    },
  ],
});

describe('a server', () => {
  test('knows bindles, and that there is none', async () => {
    const servers = new Servers(LIBRARY);
    const look = servers.look();
    expect(await look.bindle('lib/1.0.0')).toEqual({
      handlers: [{ id: 'static', entrypoint: 'serve' }],
      yanked: false,
      invoice: LIBRARY,
    });
    expect(await look.bindle('lib/2.0.0')).toBe('none');
    expect(await look.bindle('nonsense')).toBe('none');
    expect(servers.asked).toEqual(['invoice lib/1.0.0', 'invoice lib/2.0.0']);
    expect(servers.open).toBe(0);
  });

  test('knows names and versions', async () => {
    const versions = ['1.0.0', '1.10.0', '1.9.0', '2.0.0-rc.1', '99999999999999999999.0.0'];
    const servers = new Servers(
      ...versions.map((version) => invoice('team/shop', version)),
      invoice('team/shops', '1.0.0'),
      invoice('my/team/shop', '1.0.0'),
    );
    const look = servers.look();
    expect(await look.bindles('team/')).toEqual(['team/shop', 'team/shops']);
    const known = await look.versions('team/shop');
    expect(known?.filter((version) => !version.startsWith('9'))).toEqual([
      '2.0.0-rc.1',
      '1.10.0',
      '1.9.0',
      '1.0.0',
    ]);
  });

  test('with very many versions is not asked for ever', async () => {
    const servers = new Servers(...Array.from({ length: 3000 }, (_, index) => invoice('a', `1.0.${index}`)));
    expect(await servers.look().versions('a')).toHaveLength(4 * 255);
    expect(servers.asked).toHaveLength(4);
  });

  test('knows which channels follow', async () => {
    expect(await new Servers().look().channels('shop')).toEqual([
      { app: 'shop', channel: 'c1', rule: '~1', address: 'https://c1.test/' },
      { app: 'shop', channel: 'c2', runs: '1.0.0', address: 'https://c2.test/' },
    ]);
  });
});

describe('a question', () => {
  test('is asked once a minute, however many ask', async () => {
    const servers = new Servers(LIBRARY);
    let now = 0;
    const look = servers.look({ now: () => now });
    await Promise.all([look.bindle('lib/1.0.0'), look.bindle('lib/1.0.0')]);
    now = 59_999;
    await look.bindle('lib/1.0.0');
    expect(servers.asked).toHaveLength(1);
    now = 60_000;
    await look.bindle('lib/1.0.0');
    expect(servers.asked).toHaveLength(2);
    look.forget();
    await look.bindle('lib/1.0.0');
    expect(servers.asked).toHaveLength(3);
  });

  test('is not waited for long, and its answer is known later', async () => {
    const servers = new Servers(LIBRARY);
    let answer: () => void = () => undefined;
    servers.gate = new Promise((resolve) => (answer = resolve));
    const look = servers.look({ patience: 1 });
    expect(await look.bindle('lib/1.0.0')).toBeUndefined();
    expect(look.failure).toMatchObject({ message: 'https://hippo.test takes too long to answer.' });
    answer();
    await servers.gate;
    await new Promise((resolve) => setImmediate(resolve));
    expect(await look.bindle('lib/1.0.0')).toMatchObject({ yanked: false });
    expect(servers.asked).toHaveLength(1);
  });

  test('whose answer comes late tells that it has come', async () => {
    const servers = new Servers(LIBRARY);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    servers.gate = promise;
    let told = 0;
    const { promise: late, resolve: tell } = Promise.withResolvers<undefined>();
    const onLate = (): void => {
      told++;
      tell(undefined);
    };
    const look = servers.look({ patience: 1, onLate });
    const both = [look.bindle('lib/1.0.0'), look.bindle('lib/1.0.0')];
    expect(await Promise.all(both)).toEqual([undefined, undefined]);
    expect(told).toBe(0);
    resolve(undefined);
    await late;
    expect(await look.bindle('lib/1.0.0')).toMatchObject({ yanked: false });
    expect(await look.versions('lib')).toEqual(['1.0.0']);
    expect(told).toBe(1);
  });

  test('that is not answered is waited for once, and others are not asked meanwhile', async () => {
    const servers = new Servers(LIBRARY);
    servers.gate = new Promise(() => undefined);
    let now = 0;
    const look = servers.look({ now: () => now });
    // No time passes by itself: whoever waits again waits for ever.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const first = look.channels('shop');
    await vi.advanceTimersByTimeAsync(2000);
    expect(await first).toBeUndefined();
    expect(await look.channels('shop')).toBeUndefined();
    expect(await look.bindle('lib/1.0.0')).toBeUndefined();
    expect(servers.asked).toEqual(['apps shop']);
    now = 10_000;
    servers.gate = undefined;
    expect(await look.bindle('lib/1.0.0')).toMatchObject({ yanked: false });
    expect(await look.channels('shop')).toBeUndefined();
    expect(servers.asked).toEqual(['apps shop', 'invoice lib/1.0.0']);
  });

  test('to a server that fails is not repeated at once', async () => {
    const servers = new Servers(LIBRARY);
    let now = 0;
    const look = servers.look({ now: () => now });
    servers.failure = new BindleError('UNREACHABLE', 'Nobody is there.');
    expect(await look.bindle('lib/1.0.0')).toBeUndefined();
    expect(look.failure).toBe(servers.failure);
    servers.failure = undefined;
    expect(await look.versions('lib')).toBeUndefined();
    expect(servers.asked).toHaveLength(1);
    now = 10_000;
    expect(await look.versions('lib')).toEqual(['1.0.0']);
    expect(servers.open).toBe(0);
  });

  test('without anybody to ask has no answer', async () => {
    const look = new ServerLook({ origin: 'https://hippo.test', open: () => Promise.resolve(undefined) });
    expect(await look.channels('shop')).toBeUndefined();
    expect(look.failure).toBeUndefined();
  });
});
