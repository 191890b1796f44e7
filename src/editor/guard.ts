// The one wrapper round every command and every message of a webview: what is cancelled is silent, an error is one
// sentence with the buttons that help, and the rest of it is in the output channel.

import type { Log, Prompts } from './app.ts';
import { describeFailure, type Failure, type Help, type Remedy } from './failure.ts';

const BUTTONS: Readonly<Record<Remedy, string>> = {
  retry: 'Retry',
  signIn: 'Sign In',
  editConnection: 'Edit Connection',
  openSettings: 'Open Settings',
  manageTrust: 'Manage Trust',
  viewOutput: 'View Output',
};

/** Notifications with more buttons are hard to read. */
const MOST_BUTTONS = 3;

export class Guard {
  readonly #log: Log;
  readonly #prompts: Prompts;
  readonly #remedies = new Map<Remedy, (failure: Failure, error: unknown) => Promise<boolean>>();

  constructor(log: Log, prompts: Prompts) {
    this.#log = log;
    this.#prompts = prompts;
    this.provide('retry', async () => true);
    this.provide('viewOutput', async () => {
      log.show();
      return false;
    });
  }

  /**
   * What a button does. Only those that somebody provides are shown.
   * @param help is told what has failed; true: that may now be tried again
   */
  provide(remedy: Remedy, help: (failure: Failure, error: unknown) => Promise<boolean>): void {
    this.#remedies.set(remedy, help);
  }

  /**
   * Runs it and tells of its failure. The promise does not wait for anybody to read that.
   * @param title names it in the log
   * @returns undefined if it failed or was cancelled
   */
  async run<T>(title: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const failure = describeFailure(error);
      if (failure === undefined) this.#log.trace(`${title}: cancelled`);
      else void this.#tell(title, error, failure, work);
      return undefined;
    }
  }

  /** Says what failed in the log alone: for what nobody has asked for, such as a refresh in the background. */
  async quietly<T>(title: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (describeFailure(error)) this.#log.error(`${title} failed`, error);
      return undefined;
    }
  }

  #remediesOf(failure: Failure, error: unknown): Help[] {
    return failure.remedies.flatMap((remedy) => {
      const help = this.#remedies.get(remedy);
      return help ? [{ label: BUTTONS[remedy], run: () => help(failure, error) }] : [];
    });
  }

  async #tell(title: string, error: unknown, failure: Failure, work: () => unknown): Promise<void> {
    this.#log.error(`${title} failed`, error);
    const help = [...(failure.help ?? []), ...this.#remediesOf(failure, error)].slice(0, MOST_BUTTONS);
    const button = await this.#prompts.notify(
      'error',
      this.#log.mask(failure.message),
      ...help.map(({ label }) => label),
    );
    const chosen = help.find(({ label }) => label === button);
    if (chosen)
      await this.run(title, async () => {
        if (await chosen.run()) await work();
      });
  }
}
