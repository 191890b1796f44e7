// A worker thread of a runtime process: compiles modules and runs guests, one after the other. While a guest runs
// the thread does nothing else, so what comes in meanwhile is asked for, and waited for.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { fileSystem } from './files.ts';
import { runGuest, type GuestIo } from './guest.ts';
import type { HostCalls } from './host-calls.ts';
import { CHUNK, INPUT, MESSAGE_BYTES, OUTSTANDING, WINDOW } from './messages.ts';
import type { FromWorker, JobEnd, Run, ToGuest, ToWorker, WorkerData } from './messages.ts';
import { refusal } from './module-check.ts';

const { words } = workerData as WorkerData;
const modules = new Map<string, WebAssembly.Module>();
let root: ReturnType<typeof fileSystem> | undefined;

/** Bytes of memory that ended guests have left behind at which it is time to collect them. */
const GARBAGE = 128 * 1024 * 1024;
/** What an instance counts at least: its place in the address space is larger than what it uses. */
const INSTANCE_BYTES = 1024 * 1024;
let garbage = 0;

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'compile') compile(message);
  // Input that comes after the end of its run is for nobody.
  if (message.type === 'run') run(message);
});

function compile({ id, bytes }: ToWorker & { type: 'compile' }): void {
  const reason = refusal(bytes);
  if (reason !== undefined) return post({ type: 'ended', id, end: { end: 'failed', reason } });
  try {
    const module = new WebAssembly.Module(bytes);
    const exports = WebAssembly.Module.exports(module)
      .filter(({ kind }) => kind === 'function')
      .map(({ name }) => name);
    post({ type: 'ended', id, end: { end: 'finished', exports }, module });
  } catch (error) {
    post({ type: 'ended', id, end: { end: 'failed', reason: (error as Error).message } });
  }
}

function run({ id, run, module, files }: ToWorker & { type: 'run' }): void {
  if (module !== undefined) modules.set(run.sha256, module);
  if (files !== undefined) root = fileSystem(files);
  const { end, memory } = runOnce(id, run);
  post({ type: 'ended', id, end });
  // Nobody waits for this.
  collect(memory);
}

function runOnce(id: number, run: Run): { end: JobEnd; memory: number } {
  const module = modules.get(run.sha256);
  if (module === undefined) return { end: { end: 'failed', reason: 'its module is not loaded' }, memory: 0 };
  const { entrypoint, args, environment } = run;
  const files = run.files && root !== undefined ? { root } : {};
  const hostCalls = hostCallsOf(id, run);
  earlyInput = [];
  return runGuest(module, { entrypoint, args, environment, hostCalls, ...files }, streamsOf(id, run));
}

function streamsOf(id: number, { input, stderr }: Run): GuestIo {
  let complaints = stderr;
  return {
    read: () => (input ? nextInput(id) : undefined),
    write: (bytes) => {
      for (let at = 0; at < bytes.length; at += CHUNK) {
        awaitWindow();
        const chunk = bytes.length <= CHUNK ? bytes : bytes.slice(at, at + CHUNK);
        Atomics.add(words, OUTSTANDING, chunk.length + MESSAGE_BYTES);
        post({ type: 'stdout', id, chunk }, chunk);
      }
    },
    complain: (bytes) => {
      if (complaints === 0) return;
      const chunk = bytes.slice(0, complaints);
      complaints -= chunk.length;
      post({ type: 'stderr', id, chunk }, chunk);
    },
  };
}

function nextInput(id: number): Uint8Array | undefined {
  const { chunk } = earlyInput.shift() ?? next(id, 'stdin');
  if (chunk === null) return undefined;
  post({ type: 'consumed', id, bytes: chunk.length });
  return chunk;
}

/** Input of the run that came while it waited for a response. */
let earlyInput: Message<'stdin'>[] = [];

function hostCallsOf(id: number, { interfaces }: Run): HostCalls {
  let calls = 0;
  return {
    interfaces,
    call: (name, operation, request) => {
      const call = ++calls;
      post({ type: 'call', id, call, interface: name, operation, request }, request);
      for (;;) {
        const message = next(id, 'response', (input) => earlyInput.push(input));
        if (message.call === call) return message.response ?? undefined;
      }
    },
  };
}

type Message<Type extends ToGuest['type']> = Extract<ToGuest, { type: Type }>;

/** Waits for the run's next message of this type. @param aside gets its input that comes before that */
function next<Type extends ToGuest['type']>(
  id: number,
  type: Type,
  aside?: (input: Message<'stdin'>) => void,
): Message<Type> {
  for (;;) {
    const seen = Atomics.load(words, INPUT);
    const message = parentPort === null ? undefined : receiveMessageOnPort(parentPort);
    if (message === undefined) Atomics.wait(words, INPUT, seen);
    else {
      const received = message.message as ToWorker;
      if (received.id !== id) continue;
      if (received.type === type) return received as Message<Type>;
      if (received.type === 'stdin') aside?.(received);
    }
  }
}

function awaitWindow(): void {
  for (;;) {
    const outstanding = Atomics.load(words, OUTSTANDING);
    if (outstanding < WINDOW) return;
    Atomics.wait(words, OUTSTANDING, outstanding);
  }
}

/** V8 sees little reason to collect: an instance is small to it, whatever its memory is. */
function collect(memory: number): void {
  garbage += Math.max(memory, INSTANCE_BYTES);
  if (garbage < GARBAGE) return;
  garbage = 0;
  globalThis.gc?.();
}

function post(message: FromWorker, transferred?: Uint8Array): void {
  parentPort?.postMessage(message, transferred === undefined ? [] : [transferred.buffer as ArrayBuffer]);
}
