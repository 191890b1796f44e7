// The command palette, lists to pick from and boxes to type into.

import type { Locator, Page } from 'playwright-core';
import { clickAtOnce, retry } from './retry.ts';
import { exactly } from './selectors.ts';

const LEAVE_WEBVIEW = `if (document.activeElement?.tagName === 'IFRAME') document.activeElement.blur();`;

export class QuickInput {
  readonly #page: Page;
  /** The whole widget. */
  readonly widget: Locator;
  readonly input: Locator;
  readonly rows: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.widget = page.locator('.quick-input-widget:visible');
    this.input = this.widget.locator('.quick-input-box input');
    this.rows = this.widget.locator('.quick-input-list .monaco-list-row');
  }

  /** The row with this label. */
  row(label: string): Locator {
    const name = this.#page.locator('.quick-input-list-row > .monaco-icon-label .label-name', {
      hasText: exactly(label),
    });
    return this.rows.filter({ has: name });
  }

  /** Runs a command of the palette, once it is there. @param title as the palette shows it: `Category: Title` */
  command(title: string): Promise<void> {
    return this.open('F1', `>${title}`, title);
  }

  /** Whether the palette offers this command now. */
  async offersCommand(title: string): Promise<boolean> {
    await retry(() => this.type('F1', `>${title}`));
    // The list follows what is typed; something is always in it.
    await this.rows.first().waitFor();
    const offered = (await this.row(title).count()) > 0;
    await this.cancel();
    return offered;
  }

  /** Presses a key that opens the widget, types, and takes a row. */
  open(key: string, text: string, label: string): Promise<void> {
    // A key is lost while another widget closes, and the palette does not notice commands that come later.
    return retry(async () => {
      await this.type(key, text);
      try {
        await this.pick(label, 1_000);
        await this.#leaves(text);
      } catch (error) {
        await this.input.fill('', { timeout: 200 }).catch(() => undefined);
        throw new Error(`Nothing is called "${label}" when "${text}" is typed.`, { cause: error });
      }
    });
  }

  /** Takes a row of the list that is shown. */
  async pick(label: string, timeout?: number): Promise<void> {
    // With the mouse, the list could close or get other rows after the button is down and before it is up again:
    // what would look like a row that was taken.
    await clickAtOnce(this.row(label).first(), timeout);
  }

  /** What a screen reader says of each row in view. */
  async labels(): Promise<string[]> {
    await this.rows.first().waitFor();
    return this.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  /** Waits for a box that asks this, in its prompt, its placeholder or its title. */
  async asks(text: string): Promise<void> {
    const placeholder = this.#page.getByPlaceholder(text);
    await this.widget
      .filter({ hasText: text })
      .or(this.widget.filter({ has: placeholder }))
      .waitFor();
  }

  /** Waits for a message below the box: its prompt, or what is wrong with the value. */
  async says(message: string | RegExp): Promise<void> {
    await this.widget.locator('.quick-input-message', { hasText: message }).waitFor();
  }

  /** Puts a value into the box, without taking it. */
  async fill(value: string): Promise<void> {
    await this.input.fill(value);
  }

  /** Puts a value into the box and takes it. */
  async enter(value: string): Promise<void> {
    await this.input.fill(value);
    await this.#page.keyboard.press('Enter');
  }

  async cancel(): Promise<void> {
    await this.#page.keyboard.press('Escape');
    await this.gone();
  }

  async gone(): Promise<void> {
    await this.widget.waitFor({ state: 'detached' });
  }

  /** Presses a key that opens the widget, unless it is open, and types. The key may be lost: for `retry`. */
  async type(key: string, text: string): Promise<void> {
    if (!(await this.input.isVisible())) {
      // Behind another window it closes at once.
      await this.#page.bringToFront();
      // A webview that has the focus keeps the keys to itself.
      await this.#page.evaluate(LEAVE_WEBVIEW);
      await this.#page.keyboard.press(key);
    }
    await this.input.fill(text, { timeout: 1_000 });
  }

  /** Until the row has been taken: keys that come earlier go into this very widget. */
  async #leaves(text: string): Promise<void> {
    await retry(async () => {
      if (!(await this.input.isVisible())) return;
      if ((await this.input.inputValue({ timeout: 200 })) === text) throw new Error('It is still open.');
    }, 3_000);
  }
}
