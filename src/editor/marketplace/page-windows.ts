// The pages in VS Code: the view "Marketplace", and panels of offerings and of the bill, one for each.

import { basename, posix } from 'node:path';
import * as vscode from 'vscode';
import type { PageName } from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import { titleOf } from '../connections/connection-commands.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { Cancelled } from '../failure.ts';
import { PANELS, VIEWS } from '../ids.ts';
import type { AddonActions } from './addon-actions.ts';
import type { AddonsStore } from './addons-store.ts';
import type { PagePort } from './page-host.ts';
import type { PageNeeds, Pages } from './pages.ts';

type PagesModule = typeof import('./pages.ts');

interface Needs {
  readonly app: App;
  readonly store: AddonsStore;
  readonly actions: AddonActions;
  /** Offers code that uses an add-on. */
  readonly bindingCode: PageNeeds['bindingCode'];
}

interface Loaded {
  readonly module: PagesModule;
  readonly pages: Pages;
}

/** What a view and a panel have in common. */
interface Window {
  readonly webview: vscode.Webview;
  readonly visible: boolean;
  readonly onDidDispose: vscode.Event<void>;
}

export class PageWindows implements Disposable {
  readonly #needs: Needs;
  readonly #disposables = new Disposables();
  readonly #hosts = new Set<Disposable>();
  /** By what they show. */
  readonly #panels = new Map<string, vscode.WebviewPanel>();
  readonly #files: vscode.Uri;
  #loading: Promise<Loaded> | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
    const { guard, extension } = needs.app;
    this.#files = vscode.Uri.file(extension.path('dist'));
    const restore = (restored: (panel: vscode.WebviewPanel, kept: unknown) => Promise<void>) => ({
      deserializeWebviewPanel: async (panel: vscode.WebviewPanel, kept: unknown) =>
        void (await guard.run('Restoring a page', () => restored(panel, kept))),
    });
    for (const item of [
      vscode.window.registerWebviewViewProvider(VIEWS.marketplace, {
        resolveWebviewView: async (view) =>
          void (await guard.run('Showing the Marketplace', () => this.#showMarketplace(view))),
      }),
      vscode.window.registerWebviewPanelSerializer(
        PANELS.offering,
        restore(async (panel, kept) => {
          const { keptOffering } = (await this.#load()).module;
          await this.#openOffering(panel, keptOffering(kept));
        }),
      ),
      vscode.window.registerWebviewPanelSerializer(
        PANELS.bill,
        restore(async (panel, kept) => {
          const { keptBill } = (await this.#load()).module;
          await this.#openBill(panel, keptBill(kept));
        }),
      ),
    ])
      this.#disposables.add(item);
  }

  async showMarketplace(): Promise<void> {
    await vscode.commands.executeCommand(`${VIEWS.marketplace}.focus`);
  }

  /** Its page, or the one that there is. */
  async showOffering(offeringId: string): Promise<void> {
    const connection = this.#connection;
    const open = this.#panels.get(keyOf('offering', connection, offeringId));
    if (open) return open.reveal();
    const panel = this.#panel(PANELS.offering, 'Add-on');
    await this.#openOffering(panel, { offeringId, connection });
  }

  async showBill(): Promise<void> {
    const connection = this.#connection;
    const open = this.#panels.get(keyOf('bill', connection));
    if (open) return open.reveal();
    await this.#openBill(this.#panel(PANELS.bill, 'Bill'), { connection, month: null, by: 'app' });
  }

  dispose(): void {
    // Panels stay: they come back with the window.
    for (const host of this.#hosts) host.dispose();
    this.#disposables.dispose();
    void this.#loading?.then(
      ({ pages }) => pages.dispose(),
      () => undefined,
    );
  }

  /** Whose offerings are shown, and so what a new page is of. */
  get #connection(): string {
    return this.#needs.store.standing.connection;
  }

  #panel(type: string, title: string): vscode.WebviewPanel {
    return vscode.window.createWebviewPanel(type, title, vscode.ViewColumn.Active, this.#options);
  }

  get #options(): vscode.WebviewOptions {
    return { enableScripts: true, localResourceRoots: [this.#files] };
  }

  async #showMarketplace(view: vscode.WebviewView): Promise<void> {
    const { module, pages } = await this.#load();
    const disposables = this.#until(view.onDidDispose);
    const port = portOf(view, view.onDidChangeVisibility, disposables);
    disposables.add(pages.marketplace(port));
    this.#render(module, view, 'marketplace');
  }

  async #openOffering(
    panel: vscode.WebviewPanel,
    identity: ReturnType<PagesModule['keptOffering']>,
  ): Promise<void> {
    const key = identity && keyOf('offering', identity.connection, identity.offeringId);
    await this.#open(panel, 'offering', key, ({ pages }, port) =>
      pages.offering(port, identity, (title) => {
        if (panel.title !== title) panel.title = title;
      }),
    );
  }

  async #openBill(panel: vscode.WebviewPanel, identity: ReturnType<PagesModule['keptBill']>): Promise<void> {
    const key = identity && keyOf('bill', identity.connection);
    await this.#open(panel, 'bill', key, ({ pages }, port) => {
      // VS Code draws the icon of a tab when it draws its title again.
      if (identity) panel.title = `Bill of ${titleOf(identity.connection)}`;
      return pages.bill(port, identity);
    });
  }

  async #open(
    panel: vscode.WebviewPanel,
    page: 'offering' | 'bill',
    key: string | undefined,
    host: (loaded: Loaded, port: PagePort) => Disposable,
  ): Promise<void> {
    const disposables = this.#until(panel.onDidDispose);
    // It is known from now on: whoever asks twice gets one.
    if (key !== undefined) this.#panels.set(key, panel);
    panel.onDidDispose(() => {
      if (key !== undefined && this.#panels.get(key) === panel) this.#panels.delete(key);
    });
    const { extension } = this.#needs.app;
    panel.iconPath = {
      light: vscode.Uri.file(extension.path(`media/${page}-light.svg`)),
      dark: vscode.Uri.file(extension.path(`media/${page}-dark.svg`)),
    };
    const loaded = await this.#load();
    disposables.add(host(loaded, portOf(panel, panel.onDidChangeViewState, disposables)));
    this.#render(loaded.module, panel, page);
  }

  /** What belongs to a window, until that is closed. */
  #until(closed: vscode.Event<void>): Disposables {
    const disposables = new Disposables();
    this.#hosts.add(disposables);
    closed(() => {
      this.#hosts.delete(disposables);
      disposables.dispose();
    });
    return disposables;
  }

  /** The page listens before it is loaded, so that nothing of what it says is lost. */
  #render({ pageHtml }: PagesModule, { webview }: Window, page: PageName): void {
    webview.options = this.#options;
    webview.html = pageHtml(page, {
      cspSource: webview.cspSource,
      uriOf: (file) => webview.asWebviewUri(vscode.Uri.joinPath(this.#files, file)).toString(),
    });
  }

  #load(): Promise<Loaded> {
    return (this.#loading ??= this.#start().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    }));
  }

  async #start(): Promise<Loaded> {
    const module = await import('./pages.ts');
    const { app, store, actions, bindingCode } = this.#needs;
    const needs: PageNeeds = {
      app,
      store,
      actions,
      bindingCode,
      showOffering: (offeringId) => this.showOffering(offeringId),
      saveText,
    };
    return { module, pages: new module.Pages(needs) };
  }
}

function keyOf(page: PageName, connection: string, id = ''): string {
  return JSON.stringify([page, connection, id]);
}

function portOf(window: Window, changed: vscode.Event<unknown>, disposables: Disposables): PagePort {
  let isOpen = true;
  disposables.add({ dispose: () => (isOpen = false) });
  return {
    get visible() {
      return isOpen && window.visible;
    },
    post: (message) => {
      if (isOpen) void window.webview.postMessage(message);
    },
    onMessage: (listener) => disposables.add(window.webview.onDidReceiveMessage(listener)),
    onDidChangeVisibility: (listener) => disposables.add(changed(() => listener())),
  };
}

/** Wherever the workspace is, on whatever machine. */
async function saveText({ name, title, kind, text }: Parameters<PageNeeds['saveText']>[0]): Promise<string> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const chosen = await vscode.window.showSaveDialog({
    title,
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, name) } : {}),
    filters: { [kind]: [posix.extname(name).slice(1)] },
  });
  if (!chosen) throw new Cancelled();
  await vscode.workspace.fs.writeFile(chosen, new TextEncoder().encode(text));
  return basename(chosen.path);
}
