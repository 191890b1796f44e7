// Worker threads that run guests: started when needed, kept, and replaced after one that had to be ended.

import { Worker } from 'node:worker_threads';
import type { Outcome } from './guest.ts';
import type { Run, RuntimeLimits, WorkerData } from './messages.ts';

interface Job {
  readonly run: Run;
  readonly finish: (outcome: Outcome) => void;
}

/** A guest gets no more of V8's heap than this; its own memory is bounded by V8's flags for the process. */
const HEAP_MIB = 64;

export class WorkerPool {
  private readonly program: URL;
  private readonly data: WorkerData;
  private readonly limits: RuntimeLimits;
  private readonly idle: Worker[] = [];
  private readonly waiting: Job[] = [];
  private busy = 0;

  /** @param program the file of `worker.ts` as it is on disk */
  constructor(program: URL, data: WorkerData, limits: RuntimeLimits) {
    this.program = program;
    this.data = data;
    this.limits = limits;
  }

  /** Never rejects: what goes wrong with a guest is an outcome. */
  run(run: Run): Promise<Outcome> {
    return new Promise((finish) => {
      this.waiting.push({ run, finish });
      this.next();
    });
  }

  private next(): void {
    if (this.busy >= this.limits.workers) return;
    const job = this.waiting.shift();
    if (job === undefined) return;
    this.busy++;
    const worker = this.idle.pop() ?? this.start();
    void this.work(worker, job.run).then(({ outcome, reusable }) => {
      this.busy--;
      if (reusable) this.idle.push(worker);
      else void worker.terminate();
      job.finish(outcome);
      this.next();
    });
  }

  private start(): Worker {
    const worker = new Worker(this.program, {
      workerData: this.data,
      env: {},
      argv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    // A worker may also die when nobody waits for it.
    worker.on('error', () => {});
    worker.on('exit', () => {
      const index = this.idle.indexOf(worker);
      if (index >= 0) this.idle.splice(index, 1);
    });
    return worker;
  }

  private work(worker: Worker, run: Run): Promise<{ outcome: Outcome; reusable: boolean }> {
    return new Promise((resolve) => {
      const settle = (outcome: Outcome, reusable: boolean): void => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        resolve({ outcome, reusable });
      };
      const broken = (reason: string): void =>
        settle({ end: 'failed', reason, stderr: new Uint8Array() }, false);
      const onMessage = (outcome: Outcome): void => settle(outcome, true);
      const onError = (error: Error): void => broken(error.message);
      const onExit = (): void => broken('its thread ended');
      const timer = setTimeout(() => settle({ end: 'timed-out' }, false), this.limits.time);
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(run);
    });
  }
}
