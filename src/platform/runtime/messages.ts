// What the control process, a channel's runtime process and its worker threads say to each other.

import type { StringMap } from '../../bindle/invoice.ts';
import type { GuestLimits, Outcome } from './guest.ts';

export interface RuntimeLimits extends GuestLimits {
  /** Milliseconds that one run may take. */
  readonly time: number;
  /** Runs at the same time; more wait. */
  readonly workers: number;
}

/** Everything that an app needs to run, by value: a runtime process reads nothing from the host. */
export interface AppContents {
  /** sha256 → module. */
  readonly modules: ReadonlyMap<string, Uint8Array>;
  /** Path in the bindle → content. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface Run {
  /** Of the module. */
  readonly sha256: string;
  readonly entrypoint: string;
  readonly args: readonly string[];
  readonly environment: StringMap;
  readonly stdin: Uint8Array;
  /** True if the guest gets the app's files. */
  readonly files: boolean;
}

export type ToProcess =
  | { readonly type: 'load'; readonly contents: AppContents; readonly limits: RuntimeLimits }
  | { readonly type: 'run'; readonly id: number; readonly run: Run };

export type FromProcess =
  /** The functions that each module exports; nothing for a module that does not compile. */
  | { readonly type: 'loaded'; readonly exports: ReadonlyMap<string, readonly string[]> }
  | { readonly type: 'outcome'; readonly id: number; readonly outcome: Outcome };

/** Given to a worker thread when it starts; afterwards it gets a `Run` and answers with an `Outcome`. */
export interface WorkerData {
  /** sha256 → compiled module, or why it does not compile. */
  readonly modules: ReadonlyMap<string, WebAssembly.Module | string>;
  readonly files: ReadonlyMap<string, SharedArrayBuffer>;
  readonly limits: GuestLimits;
}
