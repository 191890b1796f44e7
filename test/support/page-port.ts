// The browser's side of a page, for tests that need no browser: what it sends, and what it is told.

import { expect } from 'vitest';
import { Emitter } from '../../src/editor/disposables.ts';
import type { PagePort } from '../../src/editor/marketplace/page-host.ts';
import {
  EditorMessage,
  read,
  type PageName,
  type PageState,
  type ParamsOf,
  type RequestName,
} from '../../src/webview/protocol.ts';

type StateOf<P extends PageName> = Extract<PageState, { page: P }>;

export class TestPage<P extends PageName> implements PagePort {
  /** All that it was told, the oldest first. */
  readonly told: EditorMessage[] = [];
  readonly #page: P;
  readonly #messages = new Emitter<unknown>(raise);
  readonly #visibility = new Emitter<void>(raise);
  #visible = true;
  #count = 0;
  readonly onMessage = this.#messages.event;
  readonly onDidChangeVisibility = this.#visibility.event;

  constructor(page: P) {
    this.#page = page;
  }

  get visible(): boolean {
    return this.#visible;
  }

  post(message: EditorMessage): void {
    // Pages leave what is not as the protocol says.
    expect(read(EditorMessage, structuredClone(message))).toBeDefined();
    this.told.push(structuredClone(message));
  }

  show(visible: boolean): void {
    this.#visible = visible;
    this.#visibility.fire();
  }

  /** As it is loaded, and loaded again after it was hidden. */
  load(): void {
    this.#count = 0;
    this.ask('ready', {});
  }

  /** @returns the number of the request */
  ask<N extends RequestName>(request: N, params: ParamsOf<N>): number {
    this.send({ id: this.#count, request, params });
    return this.#count++;
  }

  /** Whatever a page that somebody has taken over may send. */
  send(message: unknown): void {
    this.#messages.fire(structuredClone(message));
  }

  get states(): StateOf<P>[] {
    return this.told.flatMap((message) =>
      message.type === 'state' && message.state.page === this.#page ? [message.state as StateOf<P>] : [],
    );
  }

  get state(): StateOf<P> | undefined {
    return this.states.at(-1);
  }

  /** All that came for a request. */
  repliesTo(id: number): EditorMessage[] {
    return this.told.filter((message) => message.type !== 'state' && message.id === id);
  }

  /** Asks, and waits for the reply. */
  async reply<N extends RequestName>(request: N, params: ParamsOf<N>): Promise<EditorMessage> {
    const before = this.told.length;
    const id = this.ask(request, params);
    const found = (): EditorMessage | undefined =>
      this.told.slice(before).find((message) => message.type !== 'state' && message.id === id);
    await expect.poll(found).toBeDefined();
    const message = found();
    if (!message) throw new Error('There is no reply.');
    return message;
  }
}

function raise(error: unknown): never {
  throw error;
}
