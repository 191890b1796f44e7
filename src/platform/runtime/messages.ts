// What the control process, a channel's runtime process and its worker threads say to each other. Bytes of a run
// flow in windows: who sends more than the other side has taken waits.

import type { HostInterface } from '../../addons/addons.ts';
import type { StringMap } from '../../bindle/invoice.ts';

/** Bytes that may be on their way in each direction of one run before the sender has to wait. */
export const WINDOW = 256 * 1024;
/** Largest piece of input or output in one message. */
export const CHUNK = 64 * 1024;

/** What a message of output counts on its way out of a thread, besides its bytes: one may bring a single byte. */
export const MESSAGE_BYTES = 256;

export interface Run {
  /** Of the module, which was compiled before. */
  readonly sha256: string;
  readonly entrypoint: string;
  readonly args: readonly string[];
  readonly environment: StringMap;
  /** True if the guest gets the app's files. */
  readonly files: boolean;
  /** True if `stdin` messages follow; without them its standard input is empty. */
  readonly input: boolean;
  /** Bytes of stderr that are passed on; the rest is dropped. */
  readonly stderr: number;
  /** Host calls that the guest may import. */
  readonly interfaces: readonly HostInterface[];
}

/** How a job ended in the process. */
export type JobEnd =
  /** `exports`: the functions that a compiled module exports. */
  | { readonly end: 'finished'; readonly exports?: readonly string[] }
  /** `reason` is for the channel's log and continues "main.wasm failed: …". */
  | { readonly end: 'failed'; readonly reason: string }
  /** Its thread was ended, as was asked for. */
  | { readonly end: 'cancelled' };

/** `id` is the job's: a number that the control process gives. */
export type ToProcess =
  /** A file of the app, at each of its paths. By value: a runtime process reads nothing from the host. */
  | { readonly type: 'file'; readonly paths: readonly string[]; readonly content: Uint8Array }
  | { readonly type: 'compile'; readonly id: number; readonly sha256: string; readonly bytes: Uint8Array }
  | { readonly type: 'run'; readonly id: number; readonly run: Run }
  /** Null ends the input. */
  | { readonly type: 'stdin'; readonly id: number; readonly chunk: Uint8Array | null }
  /** So many bytes of the output were taken by the visitor. */
  | { readonly type: 'credit'; readonly id: number; readonly bytes: number }
  /** Of the job's host call with this number; null if nobody answers it. */
  | {
      readonly type: 'response';
      readonly id: number;
      readonly call: number;
      readonly response: Uint8Array | null;
    }
  | { readonly type: 'cancel'; readonly id: number };

export type FromProcess =
  /** Once, when the first thread runs: from now on jobs are taken at once. */
  { readonly type: 'ready' } | FromJob;

export type FromJob =
  | { readonly type: 'stdout'; readonly id: number; readonly chunk: Uint8Array }
  | { readonly type: 'stderr'; readonly id: number; readonly chunk: Uint8Array }
  /** So many bytes of the input were taken by the guest. */
  | { readonly type: 'consumed'; readonly id: number; readonly bytes: number }
  | HostCallMessage
  /** `stdout`: what was not sent before. */
  | { readonly type: 'ended'; readonly id: number; readonly end: JobEnd; readonly stdout?: Uint8Array };

/** A guest waits for the response to this. `call` counts up in its run. */
export interface HostCallMessage {
  readonly type: 'call';
  readonly id: number;
  readonly call: number;
  readonly interface: HostInterface;
  readonly operation: string;
  readonly request: Uint8Array;
}

/** Given to a worker thread when it starts. */
export interface WorkerData {
  /** `INPUT` and `OUTSTANDING`. */
  readonly words: Int32Array;
}

/** Word of a thread: counts up with each message to a guest that runs, so that the thread can wait for the next. */
export const INPUT = 0;
/** Word of a thread: bytes of output that nobody has taken yet. */
export const OUTSTANDING = 1;

export type ToWorker =
  | { readonly type: 'compile'; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly type: 'run';
      readonly id: number;
      readonly run: Run;
      /** The first time that the thread runs it. */
      readonly module?: WebAssembly.Module;
      /** Path → content, the first time that the thread needs them. */
      readonly files?: ReadonlyMap<string, SharedArrayBuffer>;
    }
  | ToGuest;

/** What a guest that runs may wait for. */
export type ToGuest = Extract<ToProcess, { type: 'stdin' | 'response' }>;

export type FromWorker =
  | Exclude<FromJob, { type: 'ended' }>
  | {
      readonly type: 'ended';
      readonly id: number;
      readonly end: JobEnd;
      readonly module?: WebAssembly.Module;
    };
