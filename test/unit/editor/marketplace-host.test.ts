// The wrapper round every page: what a page may send, what it is told, and what ends with it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Emitter } from '../../../src/editor/disposables.ts';
import { Cancelled, EditorError } from '../../../src/editor/failure.ts';
import { PageHost, type PageLogic } from '../../../src/editor/marketplace/page-host.ts';
import { pageHtml } from '../../../src/editor/marketplace/page-html.ts';
import { HippoError } from '../../../src/hippo/errors.ts';
import type { BillState } from '../../../src/webview/protocol.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { TestPage } from '../../support/page-port.ts';

let home: string;
let app: FakeApp;
let page: TestPage<'bill'>;
let bill: FakeBill;
let host: PageHost<'bill'>;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hippo-pages-'));
  app = new FakeApp(home);
  page = new TestPage('bill');
  bill = new FakeBill();
  host = new PageHost(page, bill, app);
});
afterEach(() => {
  host.dispose();
  rmSync(home, { recursive: true, force: true });
});

/** A page whose requests do what a test says. */
class FakeBill implements PageLogic<'bill'> {
  readonly page = 'bill';
  readonly changed = new Emitter<void>((error) => {
    throw error;
  });
  readonly onDidChange = this.changed.event;
  month = '2026-11';
  looking = 0;
  signals: AbortSignal[] = [];
  work: () => Promise<void> = () => Promise.resolve();
  readonly #run = (_params: unknown, signal: AbortSignal): Promise<void> => {
    this.signals.push(signal);
    return this.work();
  };
  readonly handlers = { act: this.#run, openLink: this.#run, showBill: this.#run, exportBill: this.#run };

  state(): BillState {
    const standing = { state: 'ready', connection: 'local', message: null, actions: [] } as const;
    return { page: 'bill', standing: { ...standing, actions: [] }, month: this.month, by: 'app', bill: null };
  }

  watch(): { dispose: () => void } {
    this.looking++;
    return { dispose: () => this.looking-- };
  }

  dispose(): void {
    this.changed.dispose();
  }

  /** Requests wait until it is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.work = () => promise;
    return resolve;
  }
}

const SHOW = { month: '2026-10', by: 'team' } as const;

describe('state', () => {
  test('is told once the page listens, and then whenever it has changed, once for a burst', () => {
    bill.changed.fire();
    app.pass(1_000);
    expect(page.told).toEqual([]);
    page.load();
    expect(page.states).toHaveLength(1);
    for (const month of ['2026-08', '2026-09', '2026-10']) {
      bill.month = month;
      bill.changed.fire();
    }
    expect(page.states).toHaveLength(1);
    app.pass(100);
    expect(page.states.map(({ month }) => month)).toEqual(['2026-11', '2026-10']);
  });

  test('is not told again when it is the same, unless the page was loaded again', () => {
    page.load();
    bill.changed.fire();
    app.pass(100);
    expect(page.states).toHaveLength(1);
    page.load();
    expect(page.states).toHaveLength(2);
  });

  test('is not told to a page that nobody sees, but as soon as somebody does', () => {
    page.load();
    page.show(false);
    bill.month = '2026-12';
    bill.changed.fire();
    app.pass(1_000);
    expect(page.states).toHaveLength(1);
    page.show(true);
    expect(page.state?.month).toBe('2026-12');
    page.show(false);
    page.show(true);
    expect(page.states).toHaveLength(2);
  });

  test('a page that was loaded while nobody sees it gets it when it is shown', () => {
    page.show(false);
    page.load();
    expect(page.states).toEqual([]);
    page.show(true);
    expect(page.states).toHaveLength(1);
  });

  test('somebody looks only while the page is seen', () => {
    expect(bill.looking).toBe(1);
    page.show(true);
    expect(bill.looking).toBe(1);
    page.show(false);
    expect(bill.looking).toBe(0);
    page.show(true);
    host.dispose();
    expect(bill.looking).toBe(0);
  });
});

describe('a request', () => {
  test('is answered, and one that was cancelled says so and nothing else', async () => {
    expect(await page.reply('showBill', SHOW)).toMatchObject({ type: 'result', result: null });
    bill.work = () => Promise.reject(new Cancelled());
    expect(await page.reply('exportBill', { form: 'csv' })).toMatchObject({ type: 'cancelled' });
    expect(app.notifications).toEqual([]);
  });

  test('that fails gives the page a sentence and the next step, and no secret', async () => {
    app.log.conceal('hunter22');
    bill.work = () =>
      Promise.reject(
        new HippoError('CONFLICT', 'Hippo refuses hunter22.\nMore of it.', { hint: 'Wait for hunter22.' }),
      );
    expect(await page.reply('showBill', SHOW)).toMatchObject({
      type: 'error',
      message: 'Hippo refuses ***.',
      hint: 'Wait for ***.',
    });
    // The page has said it.
    expect(app.notifications).toEqual([]);
    expect(app.lines.join('\n')).toContain('bill: showBill failed');
  });

  test('hints for a terminal are not for a page', async () => {
    const hint = 'The local Hippo has them: `hippo platform start`, then `hippo connection use local`.';
    bill.work = () => Promise.reject(new HippoError('NOT_FOUND', 'Nothing.', { hint }));
    expect(await page.reply('showBill', SHOW)).toMatchObject({
      type: 'error',
      message: 'Nothing.',
      hint: null,
    });
  });

  test('where a button helps, the guard shows it, and tries again when it has helped', async () => {
    let failures = 1;
    let runs = 0;
    app.guard.provide('signIn', () => Promise.resolve(true));
    app.press(/Not signed in/, 'Sign In');
    bill.work = () => {
      runs++;
      return failures-- > 0
        ? Promise.reject(new HippoError('UNAUTHORIZED', 'Not signed in.'))
        : Promise.resolve();
    };
    const reply = await page.reply('showBill', SHOW);
    expect(reply).toMatchObject({ type: 'error', message: 'Not signed in.' });
    await expect.poll(() => runs).toBe(2);
    expect(app.notifications).toMatchObject([{ message: 'Not signed in.' }]);
    // One reply for one request.
    expect(page.repliesTo(0)).toHaveLength(1);
  });

  test('an unexpected failure is one sentence, too', async () => {
    bill.work = () => Promise.reject(new TypeError('x is undefined'));
    expect(await page.reply('showBill', SHOW)).toMatchObject({
      message: 'Unexpected failure: x is undefined',
    });
    bill.work = () => {
      throw new EditorError('ODD', 'It is odd.');
    };
    expect(await page.reply('showBill', SHOW)).toMatchObject({ message: 'It is odd.' });
  });
});

describe('what a page may not send', () => {
  test('is refused, or left alone where it has no number', async () => {
    page.load();
    for (const message of [
      undefined,
      null,
      'showBill',
      7,
      [],
      {},
      { id: -1, request: 'showBill', params: SHOW },
    ])
      page.send(message);
    expect(page.told).toHaveLength(2);
    const refused = [
      { id: 1, request: 'showBill', params: { month: '2026-13', by: 'app' } },
      { id: 2, request: 'showBill', params: null },
      { id: 3, request: 'exportBill', params: { form: 'exe' } },
      { id: 4, request: 'remove', params: { addonId: 'x' } },
      { id: 5, request: 'constructor', params: {} },
      { id: 6, request: '__proto__', params: {} },
      { id: 7, request: 'openLink', params: { url: 'x'.repeat(10_000) } },
      { id: 8, request: 'openLink', params: { url: 'x', more: 'y'.repeat(300 * 1024) } },
    ];
    for (const message of refused) page.send(message);
    for (const { id } of refused)
      expect(page.repliesTo(id)).toMatchObject([
        { type: 'error', hint: 'Close the page and open it again.' },
      ]);
    expect(bill.signals).toEqual([]);
  });

  test('a flood: the rest is refused, and it goes on when the flood is over', async () => {
    const release = bill.hold();
    for (let id = 0; id < 1_000; id++) page.send({ id, request: 'showBill', params: SHOW });
    const run = bill.signals.length;
    expect(run).toBeGreaterThan(10);
    expect(run).toBeLessThan(300);
    expect(page.told.every(({ type }) => type === 'error')).toBe(true);
    expect(page.told).toHaveLength(1_000 - run);
    // Told once.
    expect(app.lines.filter((line) => line.includes('too much at once'))).toHaveLength(1);
    release();
    await expect.poll(() => page.told.length).toBe(1_000);
    app.pass(60_000);
    bill.work = () => Promise.resolve();
    expect(await page.reply('showBill', SHOW)).toMatchObject({ type: 'result' });
  });
});

describe('a page that ends', () => {
  test('has what it waits for aborted, and is told nothing more', async () => {
    page.load();
    const release = bill.hold();
    page.ask('exportBill', { form: 'csv' });
    page.ask('showBill', SHOW);
    const before = page.told.length;
    host.dispose();
    expect(bill.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    release();
    await new Promise(setImmediate);
    page.send({ id: 9, request: 'showBill', params: SHOW });
    expect(page.told).toHaveLength(before);
    expect(bill.signals).toHaveLength(2);
  });

  test('a failure after that is nobody’s', async () => {
    let fail: ((error: Error) => void) | undefined;
    bill.work = () => new Promise((_, reject) => (fail = reject));
    page.ask('showBill', SHOW);
    host.dispose();
    fail?.(new HippoError('UNAUTHORIZED', 'Not signed in.'));
    await new Promise(setImmediate);
    expect(app.notifications).toEqual([]);
  });

  test('one that begins anew counts anew: what only looked ends, what changes goes on, and neither is its reply', async () => {
    page.load();
    const release = bill.hold();
    const change = page.ask('exportBill', { form: 'csv' });
    page.ask('showBill', SHOW);
    page.load();
    expect(bill.signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    release();
    await new Promise(setImmediate);
    expect(page.repliesTo(change)).toEqual([]);
    bill.work = () => Promise.resolve();
    expect(await page.reply('exportBill', { form: 'csv' })).toMatchObject({ id: change, type: 'result' });
  });
});

test('two pages of one kind have replies of their own', async () => {
  const other = new TestPage('bill');
  const second = new PageHost(other, new FakeBill(), app);
  page.load();
  await page.reply('showBill', SHOW);
  expect(other.told).toEqual([]);
  second.dispose();
  expect(await page.reply('showBill', SHOW)).toMatchObject({ type: 'result' });
});

test('the document lets a page run its own script and nothing else', () => {
  const render = (): string =>
    pageHtml('offering', {
      cspSource: 'vscode-resource:',
      uriOf: (file) => `vscode-resource:/dist/${file}?a&"b`,
    });
  const html = render();
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
  const [, nonce = ''] = /script-src 'nonce-([\w-]{24})'/.exec(policy ?? '') ?? [];
  expect(policy?.split('; ')).toEqual([
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    'style-src vscode-resource:',
    'font-src vscode-resource:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(html.match(/<script[^>]*>/g)).toEqual([
    `<script nonce="${nonce}" src="vscode-resource:/dist/webview-offering.js?a&amp;&quot;b">`,
  ]);
  expect(html).not.toMatch(/<style|\son\w+=|style=/);
  expect(html).toContain('id="vscode-codicon-stylesheet"');
  expect(html).toContain('<html lang="en">');
  expect(html).toContain('<main id="page" data-page="offering">');
  expect(render()).not.toContain(nonce);
});
