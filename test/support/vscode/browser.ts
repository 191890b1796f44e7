// The browser that windows of VS Code open in.

import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

const DEBIANS_CHROMIUM = '/usr/bin/chromium';

/** The program in CHROMIUM, else Debian's Chromium, else the Chrome that is installed. */
export function launchBrowser(): Promise<Browser> {
  const own = process.env['CHROMIUM'] ?? (existsSync(DEBIANS_CHROMIUM) ? DEBIANS_CHROMIUM : undefined);
  return chromium.launch({
    ...(own === undefined ? { channel: 'chrome' } : { executablePath: own }),
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      // Requests of VS Code itself (its marketplace) fail at once.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost',
    ],
  });
}

/** A browser of a user of his own: nothing is remembered from another profile. Its windows share what VS Code keeps. */
export interface Profile {
  context: BrowserContext;
  /** Addresses outside of this machine that VS Code has opened; no page comes from there. */
  external: string[];
}

export async function openProfile(browser: Browser): Promise<Profile> {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(30_000);
  const external: string[] = [];
  // Routes would do, but each request of a window would take the way through this process.
  context.on('request', (request) => {
    if (request.isNavigationRequest() && !isHere(request.url())) external.push(request.url());
  });
  await context.addInitScript({ content: REUSE_SERVICE_WORKER });
  return { context, external };
}

function isHere(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return !protocol.startsWith('http') || /^(127\.0\.0\.1|(.+\.)?localhost)$/.test(hostname);
}

/** Chromium takes 2.5 s to register the same service worker again, for every webview after the first. */
const REUSE_SERVICE_WORKER = `
  const container = globalThis.ServiceWorkerContainer?.prototype;
  if (container) {
    const register = container.register;
    container.register = async function (...args) {
      return (this.controller && (await this.getRegistration())) || register.apply(this, args);
    };
    ServiceWorkerRegistration.prototype.update = async function () {
      return this;
    };
  }
`;
