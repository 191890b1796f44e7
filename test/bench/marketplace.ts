// `npm run bench`: the marketplace's page with 1,000 offerings in Chromium: how long until it is drawn, until a key has
// changed what is found, until a new state is drawn, and what memory it takes; beside a plain list of 1,000 rows with
// the same texts in the same browser. Numbers of one run are for comparing within it. Needs a build and a Chromium.

import type { Page } from 'playwright-core';
import { launchBrowser } from '../support/vscode/browser.ts';
import { startHost, type Host } from '../webview/page-host.ts';
import { manyCards, marketplace } from '../webview/samples.ts';

const OFFERINGS = 1000;
const OPENINGS = 7;
const WORDS = ['database', 'quiet river', 'metrcs', 'provider 7', 'scales', 'island 4', 'paymnts', 'q'];

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const at = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
const line = (name: string, values: readonly number[], beside?: readonly number[]): void => {
  const ratio =
    beside === undefined ? '' : `, ${(at(values, 0.5) / at(beside, 0.5)).toFixed(1)} times the plain list`;
  say(
    `  ${name.padEnd(34)}median ${at(values, 0.5).toFixed(1)} ms, p99 ${at(values, 0.99).toFixed(1)} ms${ratio}`,
  );
};

const cards = manyCards(OFFERINGS);
const state = marketplace({ offerings: cards });

/** Milliseconds from when the page has got its state until its first cards are painted. */
async function firstPaint(host: Host): Promise<number> {
  const { page } = await host.open({ state: marketplace({ offerings: [] }), height: 900 });
  await page.locator('[data-state="empty"]').waitFor();
  const time = await page.evaluate(async (next) => {
    const began = performance.now();
    window.postMessage({ type: 'state', state: next });
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (document.querySelector('.results .card') === null) requestAnimationFrame(look);
        else requestAnimationFrame(() => setTimeout(resolve));
      };
      requestAnimationFrame(look);
    });
    return performance.now() - began;
  }, state);
  await page.context().close();
  return time;
}

/** The same for rows with the same texts, made at once. */
async function plainPaint(page: Page): Promise<number> {
  await page.setContent('<ul></ul>');
  return page.evaluate(async (rows) => {
    const began = performance.now();
    const list = document.querySelector('ul');
    for (const { displayName, description, provider, price } of rows) {
      const row = document.createElement('li');
      row.textContent = `${displayName} ${description} ${provider} ${price}`;
      list?.append(row);
    }
    await new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - began;
  }, cards);
}

/** Milliseconds from a key until what it finds is painted; two frames of an idle page take about 33. */
function keys(page: Page): Promise<number[]> {
  return page.evaluate(async (words) => {
    const painted = (): Promise<void> =>
      new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const box = document.querySelector<HTMLInputElement>('.search');
    if (box === null) throw new Error('There is no search.');
    const times: number[] = [];
    for (let round = 0; round < 2; round++)
      for (const word of words)
        for (let length = 1; length <= word.length; length++) {
          const began = performance.now();
          box.value = word.slice(0, length);
          box.dispatchEvent(new Event('input'));
          await painted();
          times.push(performance.now() - began);
          // The rest of the list comes while nobody types.
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
    return times;
  }, WORDS);
}

/** Milliseconds from a new state, in which one add-on is another, until it is painted. */
async function states(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const inUse = [
      { addonId: 'a', name: 'db', plan: 'small', state: `state ${round}`, channels: ['production'] },
    ];
    const next = {
      ...state,
      offerings: cards.map((card, index) => (index === 7 ? { ...card, inUse } : card)),
    };
    times.push(
      await page.evaluate(
        async ({ message, words }) => {
          const began = performance.now();
          window.postMessage(message);
          await new Promise<void>((resolve) => {
            const look = (): void => {
              if (document.querySelector('.in-use')?.textContent.includes(words)) setTimeout(resolve);
              else requestAnimationFrame(look);
            };
            look();
          });
          return performance.now() - began;
        },
        { message: { type: 'state', state: next }, words: `state ${round}` },
      ),
    );
  }
  return times;
}

/** Bytes of the page's heap, after a collection, and the number of its nodes. */
async function memory(page: Page): Promise<{ bytes: number; nodes: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  const of = (name: string): number => metrics.find((one) => one.name === name)?.value ?? 0;
  return { bytes: of('JSHeapUsedSize'), nodes: of('Nodes') };
}

const browser = await launchBrowser();
const host = await startHost(browser);
try {
  say(`marketplace, ${OFFERINGS} offerings in Chromium ${browser.version()}`);
  const plain = await (await browser.newContext({ viewport: { width: 320, height: 900 } })).newPage();
  const [paints, plains]: [number[], number[]] = [[], []];
  for (let opening = 0; opening < OPENINGS; opening++) {
    paints.push(await firstPaint(host));
    plains.push(await plainPaint(plain));
  }
  line('a plain list painted', plains);
  line('first cards painted', paints, plains);
  const { page } = await host.open({ state, height: 900 });
  await page
    .locator('.results > li')
    .nth(OFFERINGS - 1)
    .waitFor({ state: 'attached' });
  line('a key, until found and painted', await keys(page));
  await page.locator('.search input').fill('');
  await page
    .locator('.results > li')
    .nth(OFFERINGS - 1)
    .waitFor({ state: 'attached' });
  line('a new state, until painted', await states(page));
  const [own, beside] = [await memory(page), await memory(plain)];
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  say(
    `  ${'memory of its scripts'.padEnd(34)}${mb(own.bytes)}, ${own.nodes} nodes; the plain list ${mb(beside.bytes)}, ${beside.nodes} nodes`,
  );
} finally {
  await host.close();
  await browser.close();
}
