// A page's side of the messages: requests with replies, the editor's state, and what the page keeps for its next life.

import {
  EditorMessage,
  KeptState,
  read,
  requests,
  type PageMessage,
  type PageName,
  type PageState,
  type ParamsOf,
  type RequestName,
  type ResultOf,
} from './protocol.ts';

/** What VS Code gives to a page, once. */
export interface EditorApi {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: KeptState): void;
}

declare global {
  function acquireVsCodeApi(): EditorApi;
}

/** A request that was refused or has failed; the message and the hint are for the user. */
export class RequestError extends Error {
  readonly hint: string | null;

  constructor(message: string, hint: string | null) {
    super(message);
    this.name = 'RequestError';
    this.hint = hint;
  }
}

/** The user did not want it after all: nothing is said about it. */
export class CancelledError extends Error {}

type StateOf<P extends PageName> = Extract<PageState, { page: P }>;
type KeptOf<P extends PageName> = Extract<KeptState, { page: P }>;

interface Waiting {
  readonly request: RequestName;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

export class Client<P extends PageName> {
  readonly #api: EditorApi;
  readonly #page: P;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onState: (state: StateOf<P>) => void;
  #count = 0;

  /** @param onState called with each state of the page, once `start` was called */
  constructor(api: EditorApi, page: P, onState: (state: StateOf<P>) => void) {
    this.#api = api;
    this.#page = page;
    this.#onState = onState;
  }

  /** Listens, and tells the editor so. */
  start(): void {
    window.addEventListener('message', ({ data }) => this.#take(data));
    void this.request('ready', {});
  }

  /** @throws RequestError, CancelledError */
  request<N extends RequestName>(request: N, params: ParamsOf<N>): Promise<ResultOf<N>> {
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { request, resolve, reject });
      this.#api.postMessage({ id, request, params });
    });
  }

  /** What was kept, if it is of this page. */
  get kept(): KeptOf<P> | undefined {
    const kept = read(KeptState, this.#api.getState());
    return kept?.page === this.#page ? (kept as KeptOf<P>) : undefined;
  }

  keep(state: KeptOf<P>): void {
    this.#api.setState(state);
  }

  /** A message that is not as the protocol says is nobody's: other scripts may post to a window, too. */
  #take(data: unknown): void {
    const message = read(EditorMessage, data);
    if (message === undefined) return;
    if (message.type === 'state') {
      if (message.state.page === this.#page) this.#onState(message.state as StateOf<P>);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if (message.type === 'error') waiting.reject(new RequestError(message.message, message.hint));
    else if (message.type === 'cancelled') waiting.reject(new CancelledError());
    else {
      const result = read(requests[waiting.request].result, message.result);
      if (result === undefined)
        waiting.reject(new RequestError('The editor gave an answer that is not understood.', null));
      else waiting.resolve(result as never);
    }
  }
}
