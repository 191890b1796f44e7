// The text editor that is active.

import type { Locator, Page } from 'playwright-core';
import type { QuickInput } from './quick-input.ts';
import { readUntil, retry } from './retry.ts';
import { quoted } from './selectors.ts';

export class TextEditor {
  readonly #page: Page;
  readonly #quick: QuickInput;
  readonly editor: Locator;
  readonly suggestions: Locator;
  /** The active tab. */
  readonly tab: Locator;

  constructor(page: Page, quick: QuickInput) {
    this.#page = page;
    this.#quick = quick;
    this.editor = page.locator('.editor-instance .monaco-editor[role="code"]').first();
    this.suggestions = page.locator('.suggest-widget.visible .monaco-list-row');
    this.tab = page.locator('.editor-group-container.active .tab.active');
  }

  /** Opens a file of the workspace. @param path below a workspace folder, with forward slashes */
  async open(path: string): Promise<void> {
    const name = path.split('/').at(-1) ?? path;
    const tab = this.#page.locator(`.tab.active[data-resource-name=${quoted(name)}]`);
    await retry(async () => {
      await this.#quick.open('ControlOrMeta+P', path, name);
      await tab.waitFor({ timeout: 10_000 });
      await this.editor.locator('.view-line').first().waitFor({ timeout: 10_000 });
    });
  }

  /** The lines in view; read the saved file for more. */
  async text(): Promise<string> {
    const lines = await this.editor
      .locator('.view-lines .view-line')
      .evaluateAll((all) =>
        all.map((line) => ({ top: Number.parseFloat(line.style.top), text: line.textContent ?? '' })),
      );
    return lines
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text.replaceAll('\u00a0', ' '))
      .join('\n');
  }

  /** Waits for a text in view: it comes a moment after it was typed. */
  async has(text: string | RegExp): Promise<string> {
    return readUntil(() => this.text(), text);
  }

  async focus(): Promise<void> {
    // By the keyboard: below a mouse there may be a lens just then.
    await this.#quick.command('View: Focus Active Editor Group');
    await this.#focused();
  }

  /** Puts the cursor there. Both count from 1. */
  async goTo(line: number, column = 1): Promise<void> {
    const position = this.#page.locator('.statusbar-item[id="status.editor.selection"]');
    await retry(async () => {
      await this.focus();
      await this.#quick.type('Control+G', `:${line}:${column}`);
      await this.#page.keyboard.press('Enter');
      await this.#quick.gone();
      await this.#focused();
      await position.filter({ hasText: `Ln ${line}, Col ${column}` }).waitFor({ timeout: 5_000 });
    });
  }

  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  async save(): Promise<void> {
    await this.#page.keyboard.press('ControlOrMeta+S');
    await this.#page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
  }

  /** Waits until what is typed has this among its completions. */
  async suggests(text: string): Promise<void> {
    const offered = this.suggestions.filter({ hasText: text }).first();
    await retry(async () => {
      try {
        await offered.waitFor({ timeout: 5_000 });
      } catch (error) {
        // They came while something else was typed.
        await this.#page.keyboard.press('Control+Space');
        throw error;
      }
    });
  }

  /** Takes a completion that is shown; by keys, since a click takes the focus away for a moment. */
  async accept(label: string): Promise<void> {
    const focused = this.#page
      .locator('.suggest-widget.visible .monaco-list-row.focused .label-name')
      .first();
    const first = await focused.textContent();
    for (let current = first; current !== label;) {
      await this.#page.keyboard.press('ArrowDown');
      const before = current;
      current = await retry(async () => {
        const now = await focused.textContent({ timeout: 1_000 });
        if (now === before) throw new Error('There is one completion only.');
        return now;
      }, 2_000);
      if (current === first) throw new Error(`There is no completion "${label}".`);
    }
    await this.#page.keyboard.press('Enter');
    await this.suggestions.first().waitFor({ state: 'detached' });
  }

  /** Holds the mouse over a word, at its first place in view, until something with this text is shown. */
  async hover(word: string, text: string): Promise<Locator> {
    const shown = this.#page.locator('.monaco-hover:visible', { hasText: text });
    await retry(async () => {
      // Lines move when a lens comes.
      const spot = await this.#spotOf(word);
      await this.#page.mouse.move(5, 5);
      await this.#page.mouse.move(spot.x - 3, spot.y);
      await this.#page.mouse.move(spot.x, spot.y, { steps: 3 });
      await shown.first().waitFor({ timeout: 3_000 });
    });
    return shown.first();
  }

  /** The middle of its first place in view. */
  async #spotOf(word: string): Promise<{ x: number; y: number }> {
    const spot = await this.editor.locator('.view-lines').evaluate((lines, text) => {
      const walker = lines.ownerDocument.createTreeWalker(lines, 4);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.textContent?.indexOf(text) ?? -1;
        if (at < 0) continue;
        const range = lines.ownerDocument.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + text.length);
        const { left, width, top, height } = range.getBoundingClientRect();
        return { x: left + width / 2, y: top + height / 2 };
      }
      return undefined;
    }, word);
    if (!spot) throw new Error(`"${word}" is not in view.`);
    return spot;
  }

  async #focused(): Promise<void> {
    await this.#page.locator('.monaco-editor.focused').waitFor();
  }
}
