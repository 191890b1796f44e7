// Context menus and the application's menu.

import type { Locator, Page } from 'playwright-core';
import { retry } from './retry.ts';
import { exactly } from './selectors.ts';

export class Menu {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the context menu of something and clicks an entry; more labels for submenus. */
  async context(target: Locator, ...labels: [string, ...string[]]): Promise<void> {
    await this.#take(() => this.openContext(target), labels);
  }

  /** Opens the context menu of something. */
  async openContext(target: Locator): Promise<void> {
    await this.#page.bringToFront();
    await retry(async () => {
      const { x = 0, y = 0, height = 0 } = (await target.boundingBox({ timeout: 10_000 })) ?? {};
      // In one moment: with the mouse, a row that moves has another below it by then.
      const at = { button: 2, clientX: x + 10, clientY: y + height / 2 };
      await target.dispatchEvent('contextmenu', at, { timeout: 1_000 });
      await this.#first.waitFor({ timeout: 3_000 });
    });
  }

  /** The application's menu: `application('Terminal', 'Run Task...')`. */
  async application(...labels: [string, ...string[]]): Promise<void> {
    await this.#page.bringToFront();
    await this.#take(() => this.#page.locator('.menubar .menubar-menu-button').first().click(), labels);
  }

  /** An entry that can be clicked. */
  item(label: string): Locator {
    const has = this.#page.locator('.action-label', { hasText: exactly(label) });
    // A submenu lies inside of its parent's entry.
    return this.#page.locator('.monaco-menu .action-item:not(.disabled)').filter({ has }).last();
  }

  /** The entries of the menu that is open. */
  async items(): Promise<string[]> {
    await this.#first.waitFor();
    const labels = this.#page.locator('.monaco-menu .action-item .action-label[aria-label]');
    return labels.evaluateAll((all) => all.map((label) => label.getAttribute('aria-label') ?? ''));
  }

  async close(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.#first.waitFor({ state: 'detached' });
  }

  get #first(): Locator {
    return this.#page.locator('.monaco-menu').first();
  }

  /** A menu closes when something else takes the focus: then it is opened again. */
  async #take(open: () => Promise<void>, labels: readonly string[]): Promise<void> {
    await retry(async () => {
      await open();
      try {
        for (const label of labels.slice(0, -1)) {
          await this.item(label).hover({ timeout: 5_000 });
          await this.#page.locator('.monaco-submenu').last().waitFor({ timeout: 5_000 });
        }
        await this.#click(this.item(labels.at(-1) ?? ''));
      } catch (error) {
        if (await this.#first.isVisible()) await this.#page.keyboard.press('Escape');
        throw error;
      }
    });
  }

  /** For 100 ms a menu takes no click, lest the click that opened it chooses something. */
  async #click(item: Locator): Promise<void> {
    await retry(async () => {
      await item.hover({ timeout: 5_000 });
      // What a menu listens to. It is there at this moment: if it goes then, the entry has been taken.
      await item.dispatchEvent('mouseup', {}, { timeout: 1_000 });
      await item.waitFor({ state: 'hidden', timeout: 1_000 });
    }, 5_000);
  }
}
