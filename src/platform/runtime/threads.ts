// The worker threads of a runtime process: started when needed, kept, and replaced after one that had to be ended.
// How many jobs there are at once, and how long each may take, is the control process's to say.

import { Worker } from 'node:worker_threads';
import { HeldOutput } from './held-output.ts';
import { INPUT, MESSAGE_BYTES, OUTSTANDING } from './messages.ts';
import type { FromProcess, FromWorker, JobEnd, Run, ToGuest, ToWorker, WorkerData } from './messages.ts';

/** A guest gets no more of V8's heap than this; its own memory is bounded by V8's flags for the process. */
const HEAP_MIB = 64;

interface Thread {
  readonly worker: Worker;
  readonly words: Int32Array;
  /** Modules that it has. */
  readonly modules: Set<string>;
  files: boolean;
  job: Job | undefined;
}

interface Job {
  readonly id: number;
  /** Of the module that is compiled. */
  readonly sha256?: string;
  readonly output: HeldOutput;
  cancelled: boolean;
}

export class Threads {
  readonly #program: URL;
  readonly #send: (message: FromProcess) => void;
  readonly #modules = new Map<string, WebAssembly.Module>();
  readonly #files = new Map<string, SharedArrayBuffer>();
  readonly #idle: Thread[] = [];
  readonly #busy = new Map<number, Thread>();

  /** @param program the file of `worker.ts` as it is on disk */
  constructor(program: URL, send: (message: FromProcess) => void) {
    this.#program = program;
    this.#send = send;
    // The first job should not have to wait for its thread.
    const first = this.#start();
    first.worker.once('online', () => send({ type: 'ready' }));
    this.#idle.push(first);
  }

  addFile(paths: readonly string[], content: Uint8Array): void {
    const shared = new SharedArrayBuffer(content.byteLength);
    new Uint8Array(shared).set(content);
    for (const path of paths) this.#files.set(path, shared);
  }

  compile(id: number, sha256: string, bytes: Uint8Array): void {
    const own = new Uint8Array(bytes);
    this.#begin({ id, sha256 }).worker.postMessage({ type: 'compile', id, bytes: own } satisfies ToWorker, [
      own.buffer,
    ]);
  }

  run(id: number, run: Run): void {
    const thread = this.#begin({ id });
    Atomics.store(thread.words, OUTSTANDING, 0);
    const module = thread.modules.has(run.sha256) ? undefined : this.#modules.get(run.sha256);
    const files = run.files && !thread.files ? this.#files : undefined;
    if (module !== undefined) thread.modules.add(run.sha256);
    if (files !== undefined) thread.files = true;
    const message: ToWorker = {
      type: 'run',
      id,
      run,
      ...(module === undefined ? {} : { module }),
      ...(files === undefined ? {} : { files }),
    };
    thread.worker.postMessage(message);
  }

  /** To the guest of the job; `content` is what the message brings. */
  pass(message: ToGuest, content: Uint8Array | null): void {
    const thread = this.#busy.get(message.id);
    if (thread === undefined) return;
    const own = content && new Uint8Array(content);
    const copy: ToGuest =
      message.type === 'stdin' ? { ...message, chunk: own } : { ...message, response: own };
    thread.worker.postMessage(copy satisfies ToWorker, own ? [own.buffer] : []);
    Atomics.add(thread.words, INPUT, 1);
    Atomics.notify(thread.words, INPUT);
  }

  credit(id: number, bytes: number): void {
    const thread = this.#busy.get(id);
    if (thread === undefined) return;
    Atomics.sub(thread.words, OUTSTANDING, bytes);
    Atomics.notify(thread.words, OUTSTANDING);
  }

  /** Ends the job's thread; says so when it has ended. */
  cancel(id: number): void {
    const thread = this.#busy.get(id);
    if (thread?.job === undefined) return;
    thread.job.cancelled = true;
    void thread.worker.terminate();
  }

  #begin({ id, sha256 }: { id: number; sha256?: string }): Thread {
    const thread = this.#idle.pop() ?? this.#start();
    const output = new HeldOutput((chunk) => this.#send({ type: 'stdout', id, chunk }));
    thread.job = { id, output, cancelled: false, ...(sha256 === undefined ? {} : { sha256 }) };
    this.#busy.set(id, thread);
    return thread;
  }

  #start(): Thread {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(this.#program, {
      workerData: { words } satisfies WorkerData,
      env: {},
      argv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    const thread: Thread = { worker, words, modules: new Set(), files: false, job: undefined };
    let reason = 'its thread ended';
    worker.on('message', (message: FromWorker) => this.#receive(thread, message));
    worker.on('error', (error: Error) => (reason = error.message));
    worker.on('exit', () => {
      const index = this.#idle.indexOf(thread);
      if (index >= 0) this.#idle.splice(index, 1);
      this.#end(thread, thread.job?.cancelled ? { end: 'cancelled' } : { end: 'failed', reason });
    });
    return thread;
  }

  #receive(thread: Thread, message: FromWorker): void {
    const { job } = thread;
    if (job === undefined || job.cancelled) return;
    if (message.type === 'stdout') {
      Atomics.sub(thread.words, OUTSTANDING, MESSAGE_BYTES);
      Atomics.notify(thread.words, OUTSTANDING);
      return job.output.add(message.chunk);
    }
    if (message.type !== 'ended') return this.#send(message);
    if (message.module !== undefined && job.sha256 !== undefined)
      this.#modules.set(job.sha256, message.module);
    this.#idle.push(thread);
    this.#end(thread, message.end);
  }

  #end(thread: Thread, end: JobEnd): void {
    const { job } = thread;
    if (job === undefined) return;
    thread.job = undefined;
    this.#busy.delete(job.id);
    const stdout = job.output.take();
    this.#send({ type: 'ended', id: job.id, end, ...(stdout.length > 0 ? { stdout } : {}) });
  }
}
