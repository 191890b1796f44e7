// Context menus and the application's menu.

import type { Locator, Page } from 'playwright-core';
import { exactly } from './selectors.ts';

export class Menu {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the context menu of something and clicks an entry; more labels for submenus. */
  async context(target: Locator, ...labels: [string, ...string[]]): Promise<void> {
    await this.openContext(target);
    await this.choose(...labels);
  }

  /** Opens the context menu of something. */
  async openContext(target: Locator): Promise<void> {
    await this.#page.bringToFront();
    await target.click({ button: 'right' });
    await this.#page.locator('.monaco-menu').first().waitFor();
  }

  /** The application's menu: `application('Terminal', 'Run Task...')`. */
  async application(...labels: [string, ...string[]]): Promise<void> {
    await this.#page.bringToFront();
    await this.#page.locator('.menubar .menubar-menu-button').first().click();
    await this.choose(...labels);
  }

  /** Clicks an entry of the menu that is open. */
  async choose(...labels: [string, ...string[]]): Promise<void> {
    for (const label of labels.slice(0, -1)) {
      await this.item(label).hover();
      await this.#page.locator('.monaco-submenu').last().waitFor();
    }
    await this.#click(this.item(labels.at(-1) ?? ''));
  }

  /** An entry that can be clicked. */
  item(label: string): Locator {
    const has = this.#page.locator('.action-label', { hasText: exactly(label) });
    // A submenu lies inside of its parent's entry.
    return this.#page.locator('.monaco-menu .action-item:not(.disabled)').filter({ has }).last();
  }

  /** The entries of the menu that is open. */
  async items(): Promise<string[]> {
    await this.#page.locator('.monaco-menu').first().waitFor();
    const labels = this.#page.locator('.monaco-menu .action-item .action-label[aria-label]');
    return labels.evaluateAll((all) => all.map((label) => label.getAttribute('aria-label') ?? ''));
  }

  async close(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.#page.locator('.monaco-menu').first().waitFor({ state: 'detached' });
  }

  /** For 100 ms a menu takes no click, lest the click that opened it chooses something. */
  async #click(item: Locator): Promise<void> {
    await item.waitFor();
    for (let attempt = 1; ; attempt++) {
      try {
        await item.click({ timeout: 3_000 });
        return await item.waitFor({ state: 'hidden', timeout: 400 });
      } catch (error) {
        if (!(await item.isVisible())) return;
        if (attempt === 10) throw error;
      }
    }
  }
}
