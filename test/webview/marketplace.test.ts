// The marketplace in the side bar, as a user has it: by mouse, by keys alone, narrow, with a thousand offerings.

import { expect } from 'vitest';
import type { MarketplaceState } from '../../src/webview/protocol.ts';
import { focused, test } from './browser-test.ts';
import type { OpenPage } from './page-host.ts';
import { Refusal } from './page-host.ts';
import { card, CARDS, id, manyCards, marketplace, picture, STALE, STANDINGS } from './samples.ts';

function names({ page }: OpenPage): Promise<string[]> {
  return page.locator('.results .name').allTextContents();
}

/** By its label, which lies over the box. */
async function check({ page }: OpenPage, name: string): Promise<void> {
  await page
    .locator('vscode-checkbox')
    .filter({ has: page.getByRole('checkbox', { name, exact: true }) })
    .click();
}

test('finds by name, tag, provider and description, also with a wrong letter', async ({ open }) => {
  const page = await open({ state: marketplace() });
  const box = page.page.getByRole('textbox', { name: 'Search add-ons' });
  for (const [text, first] of [
    ['postgres', 'PostgreSQL'],
    ['Postgers', 'PostgreSQL'],
    ['cach', 'Redis'],
    ['acme post', 'Mailer'],
    ['HTTP', 'Object store'],
  ] as const) {
    await box.fill(text);
    await expect.poll(async () => (await names(page))[0]).toBe(first);
  }
  await expect.poll(() => page.page.getByRole('status').textContent()).toBe('1 of 5 offerings');
  await box.press('Escape');
  await expect.poll(() => names(page)).toHaveLength(5);
  expect(await focused(page)).toContain('Search add-ons');
});

test('filters with counts, within what is searched for', async ({ open }) => {
  const page = await open({ state: marketplace() });
  await page.page.getByRole('button', { name: 'Filters' }).click();
  await check(page, 'database, 2');
  await expect.poll(() => names(page)).toEqual(['PostgreSQL', 'SQLite']);
  // Those of other groups count what is left; those of the same group what would be added.
  await page.page.getByRole('checkbox', { name: 'Paid, 1' }).waitFor();
  await check(page, 'mail, 1');
  await expect.poll(() => names(page)).toEqual(['PostgreSQL', 'SQLite', 'Mailer']);
  await check(page, 'In use, 1');
  await expect.poll(() => names(page)).toEqual(['PostgreSQL']);
  await page.page.keyboard.press('Escape');
  await expect.poll(() => focused(page)).toBe('Filters, 3 chosen');
  await page.page.getByRole('button', { name: 'Remove the filter In use' }).click();
  await expect.poll(() => names(page)).toHaveLength(3);
});

test('sorts by price, those without one last', async ({ open }) => {
  const offerings = [
    ...CARDS,
    card('Talk to us', { priceRank: null, price: 'its price is not said', free: false }),
  ];
  const page = await open({ state: marketplace({ offerings }) });
  await page.page.getByRole('combobox', { name: 'Sort by' }).click();
  await page.page.getByRole('option', { name: 'Price' }).click();
  await expect
    .poll(() => names(page))
    .toEqual(['PostgreSQL', 'Redis', 'SQLite', 'Mailer', 'Object store', 'Talk to us']);
});

test('by keys alone: search, into the list, up and down, open, and back', async ({ open }) => {
  const page = await open({ state: marketplace() });
  const { keyboard } = page.page;
  await page.page.locator('.results').waitFor();
  await keyboard.press('Tab');
  expect(await focused(page)).toContain('Search add-ons');
  await keyboard.press('ArrowDown');
  expect(await focused(page)).toMatch(/^PostgreSQL/);
  await keyboard.press('ArrowDown');
  expect(await focused(page)).toMatch(/^Object store/);
  await keyboard.press('End');
  expect(await focused(page)).toMatch(/^Redis/);
  await keyboard.press('Home');
  await keyboard.press('Enter');
  await expect
    .poll(() => page.asked)
    .toEqual([{ request: 'openOffering', params: { offeringId: 'id-postgresql' } }]);
  await keyboard.press('ArrowUp');
  expect(await focused(page)).toContain('Search add-ons');
  // One stop for the whole list.
  await keyboard.press('ArrowDown');
  await keyboard.press('Tab');
  expect(await focused(page)).not.toMatch(/Open$/);
});

test('says of each card what it is, how it is and what Enter does', async ({ open }) => {
  const page = await open({ state: marketplace() });
  const cards = page.page.getByRole('list', { name: 'Offerings' }).getByRole('button');
  await cards.first().waitFor();
  const labels = await cards.evaluateAll((all) =>
    all.map((one) => one.textContent.replaceAll(/\s+/g, ' ').trim()),
  );
  expect(labels[0]).toBe(
    'PostgreSQL. A database of your own in a PostgreSQL server, with roles and limits, and SQL by host calls. by Hippo Tools, free, then from $0.01/hour In use: db, small: ready, in production, beta Open',
  );
  expect(labels[4]).toContain('Unavailable: redis-server is not installed on this machine.');
  const place = page.page.locator('.results > li').nth(2);
  expect(await place.getAttribute('aria-setsize')).toBe('5');
  expect(await place.getAttribute('aria-posinset')).toBe('3');
});

test('new states take neither the focus nor what is typed, nor the place in the list', async ({ open }) => {
  const state = marketplace({ offerings: manyCards(300) });
  const page = await open({ state, height: 500 });
  const box = page.page.getByRole('textbox', { name: 'Search add-ons' });
  await box.pressSequentially('datab');
  let { offerings } = state;
  for (let round = 0; round < 3; round++) {
    offerings = [...offerings.slice(1), card('Brand new database', { id: `new-${round}` }), offerings[0]!];
    await page.tell({ ...state, offerings });
    await box.press('a');
  }
  await expect.poll(() => box.inputValue()).toBe('databaaa');
  await box.fill('');
  await page.page.locator('.results > li').nth(150).waitFor();
  await box.press('ArrowDown');
  for (let down = 0; down < 30; down++) await page.page.keyboard.press('ArrowDown');
  const before = await focused(page);
  const top = () => page.page.locator('.results').evaluate((list) => list.scrollTop);
  const place = await top();
  await page.tell({ ...state, offerings: offerings.toReversed(), standing: STALE });
  await page.page.locator('.banner').waitFor();
  expect(await focused(page)).toBe(before);
  expect(Math.abs((await top()) - place)).toBeLessThan(2);
});

test('comes back as it was left: search, filters, order and place', async ({ open }) => {
  const state = marketplace({ offerings: manyCards(1000) });
  const page = await open({ state, height: 600 });
  await page.page.getByRole('textbox').fill('scales');
  await page.page.getByRole('button', { name: 'Filters' }).click();
  await check(page, 'Paid, 666');
  await page.page.keyboard.press('Escape');
  await page.page.locator('.results > li').nth(400).waitFor();
  await page.page.locator('.results').evaluate((list) => list.scrollTo(0, 9_000));
  const shown = () =>
    page.page.evaluate(() => {
      const list = document.querySelector('.results');
      const top = list?.getBoundingClientRect().top ?? 0;
      return [...(list?.children ?? [])].findIndex((row) => row.getBoundingClientRect().bottom > top + 3);
    });
  await expect.poll(async () => ((await page.kept()) as { scroll?: number }).scroll).toBeGreaterThan(50);
  const before = ((await page.kept()) as { scroll: number }).scroll;
  expect(await shown()).toBe(before);
  await page.page.reload();
  await expect.poll(shown).toBe(before);
  expect(await page.page.getByRole('textbox').inputValue()).toBe('scales');
  await page.page.getByRole('button', { name: 'Remove the filter Paid' }).waitFor();
});

test('a thousand offerings: icons are asked for where they are seen, and all can be reached', async ({
  open,
}) => {
  const offerings = manyCards(1000);
  const page = await open({
    state: marketplace({ offerings }),
    replies: {
      icons: ({ offeringIds }) => ({
        icons: Object.fromEntries(offeringIds.map((one) => [one, picture('#336791')])),
      }),
    },
  });
  await page.page.locator('.results img').first().waitFor();
  expect(page.icons.length).toBeLessThan(60);
  const before = page.icons.length;
  const box = page.page.getByRole('textbox');
  await box.press('ArrowDown');
  await page.page.keyboard.press('End');
  expect(await page.page.locator('.results > li').count()).toBe(1000);
  await expect.poll(() => page.icons.length).toBeGreaterThan(before);
  expect(new Set(page.icons).size).toBe(page.icons.length);
});

test('hostile texts stay texts, and pictures that are none are not shown', async ({ open }) => {
  const evil = '<img src=x onerror="globalThis.evil=1"><script>globalThis.evil=1</script>"\'`${1}';
  const offerings = [
    card(evil, {
      id: 'e1',
      description: evil,
      provider: evil,
      tags: [evil, '__proto__', 'constructor'],
      icon: true,
    }),
    card('W'.repeat(5000), { id: 'e2', description: 'word '.repeat(3000), price: evil, icon: true }),
    card('Left \u202egnp.exe', {
      id: '__proto__',
      inUse: [{ addonId: 'x', name: evil, plan: evil, state: evil, channels: [evil] }],
    }),
  ];
  const page = await open({
    state: marketplace({ offerings }),
    width: 200,
    replies: {
      icons: () => ({ icons: { e1: 'https://evil.example/a.png', e2: 'data:text/html,<script>1</script>' } }),
    },
  });
  await page.page.getByText(evil).first().waitFor();
  await expect.poll(() => page.icons.length).toBe(2);
  expect(await page.page.locator('.results img').count()).toBe(0);
  await page.page.getByRole('button', { name: 'Filters' }).click();
  await page.page.getByRole('textbox').fill('__proto__');
  await page.page.getByText('1 of 3 offerings').first().waitFor();
  await page.page.getByRole('textbox').fill('.*+?^${}()|[]\\');
  expect(await page.page.evaluate(() => 'evil' in globalThis)).toBe(false);
  expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(200);
});

test('messages that are not of the protocol change nothing', async ({ open }) => {
  const page = await open({ state: marketplace() });
  await page.page.locator('.results').waitFor();
  for (const message of [
    null,
    'state',
    { type: 'state', state: { ...marketplace(), offerings: [{ id: 1 }] } },
    { type: 'state', state: { page: 'bill' } },
    { type: 'result', id: 999, result: null },
    { type: 'error', id: 0 },
  ])
    await page.post(message);
  await page.tell(marketplace({ offerings: [CARDS[1]!] }));
  await expect.poll(() => names(page)).toEqual(['SQLite']);
});

test.for(STANDINGS.filter(({ actions }) => actions.length > 0))(
  '$state: a sentence, and buttons that ask for what they say',
  async (standing, { open }) => {
    const page = await open({ state: marketplace({ standing, offerings: [], app: null }), width: 200 });
    await page.page
      .getByText(standing.message ?? '', { exact: true })
      .first()
      .waitFor();
    for (const { label } of standing.actions) await page.page.getByRole('button', { name: label }).click();
    await expect
      .poll(() => page.asked)
      .toEqual(standing.actions.map(({ action }) => ({ request: 'act', params: { action } })));
    await expect.poll(() => page.page.getByRole('status').textContent()).toBe(standing.message);
    await page.tell(marketplace());
    await expect.poll(() => names(page)).toHaveLength(5);
  },
);

test('what goes wrong is said, and gone with the next state', async ({ open }) => {
  const page = await open({
    state: marketplace(),
    replies: {
      chooseApp: () => {
        throw new Refusal('There is no app yet.', 'Publish one first.');
      },
    },
  });
  await page.page.getByRole('button', { name: 'In use by shop' }).click();
  await page.page.getByRole('alert').getByText('There is no app yet. Publish one first.').waitFor();
  await page.tell(marketplace());
  await page.page.getByRole('alert').waitFor({ state: 'detached' });
});

test('nothing is cut off at 200 px, in any language of length', async ({ open }) => {
  const state: MarketplaceState = marketplace({
    app: {
      id: id(1),
      name: 'an-app-with-a-name-that-is-much-too-long-for-this',
      inWorkspace: true,
      channels: [],
    },
  });
  const page = await open({ state, width: 200 });
  await page.page.getByRole('button', { name: 'Filters' }).click();
  await page.page.getByRole('checkbox', { name: 'Acme, 1' }).waitFor();
  const wide = await page.page.evaluate(() =>
    [...document.querySelectorAll('#page *')]
      .filter((one) => !one.closest('.spoken') && one.getBoundingClientRect().right > 200.5)
      .map((one) => one.outerHTML.slice(0, 100)),
  );
  expect(wide).toEqual([]);
});
