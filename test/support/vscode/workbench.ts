// One window of VS Code: what a user sees and does there. Nothing here sleeps; each call waits for what it needs.

import type { FrameLocator, Locator, Page } from 'playwright-core';
import type { Profile } from './browser.ts';
import { Menu } from './menu.ts';
import { Dialogs, Notifications } from './messages.ts';
import { Panel } from './panel.ts';
import { QuickInput } from './quick-input.ts';
import { clickAtOnce, retry } from './retry.ts';
import { exactly, quoted } from './selectors.ts';
import type { VSCodeServer } from './server.ts';
import { TextEditor } from './text-editor.ts';
import { View } from './view.ts';

export class Workbench {
  readonly page: Page;
  readonly profile: Profile;
  readonly quick: QuickInput;
  readonly menu: Menu;
  readonly notifications: Notifications;
  readonly dialogs: Dialogs;
  readonly editor: TextEditor;
  readonly panel: Panel;
  /** What the window, and its extension host, wrote to the browser's console. */
  readonly consoleLines: string[] = [];

  private constructor(page: Page, profile: Profile) {
    this.page = page;
    this.profile = profile;
    this.quick = new QuickInput(page);
    this.menu = new Menu(page);
    this.notifications = new Notifications(page, this.quick);
    this.dialogs = new Dialogs(page);
    this.editor = new TextEditor(page, this.quick);
    this.panel = new Panel(page, this.quick);
    page.on('console', (message) => this.consoleLines.push(`${message.type()} ${message.text()}`));
    page.on('pageerror', (error) => this.consoleLines.push(`error ${error.stack ?? error.message}`));
  }

  /** @param path of a folder, of a `.code-workspace`, or undefined for an empty window */
  static async open(server: VSCodeServer, profile: Profile, path?: string): Promise<Workbench> {
    const window = new Workbench(await profile.context.newPage(), profile);
    const address = new URL(server.origin);
    if (path === undefined) address.searchParams.set('ew', 'true');
    else address.searchParams.set(path.endsWith('.code-workspace') ? 'workspace' : 'folder', path);
    await window.page.goto(address.href);
    await window.ready();
    return window;
  }

  /** Waits until VS Code has put everything back and knows what its extensions contribute. */
  async ready(): Promise<void> {
    await this.page.waitForFunction(
      `['code/LifecyclePhase/Restored', 'code/didLoadExtensions'].every((mark) => performance.getEntriesByName(mark).length > 0)`,
      undefined,
      { polling: 100 },
    );
  }

  /** Switches to this window, where another or a page lies before it: what waits for the focus works then. */
  async focus(): Promise<void> {
    await this.page.bringToFront();
  }

  /** The window goes and comes again, with another extension host. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Runs a command of the palette. @param title as the palette shows it: `Category: Title` */
  command(title: string): Promise<void> {
    return this.quick.command(title);
  }

  /** Shows a view container, by its icon in the activity bar. */
  async openContainer(title: string): Promise<void> {
    const label = `.action-label[aria-label^=${quoted(title)}]`;
    const tab = this.page.locator('.activitybar [role="tab"]').filter({ has: this.page.locator(label) });
    const heading = { hasText: new RegExp(exactly(title).source, 'i') };
    await retry(async () => {
      if ((await tab.getAttribute('aria-expanded')) !== 'true') await tab.click();
      await this.page.locator('.part.sidebar .composite.title h2', heading).waitFor({ timeout: 5_000 });
    });
  }

  /** A view by its title; it must be in a container that is shown. */
  view(title: string): View {
    return new View(this.page, title);
  }

  /** A file or folder in the Explorer. */
  file(name: string): Locator {
    return this.page.locator('.explorer-viewlet [role="treeitem"]').filter({
      has: this.page.locator('.label-name', { hasText: exactly(name) }),
    });
  }

  /** An item of the status bar. @param id `publisher.name.item` */
  status(id: string): Locator {
    return this.page.locator(`.statusbar-item[id=${quoted(id)}]`);
  }

  /**
   * What an extension shows in a webview: the document. VS Code forgets that it is a view's when the view is collapsed
   * or hidden: one that comes back is found as a `panel`.
   * @param extension `publisher.name`
   */
  webview(extension: string, kind: 'view' | 'panel'): FrameLocator {
    const purpose = kind === 'view' ? '[src*="purpose=webviewView"]' : ':not([src*="purpose="])';
    return this.page
      .frameLocator(`iframe.webview.ready[src*=${quoted(`extensionId=${extension}&`)}]${purpose}`)
      .frameLocator('iframe#active-frame');
  }

  /** Trusts the folder, where VS Code has been started with `trust`. */
  async trust(): Promise<void> {
    await this.command('Workspaces: Manage Workspace Trust');
    const button = this.page.locator('.workspace-trust-editor .monaco-button', { hasText: exactly('Trust') });
    // The page is made anew when it has got its size.
    await retry(async () => {
      if (await button.isVisible()) await clickAtOnce(button, 1_000);
      await this.status('status.workspaceTrust').waitFor({ state: 'detached', timeout: 5_000 });
    });
  }

  /** Does something that opens a page in the browser: that page. */
  async opens(action: () => Promise<void>): Promise<Page> {
    const [page] = await Promise.all([this.profile.context.waitForEvent('page'), action()]);
    return page;
  }

  /** Milliseconds that VS Code has measured for loading and activating an extension. */
  async activationTime(displayName: string): Promise<number> {
    await this.command('Developer: Show Running Extensions');
    const rows = this.page.locator('.runtime-extensions-editor .monaco-list-row');
    const measured = rows.filter({ hasText: displayName }).filter({ hasText: /Activation: \d+ms/ });
    await rows.first().hover();
    // The slowest come first, and only rows in view are in the page.
    await retry(async () => {
      if ((await measured.count()) > 0) return;
      await this.page.mouse.wheel(0, 150);
      throw new Error(`${displayName} is not among the extensions that run.`);
    });
    return Number(/Activation: (\d+)ms/.exec(await measured.first().innerText())?.[1]);
  }

  async screenshot(path: string): Promise<void> {
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
