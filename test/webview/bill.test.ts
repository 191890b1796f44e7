// The bill: groups, sums for each currency, what is not metered, other months, exports.

import { expect } from 'vitest';
import { test } from './browser-test.ts';
import { Refusal } from './page-host.ts';
import { BILL, billState } from './samples.ts';

test('shows lines in groups, sums for each currency, and what is not metered', async ({ open }) => {
  const page = await open({ state: billState(), width: 900 });
  const rows = page.page.getByRole('table', { name: 'Bill of November 2026, grouped by app' }).locator('tr');
  await rows.first().waitFor();
  const texts = (await rows.allTextContents()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  expect(texts).toEqual([
    'Add-on Plan Price For Amount',
    'shop $15.48',
    'db postgresql:small $0.01/hour 14 days 12 h $3.48',
    'cache redis:large $0.06/hour 14 days 12 h $12.00',
    'post mail:pro $0.99 per 1000 mails 14 days 12 h not metered here',
    'blog CHF 9.00',
    'files store:small CHF 9.00/month 14 days 12 h CHF 9.00',
    'Total $15.48',
    'Total CHF 9.00',
  ]);
});

test('another month, another grouping, exports; what goes wrong is said', async ({ open }) => {
  const page = await open({
    state: billState(),
    width: 900,
    replies: {
      exportBill: ({ form }) => {
        if (form === 'json') throw new Refusal('The file cannot be written.');
        return null;
      },
    },
  });
  await page.page.getByRole('combobox', { name: 'Group by' }).click();
  await page.page.getByRole('option', { name: 'Team' }).click();
  await page.tell(
    billState({ by: 'team', bill: { ...BILL, groups: [{ key: 'acme', currency: 'usd', cents: 1548 }] } }),
  );
  await page.page.getByRole('rowheader', { name: 'acme' }).waitFor();
  await page.page.getByRole('combobox', { name: 'Month' }).focus();
  await page.page.keyboard.press('Enter');
  await page.page.keyboard.press('ArrowDown');
  await page.page.keyboard.press('Enter');
  await expect.poll(() => page.asked).toHaveLength(2);
  const [by, month] = page.asked.map(({ params }) => params as { month: string; by: string });
  expect(by).toEqual({ month: '2026-11', by: 'team' });
  expect(month?.by).toBe('team');
  await page.page.getByRole('button', { name: 'Export CSV' }).click();
  await page.page.getByRole('button', { name: 'Export JSON' }).click();
  await page.page.getByRole('alert').getByText('The file cannot be written.').waitFor();
  expect(page.asked.slice(2).map(({ params }) => params)).toEqual([{ form: 'csv' }, { form: 'json' }]);
  await expect.poll(() => page.kept()).toMatchObject({ page: 'bill', by: 'team', connection: 'local' });
});
