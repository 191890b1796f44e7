// The page of an offering: plans, the form, add-ons and what can be done with them, live words, hostile descriptions.

import { expect } from 'vitest';
import type { OperationItem } from '../../src/addons/addons.ts';
import { focused, test } from './browser-test.ts';
import { Cancelled, Refusal, type OpenPage } from './page-host.ts';
import { DB, id, offering, PLANS, POSTGRESQL, STALE } from './samples.ts';

function running(message: string): OperationItem {
  return {
    id: id(800),
    kind: 'create',
    state: 'running',
    channelId: id(11),
    plan: 'small',
    message,
    by: 'ann',
    createdAt: '2026-11-20T12:00:00Z',
    endedAt: null,
  };
}

async function choose({ page }: OpenPage, select: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: select, exact: true }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

test('compares plans: what they have, prices by hour and month, which is free, used or withdrawn', async ({
  open,
}) => {
  const page = await open({ state: offering({ addons: [DB] }), width: 900 });
  const rows = page.page.getByRole('table', { name: /^Plans of PostgreSQL/ }).locator('tbody tr');
  await rows.first().waitFor();
  const texts = (await rows.allTextContents()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  expect(texts[0]).toMatch(/^Free .*5 connections Free$/);
  expect(texts[1]).toMatch(/^Small Current plan of shop: db .*1 GB.* \$0\.01 about \$7\.30$/);
  expect(texts[2]).toMatch(/^Large .*\$0\.06 about \$52\.80\+ \$0\.99 per 1GB of traffic$/);
  expect(texts[3]).toMatch(/^Classic No longer offered/);
  expect(await page.page.getByRole('radio', { name: 'Classic' }).isDisabled()).toBe(true);
});

test('adds by keys alone, with the price that it will have, and says how it goes', async ({ open }) => {
  const { promise, resolve } = Promise.withResolvers<null>();
  const page = await open({ state: offering(), width: 900, replies: { add: () => promise } });
  const { keyboard } = page.page;
  await page.page.getByRole('radio', { name: 'Free' }).focus();
  await keyboard.press('ArrowDown');
  await page.page
    .getByText('With the plan Small: it costs $0.01/hour, about $7.30/month, from now on')
    .waitFor();
  expect(await page.page.getByText('Parameters of').count()).toBe(0);
  await keyboard.press('Tab');
  expect(await focused(page)).toBe('App');
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await keyboard.press('Tab');
  await keyboard.type('main-db');
  await keyboard.press('Tab');
  expect(await focused(page)).toBe('Add to shop:beta');
  await keyboard.press('Enter');
  await page.page.getByRole('button', { name: 'Adding to shop:beta…' }).waitFor();
  // A second press does not add a second one.
  await keyboard.press('Enter');
  const status = page.page.getByRole('status');
  const creating = { ...DB, name: 'main-db', bindings: [], state: 'creating' as const };
  await page.tell(offering({ addons: [{ ...creating, operation: running('Making the role…') }] }));
  await expect.poll(() => status.textContent()).toBe('main-db: creating. Making the role…');
  await page.tell(offering({ addons: [{ ...creating, operation: running('Making the database…') }] }));
  await page.page.getByRole('article').getByText('Making the database…').waitFor();
  await expect.poll(() => status.textContent()).toBe('main-db: creating. Making the database…');
  expect(await focused(page)).toBe('Adding to shop:beta…');
  resolve(null);
  await page.tell(offering({ addons: [{ ...DB, name: 'main-db' }] }));
  await page.page.getByRole('button', { name: 'Add to shop:beta' }).waitFor();
  expect(page.asked).toEqual([
    { request: 'add', params: { planId: PLANS.small.id, channelId: id(12), name: 'main-db' } },
  ]);
});

test('checks while typing; patterns are the platform’s', async ({ open }) => {
  const page = await open({
    state: offering(),
    width: 900,
    replies: {
      checkParameters: ({ check: { parameters } }) => ({
        problems:
          typeof parameters['label'] === 'string' && !/^[a-z]+$/.test(parameters['label'])
            ? [{ path: '/label', message: 'must match its pattern' }]
            : [],
      }),
    },
  });
  const field = (name: string) => page.page.getByRole('textbox', { name, exact: true });
  const problem = (name: string) =>
    page.page
      .locator('.field', { has: page.page.getByRole('textbox', { name, exact: true }) })
      .locator('.problem');
  await field('Size in GB').fill('99');
  await expect.poll(() => problem('Size in GB').textContent()).toContain('It must be 16 or less.');
  expect(await field('Size in GB').getAttribute('aria-invalid')).toBe('true');
  expect(await field('Size in GB').getAttribute('aria-description')).toContain('It must be 16 or less.');
  await field('Size in GB').fill('1.5');
  await expect.poll(() => problem('Size in GB').textContent()).toContain('It must be a whole number.');
  await field('Size in GB').fill('4');
  await expect.poll(() => problem('Size in GB').count()).toBe(0);
  await field('Contact').fill('ann');
  await expect.poll(() => problem('Contact').textContent()).toContain('It must be an e-mail address.');
  await field('Contact').fill('ann@example.com');
  await field('Label').fill('UPPER');
  await expect.poll(() => problem('Label').textContent()).toContain('must match its pattern');
  await page.page.getByRole('button', { name: /^Add to/ }).click();
  // The first that is wrong has the focus.
  await expect.poll(() => focused(page)).toBe('Encoding');
  await page.page.getByText('It is required.').waitFor();
  await choose(page, 'Encoding', 'UTF8');
  await field('Label').fill('lower');
  await expect.poll(() => problem('Label').count()).toBe(0);
  await field('Extensions').fill('citext\n\nunaccent\n');
  await field('Rules').fill('[{"allow":');
  await expect.poll(() => problem('Rules').textContent()).toContain('It must be JSON.');
  await field('Rules').fill('[{"allow":true}]');
  await field('Hour').fill('3');
  await page.page.getByRole('button', { name: /^Add to/ }).click();
  await expect.poll(() => page.asked.filter(({ request }) => request === 'add')).toHaveLength(1);
  expect(page.asked.find(({ request }) => request === 'add')?.params).toEqual({
    planId: PLANS.free.id,
    channelId: id(11),
    parameters: {
      encoding: 'UTF8',
      size: 4,
      label: 'lower',
      contact: 'ann@example.com',
      extensions: ['citext', 'unaccent'],
      window: { hour: 3 },
      rules: [{ allow: true }],
    },
  });
});

test('the form comes back after a restart, without its secrets', async ({ open }) => {
  const page = await open({ state: offering(), width: 900 });
  const field = (name: string) => page.page.getByRole('textbox', { name, exact: true });
  await field('Name').fill('orders');
  await field('Label').fill('abc');
  await field('Password').fill('a secret that stays here');
  await choose(page, 'App', 'blog');
  await expect.poll(async () => JSON.stringify(await page.kept())).toContain('orders');
  expect(JSON.stringify(await page.kept())).not.toContain('secret');
  await page.page.reload();
  await field('Label').waitFor();
  expect(await field('Name').inputValue()).toBe('orders');
  expect(await field('Label').inputValue()).toBe('abc');
  expect(await field('Password').inputValue()).toBe('');
  await page.page.getByRole('button', { name: 'Add to blog:live' }).waitFor();
});

test('new states take neither the focus nor what is typed', async ({ open }) => {
  const page = await open({ state: offering(), width: 900 });
  const label = page.page.getByRole('textbox', { name: 'Label', exact: true });
  await label.pressSequentially('abc');
  await page.tell(offering({ addons: [DB] }));
  await page.page.getByRole('article').waitFor();
  await page.page.keyboard.type('def');
  await page.tell(offering({ addons: [DB], standing: STALE }));
  await page.page.locator('.banner').first().waitFor();
  await page.page.keyboard.type('ghi');
  expect(await label.inputValue()).toBe('abcdefghi');
});

test('everything that an add-on can be asked for, and how it ended', async ({ open }) => {
  const page = await open({
    state: offering({ addons: [DB] }),
    width: 900,
    replies: {
      rotate: () => {
        throw new Refusal('The broker is not reachable.', 'Try again later.');
      },
      remove: () => {
        throw new Cancelled();
      },
    },
  });
  const button = (name: string) => page.page.getByRole('article').getByRole('button', { name });
  await button('Rotate the credentials of production').click();
  await page.page.getByText('The broker is not reachable. Try again later.').first().waitFor();
  await button('Remove…').click();
  await expect.poll(() => button('Remove…').count()).toBe(1);
  // What was said before is over, and nothing is said about what nobody wanted.
  await expect.poll(() => page.page.locator('.addon .problem').count()).toBe(0);
  await button('Open dashboard').click();
  await button('Add binding code…').click();
  await button('Attach to another channel').click();
  await button('shop:beta').click();
  await page.page.getByText('beta has db now.').first().waitFor();
  await button('Detach from production').click();
  await page.page.getByText('production has db no longer.').first().waitFor();
  expect(page.asked).toEqual([
    { request: 'rotate', params: { addonId: DB.id, channelId: id(11) } },
    { request: 'remove', params: { addonId: DB.id } },
    { request: 'dashboard', params: { addonId: DB.id } },
    { request: 'bindingCode', params: { addonId: DB.id } },
    { request: 'attach', params: { addonId: DB.id, channelId: id(12) } },
    { request: 'detach', params: { addonId: DB.id, channelId: id(11) } },
  ]);
});

test('a change of plan shows what changes and what it costs', async ({ open }) => {
  const page = await open({ state: offering({ addons: [DB] }), width: 900 });
  await page.page.getByRole('button', { name: 'Change plan' }).click();
  await page.page.getByText('About $45.50/month more than now.').waitFor();
  await choose(page, 'New plan of db', 'Free');
  await page.page.getByText('About $7.30/month less than now.').waitFor();
  await choose(page, 'New plan of db', 'Large');
  await page.page.getByRole('group', { name: 'Change db' }).getByRole('textbox', { name: 'size' }).fill('8');
  await page.page.getByRole('button', { name: 'Change db to Large' }).click();
  await page.page.getByText('db has the plan Large now.').first().waitFor();
  expect(page.asked.filter(({ request }) => request === 'change')).toEqual([
    { request: 'change', params: { addonId: DB.id, planId: PLANS.large.id, parameters: { size: 8 } } },
  ]);
});

test('what its state calls for: retry, abandon, and nothing while it does not answer', async ({ open }) => {
  const addon = { ...DB, state: 'attention' as const, message: 'The broker may still have it.' };
  const page = await open({ state: offering({ addons: [addon] }), width: 900 });
  await page.page.getByRole('button', { name: 'Retry' }).click();
  await page.page.getByRole('button', { name: 'Abandon…' }).click();
  await expect.poll(() => page.asked.map(({ request }) => request)).toEqual(['retry', 'abandon']);
  // The focus stays with the add-on when its buttons go.
  await page.tell(offering({ addons: [{ ...DB, state: 'ready' }] }));
  await expect.poll(() => page.page.getByRole('button', { name: 'Abandon…' }).count()).toBe(0);
  expect(await page.page.evaluate(() => document.activeElement?.tagName)).toBe('ARTICLE');
  await page.tell(offering({ addons: [DB], standing: STALE }));
  await expect.poll(() => page.page.getByRole('article').getByRole('button').count()).toBe(0);
});

test('a hostile description: no HTML, no picture, no way out', async ({ open }) => {
  const longDescription = [
    '<script>globalThis.evil = 1</script><img src=x onerror="globalThis.evil = 1">',
    '[script](javascript:globalThis.evil=1) [data](data:text/html,1) [file](file:///etc/passwd) [command](command:x)',
    '[v](vbscript:1) [http](http://example.com) [relative](page.html) [anchor](#page)',
    '![Picture](https://evil.example/a.png) ![p2](data:image/png;base64,AAAA)',
    '[good](https://good.example/manual) [here](http://127.0.0.1:1/a) <https://auto.example>',
    '[ref]: javascript:1',
    '# One\n#### Four\n## Two',
  ].join('\n\n');
  const evil = '<b>x</b>';
  const page = await open({
    state: offering({
      icon: 'https://evil.example/icon.png',
      offering: {
        ...POSTGRESQL,
        displayName: evil,
        longDescription,
        documentationUrl: 'javascript:alert(1)',
        supportUrl: 'https://support.example/x',
        plans: [
          {
            ...PLANS.free,
            description: evil,
            bullets: [evil],
            schemas: {
              create: {
                type: 'object',
                properties: { ['__proto__']: { title: evil, type: 'string', pattern: '(a+)+$' } },
              },
            },
          },
        ],
      },
    }),
    width: 900,
  });
  await page.page.getByRole('heading', { name: evil, level: 1 }).waitFor();
  expect(await page.page.locator('#page img, #page script, #page b').count()).toBe(0);
  const links = page.page.locator('#page a');
  const addresses = await links.evaluateAll((all) => all.map((one) => one.getAttribute('href')));
  expect(addresses).toEqual([
    'https://support.example/x',
    'https://evil.example/a.png',
    'https://good.example/manual',
    'http://127.0.0.1:1/a',
    'https://auto.example',
  ]);
  for (let at = 0; at < addresses.length; at++) await links.nth(at).click();
  await links.nth(2).click({ button: 'middle' });
  expect(page.asked).toEqual(addresses.map((url) => ({ request: 'openLink', params: { url } })));
  expect(await page.page.evaluate(() => 'evil' in globalThis)).toBe(false);
});

test('a schema that no form can show is asked for as JSON', async ({ open }) => {
  const plan = { ...PLANS.free, schemas: { create: { oneOf: [{ type: 'object' }], $ref: '#/x' } } };
  const page = await open({ state: offering({ offering: { ...POSTGRESQL, plans: [plan] } }), width: 900 });
  const box = page.page.getByRole('textbox', { name: 'Parameters' });
  await box.fill('[1]');
  await page.page.getByText('It must be a JSON object.').waitFor();
  await box.fill('{"a": {"b": 1}}');
  await page.page.getByRole('button', { name: /^Add to/ }).click();
  await expect
    .poll(() => page.asked.at(-1))
    .toMatchObject({ request: 'add', params: { parameters: { a: { b: 1 } } } });
});
