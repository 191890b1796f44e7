// Runs one export of one module to its end, with nothing of the host in reach but what is passed in
// (WASI preview 1).

import { ConsoleStdout, WASI, WASIProcExit, type Directory } from '@bjorn3/browser_wasi_shim';
import type { StringMap } from '../../bindle/invoice.ts';
import { mount, readOnlyStream } from './files.ts';

export interface GuestRun {
  readonly entrypoint: string;
  readonly args: readonly string[];
  readonly environment: StringMap;
  readonly stdin: Uint8Array;
  /** Absent for a handler that requires no file. */
  readonly root?: Directory;
}

export interface GuestLimits {
  /** Bytes of stdout; a run that writes more has failed. */
  readonly stdout: number;
  /** Bytes of stderr that are kept; the rest is dropped. */
  readonly stderr: number;
}

export type Outcome =
  | { readonly end: 'finished'; readonly stdout: Uint8Array; readonly stderr: Uint8Array }
  /** `reason` is for the channel's log and continues "The handler failed: …". */
  | { readonly end: 'failed'; readonly reason: string; readonly stderr: Uint8Array }
  | { readonly end: 'timed-out' };

/** Ending with exit code 0 is success, as for any program; any other code, and a trap, is a failure. */
export function runGuest(module: WebAssembly.Module, run: GuestRun, limits: GuestLimits): Outcome {
  const stdout = new Output(limits.stdout);
  const stderr = new Output(limits.stderr);
  const wasi = new WASI(
    [...run.args],
    Object.entries(run.environment).map(([name, value]) => `${name}=${value}`),
    [
      readOnlyStream(run.stdin),
      new ConsoleStdout((bytes) => {
        stdout.write(bytes);
        if (stdout.full) throw new WASIProcExit(1);
      }),
      new ConsoleStdout((bytes) => stderr.write(bytes)),
      ...(run.root === undefined ? [] : [mount(run.root)]),
    ],
    { debug: false },
  );
  const failed = (reason: string): Outcome => ({ end: 'failed', reason, stderr: stderr.bytes() });
  try {
    const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: hostFunctions(wasi) });
    const { memory, _initialize } = instance.exports;
    const entry = instance.exports[run.entrypoint];
    if (typeof entry !== 'function') return failed(`it exports no function "${run.entrypoint}"`);
    if (!(memory instanceof WebAssembly.Memory)) return failed('it exports no memory');
    // A reactor, which is to be set up before any of its exports runs.
    if (typeof _initialize === 'function')
      wasi.initialize({ exports: { memory, _initialize: _initialize as () => unknown } });
    const code = wasi.start({ exports: { memory, _start: entry as () => unknown } });
    // Looked at last: a guest can catch the exception that should have ended it.
    if (stdout.full) return failed(`it wrote more than ${limits.stdout} bytes to stdout`);
    if (code !== 0) return failed(`it ended with exit code ${code}`);
    return { end: 'finished', stdout: stdout.bytes(), stderr: stderr.bytes() };
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

/** The shim counts the characters of arguments where it writes UTF-8 bytes: counted right here. */
function hostFunctions(wasi: WASI): Record<string, unknown> {
  return {
    ...wasi.wasiImport,
    args_sizes_get: (count: number, size: number): number => {
      const view = new DataView(wasi.inst.exports.memory.buffer);
      view.setUint32(count, wasi.args.length, true);
      view.setUint32(
        size,
        wasi.args.reduce((sum, arg) => sum + Buffer.byteLength(arg) + 1, 0),
        true,
      );
      return 0;
    },
  };
}

/** Keeps what a guest writes, up to a limit in bytes. */
class Output {
  /** True when something was dropped. */
  full = false;
  private readonly limit: number;
  private buffer = new Uint8Array(4096);
  private length = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  write(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.limit - this.length);
    this.full ||= kept.length < bytes.length;
    const needed = this.length + kept.length;
    if (needed > this.buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.buffer.length * 2));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer.set(kept, this.length);
    this.length = needed;
  }

  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }
}
