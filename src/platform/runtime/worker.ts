// A worker thread of a runtime process: runs guests one after the other.

import { parentPort, workerData } from 'node:worker_threads';
import { fileSystem } from './files.ts';
import { runGuest, type Outcome } from './guest.ts';
import type { Run, WorkerData } from './messages.ts';

const { modules, files, limits } = workerData as WorkerData;
const root = fileSystem(files);

parentPort?.on('message', (run: Run) => parentPort?.postMessage(outcomeOf(run)));

function outcomeOf(run: Run): Outcome {
  const module = modules.get(run.sha256);
  if (module instanceof WebAssembly.Module) {
    const { entrypoint, args, environment, stdin } = run;
    return runGuest(module, { entrypoint, args, environment, stdin, ...(run.files ? { root } : {}) }, limits);
  }
  return { end: 'failed', reason: module ?? 'its module is not loaded', stderr: new Uint8Array() };
}
