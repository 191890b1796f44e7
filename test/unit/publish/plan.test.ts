import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BindleClient } from '../../../src/bindle/client.ts';
import type { Invoice } from '../../../src/bindle/invoice.ts';
import { HippoClient } from '../../../src/hippo/client.ts';
import {
  compareFiles,
  describeStep,
  planPublish,
  type Plan,
  type PlanOptions,
} from '../../../src/publish/plan.ts';
import { makeBindle } from '../../support/bindles.ts';
import {
  REAL_ACCOUNT,
  startRealHippo,
  type RealChannel,
  type RealDialect,
  type RealHippo,
} from '../../support/real-hippo.ts';
import { startReferenceServer, type ReferenceServer } from '../../support/reference-server.ts';
import { startStubHippo } from '../../support/stub-hippo.ts';

const TIME = '20261120055218690';
const credentials = {
  type: 'basic',
  username: REAL_ACCOUNT.HIPPO_USERNAME,
  password: REAL_ACCOUNT.HIPPO_PASSWORD,
} as const;
let server: ReferenceServer;
let real: RealHippo;
let hippo: HippoClient;
let bindle: BindleClient;

async function serve(dialect: RealDialect): Promise<void> {
  server = await startReferenceServer();
  real = await startRealHippo({ dialect, bindle: server });
  hippo = new HippoClient({ url: real.url, credentials });
  bindle = new BindleClient({ url: server.url });
}
beforeEach(() => serve('F'));
afterEach(() => Promise.all([hippo.close(), bindle.close(), server.close(), real.close()]));

function invoiceOf(version: string, files: Record<string, string> = { a: 'a' }, name = 'team/shop'): Invoice {
  return makeBindle(name, version, files).invoice;
}

/** The Bindle server holds it. */
function store(version: string, files?: Record<string, string>, name = 'team/shop'): void {
  server.invoices.set(`${name}/${version}`, invoiceOf(version, files, name));
}

/** An app with channels, by name: a rule, or `=` and a revision on which it stays. */
function app(name: string, channels: Record<string, string>, ...numbers: string[]): string {
  const id = randomUUID();
  real.apps.push({ id, name, storageId: 'team/shop' });
  for (const revisionNumber of numbers) real.revisions.push({ id: randomUUID(), appId: id, revisionNumber });
  const revision = (number: string | undefined): string | null =>
    real.revisions.find((one) => one.appId === id && one.revisionNumber === number)?.id ?? null;
  for (const [channel, rule] of Object.entries(channels)) {
    const [wanted = '', runs] = rule.split(' runs ');
    const pinned = wanted.startsWith('=');
    real.channels.push({
      id: randomUUID(),
      appId: id,
      name: channel,
      domain: `${channel}.${name}.hippofactory.io`,
      revisionSelectionStrategy: pinned ? 'UseSpecifiedRevision' : 'UseRangeRule',
      rangeRule: pinned ? null : wanted,
      activeRevisionId: revision(pinned ? wanted.slice(1) : runs),
    });
  }
  return id;
}

function plan(version: string, options: Partial<PlanOptions> = {}): Promise<Plan> {
  const versioning = version.endsWith(TIME) ? 'dev' : 'production';
  return planPublish({ invoice: invoiceOf(version), versioning, user: 'ana', hippo, bindle, ...options });
}
const steps = async (version: string, options?: Partial<PlanOptions>): Promise<string[]> =>
  (await plan(version, options)).steps.map(describeStep);
const takers = async (version: string, options?: Partial<PlanOptions>): Promise<string[]> =>
  (await plan(version, options)).takers.map(
    (taker) => `${taker.app.name}:${taker.channel.name} after ${taker.runs}${taker.own ? ', own' : ''}`,
  );
const dev = (version = '1.0.0', user = 'ana'): string => `${version}-${user}-${TIME}`;

describe('without an app', () => {
  it('the channel of the user is made for development builds', async () => {
    expect(await steps(dev())).toEqual([
      'make the app shop for the bindles of team/shop',
      'make the channel ana with the rule "P:*-ana-*"',
    ]);
    expect(await plan(dev())).toMatchObject({
      app: undefined,
      appKnown: true,
      registered: false,
      takers: [],
    });
  });

  it.each([
    ['1.0.0-rc.1', 'ana', 'ana', 'P:*-rc.1-ana-*'],
    ['1.0.0', 'jean-luc', 'jean-luc', 'P:*-jean-luc-*'],
    ['1.0.0-rc-1', 'jean-luc', 'jean-luc', 'P:*-rc-1-jean-luc-*'],
    ['1.0.0+b', 'ana', 'ana', 'P:*-ana-*'],
    ['1.0.0-rc.1+b', 'ana', 'ana', 'P:*-rc.1+b-ana-*'],
    ['1.0.0', 'x'.repeat(80), 'x'.repeat(63), `P:*-${'x'.repeat(80)}-*`],
  ])('%s of %s gets the channel %s', async (version, user, channel, rule) => {
    const made = await steps(dev(version, user), { user });
    expect(made[1]).toBe(`make the channel ${channel} with the rule "${rule}"`);
  });

  it.each([
    ['1.5.0', [], '*'],
    ['1.5.0', ['1.4.0', '1.5.0-rc.1', dev('9.0.0')], '*'],
    ['1.5.0', ['2.0.0'], '^1.5.0'],
    ['1.5.0', ['2.0.0', '1.9.0'], '~1.5'],
    ['1.5.0', ['2.0.0', '1.9.0', '1.5.1'], '1.5.0'],
    ['2.0.0-rc.1', ['1.0.0'], '^2.0.0-rc.1'],
    ['1.0.0+b', [], '*'],
  ])(
    '%s is released by a rule that takes it, with %j on the server already',
    async (version, stored, rule) => {
      for (const one of stored) store(one);
      expect((await steps(version))[1]).toBe(`make the channel production with the rule "${rule}"`);
    },
  );

  it('what is yanked, or of a longer name, does not count', async () => {
    store('2.0.0');
    server.invoices.get('team/shop/2.0.0')!.yanked = true;
    store('3.0.0', undefined, 'team/shop/more');
    expect((await steps('1.5.0'))[1]).toContain('"*"');
  });

  it.each([
    ['team/shop', 'shop'],
    ['shop', 'shop'],
    ['a/b/My_Shop', 'My-Shop'],
    ['a/__x--y__', 'x-y'],
    ['a/_', 'app'],
    [`a/${'x-'.repeat(60)}`, `${'x-'.repeat(29)}x`.slice(0, 60)],
  ])('of %s, the app is called %s', async (name, expected) => {
    const made = await steps('1.0.0', { invoice: invoiceOf('1.0.0', undefined, name) });
    expect(made[0]).toBe(`make the app ${expected} for the bindles of ${name}`);
    expect(expected.length).toBeLessThanOrEqual(60);
  });

  it('a channel that was asked for is made', async () => {
    expect((await steps('1.0.0', { channel: 'staging' }))[1]).toBe(
      'make the channel staging with the rule "*"',
    );
    expect((await steps(dev(), { channel: 'staging' }))[1]).toContain('"P:*-ana-*"');
    await expect(plan('1.0.0', { channel: 'not/a name' })).rejects.toMatchObject({ code: 'CHANNEL_NAME' });
  });

  it('an app that was asked for is not there', async () => {
    await expect(plan('1.0.0', { app: 'other' })).rejects.toMatchObject({
      code: 'WHICH_APP',
      hint: expect.stringContaining('Leave --app away'),
    });
  });
});

describe('the channels that take a version', () => {
  it('are those whose rules pick it', async () => {
    app(
      'shop',
      {
        all: '* runs 1.0.0',
        one: '^1',
        two: '^2',
        nobody: '>>>',
        stays: '=1.0.0',
        ana: 'P:*-ana-*',
        bob: 'P:*-bob-*',
        loose: 'p:1.x-ana-*',
      },
      '1.0.0',
    );
    expect(await takers('1.1.0')).toEqual(['shop:all after 1.0.0', 'shop:one after null']);
    expect(await takers('0.9.0')).toEqual([]);
    expect(await takers(dev())).toEqual(['shop:ana after null, own', 'shop:loose after null, own']);
    expect(await takers(dev('2.0.0'))).toEqual(['shop:ana after null, own']);
    // Somebody else's build is nobody's own.
    expect(await takers(dev('1.0.0', 'bob'))).toEqual(['shop:bob after null']);
    expect(await steps('1.1.0')).toEqual([]);
  });

  it('are those of all apps that have these bindles', async () => {
    app('shop', { production: '*' });
    app('shop-2', { live: '*' });
    const options = { app: 'shop-2' };
    expect(await takers('1.0.0', options)).toEqual(['shop:production after null', 'shop-2:live after null']);
    expect((await plan('1.0.0', options)).app?.name).toBe('shop-2');
  });
});

describe('several apps', () => {
  it('have to be chosen from, by name, id or what was chosen before', async () => {
    const first = app('shop', {});
    const second = app('shop-2', {});
    await expect(plan('1.0.0')).rejects.toMatchObject({
      code: 'WHICH_APP',
      message: expect.stringContaining('shop and shop-2'),
    });
    expect((await plan('1.0.0', { app: second })).app?.name).toBe('shop-2');
    expect((await plan('1.0.0', { chosenApp: first })).app?.name).toBe('shop');
    expect((await plan('1.0.0', { chosenApp: first, app: 'shop-2' })).app?.name).toBe('shop-2');
    await expect(plan('1.0.0', { chosenApp: randomUUID() })).rejects.toMatchObject({ code: 'WHICH_APP' });
    await expect(plan('1.0.0', { app: 'other' })).rejects.toMatchObject({ code: 'WHICH_APP' });
  });
});

describe('where no channel takes the version', () => {
  it('one is made, unless it is there', async () => {
    app('shop', { bob: 'P:*-bob-*' });
    expect(await steps(dev())).toEqual(['make the channel ana with the rule "P:*-ana-*"']);
    expect(await steps('1.0.0')).toEqual(['make the channel production with the rule "*"']);
  });

  it.each([
    ['the rule of an older version', { ana: 'P:*-ana-*' }, dev('1.0.0-rc.1'), 'P:*-rc.1-ana-*', true],
    ['the rule of a pre-release', { ana: 'P:*-rc.1-ana-*' }, dev(), 'P:*-ana-*', true],
    ['the rule of somebody else', { ana: 'P:*-bob-*' }, dev(), 'P:*-ana-*', false],
    ['a rule for releases', { ana: '*' }, dev(), 'P:*-ana-*', false],
    ['no rule', { ana: '=1.0.0' }, dev(), 'P:*-ana-*', false],
    ['a rule that nobody can read', { ana: 'P:ana' }, dev(), 'P:*-ana-*', false],
    ['a narrow rule', { production: '^1' }, '2.0.0', '*', false],
    ['another version', { production: '=1.0.0' }, '2.0.0', '*', false],
  ])('the channel with %s is changed', async (_what, channels, version, rule, own) => {
    app('shop', channels, '1.0.0');
    const made = await plan(version);
    expect(made.takers).toEqual([]);
    expect(made.steps).toMatchObject([{ type: 'change-rule', rule, own }]);
  });

  it('because it is older than what is there, its channel follows it from then on', async () => {
    app('shop', { production: '* runs 2.0.0' }, '2.0.0');
    expect(await steps('1.0.0')).toEqual(['change the rule of the channel production from "*" to "^1.0.0"']);
  });

  it('because it differs in build metadata alone, it is fixed', async () => {
    app('shop', { production: '* runs 1.0.0' }, '1.0.0');
    expect(await steps('1.0.0+b')).toEqual(['let the channel production run this very version']);
    expect(await steps('1.0.0+b', { channel: 'other' })).toEqual([
      'make the channel other for this very version',
    ]);
  });
});

describe('--channel', () => {
  it('is that channel alone, by name or id', async () => {
    app('shop', { production: '* runs 2.0.0', staging: '^1', own: '=2.0.0' }, '2.0.0');
    expect(await steps('1.5.0', { channel: 'staging' })).toEqual([]);
    expect(await steps('1.5.0', { channel: 'production' })).toEqual([
      'let the channel production run this very version',
    ]);
    const { id } = real.channels.find(({ name }) => name === 'own') as RealChannel;
    expect(await steps('3.0.0', { channel: id })).toEqual(['let the channel own run this very version']);
    expect(await steps('3.0.0', { channel: 'new' })).toEqual(['make the channel new with the rule "*"']);
    expect(await steps(dev(), { channel: 'new' })).toEqual([
      'make the channel new with the rule "P:*-ana-*"',
    ]);
  });
});

describe('builds of other users', () => {
  it('are released to the channels of those', async () => {
    app('shop', { ana: 'P:*-ana-*' });
    expect(await steps(dev('1.0.0', 'bob'))).toEqual(['make the channel bob with the rule "P:*-bob-*"']);
    expect(await steps(dev('1.0.0-rc.1', 'bob'))).toEqual([
      'make the channel rc-1-bob with the rule "P:*-rc.1-bob-*"',
    ]);
  });
});

describe('builds of the same user from a machine whose clock is ahead', () => {
  it('are told', async () => {
    const ahead = '1.0.0-ana-20301231235959999';
    app('shop', { ana: `P:*-ana-* runs ${ahead}` }, dev('0.9.0'), ahead, '1.0.0-bob-20401231235959999');
    expect((await plan(dev())).later).toBe(ahead);
    expect((await plan('1.0.0-ana-20310101000000000', { versioning: 'dev' })).later).toBeUndefined();
    expect((await plan('1.0.0')).later).toBeUndefined();
  });
});

describe('what the servers know', () => {
  const broken = (_request: IncomingMessage, response: ServerResponse): boolean => {
    response.writeHead(500).end();
    return true;
  };

  const states: [Plan['stored'], () => void][] = [
    ['no', () => undefined],
    ['same', () => store('1.0.0')],
    ['other', () => store('1.0.0', { a: 'b' })],
    [
      'yanked',
      () => {
        store('1.0.0');
        server.invoices.get('team/shop/1.0.0')!.yanked = true;
      },
    ],
    [
      'unknown',
      () => {
        server.intercept = broken;
      },
    ],
  ];
  it.each(states)('of the version: %s', async (stored, prepare) => {
    prepare();
    expect((await plan('1.0.0')).stored).toBe(stored);
  });

  it('is registered or not', async () => {
    app('shop', { production: '*' }, '1.0.0');
    expect((await plan('1.0.0')).registered).toBe(true);
    expect((await plan('1.0.1')).registered).toBe(false);
  });

  it('of files, compared with what the channel runs', async () => {
    store('1.0.0', { a: 'a', b: 'b', gone: 'gone' });
    app('shop', { production: '* runs 1.0.0' }, '1.0.0');
    const made = await plan('1.1.0', { invoice: invoiceOf('1.1.0', { a: 'a', b: 'changed', c: 'c' }) });
    expect(made.comparedWith).toEqual({ name: 'team/shop', version: '1.0.0' });
    expect(made.files).toEqual([
      { name: 'a', size: 1, change: 'same' },
      { name: 'b', size: 7, change: 'changed' },
      { name: 'c', size: 1, change: 'new' },
      { name: 'gone', size: 4, change: 'gone' },
    ]);
    server.invoices.clear();
    expect(await plan('1.1.0')).toMatchObject({ comparedWith: undefined, files: [{ change: 'new' }] });
  });

  it('is not changed by asking', async () => {
    app('shop', { production: '^1', ana: '*' }, '1.0.0');
    await plan('2.0.0');
    await plan(dev());
    expect(real.changes).toEqual([]);
    expect(server.log.filter((line) => !line.startsWith('GET'))).toEqual([]);
  });

  it('a name that Hippo cannot take is said at once', async () => {
    for (const name of ['example.com/shop', 'x'.repeat(201)])
      await expect(plan('1.0.0', { invoice: invoiceOf('1.0.0', undefined, name) })).rejects.toMatchObject({
        code: 'STORAGE_ID',
        message: expect.stringContaining(name),
      });
    const ours = await startStubHippo(({ path }) => {
      if (path === '/healthz') return { status: 200, body: { product: 'hippo-tools' } };
      return {
        status: 200,
        body: { items: [], totalItems: 0, pageIndex: 0, pageSize: 50, isLastPage: true },
      };
    });
    const client = new HippoClient({ url: ours.url });
    try {
      const options = { hippo: client, invoice: invoiceOf('1.0.0', undefined, 'example.com/shop') };
      expect(await steps('1.0.0', options)).toHaveLength(2);
    } finally {
      await client.close();
      ours.close();
    }
  });

  it('ends with the signal', async () => {
    await expect(plan('1.0.0', { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });
});

describe('a Hippo of the first make', () => {
  it('says nothing of apps', async () => {
    await Promise.all([hippo.close(), bindle.close(), server.close(), real.close()]);
    await serve('O');
    store('1.0.0');
    expect(await plan('1.0.0')).toMatchObject({
      app: undefined,
      appKnown: false,
      stored: 'same',
      steps: [],
      takers: [],
      files: [{ name: 'a', change: 'new' }],
    });
    expect(await steps('1.0.0', { invoice: invoiceOf('1.0.0', undefined, 'example.com/shop') })).toEqual([]);
    const stranger = new HippoClient({ url: real.url, credentials: { ...credentials, password: 'wrong' } });
    await expect(plan('1.0.0', { hippo: stranger })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await stranger.close();
  });
});

describe('files', () => {
  it('that are there twice, by name or by content, are told once by name', () => {
    const twice = makeBindle('a', '1.0.0', { x: 'same', y: 'same' }).invoice;
    const doubled = { ...twice, parcel: [...(twice.parcel ?? []), ...(twice.parcel ?? [])] };
    expect(compareFiles(doubled, twice).map(({ name, change }) => `${name} ${change}`)).toEqual([
      'x same',
      'y same',
    ]);
    expect(
      compareFiles({ bindleVersion: '1.0.0', bindle: { name: 'a', version: '1.0.0' } }, undefined),
    ).toEqual([]);
  });
});
