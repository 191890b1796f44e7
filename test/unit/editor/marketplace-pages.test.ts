// What the pages show, and what they do with what is asked of them.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { csvLines } from '../../../src/addons/bill-csv.ts';
import type { OperationItem } from '../../../src/addons/addons.ts';
import type { Bill } from '../../../src/addons/bills.ts';
import type { Cost } from '../../../src/addons/costs.ts';
import { Cancelled } from '../../../src/editor/failure.ts';
import type { AddonActions } from '../../../src/editor/marketplace/addon-actions.ts';
import { offeringCard } from '../../../src/editor/marketplace/offering-cards.ts';
import { keptBill, keptOffering, Pages, type PageNeeds } from '../../../src/editor/marketplace/pages.ts';
import type { PageAction, Standing } from '../../../src/webview/protocol.ts';
import { addonItem, bindingItem, offeringItem, planItem } from '../../support/addon-items.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { FakeAddonsStore } from '../../support/fake-addons-store.ts';
import { TestPage } from '../../support/page-port.ts';

let home: string;
let app: FakeApp;
let store: FakeAddonsStore;
let pages: Pages;
let done: unknown[][];
let saved: Parameters<PageNeeds['saveText']>[0][];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hippo-pages-'));
  app = new FakeApp(home);
  store = new FakeAddonsStore();
  done = [];
  saved = [];
  const note =
    (name: string) =>
    (...args: unknown[]): Promise<void> => {
      done.push([name, ...args]);
      return Promise.resolve();
    };
  pages = new Pages({
    app,
    store,
    actions: new Proxy({} as AddonActions, { get: (_, name) => note(String(name)) }),
    showOffering: note('showOffering'),
    bindingCode: note('bindingCode'),
    saveText: (file) => {
      saved.push(file);
      return Promise.resolve(file.name);
    },
  });
});
afterEach(() => {
  pages.dispose();
  rmSync(home, { recursive: true, force: true });
});

const cost = (amount: number, unit: string, currency = 'usd'): Cost => ({ amount, unit, currency });
const shop = { id: 'shop-id', name: 'shop', inWorkspace: true, channels: [{ id: 'c1', name: 'production' }] };
const blog = { id: 'blog-id', name: 'blog', inWorkspace: false, channels: [] };
const small = planItem('small', { free: false, costs: [cost(60_000, 'HOURLY')] });
const postgresql = offeringItem('postgresql', [planItem('free'), small], {
  displayName: 'PostgreSQL',
  icon: true,
});
const redis = offeringItem('redis', [planItem('free')]);

function openMarketplace(): TestPage<'marketplace'> {
  const page = new TestPage('marketplace');
  pages.marketplace(page);
  page.load();
  return page;
}

function openOffering(offeringId = postgresql.id, connection = 'local'): TestPage<'offering'> {
  const page = new TestPage('offering');
  pages.offering(page, { offeringId, connection }, () => undefined);
  page.load();
  return page;
}

function openBill(): TestPage<'bill'> {
  const page = new TestPage('bill');
  pages.bill(page, { connection: 'local', month: null, by: 'app' });
  page.load();
  return page;
}

describe('cards', () => {
  test.each([
    ['free, and more', [planItem('free'), small], 'free', 0, true, true],
    ['by the hour', [small], '$0.06/hour', 43_800_000, false, true],
    [
      'the cheapest of several',
      [planItem('large', { free: false, costs: [cost(9_000_000, 'MONTHLY')] }), small],
      'from $9.00/month',
      9_000_000,
      false,
      true,
    ],
    [
      'what nobody can sum up',
      [planItem('mail', { free: false, costs: [cost(990_000, '1GB of mail')] })],
      '$0.99 per 1GB of mail',
      null,
      false,
      true,
    ],
    [
      'a price that is not said',
      [planItem('secret', { free: false })],
      'not free; its price is not said',
      null,
      false,
      true,
    ],
    [
      'withdrawn plans do not count',
      [planItem('free', { state: 'withdrawn' }), small],
      '$0.06/hour',
      43_800_000,
      false,
      true,
    ],
    ['none', [], 'no plans', null, false, false],
  ])('prices: %s', (_, plans, price, priceRank, free, paid) => {
    expect(offeringCard(offeringItem('x', plans), [])).toMatchObject({ price, priceRank, free, paid });
  });

  test('say what the app has of them, and why one cannot be added', () => {
    const addon = addonItem('db', postgresql, small, [bindingItem('production', 'db')], {
      state: 'changing',
    });
    expect(offeringCard(postgresql, [addon, addonItem('cache', redis, small, [])]).inUse).toEqual([
      { addonId: addon.id, name: 'db', plan: 'small', state: 'changing plan', channels: ['production'] },
    ]);
    const reason = 'PostgreSQL is not installed.';
    const missing = offeringItem('pg', [small], {
      unavailable: { reason, command: 'apt install postgresql' },
    });
    expect(offeringCard(missing, [])).toMatchObject({ unavailable: reason, withdrawn: false });
    expect(offeringCard(offeringItem('old', [small], { state: 'withdrawn' }), [])).toMatchObject({
      withdrawn: true,
    });
  });

  test('long texts of brokers are cut, not refused by the page', () => {
    store.offerings = [
      offeringItem('x'.repeat(30_000), [small], {
        description: 'y'.repeat(90_000),
        tags: Array<string>(500).fill('z'.repeat(30_000)),
      }),
    ];
    expect(openMarketplace().state?.offerings[0]?.tags).toHaveLength(20);
  });
});

describe('the Marketplace', () => {
  test.each([
    'loading',
    'ready',
    'stale',
    'offline',
    'signedOut',
    'stopped',
    'unsupported',
    'failed',
  ] as const)('tells that the Hippo is %s', (state) => {
    const standing: Standing = {
      state,
      connection: 'local',
      message: 'Words.',
      actions: [{ action: 'retry', label: 'Try Again' }],
    };
    store.standing = standing;
    const page = openMarketplace();
    expect(page.state).toMatchObject({ standing, app: null, offerings: [] });
    store.change({ standing: { ...standing, state: 'ready' }, offerings: [redis] });
    app.pass(100);
    expect(page.state).toMatchObject({ standing: { state: 'ready' }, offerings: [{ name: 'redis' }] });
  });

  test('is about the app of the workspace, the only one, or the one that was chosen', async () => {
    store.apps = [blog, { ...blog, id: 'wiki-id', name: 'wiki' }];
    const page = openMarketplace();
    expect(page.state?.app).toBeNull();
    store.change({ apps: [blog] });
    app.pass(100);
    expect(page.state?.app).toEqual(blog);
    store.change({
      apps: [shop, blog],
      addons: [addonItem('db', postgresql, small, [], { appId: blog.id })],
      offerings: [postgresql],
    });
    app.pass(100);
    expect(page.state).toMatchObject({ app: shop, offerings: [{ inUse: [] }] });
    app.answer('blog');
    expect(await page.reply('chooseApp', {})).toMatchObject({ type: 'result' });
    app.pass(100);
    expect(page.state).toMatchObject({ app: blog, offerings: [{ inUse: [{ name: 'db' }] }] });
    app.answer(CANCEL);
    expect(await page.reply('chooseApp', {})).toMatchObject({ type: 'cancelled' });
    // Remembered with the workspace, for this connection.
    const later = openMarketplace();
    expect(later.state?.app).toEqual(blog);
    store.change({ standing: { ...store.standing, connection: 'other' } });
    app.pass(100);
    expect(later.state?.app).toEqual(shop);
  });

  test('without apps nothing can be chosen, and the page says what to do', async () => {
    expect(await openMarketplace().reply('chooseApp', {})).toMatchObject({
      type: 'error',
      message: expect.stringContaining('publishing makes one') as string,
    });
  });

  test('gives pictures of those that have one', async () => {
    store.icons.set('a', 'data:image/png;base64,AAAA');
    store.icon = async (id) => {
      if (id === 'broken') throw new Error('No answer.');
      return Promise.resolve(store.icons.get(id));
    };
    const page = openMarketplace();
    const offeringIds = ['a', 'none', 'broken', 'a'];
    expect(await page.reply('icons', { offeringIds })).toMatchObject({
      result: { icons: { a: 'data:image/png;base64,AAAA' } },
    });
    expect(await page.reply('icons', { offeringIds: Array<string>(65).fill('a') })).toMatchObject({
      type: 'error',
    });
  });

  test('offerings are read only while somebody looks', () => {
    const page = openMarketplace();
    expect(store.watched).toEqual({ addons: 1, offerings: 1 });
    page.show(false);
    expect(store.watched).toEqual({ addons: 0, offerings: 0 });
  });

  test('its buttons do what they say', async () => {
    const ran: string[] = [];
    const ids = [
      'hippo.signIn',
      'hippo.connection.switch',
      'hippo.startLocal',
      'hippo.showOutput',
      'hippo.newApp',
    ] as const;
    for (const id of ids) app.commands.register(id, () => void ran.push(id));
    const page = openMarketplace();
    const actions: PageAction[] = [
      'retry',
      'signIn',
      'switchConnection',
      'useLocal',
      'startLocal',
      'showOutput',
      'newApp',
    ];
    for (const action of actions)
      expect(await page.reply('act', { action })).toMatchObject({ type: 'result' });
    expect(store.refreshed).toBe(1);
    expect(ran).toEqual([
      'hippo.signIn',
      'hippo.connection.switch',
      'hippo.startLocal',
      'hippo.startLocal',
      'hippo.showOutput',
      'hippo.newApp',
    ]);
    await page.reply('openOffering', { offeringId: 'x' });
    app.answer('Open', CANCEL);
    await page.reply('openLink', { url: 'https://example.com/' });
    expect(await page.reply('openLink', { url: 'https://example.com/' })).toMatchObject({
      type: 'cancelled',
    });
    expect(app.asked[0]?.title).toBe('Open example.com?');
    expect(done).toEqual([
      ['showOffering', 'x'],
      ['openLink', 'https://example.com/'],
    ]);
  });
});

describe('an offering', () => {
  const operation = (more: Partial<OperationItem>): OperationItem => ({
    id: randomUUID(),
    kind: 'create',
    state: 'succeeded',
    channelId: null,
    plan: 'small',
    message: null,
    by: null,
    createdAt: new Date(0).toISOString(),
    endedAt: new Date(0).toISOString(),
    ...more,
  });

  test('is shown with its add-ons in all apps, its picture, and what was done in the last day', async () => {
    const addon = addonItem(
      'db',
      postgresql,
      small,
      [bindingItem('production', 'db', { message: 'token=abcdefgh' })],
      {
        message: 'Bearer abcdefghijkl was refused.',
        operation: operation({ message: 'password=hunter22' }),
      },
    );
    Object.assign(store, {
      apps: [shop, blog],
      offerings: [redis, postgresql],
      addons: [addon, addonItem('cache', redis, small, [])],
    });
    store.icons.set(postgresql.id, 'data:image/svg+xml,x');
    const [open, recent] = [randomUUID(), randomUUID()];
    const at = (hours: number): string => new Date(app.time - hours * 3_600_000).toISOString();
    store.allOperations.set(addon.id, [
      operation({
        id: open,
        state: 'running',
        createdAt: at(50),
        endedAt: null,
        message: 'secret: s3cr3t',
      }),
      operation({ id: recent, endedAt: at(2) }),
      operation({ endedAt: at(25) }),
    ]);
    const page = openOffering();
    expect(page.state).toMatchObject({ offering: { id: postgresql.id }, apps: [shop, blog], app: shop.id });
    await expect.poll(() => (app.pass(100), page.state?.icon)).toBe('data:image/svg+xml,x');
    expect(page.state?.addons.map(({ name }) => name)).toEqual(['db']);
    expect(page.state?.operations[addon.id]?.map(({ id }) => id)).toEqual([open, recent]);
    expect(JSON.stringify(page.state)).not.toMatch(/hunter22|abcdefgh|s3cr3t/);
  });

  test('that there is no more, or not yet, is none', () => {
    store.offerings = [redis];
    expect(openOffering().state).toMatchObject({ offering: null, standing: { state: 'ready' } });
  });

  test('its title is told when it is known', () => {
    const titles: string[] = [];
    const page = new TestPage('offering');
    pages.offering(page, { offeringId: postgresql.id, connection: 'local' }, (title) => titles.push(title));
    expect(titles).toEqual([]);
    store.change({ offerings: [postgresql] });
    expect(titles).toEqual(['PostgreSQL']);
  });

  test('of another connection than that of the window says so, and is there again when one goes back', () => {
    Object.assign(store, { offerings: [postgresql], apps: [shop] });
    const page = openOffering(postgresql.id, 'staging');
    expect(page.state).toMatchObject({
      standing: {
        state: 'failed',
        connection: 'staging',
        message: expect.stringMatching(/staging.*Local Hippo/) as string,
        actions: [{ action: 'switchConnection' }],
      },
      offering: null,
      apps: [],
      addons: [],
    });
    store.change({ standing: { ...store.standing, connection: 'staging' } });
    app.pass(100);
    expect(page.state).toMatchObject({
      standing: { state: 'ready', connection: 'staging' },
      offering: { id: postgresql.id },
    });
  });

  test('whose kept state nobody can read says what to do', () => {
    for (const kept of [undefined, null, {}, { page: 'bill' }, { page: 'offering', offeringId: '' }])
      expect(keptOffering(kept)).toBeUndefined();
    expect(
      keptOffering({ page: 'offering', offeringId: 'x', connection: 'local', form: { any: 1 } }),
    ).toEqual({ offeringId: 'x', connection: 'local' });
    const page = new TestPage('offering');
    pages.offering(page, undefined, () => undefined);
    page.load();
    expect(page.state?.standing).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('open it again') as string,
    });
  });

  test('what is done goes to its connection, with the price shown', async () => {
    store.offerings = [postgresql];
    const page = openOffering();
    await page.reply('add', { planId: small.id, channelId: 'c1', parameters: { a: 1 } });
    await page.reply('rotate', { addonId: 'x' });
    await page.reply('bindingCode', { addonId: 'x' });
    const waiting = { connection: 'local', priceShown: true };
    expect(done).toMatchObject([
      ['add', { planId: small.id, channelId: 'c1', parameters: { a: 1 } }, waiting],
      ['rotate', { addonId: 'x' }, waiting],
      ['bindingCode', 'x', 'local'],
    ]);
  });

  test('links to its documentation and its support are opened, and others are asked about', async () => {
    store.offerings = [
      { ...postgresql, documentationUrl: 'https://docs.example.com/pg', supportUrl: 'http://127.0.0.1:81/' },
    ];
    const page = openOffering();
    for (const url of [
      'https://docs.example.com/more',
      'http://127.0.0.1:81/x',
      'javascript:alert(1)',
      'nonsense',
    ])
      await page.reply('openLink', { url });
    expect(app.asked).toEqual([]);
    app.answer(CANCEL, CANCEL);
    for (const url of ['https://docs.example.com.evil.example/', 'http://127.0.0.1:82/'])
      expect(await page.reply('openLink', { url })).toMatchObject({ type: 'cancelled' });
    expect(app.asked.map(({ title }) => title)).toEqual([
      'Open docs.example.com.evil.example?',
      'Open 127.0.0.1:82?',
    ]);
    // What is no link of a browser is refused where links are opened.
    expect(done.map(([name, url]) => [name, url])).toEqual([
      ['openLink', 'https://docs.example.com/more'],
      ['openLink', 'http://127.0.0.1:81/x'],
      ['openLink', 'javascript:alert(1)'],
      ['openLink', 'nonsense'],
    ]);
  });

  test('parameters are checked by the platform', async () => {
    const asked: unknown[] = [];
    store.client = {
      checkParameters: (planId, check) => {
        asked.push(planId, check);
        return Promise.resolve([{ path: '/size', message: 'too large' }]);
      },
    };
    const check = { step: 'create', parameters: { size: 9 } } as const;
    expect(await openOffering().reply('checkParameters', { planId: 'p', check })).toMatchObject({
      result: { problems: [{ path: '/size', message: 'too large' }] },
    });
    expect(asked).toEqual(['p', check]);
  });
});

describe('the bill', () => {
  const bill = (month: string, more: Partial<Bill> = {}): Bill => ({
    month,
    until: '2026-11-20T00:00:00Z',
    lines: [],
    groups: [],
    totals: [],
    ...more,
  });
  const line = {
    addonId: randomUUID(),
    addonName: '=cmd()',
    appId: randomUUID(),
    appName: 'shop',
    teamId: randomUUID(),
    teamName: 'acme',
    offering: 'postgresql',
    plan: 'small',
    cost: cost(60_000, 'HOURLY'),
    from: '2026-11-01T00:00:00Z',
    to: '2026-11-02T00:00:00Z',
    seconds: 86_400,
    cents: 144,
  };

  test('is read when somebody looks, and again when something has changed', async () => {
    let reads = 0;
    store.client = {
      bill: (query) => Promise.resolve(bill(query?.month ?? `2026-${String(++reads).padStart(2, '0')}`)),
    };
    const page = openBill();
    await expect.poll(() => (app.pass(100), page.state?.bill?.month)).toBe('2026-01');
    expect(page.state).toMatchObject({ month: null, by: 'app' });
    store.change({ addons: [addonItem('db', postgresql, small, [])] });
    await expect.poll(() => (app.pass(100), page.state?.bill?.month)).toBe('2026-02');
  });

  test('of another month, by something else', async () => {
    const asked: unknown[] = [];
    store.client = {
      bill: (query) => {
        asked.push(query);
        return Promise.resolve(bill(query?.month ?? '2026-11'));
      },
    };
    const page = openBill();
    await expect.poll(() => (app.pass(100), page.state?.bill)).toBeTruthy();
    await page.reply('showBill', { month: '2026-09', by: 'team' });
    app.pass(100);
    expect(page.state).toMatchObject({ month: '2026-09', by: 'team', bill: { month: '2026-09' } });
    // It stays so when it is read again.
    store.change({ addons: [addonItem('db', postgresql, small, [])] });
    await expect.poll(() => asked.at(-1)).toEqual({ month: '2026-09', by: 'team' });
  });

  test('a failure leaves what is shown', async () => {
    store.client = { bill: () => Promise.resolve(bill('2026-11')) };
    const page = openBill();
    await expect.poll(() => (app.pass(100), page.state?.bill?.month)).toBe('2026-11');
    store.client = { bill: () => Promise.reject(new Error('No.')) };
    expect(await page.reply('showBill', { month: '2026-09', by: 'team' })).toMatchObject({ type: 'error' });
    app.pass(100);
    expect(page.state).toMatchObject({ month: null, by: 'app', bill: { month: '2026-11' } });
  });

  test('is not read while the Hippo has none to tell', () => {
    store.standing = { state: 'stopped', connection: 'local', message: 'Stopped.', actions: [] };
    let reads = 0;
    store.client = { bill: () => (reads++, Promise.resolve(bill('2026-11'))) };
    expect(openBill().state).toMatchObject({ standing: { state: 'stopped' }, bill: null });
    expect(reads).toBe(0);
  });

  test('is saved as the command of the terminal prints it', async () => {
    const full = bill('2026-11', { lines: [line] });
    store.client = { bill: () => Promise.resolve(full) };
    const page = openBill();
    expect(await page.reply('exportBill', { form: 'csv' })).toMatchObject({
      type: 'error',
      message: 'There is no bill to save yet.',
    });
    await expect.poll(() => (app.pass(100), page.state?.bill)).toBeTruthy();
    await page.reply('exportBill', { form: 'csv' });
    await page.reply('exportBill', { form: 'json' });
    expect(saved.map(({ name }) => name)).toEqual(['hippo-bill-2026-11.csv', 'hippo-bill-2026-11.json']);
    expect(saved[0]?.text).toBe(`${csvLines(full).join('\n')}\n`);
    expect(saved[0]?.text).toContain("'=cmd()");
    expect(JSON.parse(saved[1]?.text ?? '')).toEqual(full);
    expect(app.mentions).toContain('Saved the bill of 2026-11 as hippo-bill-2026-11.csv');
  });

  test('is kept and restored', () => {
    expect(keptBill({ page: 'bill', month: '2026-09', by: 'team', connection: 'x' })).toEqual({
      month: '2026-09',
      by: 'team',
      connection: 'x',
    });
    expect(keptBill({ page: 'bill', month: 'ever', by: 'team', connection: 'x' })).toBeUndefined();
  });
});

test('a page that is closed waits for nothing', async () => {
  let aborted: AbortSignal | undefined;
  store.use = (work) => work({ addons: store.client } as never);
  store.client = {
    checkParameters: (_plan, _check, options) =>
      new Promise((_, reject) => {
        aborted = options?.signal;
        aborted?.addEventListener('abort', () => reject(new Cancelled()));
      }),
  };
  const page = new TestPage('offering');
  const host = pages.offering(page, { offeringId: 'x', connection: 'local' }, () => undefined);
  page.load();
  page.ask('checkParameters', { planId: 'p', check: { step: 'create', parameters: {} } });
  host.dispose();
  expect(aborted?.aborted).toBe(true);
  await new Promise(setImmediate);
  expect(app.notifications).toEqual([]);
  expect(store.watched).toEqual({ addons: 0, offerings: 0 });
});
