// What a version needs beside what its channels have.

import { afterEach, expect, test } from 'vitest';
import type { AddonItem } from '../../../src/addons/addons.ts';
import { HippoClient } from '../../../src/hippo/client.ts';
import { describeAddonStep, planAddons } from '../../../src/publish/addons.ts';
import { addonItem, bindingItem, offeringItem, planItem } from '../../support/addon-items.ts';
import { makeBindle } from '../../support/bindles.ts';
import { startStubHippo, type StubHippo } from '../../support/stub-hippo.ts';

const FREE = planItem('free');
const SMALL = planItem('small', {
  free: false,
  costs: [{ amount: 60_000, currency: 'usd', unit: 'HOURLY' }],
});
const POSTGRESQL = offeringItem('postgresql', [FREE, SMALL]);
const REDIS = offeringItem('redis', [FREE]);
const MYSQL = offeringItem('mysql', [FREE], {
  unavailable: { reason: 'MariaDB is not installed.', command: 'apt-get install mariadb-server' },
});
const APP = { id: POSTGRESQL.id, name: 'shop', storageId: 'shop', description: null, channels: [] };

let stub: StubHippo | undefined;
let hippo: HippoClient | undefined;
afterEach(async () => {
  await hippo?.close();
  stub?.close();
});

/** What is said of each need, and the steps. */
async function plan(
  wanted: string | undefined,
  {
    present = [] as AddonItem[],
    channels = ['beta'],
    deployToken = false,
    addons = true,
  }: { present?: AddonItem[]; channels?: string[]; deployToken?: boolean; addons?: boolean | 'page' } = {},
) {
  const page = (items: unknown[]) => ({
    status: 200,
    body: { items, totalItems: items.length, pageIndex: 0, pageSize: 200, isLastPage: true },
  });
  stub = await startStubHippo(({ path }) => {
    if (path === '/api/apps') return page([]);
    if (path === '/api/accounts/me')
      return {
        status: 200,
        body: {
          id: APP.id,
          userName: 'ci',
          administrator: false,
          teams: [],
          ...(deployToken ? { deployToken: { id: APP.id, appId: APP.id } } : {}),
        },
      };
    if (addons === 'page') return { status: 200, body: '<!doctype html>' };
    if (!addons) return undefined;
    if (path === '/api/offerings') return page([POSTGRESQL, REDIS, MYSQL]);
    if (path === '/api/addons') return page(present);
    return undefined;
  });
  hippo = new HippoClient({ url: stub.url, credentials: { type: 'bearer', token: 't' } });
  const { invoice } = makeBindle('shop', '1.0.0', { a: 'a' });
  const annotations = wanted === undefined ? {} : { annotations: { hippo_addons: wanted } };
  const { needs, steps } = await planAddons({
    invoice: { ...invoice, ...annotations },
    hippo,
    app: APP,
    channels,
  });
  return {
    needs: needs.map(({ wanted: what, channel, state }) => `${channel}: ${what} ${state}`),
    messages: needs.flatMap(({ message }) => message ?? []),
    steps: steps.map(describeAddonStep),
    requests: stub.requests.map(({ path }) => path),
  };
}

test('without the annotation, nothing is asked', async () => {
  expect(await plan(undefined)).toEqual({ needs: [], messages: [], steps: [], requests: [] });
});

test('what is missing is added, with its price', async () => {
  expect(await plan('postgresql:small as db, redis')).toMatchObject({
    needs: ['beta: postgresql:small as db missing', 'beta: redis missing'],
    messages: [],
    steps: [
      'add postgresql:small as db to the channel beta ($0.06/hour, about $43.80/month)',
      'add redis:free to the channel beta',
    ],
  });
});

test('what is there is left alone, also under another name', async () => {
  const present = [
    addonItem('db', POSTGRESQL, SMALL, [bindingItem('beta', 'db')]),
    addonItem('redis', REDIS, FREE, [bindingItem('beta', 'cache')]),
  ];
  expect(await plan('postgresql:small, redis@main as cache', { present })).toMatchObject({
    needs: ['beta: postgresql:small there', 'beta: redis@main as cache there'],
    messages: [],
    steps: [],
  });
});

test('what is being added is waited for', async () => {
  const present = [
    addonItem('redis', REDIS, FREE, [bindingItem('beta', 'redis', { state: 'binding' })]),
    addonItem('db', POSTGRESQL, FREE, [bindingItem('beta', 'db')], { state: 'changing' }),
  ];
  expect(await plan('redis, postgresql:free as db', { present })).toMatchObject({
    needs: ['beta: redis coming', 'beta: postgresql:free as db there'],
    steps: [],
  });
});

test('one add-on is not taken for two', async () => {
  const present = [addonItem('redis', REDIS, FREE, [bindingItem('beta', 'redis')])];
  expect(await plan('redis, redis as sessions', { present })).toMatchObject({
    needs: ['beta: redis there', 'beta: redis as sessions missing'],
    steps: ['add redis:free as sessions to the channel beta'],
  });
});

test('what another channel has is shared, and so is what the first of several gets', async () => {
  const present = [addonItem('redis', REDIS, FREE, [bindingItem('production', 'redis')])];
  expect(await plan('redis, postgresql:free', { present, channels: ['beta', 'rc'] })).toMatchObject({
    steps: [
      'let the channel beta use the add-on redis, which production uses',
      'add postgresql:free to the channel beta',
      'let the channel rc use the add-on redis, which production uses',
      'let the channel rc use the add-on postgresql, which beta uses',
    ],
  });
});

test('another plan, another offering and one that somebody must see to are told, and not changed', async () => {
  const present = [
    addonItem('postgresql', POSTGRESQL, FREE, [bindingItem('beta', 'postgresql')]),
    addonItem('cache', POSTGRESQL, FREE, [bindingItem('beta', 'cache')]),
    addonItem('redis', REDIS, FREE, [bindingItem('beta', 'redis')], { state: 'attention' }),
    addonItem('other', POSTGRESQL, FREE, []),
  ];
  const told = await plan('postgresql:small, redis as cache, redis, redis as other', { present });
  expect(told.steps).toEqual([]);
  expect(told.messages).toEqual([
    'The channel beta has postgresql:free, where HIPPOFACTS asks for the plan small: `hippo addons update postgresql --plan small` changes it.',
    'cache of the channel beta is postgresql:free, where HIPPOFACTS asks for redis as cache.',
    'redis of the channel beta needs attention: `hippo addons show redis` says why.',
    'other of shop is postgresql:free, where HIPPOFACTS asks for redis as other: give it another name by "as".',
  ]);
});

test('one that could not be made is made again', async () => {
  const present = [addonItem('redis', REDIS, FREE, [bindingItem('beta', 'redis')], { state: 'failed' })];
  expect(await plan('redis', { present })).toMatchObject({ steps: ['add redis:free to the channel beta'] });
});

test('what cannot be had is told with what gets it', async () => {
  const told = await plan('mysql, postgres, redis:huge');
  expect(told.steps).toEqual([]);
  expect(told.messages).toEqual([
    'mysql cannot be added here: MariaDB is not installed. `apt-get install mariadb-server` makes it available.',
    'There is no add-on "postgres". Did you mean postgresql?',
    'redis has no plan "huge". It has free.',
  ]);
});

test('a deploy token adds nothing, and says so', async () => {
  const told = await plan('redis', { deployToken: true });
  expect(told).toMatchObject({ needs: ['beta: redis impossible'], steps: [] });
  expect(told.messages).toEqual([
    expect.stringMatching(/^A deploy token cannot add redis to the channel beta/),
  ]);
});

test.each([false, 'page'] as const)('a Hippo without add-ons is told once (%s)', async (addons) => {
  const told = await plan('redis, postgresql:free as db', { addons });
  expect(told.needs).toEqual(['beta: redis impossible', 'beta: postgresql:free as db impossible']);
  expect(told.messages).toEqual([
    expect.stringMatching(/has no add-ons\. This version needs redis and postgresql:free as db\.$/),
  ]);
});
