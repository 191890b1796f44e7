// `test` with a host of pages: after each test no policy was breached, nothing has failed, and no page went anywhere.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { expect, test as base } from 'vitest';
import { launchBrowser } from '../support/vscode/browser.ts';
import { startHost, type OpenPage, type PageOptions } from './page-host.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Promise<Browser> | undefined;

export const test = base.extend<{ open: (options: PageOptions) => Promise<OpenPage> }>({
  open: async ({}, use) => {
    const host = await startHost(await (browser ??= launchBrowser()));
    const pages: OpenPage[] = [];
    await use(async (options) => {
      const page = await host.open(options);
      pages.push(page);
      return page;
    });
    const faults = pages.flatMap((page) => page.faults);
    await host.close();
    expect(faults).toEqual([]);
  },
});

/** What axe-core finds in the page: rule, element, and what is wrong. */
export async function axe({ page }: OpenPage): Promise<string[]> {
  // By the protocol of the browser, which the page's policy does not hold.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    interface Axe {
      run(
        context: Document,
        options: unknown,
      ): Promise<{
        violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
      }>;
    }
    const { violations: found } = await (globalThis as unknown as { axe: Axe }).axe.run(document, {
      resultTypes: ['violations'],
      // For this it would add style elements, which the policy forbids.
      preload: false,
    });
    return found.map(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary ?? ''}`),
    );
  });
  return violations.flat();
}

/** What has the focus: the text or the name of the element, through shadows. */
export function focused({ page }: OpenPage): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (element === null || element === document.body) return 'nothing';
    return element.getAttribute('aria-label') ?? element.textContent.trim();
  });
}
