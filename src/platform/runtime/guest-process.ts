// The control process's side of one runtime process: starts it, talks to it, ends it.

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './guest.ts';
import type { AppContents, FromProcess, Run, RuntimeLimits, ToProcess } from './messages.ts';

export interface RuntimePrograms {
  /** `process.ts` as it is on disk. */
  readonly process: URL;
  /** `worker.ts` as it is on disk. */
  readonly worker: URL;
}

/** The runtime process is gone; what it was doing can be asked for again. */
export class RuntimeGoneError extends Error {
  readonly code = 'RUNTIME_GONE';
  constructor() {
    super("The channel's runtime process ended unexpectedly; the next request starts a new one.");
    this.name = 'RuntimeGoneError';
  }
}

/** 64 KiB each, so 64 MiB for every memory of a guest. */
const MEMORY_PAGES = 1024;
const TABLE_SIZE = 100_000;
/** MiB for the process's own heap: messages on their way. */
const HEAP_MIB = 256;

interface Waiting {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

export class GuestProcess {
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private loaded: PromiseWithResolvers<ReadonlyMap<string, readonly string[]>> | undefined;
  private lastId = 0;
  private alive = true;

  /** @param log gets what the process itself complains of */
  constructor(programs: RuntimePrograms, log: (text: string) => void) {
    this.child = fork(fileURLToPath(programs.process), [fileURLToPath(programs.worker)], {
      execArgv: [
        `--wasm-max-mem-pages=${MEMORY_PAGES}`,
        `--wasm-max-table-size=${TABLE_SIZE}`,
        `--max-old-space-size=${HEAP_MIB}`,
      ],
      env: inherited('SystemRoot', 'ELECTRON_RUN_AS_NODE'),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      windowsHide: true,
    } as Parameters<typeof fork>[2]);
    this.ended = new Promise((resolve) => {
      const gone = (): void => {
        this.fail();
        resolve();
      };
      this.child.once('exit', gone);
      this.child.once('error', gone);
    });
    this.child.stderr?.setEncoding('utf8').on('data', log);
    this.child.on('message', (message: FromProcess) => this.receive(message));
  }

  /** Gives the process its app. The answer says which functions each module exports. @throws RuntimeGoneError */
  load(contents: AppContents, limits: RuntimeLimits): Promise<ReadonlyMap<string, readonly string[]>> {
    if (!this.alive) return Promise.reject(new RuntimeGoneError());
    this.loaded = Promise.withResolvers();
    this.send({ type: 'load', contents, limits });
    return this.loaded.promise;
  }

  /** @throws RuntimeGoneError */
  run(run: Run): Promise<Outcome> {
    if (!this.alive) return Promise.reject(new RuntimeGoneError());
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ type: 'run', id, run });
    });
  }

  /** Ends the process at once: it holds no state. */
  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private send(message: ToProcess): void {
    // An error means that the process is going away, which `exit` reports.
    this.child.send(message, () => {});
  }

  private receive(message: FromProcess): void {
    if (message.type === 'loaded') return this.loaded?.resolve(message.exports);
    this.waiting.get(message.id)?.resolve(message.outcome);
    this.waiting.delete(message.id);
  }

  private fail(): void {
    this.alive = false;
    this.loaded?.reject(new RuntimeGoneError());
    for (const { reject } of this.waiting.values()) reject(new RuntimeGoneError());
    this.waiting.clear();
  }
}

function inherited(...names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
