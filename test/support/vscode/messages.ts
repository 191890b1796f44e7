// Notifications and modal dialogs.

import type { Locator, Page } from 'playwright-core';
import type { QuickInput } from './quick-input.ts';
import { clickAtOnce, retry } from './retry.ts';
import { exactly } from './selectors.ts';

export class Notifications {
  /** Those in view; not those in the centre. */
  readonly toasts: Locator;
  readonly #all: Locator;
  readonly #quick: QuickInput;
  /** The bell, while there are some that nobody has looked at in the centre. */
  readonly #unseen: Locator;

  constructor(page: Page, quick: QuickInput) {
    this.#quick = quick;
    this.toasts = page.locator('.notifications-toasts .notification-toast');
    this.#all = this.toasts.or(page.locator('.notifications-center .notification-list-item'));
    this.#unseen = page.locator('.statusbar-item[id="status.notifications"] .codicon-bell-dot');
  }

  /** The one that holds this text, where it is in view: `come` waits for one, whether or not. */
  with(text: string | RegExp): Locator {
    return this.#all.filter({ hasText: text }).first();
  }

  /**
   * Waits until there is one. VS Code shows it in its centre only, where it is the fourth in 800 ms (of a busy machine,
   * which has put off all of them) or has been there for 15 seconds.
   */
  async come(text: string | RegExp, milliseconds?: number): Promise<void> {
    await retry(async () => {
      try {
        await this.with(text).waitFor({ timeout: 10_000 });
      } catch (error) {
        if (await this.#unseen.isVisible()) await this.#quick.command('Notifications: Show Notifications');
        throw error;
      }
    }, milliseconds);
  }

  async click(text: string | RegExp, button: string): Promise<void> {
    await this.come(text);
    // They move when another comes or goes.
    await clickAtOnce(this.with(text).locator('.monaco-button', { hasText: exactly(button) }));
  }

  /** Closes one; another with this text, that comes later, is another one. */
  async close(text: string | RegExp): Promise<void> {
    await this.come(text);
    const those = this.#all.filter({ hasText: text });
    const before = await those.count();
    await clickAtOnce(this.with(text).locator('.codicon-notifications-clear'));
    await retry(async () => {
      if ((await those.count()) >= before) throw new Error(`It stays: ${String(text)}`);
    });
  }

  /** Buttons of one. */
  async buttons(text: string | RegExp): Promise<string[]> {
    await this.come(text);
    return this.with(text).locator('.monaco-button:visible').allInnerTexts();
  }

  /** Texts of all in view. */
  texts(): Promise<string[]> {
    return this.#all.locator('.notification-list-item-message').allInnerTexts();
  }
}

export class Dialogs {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  with(text: string | RegExp): Locator {
    return this.#page.locator('.monaco-dialog-box').filter({ hasText: text });
  }

  async click(text: string | RegExp, button: string): Promise<void> {
    await clickAtOnce(this.with(text).locator('.monaco-button', { hasText: exactly(button) }));
  }
}
