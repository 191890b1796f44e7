// axe-core over every page in every state and theme, with the policy that VS Code gives them.

import { describe, expect } from 'vitest';
import type { AddonItem } from '../../src/addons/addons.ts';
import type { PageState, Standing } from '../../src/webview/protocol.ts';
import { axe, test } from './browser-test.ts';
import { THEMES, type PageOptions } from './page-host.ts';
import * as samples from './samples.ts';

const { billState, marketplace, offering, DB, id, STALE, STANDINGS } = samples;

const STATES: readonly AddonItem['state'][] = [
  'creating',
  'ready',
  'changing',
  'removing',
  'usable',
  'failed',
  'attention',
];
const addons = STATES.map((state, at) => ({
  ...DB,
  id: id(900 + at),
  name: `db-${state}`,
  state,
  message: 'As it says.',
}));

const PAGES: readonly [string, PageState, number][] = [
  ['marketplace', marketplace(), 300],
  ['marketplace, narrow and stale', marketplace({ standing: STALE }), 200],
  ['marketplace, empty', marketplace({ offerings: [] }), 300],
  ['marketplace, no app', marketplace({ app: null }), 300],
  ['offering', offering(), 900],
  ['offering, narrow', offering({ addons: [DB] }), 250],
  ['offering, add-ons in every state', offering({ addons }), 900],
  ['offering, stale', offering({ standing: STALE, addons: [DB] }), 900],
  ['offering, gone', offering({ offering: null }), 900],
  ['offering, no apps', offering({ apps: [], app: null }), 900],
  [
    'offering, unavailable',
    offering({
      offering: {
        ...samples.POSTGRESQL,
        unavailable: { reason: 'PostgreSQL is not installed.', command: 'apt install postgresql' },
      },
    }),
    900,
  ],
  ['bill', billState(), 900],
  ['bill, narrow', billState({ by: 'offering' }), 300],
  ['bill, nothing', billState({ bill: { ...samples.BILL, lines: [], groups: [], totals: [] } }), 900],
];

const standingPages = (standing: Standing): readonly [string, PageOptions][] => [
  ['marketplace', { state: marketplace({ standing, offerings: [], app: null }), width: 300 }],
  ['offering', { state: offering({ standing, offering: null, apps: [], app: null }), width: 900 }],
  ['bill', { state: billState({ standing, bill: null, month: null }), width: 900 }],
];

describe.each(THEMES)('in %s', (theme) => {
  test.for(PAGES)('%s', async ([, state, width], { open }) => {
    const page = await open({ state, theme, width });
    await page.page.locator('#page h1, #page .search, #page h2').first().waitFor();
    expect(await axe(page)).toEqual([]);
  });

  test('the filters, and nothing found', async ({ open }) => {
    const page = await open({ state: marketplace(), theme, width: 300 });
    await page.page.getByRole('button', { name: 'Filters' }).click();
    await page.page.getByRole('checkbox', { name: 'database, 2' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.page.getByRole('textbox').fill('zzzz');
    await page.page.getByText('Nothing found').waitFor();
    expect(await axe(page)).toEqual([]);
  });

  test('a form with everything wrong, and a change of plan', async ({ open }) => {
    const page = await open({ state: offering({ addons: [DB] }), theme, width: 900 });
    await page.page.getByRole('button', { name: 'Change plan' }).click();
    await page.page.getByRole('button', { name: /^Add to shop/ }).click();
    await page.page.getByText('It is required.').waitFor();
    expect(await axe(page)).toEqual([]);
  });
});

test.for(STANDINGS)('$state', async (standing, { open }) => {
  for (const [, options] of standingPages(standing)) {
    const page = await open({ ...options, theme: 'light' });
    const place = standing.state === 'loading' ? '[aria-busy="true"]' : `[data-state="${standing.state}"]`;
    await page.page.locator(place).waitFor();
    expect(await axe(page)).toEqual([]);
  }
});

test('with colours of the system, and without motion', async ({ open }) => {
  for (const state of [marketplace(), offering({ addons: [DB] }), billState()]) {
    const page = await open({ state, forcedColors: true, reducedMotion: true, width: 500 });
    await page.page.locator('#page h1, #page .search').first().waitFor();
    expect(await axe(page)).toEqual([]);
  }
});
