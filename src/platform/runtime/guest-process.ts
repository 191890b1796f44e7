// The control process's side of one runtime process: starts it, gives it jobs, holds their deadlines, ends it.

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Gate } from './gate.ts';
import { LineBuffer } from './line-buffer.ts';
import { Job, type JobIo, type JobOutcome } from './job.ts';
import type { FromProcess, Run, ToProcess } from './messages.ts';

export interface RuntimePrograms {
  /** `process.ts` as it is on disk. */
  readonly process: URL;
  /** `worker.ts` as it is on disk. */
  readonly worker: URL;
}

export interface ProcessLimits {
  /** Milliseconds that one job may take, without the time for which it waits for its visitor. */
  readonly time: number;
  /** Milliseconds in which a job that was told to end has to; then the process is ended. */
  readonly grace: number;
  /** Jobs at the same time; more wait. */
  readonly workers: number;
  /** Jobs that may wait. */
  readonly queue: number;
}

/** The runtime process is gone; what it was doing can be asked for again. */
export class RuntimeGoneError extends Error {
  readonly code = 'RUNTIME_GONE';
  constructor() {
    super("The channel's runtime process ended unexpectedly and is started again: try again in a moment.");
    this.name = 'RuntimeGoneError';
  }
}

/** 64 KiB each, so 64 MiB for every memory of a guest. */
const MEMORY_PAGES = 1024;
const TABLE_SIZE = 100_000;
/** Milliseconds in which a process has to come up, on the slowest of machines. */
const START_TIME = 30_000;
/** MiB for the process's own heap: messages on their way. */
const HEAP_MIB = 256;

export class GuestProcess {
  /** Settles when the process has ended, with the reason where nobody asked for it. */
  readonly ended: Promise<string | undefined>;
  readonly #child: ChildProcess;
  readonly #limits: ProcessLimits;
  readonly #gate: Gate;
  readonly #jobs = new Map<number, Job>();
  /** Resolves when it has come up, or never will. */
  readonly #ready = Promise.withResolvers<void>();
  #lastId = 0;
  #alive = true;
  /** Why we ended it. */
  #reason: string | undefined;
  #stopped = false;

  /** @param log gets what the process itself complains of */
  constructor(programs: RuntimePrograms, limits: ProcessLimits, log: (text: string) => void) {
    this.#limits = limits;
    this.#gate = new Gate(limits.workers, limits.queue);
    this.#child = fork(fileURLToPath(programs.process), [fileURLToPath(programs.worker)], {
      execArgv: [
        `--wasm-max-mem-pages=${MEMORY_PAGES}`,
        `--wasm-max-table-size=${TABLE_SIZE}`,
        `--max-old-space-size=${HEAP_MIB}`,
        '--expose-gc',
      ],
      env: inherited('SystemRoot', 'ELECTRON_RUN_AS_NODE'),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      windowsHide: true,
    } as Parameters<typeof fork>[2]);
    this.ended = new Promise((resolve) => {
      const gone = (reason: string): void => {
        this.#fail();
        resolve(this.#stopped ? undefined : (this.#reason ?? reason));
      };
      this.#child.once('exit', (code, signal) =>
        gone(signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`),
      );
      // The code alone: visitors are told the reason, and the message has paths of the machine.
      this.#child.once('error', ({ code }: NodeJS.ErrnoException) =>
        gone(`it could not be started (${code ?? 'for an unknown reason'})`),
      );
    });
    const complaints = new LineBuffer((text) => {
      // Of a crash the reason: the rest are addresses and paths of the machine.
      const said = text.split('\n').filter((line) => /^[A-Za-z]/.test(line));
      if (said.length > 0) log(said.join('\n'));
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => complaints.add(bytes));
    const slow = setTimeout(() => this.#kill('it did not come up'), START_TIME);
    this.#child.on('message', (message: FromProcess) => {
      if (message.type !== 'ready') return this.#jobs.get(message.id)?.receive(message);
      clearTimeout(slow);
      this.#ready.resolve();
    });
    void this.ended.then(() => {
      clearTimeout(slow);
      this.#ready.resolve();
    });
  }

  /** Gives the process a file of the app; resolves when it is on its way. */
  addFile(paths: readonly string[], content: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#alive) return resolve();
      // An error means that the process is going away, which the next job is told.
      this.#child.send({ type: 'file', paths, content } satisfies ToProcess, () => resolve());
    });
  }

  /** @throws RuntimeGoneError, BusyError @returns the functions that it exports */
  async compile(sha256: string, bytes: Uint8Array): Promise<JobOutcome> {
    return this.#do((id) => ({ type: 'compile', id, sha256, bytes }), {});
  }

  /**
   * Runs a guest; what it writes goes to `io` as it comes, what it wrote last comes with the outcome.
   * @throws RuntimeGoneError, BusyError, the signal's reason, and what `io` fails with
   */
  run(run: Run, io: JobIo, signal?: AbortSignal): Promise<JobOutcome> {
    return this.#do((id) => ({ type: 'run', id, run }), io, signal);
  }

  /** Ends the process at once: it holds no state. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  async #do(first: (id: number) => ToProcess, io: JobIo, signal?: AbortSignal): Promise<JobOutcome> {
    await this.#gate.enter(signal);
    // The time in which it comes up is not the job's.
    await this.#ready.promise;
    if (!this.#alive) {
      this.#gate.leave();
      throw new RuntimeGoneError();
    }
    const id = ++this.#lastId;
    const job = new Job(id, {
      send: (message) => this.#send(message),
      time: this.#limits.time,
      grace: this.#limits.grace,
      hung: () => this.#kill('it did not end a job that was told to end'),
      io,
      signal,
    });
    this.#jobs.set(id, job);
    // The thread is free when the job has ended there, which may be later than for whoever waits for it.
    void job.left.then(() => {
      this.#jobs.delete(id);
      this.#gate.leave();
    });
    this.#send(first(id));
    job.start();
    return job.outcome;
  }

  #send(message: ToProcess): void {
    // An error means that the process is going away, which `exit` reports.
    if (this.#alive) this.#child.send(message, () => {});
  }

  #kill(reason: string): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
  }

  #fail(): void {
    this.#alive = false;
    for (const job of this.#jobs.values()) job.fail(new RuntimeGoneError());
  }
}

function inherited(...names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
