// The one wrapper round every page: what it asks is held against the protocol and run in the guard, and it is told its
// whole state whenever that has changed and somebody looks.

import {
  PageMessage,
  read,
  requests,
  type EditorMessage,
  type PageName,
  type RequestName,
} from '../../webview/protocol.ts';
import type { App } from '../app.ts';
import { Disposables, type Disposable, type Event } from '../disposables.ts';
import { describeFailure } from '../failure.ts';
import { hintOf, needsButtons } from './page-failure.ts';
import { LOOKS, PAGE_REQUESTS, type Handler, type Handlers, type StateOf } from './page-requests.ts';

/** The browser's side of a page, as VS Code has it. */
export interface PagePort {
  readonly visible: boolean;
  post(message: EditorMessage): void;
  readonly onMessage: Event<unknown>;
  readonly onDidChangeVisibility: Event<void>;
}

/** What a page shows and can be asked for. */
export interface PageLogic<P extends PageName = PageName> extends Disposable {
  readonly page: P;
  state(): StateOf<P>;
  readonly onDidChange: Event<void>;
  readonly handlers: Handlers<P>;
  /** Somebody looks at the page, until it is disposed of. */
  watch(): Disposable;
}

type Needs = Pick<App, 'guard' | 'log' | 'clock'>;

/** Changes come in bursts; in milliseconds. */
const QUIET = 30;

/** What a page that works as it should never comes near. */
const LIMITS = {
  /** Messages at once. */
  burst: 200,
  /** After that, messages a second. */
  rate: 50,
  /** Requests that are being answered. */
  open: 64,
  /** Characters of what a request brings. */
  size: 256 * 1024,
} as const;

const NOT_UNDERSTOOD = 'The page asked for something that the editor does not know.';

export class PageHost<P extends PageName> implements Disposable {
  readonly #port: PagePort;
  readonly #logic: PageLogic<P>;
  readonly #app: Needs;
  readonly #disposables = new Disposables();
  readonly #closed = new AbortController();
  /** Of the page as it was loaded last: it counts its requests anew each time. */
  #life = new AbortController();
  #ready = false;
  /** The state that the page has, as text. */
  #told: string | undefined;
  #stale = false;
  #waiting: Disposable | undefined;
  #watching: Disposable | undefined;
  #open = 0;
  #allowed: number = LIMITS.burst;
  #counted: number;
  #flooded = false;

  constructor(port: PagePort, logic: PageLogic<P>, app: Needs) {
    this.#port = port;
    this.#logic = logic;
    this.#app = app;
    this.#counted = app.clock.now();
    for (const item of [
      port.onMessage((message) => this.#receive(message)),
      port.onDidChangeVisibility(() => this.#look()),
      logic.onDidChange(() => this.#changed()),
      logic,
    ])
      this.#disposables.add(item);
    this.#look();
  }

  get logic(): PageLogic<P> {
    return this.#logic;
  }

  /** The page is closed: nobody waits for what it has asked. */
  dispose(): void {
    this.#closed.abort();
    this.#life.abort();
    this.#waiting?.dispose();
    this.#watching?.dispose();
    this.#disposables.dispose();
  }

  #look(): void {
    if (this.#port.visible) {
      this.#watching ??= this.#logic.watch();
      if (this.#stale) this.#push();
    } else {
      this.#watching?.dispose();
      this.#watching = undefined;
    }
  }

  #changed(): void {
    this.#stale = true;
    this.#waiting ??= this.#app.clock.after(QUIET, () => {
      this.#waiting = undefined;
      this.#push();
    });
  }

  #push(): void {
    if (!this.#ready || !this.#port.visible || this.#closed.signal.aborted) return;
    this.#stale = false;
    const state = this.#logic.state();
    const text = JSON.stringify(state);
    // Much of what the store tells of is not of this page.
    if (text === this.#told) return;
    this.#told = text;
    this.#port.post({ type: 'state', state });
  }

  #receive(message: unknown): void {
    if (this.#closed.signal.aborted) return;
    const asked = read(PageMessage, message);
    if (!asked) return this.#app.log.warn(`${this.#logic.page}: a message of the page was not understood`);
    const { id, request } = asked;
    if (!this.#admits())
      return this.#refuse(id, 'The page asks for too much at once.', 'Try again in a moment.');
    if (request === 'ready') {
      // The page was made anew, as VS Code does with those that were hidden.
      this.#life.abort();
      this.#life = new AbortController();
      this.#ready = true;
      this.#stale = true;
      this.#told = undefined;
      this.#push();
      return this.#port.post({ type: 'result', id, result: null });
    }
    const handler = this.#handlerOf(request);
    const shape = handler && requests[request as RequestName].params;
    const params = shape && sizeOf(asked.params) <= LIMITS.size ? read(shape, asked.params) : undefined;
    if (!handler || params === undefined) {
      this.#app.log.warn(`${this.#logic.page}: ${NOT_UNDERSTOOD} (${request.slice(0, 40)})`);
      return this.#refuse(id, NOT_UNDERSTOOD, 'Close the page and open it again.');
    }
    void this.#run(id, request as RequestName, (signal) => handler(params, signal));
  }

  #handlerOf(request: string): Handler<RequestName> | undefined {
    const known: readonly string[] = PAGE_REQUESTS[this.#logic.page];
    if (!known.includes(request)) return undefined;
    return this.#logic.handlers[request as keyof Handlers<P>];
  }

  async #run(
    id: number,
    request: RequestName,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const { guard, log } = this.#app;
    const life = this.#life.signal;
    const signal = LOOKS.has(request) ? life : this.#closed.signal;
    const title = `${this.#logic.page}: ${request}`;
    let replied = false;
    const reply = (message: EditorMessage): void => {
      // What came to an end after a page began anew is none of its requests.
      if (replied || life.aborted || this.#closed.signal.aborted) return;
      replied = true;
      this.#port.post(message);
    };
    this.#open++;
    try {
      await guard.run(title, async () => {
        try {
          reply({ type: 'result', id, result: (await work(signal)) ?? null });
        } catch (error) {
          const failure = describeFailure(error);
          if (!failure) reply({ type: 'cancelled', id });
          // Who has closed the page knows that it is not waited for any more.
          if (!failure || this.#closed.signal.aborted) return log.trace(`${title}: cancelled`);
          const hint = hintOf(error);
          reply({ type: 'error', id, message: log.mask(failure.message), hint: hint && log.mask(hint) });
          // The guard shows the buttons that help, and tries again after that.
          if (needsButtons(failure)) throw error;
          log.error(`${title} failed`, error);
        }
      });
    } finally {
      this.#open--;
    }
  }

  #refuse(id: number, message: string, hint: string): void {
    this.#port.post({ type: 'error', id, message, hint });
  }

  /** So many at once, and then so many a second. */
  #admits(): boolean {
    const now = this.#app.clock.now();
    this.#allowed = Math.min(LIMITS.burst, this.#allowed + ((now - this.#counted) / 1000) * LIMITS.rate);
    this.#counted = now;
    const admitted = this.#allowed >= 1 && this.#open < LIMITS.open;
    if (admitted) this.#allowed -= 1;
    else if (!this.#flooded) this.#app.log.warn(`${this.#logic.page}: the page asks for too much at once`);
    this.#flooded = !admitted;
    return admitted;
  }
}

function sizeOf(params: unknown): number {
  try {
    return JSON.stringify(params)?.length ?? 0;
  } catch {
    return Infinity;
  }
}
