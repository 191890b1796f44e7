// Problems, terminals, tasks and output channels.

import type { Page } from 'playwright-core';
import type { QuickInput } from './quick-input.ts';
import { readUntil, retry } from './retry.ts';

export class Panel {
  readonly #page: Page;
  readonly #quick: QuickInput;

  constructor(page: Page, quick: QuickInput) {
    this.#page = page;
    this.#quick = quick;
  }

  /** What a screen reader says of each problem and of its file. */
  async problems(): Promise<string[]> {
    await this.#quick.command('Problems: Focus on Problems View');
    const rows = this.#page.locator('.markers-panel [role="treeitem"]');
    await rows.first().waitFor();
    return rows.evaluateAll((all) => all.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  /** Runs a task. @param type of the task, below which VS Code may list it */
  async runTask(name: string, type?: string): Promise<void> {
    const task = this.#quick.row(name).first();
    const group = type === undefined ? task : task.or(this.#quick.row(type).first());
    // In a window that is still being filled the list may lose the focus, and closes.
    await retry(async () => {
      await this.#quick.command('Tasks: Run Task');
      await group.first().waitFor({ timeout: 15_000 });
      if (type !== undefined && !(await task.isVisible())) await this.#quick.pick(type, 1_000);
      await this.#quick.pick(name, 15_000);
    }, 45_000);
  }

  /** The lines in view of the active terminal. */
  async terminalText(): Promise<string> {
    const rows = await this.#page.locator('.terminal-wrapper.active .xterm-rows > div').allTextContents();
    return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
  }

  async terminalHas(text: string | RegExp): Promise<string> {
    return readUntil(() => this.terminalText(), text);
  }

  /** Opens another terminal, and waits for its prompt. */
  async openTerminal(): Promise<void> {
    const terminals = this.#page.locator('.terminal-wrapper');
    const before = await terminals.count();
    await this.#quick.command('Terminal: Create New Terminal');
    // Until then an earlier one is active.
    await terminals.nth(before).waitFor({ state: 'attached' });
    await this.terminalHas(/[$#%>] ?$/m);
  }

  /** Types a line into the active terminal. */
  async typeLine(line: string): Promise<void> {
    await retry(async () => {
      await this.#page.locator('.terminal-wrapper.active .xterm').click({ timeout: 5_000 });
      await this.#page.locator('.terminal-wrapper.active .xterm.focus').waitFor({ timeout: 1_000 });
    });
    await this.#page.keyboard.type(line);
    await this.#page.keyboard.press('Enter');
  }

  /** Shows an output channel. */
  async showOutput(channel: string): Promise<void> {
    await this.#quick.command('Output: Focus on Output View');
    await retry(async () => {
      await this.#quick.command('Output: Show Output Channels...');
      await this.#quick.pick(channel, 10_000);
    });
  }

  /** Waits for a text in view in the output channel that is shown. */
  async outputHas(text: string | RegExp): Promise<string> {
    const lines = this.#page.locator('.output-view .view-line');
    return readUntil(async () => {
      const texts = await lines.allTextContents();
      return texts.map((line) => line.replaceAll('\u00a0', ' ')).join('\n');
    }, text);
  }
}
