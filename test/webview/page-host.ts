// A page in a browser with a test as its editor: the same document, policy, variables and messages as in VS Code.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { pageHtml } from '../../src/editor/marketplace/page-html.ts';
import {
  EditorMessage,
  PageMessage,
  read,
  requests,
  type KeptState,
  type PageName,
  type PageState,
  type ParamsOf,
  type RequestName,
  type ResultOf,
} from '../../src/webview/protocol.ts';

export const THEMES = ['light', 'dark', 'hc-black', 'hc-light'] as const;
export type Theme = (typeof THEMES)[number];

const ROOT = join(import.meta.dirname, '../..');
/** What VS Code makes of the kind of its theme, as classes of the body. */
const BODY: Readonly<Record<Theme, string>> = {
  light: 'vscode-light',
  dark: 'vscode-dark',
  'hc-black': 'vscode-high-contrast',
  'hc-light': 'vscode-high-contrast vscode-high-contrast-light',
};
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
  '.html': 'text/html; charset=utf-8',
};

/** A refusal that the page has to show. */
export class Refusal extends Error {
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    super(message);
    this.hint = hint;
  }
}

/** The user did not want it after all. */
export class Cancelled extends Error {}

export type Replies = { [N in RequestName]?: (params: ParamsOf<N>) => ResultOf<N> | Promise<ResultOf<N>> };

export interface PageOptions {
  state: PageState;
  theme?: Theme;
  width?: number;
  height?: number;
  replies?: Replies;
  /** What an earlier life of the page has kept. */
  kept?: KeptState;
  reducedMotion?: boolean;
  forcedColors?: boolean;
}

export interface Host {
  open(options: PageOptions): Promise<OpenPage>;
  /** Of the documents of pages. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves what is in dist/ to pages in the browser. */
export async function startHost(browser: Browser): Promise<Host> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host');
    const name = pathname.slice(1);
    try {
      if (name === 'page.html')
        return void response
          .writeHead(200, { 'content-type': TYPES['.html'] })
          .end(documentOf(searchParams.get('page') as PageName, origin));
      const body =
        name === 'api.js' ? API : name === 'default.css' ? DEFAULT_STYLES : readFileSync(join(ROOT, name));
      response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'text/plain' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const contexts: BrowserContext[] = [];
  return {
    origin,
    async open(options) {
      const {
        width = 320,
        height = 800,
        reducedMotion = false,
        forcedColors = false,
        theme = 'dark',
      } = options;
      const context = await browser.newContext({
        viewport: { width, height },
        reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
        forcedColors: forcedColors ? 'active' : 'none',
        colorScheme: theme === 'light' || theme === 'hc-light' ? 'light' : 'dark',
      });
      contexts.push(context);
      context.setDefaultTimeout(20_000);
      const page = new OpenPage(await context.newPage(), origin, options);
      await page.load(theme);
      return page;
    },
    async close() {
      for (const context of contexts.splice(0)) await context.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export class OpenPage {
  readonly page: Page;
  /** What must not come: breaches of the policy, errors, navigations. */
  readonly faults: string[] = [];
  /** What the page has asked for, without `ready` and `icons`. */
  readonly asked: { request: string; params: unknown }[] = [];
  /** The offerings whose icons it has asked for. */
  readonly icons: string[] = [];
  readonly #origin: string;
  readonly #options: PageOptions;
  #state: PageState;

  constructor(page: Page, origin: string, options: PageOptions) {
    this.page = page;
    this.#origin = origin;
    this.#options = options;
    this.#state = options.state;
  }

  /** @param theme its variables are there before the page's script runs */
  async load(theme: Theme): Promise<void> {
    const { page } = this;
    const address = `${this.#origin}/page.html?page=${this.#state.page}`;
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.faults.push(message.text());
    });
    page.on('framenavigated', (frame) => {
      if (frame.url() !== address) this.faults.push(`went to ${frame.url()}`);
    });
    await page.exposeFunction('hostFault', (text: string) => void this.faults.push(text));
    await page.exposeFunction('hostMessage', (message: unknown) => this.#take(message));
    await page.addInitScript(
      ({ variables, body, reduceMotion, kept, side }) => {
        const apply = (): void => {
          for (const line of variables) {
            const colon = line.indexOf(':');
            document.documentElement.style.setProperty(line.slice(0, colon), line.slice(colon + 1));
          }
          document.body.className = `${body} ${reduceMotion ? 'vscode-reduce-motion' : ''}`;
          document.documentElement.style.background = `var(--vscode-${side ? 'sideBar' : 'editor'}-background)`;
        };
        document.addEventListener('DOMContentLoaded', apply);
        if (kept && sessionStorage.getItem('kept') === null)
          sessionStorage.setItem('kept', JSON.stringify(kept));
      },
      {
        variables: themeVariables(theme),
        body: BODY[theme],
        reduceMotion: this.#options.reducedMotion ?? false,
        kept: this.#options.kept,
        side: this.#state.page === 'marketplace',
      },
    );
    // The months of a bill are those before this one; timers go on.
    if (this.#state.page === 'bill') await page.clock.setFixedTime('2026-11-20T12:00:00Z');
    await page.goto(address);
  }

  /** The editor's state has changed. */
  async tell(state: PageState): Promise<void> {
    this.#state = state;
    await this.#send({ type: 'state', state });
  }

  /** Anything at all, as a hostile script might. */
  async post(message: unknown): Promise<void> {
    await this.page.evaluate((data) => window.postMessage(data), message);
  }

  get state(): PageState {
    return this.#state;
  }

  /** What the page keeps. */
  kept(): Promise<unknown> {
    return this.page.evaluate(() => JSON.parse(sessionStorage.getItem('kept') ?? 'null') as unknown);
  }

  async #take(message: unknown): Promise<void> {
    const read_ = read(PageMessage, message);
    const shape =
      read_ && Object.hasOwn(requests, read_.request) ? requests[read_.request as RequestName] : undefined;
    if (!read_ || !shape || read(shape.params, read_.params) === undefined) {
      this.faults.push(`asked for what the protocol does not know: ${JSON.stringify(message)}`);
      return;
    }
    const { id, request, params } = read_;
    if (request === 'icons') this.icons.push(...(params as ParamsOf<'icons'>).offeringIds);
    else if (request !== 'ready') this.asked.push({ request, params });
    try {
      const reply = this.#options.replies?.[request as RequestName] as
        ((params: unknown) => unknown) | undefined;
      const result = (await reply?.(params)) ?? defaultResult(request as RequestName);
      await this.#send({ type: 'result', id, result });
    } catch (error) {
      if (error instanceof Refusal)
        await this.#send({ type: 'error', id, message: error.message, hint: error.hint });
      else if (error instanceof Cancelled) await this.#send({ type: 'cancelled', id });
      else this.faults.push(String(error));
    }
    if (request === 'ready') await this.#send({ type: 'state', state: this.#state });
  }

  async #send(message: EditorMessage): Promise<void> {
    if (read(EditorMessage, message) === undefined)
      this.faults.push(
        `the test sends what the protocol does not know: ${JSON.stringify(message).slice(0, 500)}`,
      );
    await this.page.evaluate((data) => window.postMessage(data), message).catch(() => undefined);
  }
}

function defaultResult(request: RequestName): unknown {
  if (request === 'icons') return { icons: {} };
  return request === 'checkParameters' ? { problems: [] } : null;
}

/** `--vscode-…: value`, as VS Code has set them (take-themes.ts). */
function themeVariables(theme: Theme): string[] {
  const text = readFileSync(join(ROOT, `test/fixtures/themes/${theme}.txt`), 'utf8');
  return text.split('\n').filter((line) => line.startsWith('--'));
}

/** The editor's document, with what VS Code puts before its own. */
function documentOf(page: PageName, origin: string): string {
  const document = pageHtml(page, { cspSource: origin, uriOf: (file) => `dist/${file}` });
  const nonce = /nonce="([^"]+)"/.exec(document)?.[1] ?? '';
  return document.replace(
    '<title>',
    `<link rel="icon" href="data:,">
<link rel="stylesheet" href="default.css">
<script nonce="${nonce}" src="api.js"></script>
<title>`,
  );
}

const API = `
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
    hostFault('policy: ' + violatedDirective + ' ' + blockedURI + ' ' + sample));
  globalThis.acquireVsCodeApi = () => ({
    postMessage: (message) => void hostMessage(message),
    getState: () => JSON.parse(sessionStorage.getItem('kept') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('kept', JSON.stringify(state)),
  });
`;

/** What VS Code puts into every webview. */
const DEFAULT_STYLES = `@layer vscode-default {
  html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
  body {
    overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground);
    font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight);
    font-size: var(--vscode-font-size); margin: 0; padding: 0 20px;
  }
  img, video { max-width: 100%; max-height: 100%; }
  a, a code { color: var(--vscode-textLink-foreground); }
  a:hover { color: var(--vscode-textLink-activeForeground); }
  a:focus, input:focus, select:focus, textarea:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
  code { font-family: var(--monaco-monospace-font); color: var(--vscode-textPreformat-foreground);
    background-color: var(--vscode-textPreformat-background); padding: 1px 3px; border-radius: 4px; }
  pre code { padding: 0; }
  blockquote { background: var(--vscode-textBlockQuote-background); border-color: var(--vscode-textBlockQuote-border); }
  ::-webkit-scrollbar { width: 10px; height: 10px; }
}`;
