// One job of a runtime process as the control process sees it: its input and output flow in windows, its deadline
// is held here, and if the process does not end it in time somebody is told.

import { Deadline } from './deadline.ts';
import {
  CHUNK,
  WINDOW,
  type FromJob,
  type HostCallMessage,
  type JobEnd,
  type ToProcess,
} from './messages.ts';

export interface JobIo {
  /** Standard input; empty where absent. The job fails with what this fails with. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** A promise where the visitor cannot take more yet: the guest waits for it. */
  readonly stdout?: (chunk: Uint8Array) => Promise<void> | undefined;
  readonly stderr?: (chunk: Uint8Array) => void;
  /** Answers a host call. Without it, and where it fails, the guest is told that nobody does. */
  readonly call?: (call: GuestCall, signal: AbortSignal) => Promise<Uint8Array>;
  /** Told when no more host calls come, however the job ended. */
  readonly callsOver?: () => void;
}

export type GuestCall = Pick<HostCallMessage, 'interface' | 'operation' | 'request'>;

/** `rest`: the last of its output, or all of it. */
export type JobOutcome =
  (Exclude<JobEnd, { end: 'cancelled' }> & { readonly rest: Uint8Array }) | { readonly end: 'timed-out' };

export interface JobOptions {
  readonly send: (message: ToProcess) => void;
  /** Milliseconds; time in which the job waits for its visitor does not count. */
  readonly time: number;
  /** Milliseconds in which the process has to end a job after it was told to. */
  readonly grace: number;
  /** Told when it has not. */
  readonly hung: () => void;
  readonly io: JobIo;
  readonly signal: AbortSignal | undefined;
}

export class Job {
  /** What became of it, for whoever waits for it. */
  readonly outcome: Promise<JobOutcome>;
  /** Resolves when the process is done with it. */
  readonly left: Promise<void>;
  readonly #id: number;
  readonly #options: JobOptions;
  readonly #deadline: Deadline;
  readonly #outcome = Promise.withResolvers<JobOutcome>();
  readonly #left = Promise.withResolvers<void>();
  readonly #aborted = (): void => this.#abort(this.#options.signal?.reason as Error);
  #settled = false;
  #grace: NodeJS.Timeout | undefined;
  /** Bytes of input that were sent and not taken. */
  #ahead = 0;
  #awaitsInput = false;
  #inputTaken: (() => void) | undefined;
  /** Bytes of output that the visitor has not taken. */
  #outstanding = 0;
  /** Aborted with the job; there while the guest waits for a host call. */
  #call: AbortController | undefined;
  #called = false;

  constructor(id: number, options: JobOptions) {
    this.#id = id;
    this.#options = options;
    this.outcome = this.#outcome.promise;
    this.left = this.#left.promise;
    this.#deadline = new Deadline(options.time, () => {
      this.#cancel();
      this.#settle(() => this.#outcome.resolve({ end: 'timed-out' }));
    });
    options.signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  /** Begins to send the input; to be called when the process knows of the job. */
  start(): void {
    const { stdin } = this.#options.io;
    if (stdin !== undefined) this.#pump(stdin).catch((error: unknown) => this.#abort(error as Error));
  }

  receive(message: FromJob): void {
    switch (message.type) {
      case 'consumed':
        this.#ahead -= message.bytes;
        this.#inputTaken?.();
        return this.#watch();
      case 'stderr':
        return this.#options.io.stderr?.(message.chunk);
      case 'stdout':
        return this.#pass(message.chunk);
      case 'call':
        return void this.#answer(message);
      case 'ended':
        return this.#end(message.end, message.stdout ?? new Uint8Array());
    }
  }

  /** The process is gone. */
  fail(error: Error): void {
    this.#settle(() => this.#outcome.reject(error));
    this.#leave();
  }

  #end(end: JobEnd, rest: Uint8Array): void {
    if (end.end !== 'cancelled') this.#settle(() => this.#outcome.resolve({ ...end, rest }));
    this.#leave();
  }

  #pass(chunk: Uint8Array): void {
    if (this.#settled) return;
    let taken: Promise<void> | undefined;
    try {
      taken = this.#options.io.stdout?.(chunk);
    } catch (error) {
      return this.#abort(error as Error);
    }
    const credit = (): void => this.#options.send({ type: 'credit', id: this.#id, bytes: chunk.length });
    if (taken === undefined) return credit();
    this.#outstanding += chunk.length;
    this.#watch();
    taken.then(
      () => {
        this.#outstanding -= chunk.length;
        this.#watch();
        credit();
      },
      (error: unknown) => this.#abort(error as Error),
    );
  }

  async #answer({ call, ...message }: HostCallMessage): Promise<void> {
    if (this.#settled) return;
    // A guest waits for its response.
    if (this.#call !== undefined) return this.#abort(new Error('it made two host calls at once'));
    const { io, send } = this.#options;
    const controller = new AbortController();
    this.#call = controller;
    this.#called = true;
    this.#watch();
    const response = await io.call?.(message, controller.signal).catch(() => undefined);
    this.#call = undefined;
    if (this.#settled) return;
    this.#watch();
    send({ type: 'response', id: this.#id, call, response: response ?? null });
  }

  async #pump(stdin: AsyncIterable<Uint8Array>): Promise<void> {
    this.#awaitsInput = true;
    this.#watch();
    for await (const piece of stdin) {
      this.#awaitsInput = false;
      for (let at = 0; at < piece.length; at += CHUNK) {
        while (this.#ahead >= WINDOW && !this.#settled)
          await new Promise<void>((resolve) => (this.#inputTaken = resolve));
        // The guest may end before it has read all.
        if (this.#settled) return;
        const chunk = piece.subarray(at, at + CHUNK);
        this.#ahead += chunk.length;
        this.#options.send({ type: 'stdin', id: this.#id, chunk });
      }
      this.#awaitsInput = true;
      this.#watch();
    }
    this.#awaitsInput = false;
    this.#watch();
    if (!this.#settled) this.#options.send({ type: 'stdin', id: this.#id, chunk: null });
  }

  /** The clock stands still while the guest can do nothing but wait for its visitor, who has deadlines of his own. */
  #watch(): void {
    if (this.#settled) return;
    const waits = this.#outstanding >= WINDOW || (this.#awaitsInput && this.#ahead === 0);
    this.#deadline.run(!waits || this.#call !== undefined);
  }

  #abort(error: Error): void {
    if (this.#settled) return;
    this.#cancel();
    this.#settle(() => this.#outcome.reject(error));
  }

  #cancel(): void {
    this.#options.send({ type: 'cancel', id: this.#id });
    this.#grace = setTimeout(this.#options.hung, this.#options.grace);
  }

  #settle(how: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#deadline.stop();
    this.#options.signal?.removeEventListener('abort', this.#aborted);
    this.#inputTaken?.();
    this.#call?.abort();
    if (this.#called) this.#options.io.callsOver?.();
    how();
  }

  #leave(): void {
    clearTimeout(this.#grace);
    this.#left.resolve();
  }
}
