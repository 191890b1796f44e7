// Notifications and modal dialogs.

import type { Locator, Page } from 'playwright-core';
import type { QuickInput } from './quick-input.ts';
import { exactly } from './selectors.ts';

export class Notifications {
  /** Those in view. */
  readonly toasts: Locator;
  readonly #page: Page;
  readonly #quick: QuickInput;

  constructor(page: Page, quick: QuickInput) {
    this.#page = page;
    this.#quick = quick;
    this.toasts = page.locator('.notifications-toasts .notification-toast');
  }

  /** The one that holds this text. */
  with(text: string | RegExp): Locator {
    return this.toasts
      .or(this.#page.locator('.notifications-center .notification-list-item'))
      .filter({ hasText: text })
      .first();
  }

  /** Waits for one that comes at the end of several: of more than three in 800 ms, VS Code shows the rest in the centre only. */
  async come(text: string | RegExp): Promise<void> {
    try {
      await this.with(text).waitFor({ timeout: 10_000 });
    } catch {
      await this.#quick.command('Notifications: Show Notifications');
      await this.with(text).waitFor();
    }
  }

  async click(text: string | RegExp, button: string): Promise<void> {
    await this.with(text)
      .locator('.monaco-button', { hasText: exactly(button) })
      .click();
  }

  async close(text: string | RegExp): Promise<void> {
    const toast = this.with(text);
    await toast.hover();
    await toast.locator('.codicon-notifications-clear').click();
  }

  /** Buttons of one. */
  async buttons(text: string | RegExp): Promise<string[]> {
    const toast = this.with(text);
    await toast.waitFor();
    return toast.locator('.monaco-button:visible').allInnerTexts();
  }

  /** Texts of all in view. */
  texts(): Promise<string[]> {
    return this.toasts.locator('.notification-list-item-message').allInnerTexts();
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
    await this.with(text)
      .locator('.monaco-button', { hasText: exactly(button) })
      .click();
  }
}
