// A task as its terminal shows it: the lines of the log, and one that is redrawn for what is going on. Ctrl-C cancels
// as in any terminal: the first lets uploads in flight finish, the second drops them.

import { progressLine } from '../../publish/push-tally.ts';
import type { Line } from '../../publish/words.ts';
import type { App } from '../app.ts';
import { Emitter, type Event } from '../disposables.ts';
import { Cancelled, describeFailure } from '../failure.ts';
import type { Listener, Moment } from './teller.ts';

const CTRL_C = '\x03';
const CLEAR = '\r\x1b[2K';
const CODES: Readonly<Record<NonNullable<Line['tone']> | 'error' | 'dim', string>> = {
  strong: '1',
  warning: '33',
  hurdle: '33',
  error: '31',
  dim: '2',
};
/** Milliseconds between two drawings of bytes that go. */
const REDRAW = 100;

/** Exit codes as those of the command `hippo`. */
const CANCELLED = 130;
const FAILED = 1;

/** A pseudoterminal of VS Code's. */
export class TaskTerminal {
  readonly #app: Pick<App, 'log' | 'clock'>;
  readonly #run: (listener: Listener) => Promise<string>;
  readonly #written: Emitter<string>;
  readonly #closed: Emitter<number>;
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  #columns = 80;
  #drawn = false;
  #isOver = false;
  #at = 0;
  #last: Moment | undefined;

  /** @param run gives the last line */
  constructor(app: Pick<App, 'log' | 'clock'>, run: (listener: Listener) => Promise<string>) {
    this.#app = app;
    this.#run = run;
    const onError = (error: unknown): void => app.log.error('A terminal failed', error);
    this.#written = new Emitter(onError);
    this.#closed = new Emitter(onError);
  }

  get onDidWrite(): Event<string> {
    return this.#written.event;
  }

  /** With the exit code. */
  get onDidClose(): Event<number> {
    return this.#closed.event;
  }

  open(size: { readonly columns: number } | undefined): void {
    this.setDimensions(size);
    void this.#start();
  }

  setDimensions(size: { readonly columns: number } | undefined): void {
    this.#columns = size?.columns ?? this.#columns;
  }

  handleInput(data: string): void {
    if (data.includes(CTRL_C)) this.#cancel();
  }

  /** Its terminal is closed, or the task was terminated: nobody is there to wait for what is in flight. */
  close(): void {
    if (this.#isOver) return;
    this.#cancel();
  }

  async #start(): Promise<void> {
    const listener: Listener = {
      signal: this.#first.signal,
      abort: this.#second.signal,
      line: (line) => this.#say(line.text, line.tone),
      now: (moment) => this.#draw(moment),
      finishing: () => undefined,
    };
    let code = 0;
    try {
      this.#say(await this.#run(listener), 'strong');
    } catch (error) {
      const failure = describeFailure(error);
      if (failure) {
        this.#app.log.error('The task failed', error);
        this.#say(`error: ${failure.message}`, 'error');
      } else this.#say((error as Error).message, 'warning');
      code = failure ? FAILED : CANCELLED;
    }
    this.#clear();
    this.#isOver = true;
    this.#closed.fire(code);
  }

  #cancel(): void {
    if (this.#first.signal.aborted) this.#second.abort(new Cancelled());
    else this.#first.abort(new Cancelled());
  }

  #say(text: string, tone?: keyof typeof CODES): void {
    this.#clear();
    const lines = this.#app.log.mask(text).replace(/\r?\n/g, '\r\n');
    this.#written.fire(tone === undefined ? `${lines}\r\n` : `\x1b[${CODES[tone]}m${lines}\x1b[0m\r\n`);
  }

  /** One line that the next one takes the place of. */
  #draw(moment: Moment): void {
    const { upload, text } = moment;
    const { clock } = this.#app;
    const isNext =
      upload !== undefined && this.#last?.upload !== undefined && upload.sentFiles < upload.files;
    this.#last = moment;
    if (isNext && clock.now() - this.#at < REDRAW) return;
    this.#at = clock.now();
    this.#clear();
    const line = upload ? progressLine(upload, this.#columns) : `${text}…`.slice(0, this.#columns - 1);
    this.#written.fire(upload ? line : `\x1b[${CODES.dim}m${line}\x1b[0m`);
    this.#drawn = true;
  }

  #clear(): void {
    if (this.#drawn) this.#written.fire(CLEAR);
    this.#drawn = false;
  }
}
