// The pages on a real Hippo with a scripted broker: what a page does, and what the pages of other windows show of it.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Disposable } from '../../../src/editor/disposables.ts';
import { Pages } from '../../../src/editor/marketplace/pages.ts';
import type { OfferingState } from '../../../src/webview/protocol.ts';
import { EditorAddons } from '../../support/editor-addons.ts';
import { CANCEL } from '../../support/fake-app.ts';
import { TestPage } from '../../support/page-port.ts';
import { service } from '../../support/scripted-broker.ts';
import { startAddons, type TestAddons } from '../platform/addons/harness.ts';

let root: string;
let hippo: TestAddons;
const windows: EditorWindow[] = [];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hippo-pages-'));
  hippo = await startAddons(root);
});
afterAll(async () => {
  await hippo.close();
  rmSync(root, { recursive: true, force: true });
});

/** A window with its pages. */
class EditorWindow {
  readonly editor: EditorAddons;
  readonly #pages: Pages;
  readonly #open: Disposable[] = [];
  readonly shown: string[] = [];

  constructor() {
    this.editor = new EditorAddons(hippo.hippo, join(root, 'home'));
    const { app, store, actions } = this.editor;
    this.#pages = new Pages({
      app,
      store,
      actions,
      showOffering: (id) => Promise.resolve(void this.shown.push(id)),
      bindingCode: () => Promise.resolve(),
      saveText: ({ name }) => Promise.resolve(name),
    });
    windows.push(this);
  }

  marketplace(): TestPage<'marketplace'> {
    const page = new TestPage('marketplace');
    this.#open.push(this.#pages.marketplace(page));
    page.load();
    return page;
  }

  offering(offeringId: string): TestPage<'offering'> {
    const page = new TestPage('offering');
    this.#open.push(this.#pages.offering(page, { offeringId, connection: 'test' }, () => undefined));
    page.load();
    return page;
  }

  /** Closes its pages. */
  close(): void {
    for (const page of this.#open.splice(0)) page.dispose();
  }

  /** The state of a page, when what was to be told has been told. */
  latest<S>(page: { readonly state: S }): S {
    this.editor.app.pass(100);
    return page.state;
  }

  async dispose(): Promise<void> {
    this.close();
    this.#pages.dispose();
    await this.editor.dispose();
  }
}

afterEach(async () => {
  for (const window of windows.splice(0)) await window.dispose();
});

let names = 0;
let channelId: string;
let window: EditorWindow;
beforeEach(async () => {
  const { channels } = await hippo.app(`app-${++names}`, ['production', 'beta']);
  channelId = channels[0] ?? '';
  window = new EditorWindow();
});

/** The page of the only offering, as far as it is read. */
async function openOffering(of = window): Promise<TestPage<'offering'>> {
  const [offering] = await hippo.client.offerings();
  const page = of.offering(offering?.id ?? '');
  await expect.poll(() => of.latest(page)?.standing.state).toBe('ready');
  return page;
}

function planId({ state }: TestPage<'offering'>, name: string): string {
  return state?.offering?.plans.find((plan) => plan.name === name)?.id ?? '';
}

/** The add-on in the channel of this test. */
function addonOf(state: OfferingState | undefined): OfferingState['addons'][number] | undefined {
  return state?.addons.find(({ appName }) => appName === `app-${names}`);
}

test('what is added on a page stands on those of other windows, with what it costs', async () => {
  const other = new EditorWindow();
  const cards = other.marketplace();
  const page = await openOffering();
  const far = await openOffering(other);
  await expect
    .poll(() => other.latest(cards)?.offerings)
    .toMatchObject([{ name: 'db', price: 'free', free: true, paid: true }]);
  expect(await page.reply('add', { planId: planId(page, 'small'), channelId })).toMatchObject({
    type: 'result',
  });
  await expect
    .poll(() => addonOf(other.latest(far)))
    .toMatchObject({ state: 'ready', plan: { name: 'small' } });
  const app = other.editor.store.apps.find(({ name }) => name === `app-${names}`);
  other.editor.app.answer(app?.name ?? '');
  await cards.reply('chooseApp', {});
  await expect
    .poll(() => other.latest(cards)?.offerings[0]?.inUse)
    .toMatchObject([{ plan: 'small', state: 'ready', channels: ['production'] }]);
  // The price was on the page: nobody was asked.
  expect(window.editor.app.asked).toEqual([]);
});

test('while it is made, the page shows the broker’s own words', async () => {
  const page = await openOffering();
  hippo.broker.slow.provision = 1_000;
  try {
    page.ask('add', { planId: planId(page, 'free'), channelId });
    await expect
      .poll(() => addonOf(window.latest(page)))
      .toMatchObject({ state: 'creating', operation: { message: 'half done' } });
    const { id = '' } = addonOf(page.state) ?? {};
    await expect
      .poll(() => window.latest(page)?.operations[id])
      .toMatchObject([
        { kind: 'bind', state: 'queued' },
        { kind: 'create', state: 'running' },
      ]);
  } finally {
    delete hippo.broker.slow.provision;
    await hippo.client.removeAddon(addonOf(page.state)?.id ?? '').catch(() => undefined);
  }
});

test('what the broker refuses is said on the page that asked, and stays to be read', async () => {
  const page = await openOffering();
  hippo.broker.once('provision', () => ({
    status: 400,
    body: { description: 'No room today; password=hunter22.' },
  }));
  const reply = await page.reply('add', { planId: planId(page, 'free'), channelId });
  expect(reply).toMatchObject({ type: 'error' });
  expect(JSON.stringify(reply)).toContain('No room today');
  await expect.poll(() => addonOf(window.latest(page))?.state).toBe('failed');
  expect(JSON.stringify(page.told)).not.toContain('hunter22');
  expect(window.editor.app.notifications).toEqual([]);
});

describe('an add-on', () => {
  let page: TestPage<'offering'>;
  let addonId: string;
  beforeEach(async () => {
    page = await openOffering();
    await page.reply('add', { planId: planId(page, 'free'), channelId });
    await expect.poll(() => addonOf(window.latest(page))?.state).toBe('ready');
    addonId = addonOf(page.state)?.id ?? '';
  });

  test('changes its plan, its credentials and its channels, and goes when its name was typed', async () => {
    const { app } = window.editor;
    await page.reply('change', { addonId, planId: planId(page, 'small') });
    await expect.poll(() => addonOf(window.latest(page))?.plan.name).toBe('small');
    app.answer('Rotate');
    expect(await page.reply('rotate', { addonId, channelId })).toMatchObject({ type: 'result' });
    const beta = page.state?.apps
      .find(({ name }) => name === `app-${names}`)
      ?.channels.find(({ name }) => name === 'beta');
    await page.reply('attach', { addonId, channelId: beta?.id ?? '' });
    await expect
      .poll(() =>
        addonOf(window.latest(page))
          ?.bindings.map((one) => one.channelName)
          .sort(),
      )
      .toEqual(['beta', 'production']);
    app.answer('Detach');
    await page.reply('detach', { addonId, channelId: beta?.id ?? '' });
    app.answer(CANCEL);
    expect(await page.reply('remove', { addonId })).toMatchObject({ type: 'cancelled' });
    await expect
      .poll(() => window.latest(page)?.operations[addonId]?.map(({ kind }) => kind))
      .toEqual(['unbind', 'bind', 'unbind', 'rotate', 'update', 'bind', 'create']);
    app.answer('db');
    expect(await page.reply('remove', { addonId })).toMatchObject({ type: 'result' });
    await expect.poll(() => addonOf(window.latest(page))).toBeUndefined();
  });

  test('that is gone is said to be gone', async () => {
    await hippo.client.removeAddon(addonId);
    await hippo.settled(addonId);
    expect(await page.reply('rotate', { addonId, channelId })).toMatchObject({ type: 'error' });
    expect(await page.reply('rotate', { addonId: 'nonsense', channelId })).toMatchObject({ type: 'error' });
  });
});

test('a page that is closed while something is made: nobody waits, and it is made', async () => {
  const page = await openOffering();
  const held = hippo.broker.hold('provision');
  page.ask('add', { planId: planId(page, 'free'), channelId });
  await held.arrived;
  window.close();
  held.go();
  const later = await openOffering(new EditorWindow());
  await expect.poll(() => addonOf(windows.at(-1)?.latest(later))?.state).toBe('ready');
  expect(window.editor.app.notifications).toEqual([]);
});

test('a broker that lists others: the pages follow, and what was withdrawn says so', async () => {
  const cards = window.marketplace();
  const page = await openOffering();
  hippo.broker.services = [service({ id: 'service-new', name: 'queue' })];
  try {
    await hippo.client.refreshBroker(hippo.brokerId);
    await expect
      .poll(() => window.latest(cards)?.offerings.map(({ name, withdrawn }) => [name, withdrawn]))
      .toEqual(expect.arrayContaining([['queue', false]]));
    await expect.poll(() => window.latest(page)?.offering?.state ?? 'gone').not.toBe('active');
  } finally {
    hippo.broker.services = [service()];
    await hippo.client.refreshBroker(hippo.brokerId);
  }
});

test('parameters are checked by the plan’s schema', async () => {
  hippo.broker.services = [
    service({
      plans: [
        {
          id: 'plan-free',
          name: 'free',
          description: 'Free.',
          schemas: {
            service_instance: {
              create: {
                parameters: { type: 'object', properties: { size: { type: 'integer', maximum: 3 } } },
              },
            },
          },
        },
      ],
    }),
  ];
  try {
    await hippo.client.refreshBroker(hippo.brokerId);
    const page = await openOffering();
    const check = (size: unknown) => ({
      planId: planId(page, 'free'),
      check: { step: 'create' as const, parameters: { size } },
    });
    expect(await page.reply('checkParameters', check(2))).toMatchObject({ result: { problems: [] } });
    expect(await page.reply('checkParameters', check(4))).toMatchObject({
      result: { problems: [{ path: '/size' }] },
    });
  } finally {
    hippo.broker.services = [service()];
    await hippo.client.refreshBroker(hippo.brokerId);
  }
});

test('pictures are kept, but not without end', async () => {
  const { store } = window.editor;
  await openOffering();
  const ids = Array.from({ length: 301 }, () => randomUUID());
  const read = ids.map((id) => store.icon(id));
  // What was read is what is given again.
  expect(store.icon(ids.at(-1) ?? '')).toBe(read.at(-1));
  expect(store.icon(ids[0] ?? '')).not.toBe(read[0]);
  expect(new Set(await Promise.all(read))).toEqual(new Set([undefined]));
});
