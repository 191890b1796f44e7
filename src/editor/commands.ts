// Commands by their typed ids, each in the guard. A feature's own code calls its functions, never its commands.

import type { Disposable } from './disposables.ts';
import type { Guard } from './guard.ts';
import type { CommandId, CommandMap } from './ids.ts';

/** What of the editor is needed for it. */
export interface CommandHost {
  register(id: string, run: (...args: unknown[]) => unknown): Disposable;
  execute(id: string, ...args: unknown[]): Promise<unknown>;
}

type Arguments<K extends CommandId> = Parameters<CommandMap[K]>;
type Result<K extends CommandId> = Awaited<ReturnType<CommandMap[K]>>;

export class Commands {
  readonly #host: CommandHost;
  readonly #guard: Guard;

  constructor(host: CommandHost, guard: Guard) {
    this.#host = host;
    this.#guard = guard;
  }

  register<K extends CommandId>(
    id: K,
    run: (...args: Arguments<K>) => Result<K> | Promise<Result<K>>,
  ): Disposable {
    return this.#host.register(id, (...args) => this.#guard.run(id, () => run(...(args as Arguments<K>))));
  }

  /** For what people click on: links, buttons of views. Undefined if it failed, of which the guard has told. */
  async execute<K extends CommandId>(id: K, ...args: Arguments<K>): Promise<Result<K> | undefined> {
    return (await this.#host.execute(id, ...args)) as Result<K> | undefined;
  }
}
