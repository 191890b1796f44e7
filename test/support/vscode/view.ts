// A view of the side bar or the panel, and the tree in it.

import type { Locator, Page } from 'playwright-core';
import { clickAtOnce, retry } from './retry.ts';
import { exactly, quoted } from './selectors.ts';

/** A row of a tree, as it is shown. */
export interface TreeRow {
  label: string;
  description: string;
  /** From 1. */
  level: number;
  /** Undefined for one that has nothing below it. */
  expanded: boolean | undefined;
}

export class View {
  readonly #page: Page;
  /** With its header. */
  readonly pane: Locator;
  readonly rows: Locator;
  /** What it shows in place of a tree. */
  readonly welcome: Locator;

  /** @param name its title */
  constructor(page: Page, name: string) {
    this.#page = page;
    const header = page.locator(`.pane-header[aria-label^=${quoted(name)}]`);
    this.pane = page.locator('.pane').filter({ has: header });
    this.rows = this.pane.locator('[role="treeitem"]');
    this.welcome = this.pane.locator('.welcome-view-content');
  }

  row(label: string): Locator {
    return this.rows.filter({ has: this.#page.locator('.label-name', { hasText: exactly(label) }) });
  }

  /** The rows in view; more of them than fit are not in the page. */
  tree(): Promise<TreeRow[]> {
    return this.rows.evaluateAll((rows) =>
      rows.map((row) => ({
        label: row.querySelector('.label-name')?.textContent ?? '',
        description: row.querySelector('.label-description')?.textContent ?? '',
        level: Number(row.getAttribute('aria-level')),
        expanded: row.hasAttribute('aria-expanded')
          ? row.getAttribute('aria-expanded') === 'true'
          : undefined,
      })),
    );
  }

  async expand(label: string): Promise<void> {
    await this.#toggle(label, 'true', 'ArrowRight');
  }

  async collapse(label: string): Promise<void> {
    await this.#toggle(label, 'false', 'ArrowLeft');
  }

  /** Clicks an action in the view's title. */
  async titleAction(title: string): Promise<void> {
    await this.pane.locator('.pane-header').hover();
    await clickAtOnce(this.pane.locator(`.pane-header .action-label[aria-label^=${quoted(title)}]`));
  }

  /** Clicks an action that a row shows under the mouse. @param which a row, or its label */
  async inlineAction(which: string | Locator, title: string): Promise<void> {
    const row = typeof which === 'string' ? this.row(which) : which;
    // A tree that is refreshed at this moment makes its rows anew.
    await retry(async () => {
      await this.#page.mouse.move(5, 5);
      await row.hover({ timeout: 1_000 });
      await clickAtOnce(row.locator(`.action-label[aria-label^=${quoted(title)}]`), 1_000);
    });
  }

  async #toggle(label: string, expanded: 'true' | 'false', key: string): Promise<void> {
    const row = this.row(label);
    const changes = (): Promise<void> =>
      retry(async () => {
        if ((await row.getAttribute('aria-expanded', { timeout: 1_000 })) !== expanded)
          throw new Error(`${label} stays as it is.`);
      }, 2_000);
    await retry(async () => {
      if ((await row.getAttribute('aria-expanded')) === expanded) return;
      // From where it rests, the mouse may have something shown that lies over the row.
      await this.#page.mouse.move(5, 5);
      // It does it by itself, or gets the keys.
      await row.locator('.monaco-icon-label').click({ timeout: 1_000 });
      await changes().catch(async () => {
        await this.#page.keyboard.press(key);
        await changes();
      });
    });
  }
}
