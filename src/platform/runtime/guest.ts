// Runs one export of one module to its end, with nothing of the host in reach but what is passed in
// (WASI preview 1).

import type { Directory } from '@bjorn3/browser_wasi_shim';
import type { StringMap } from '../../bindle/invoice.ts';
import { mount } from './files.ts';
import { GuestInput, GuestOutput } from './guest-streams.ts';
import { hostCallImports, lackingHostCalls, type HostCalls } from './host-calls.ts';
import { createWasi } from './wasi.ts';

export interface GuestRun {
  readonly entrypoint: string;
  readonly args: readonly string[];
  readonly environment: StringMap;
  /** Absent for a handler that requires no file. */
  readonly root?: Directory;
  /** Absent where there are none. */
  readonly hostCalls?: HostCalls;
}

/** Where a guest reads and writes. Each call may wait as long as it wants: a guest's calls do not return before. */
export interface GuestIo {
  /** The next bytes of standard input; undefined at its end. */
  readonly read: () => Uint8Array | undefined;
  /** Gets bytes of its own to keep. */
  readonly write: (bytes: Uint8Array) => void;
  /** The same for stderr. */
  readonly complain: (bytes: Uint8Array) => void;
}

export type GuestEnd =
  | { readonly end: 'finished' }
  /** `reason` is for the channel's log and continues "The handler failed: …". */
  | { readonly end: 'failed'; readonly reason: string };

/**
 * Ending with exit code 0 is success, as for any program; any other code, and a trap, is a failure.
 * @returns how it ended, and the bytes of memory that it had
 */
export function runGuest(
  module: WebAssembly.Module,
  run: GuestRun,
  io: GuestIo,
): { readonly end: GuestEnd; readonly memory: number } {
  let memory: WebAssembly.Memory | undefined;
  let instance: WebAssembly.Instance | undefined;
  const { hostCalls = NO_HOST_CALLS } = run;
  const failed = (reason: string): ReturnType<typeof runGuest> => ({
    end: { end: 'failed', reason },
    memory: memory?.buffer.byteLength ?? 0,
  });
  const wasi = createWasi(
    run.args,
    Object.entries(run.environment).map(([name, value]) => `${name}=${value}`),
    [
      new GuestInput(io.read),
      new GuestOutput(io.write),
      new GuestOutput(io.complain),
      ...(run.root === undefined ? [] : [mount(run.root)]),
    ],
  );
  try {
    instance = new WebAssembly.Instance(module, {
      wasi_snapshot_preview1: wasi.wasiImport,
      ...hostCallImports(hostCalls, () => memory),
    });
    const { _initialize } = instance.exports;
    const entry = instance.exports[run.entrypoint];
    if (typeof entry !== 'function') return failed(`it exports no function "${run.entrypoint}"`);
    if (!(instance.exports['memory'] instanceof WebAssembly.Memory)) return failed('it exports no memory');
    memory = instance.exports['memory'];
    // A reactor, which is to be set up before any of its exports runs.
    if (typeof _initialize === 'function')
      wasi.initialize({ exports: { memory, _initialize: _initialize as () => unknown } });
    const code = wasi.start({ exports: { memory, _start: entry as () => unknown } });
    if (code !== 0) return failed(`it ended with exit code ${code}`);
    return { end: { end: 'finished' }, memory: memory.buffer.byteLength };
  } catch (error) {
    const lacking = instance === undefined ? lackingHostCalls(module, hostCalls.interfaces) : undefined;
    if (lacking !== undefined) return failed(lacking);
    return failed(error instanceof Error ? error.message : String(error));
  }
}

const NO_HOST_CALLS: HostCalls = { interfaces: [], call: () => undefined };
