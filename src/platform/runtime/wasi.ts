// The host functions of a guest (WASI preview 1): the shim's, but for those that would block the processor, tell
// more about the machine than a guest needs, or fail by an exception where an error number is due.

import { WASI, wasi as numbers, type Fd } from '@bjorn3/browser_wasi_shim';
import { GuestInput } from './guest-streams.ts';

/** Nanoseconds: no clock is finer, so that none serves to time the machine's caches. */
const RESOLUTION = 1_000_000n;
const MAX_OPEN_FILES = 1024;
/** Subscriptions, or buffers, that one call may bring. */
const MAX_SUBSCRIPTIONS = 1024;
/** Bytes of a path. */
const MAX_PATH = 4096;

/** Functions that take buffers: the place of their number among the arguments. */
const BUFFERS: Readonly<Record<string, number>> = { fd_read: 2, fd_pread: 2, fd_write: 2, fd_pwrite: 2 };
/** Functions that take paths: the places of their lengths. */
const PATHS: Readonly<Record<string, readonly number[]>> = {
  path_create_directory: [2],
  path_filestat_get: [3],
  path_filestat_set_times: [3],
  path_link: [3, 6],
  path_open: [3],
  path_readlink: [2],
  path_remove_directory: [2],
  path_rename: [2, 5],
  path_symlink: [1, 4],
  path_unlink_file: [2],
};

const EVENT_BYTES = 32;
const SUBSCRIPTION_BYTES = 48;
/** Milliseconds: the longest that `Atomics.wait` is asked for at once. */
const LONGEST_WAIT = 2 ** 30;

/** @param fds standard input, output and error, then what is mounted */
export function createWasi(args: readonly string[], environment: readonly string[], fds: Fd[]): WASI {
  const wasi = new WASI([...args], [...environment], fds, { debug: false });
  const start = performance.now();
  const view = (): DataView => new DataView(wasi.inst.exports.memory.buffer);
  /** Nanoseconds; undefined for a clock that there is not. Time of the processor is time since the start. */
  const now = (clock: number): bigint | undefined => {
    if (clock === numbers.CLOCKID_REALTIME) return BigInt(Date.now()) * RESOLUTION;
    if (clock < 0 || clock > numbers.CLOCKID_THREAD_CPUTIME_ID) return undefined;
    return BigInt(Math.floor(performance.now() - start)) * RESOLUTION;
  };

  const shim = wasi.wasiImport as Record<string, (...values: never[]) => number>;
  const pathOpen = shim['path_open'] as (...values: unknown[]) => number;
  const fdRead = shim['fd_read'] as (fd: number, iovs: number, count: number, result: number) => number;
  const unsupported = (): number => numbers.ERRNO_NOTSUP;
  Object.assign(wasi.wasiImport, {
    // The shim counts the characters of arguments where it writes UTF-8 bytes.
    args_sizes_get(count: number, size: number): number {
      view().setUint32(count, wasi.args.length, true);
      const bytes = wasi.args.reduce((sum, arg) => sum + Buffer.byteLength(arg) + 1, 0);
      view().setUint32(size, bytes, true);
      return numbers.ERRNO_SUCCESS;
    },
    clock_res_get(clock: number, result: number): number {
      if (now(clock) === undefined) return numbers.ERRNO_INVAL;
      view().setBigUint64(result, RESOLUTION, true);
      return numbers.ERRNO_SUCCESS;
    },
    clock_time_get(clock: number, _precision: bigint, result: number): number {
      const time = now(clock);
      if (time === undefined) return numbers.ERRNO_INVAL;
      view().setBigUint64(result, time, true);
      return numbers.ERRNO_SUCCESS;
    },
    fd_read(fd: number, iovs: number, count: number, result: number): number {
      const input = wasi.fds[fd];
      if (!(input instanceof GuestInput)) return fdRead(fd, iovs, count, result);
      const memory = view();
      let read = 0;
      for (let index = 0; index < count; index++) {
        const at = memory.getUint32(iovs + index * 8, true);
        const length = memory.getUint32(iovs + index * 8 + 4, true);
        if (length === 0) continue;
        // Waits for the first byte, never for more.
        if (read > 0 && input.waiting) break;
        const bytes = input.read(length);
        new Uint8Array(memory.buffer).set(bytes, at);
        read += bytes.length;
        if (bytes.length < length) break;
      }
      memory.setUint32(result, read, true);
      return numbers.ERRNO_SUCCESS;
    },
    path_open(...values: unknown[]): number {
      return wasi.fds.length > MAX_OPEN_FILES ? numbers.ERRNO_NFILE : pathOpen(...values);
    },
    /** Files are always ready; clocks are slept for, so that the thread can be ended meanwhile. */
    poll_oneoff(subscriptions: number, events: number, count: number, result: number): number {
      if (count === 0 || count > MAX_SUBSCRIPTIONS) return numbers.ERRNO_INVAL;
      const memory = view();
      const ready: { userdata: bigint; error: number; type: number }[] = [];
      const sleeping: { userdata: bigint; clock: number; until: bigint }[] = [];
      for (let index = 0; index < count; index++) {
        const at = subscriptions + index * SUBSCRIPTION_BYTES;
        const userdata = memory.getBigUint64(at, true);
        const type = memory.getUint8(at + 8);
        if (type !== numbers.EVENTTYPE_CLOCK) {
          const known = wasi.fds[memory.getUint32(at + 16, true)] !== undefined;
          ready.push({ userdata, error: known ? numbers.ERRNO_SUCCESS : numbers.ERRNO_BADF, type });
          continue;
        }
        const clock = memory.getUint32(at + 16, true);
        const timeout = memory.getBigUint64(at + 24, true);
        const absolute = memory.getUint16(at + 40, true) & numbers.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
        const time = now(clock);
        if (time === undefined) ready.push({ userdata, error: numbers.ERRNO_INVAL, type });
        else sleeping.push({ userdata, clock, until: absolute ? timeout : time + timeout });
      }
      const due = (): typeof sleeping =>
        sleeping.filter(({ clock, until }) => (now(clock) ?? until) >= until);
      while (ready.length === 0 && due().length === 0) {
        const left = sleeping.map(({ clock, until }) => Number((until - (now(clock) ?? until)) / RESOLUTION));
        sleep(Math.min(LONGEST_WAIT, Math.max(1, Math.min(...left))));
      }
      for (const { userdata } of due())
        ready.push({ userdata, error: numbers.ERRNO_SUCCESS, type: numbers.EVENTTYPE_CLOCK });
      for (const [index, { userdata, error, type }] of ready.entries()) {
        const at = events + index * EVENT_BYTES;
        memory.setBigUint64(at, userdata, true);
        memory.setUint16(at + 8, error, true);
        memory.setUint8(at + 10, type);
        // What is known of a descriptor: at least a byte, and no hang-up.
        memory.setBigUint64(at + 16, type === numbers.EVENTTYPE_CLOCK ? 0n : 1n, true);
        memory.setUint16(at + 24, 0, true);
      }
      memory.setUint32(result, ready.length, true);
      return numbers.ERRNO_SUCCESS;
    },
    proc_raise: unsupported,
    sched_yield: () => numbers.ERRNO_SUCCESS,
    sock_accept: unsupported,
    sock_recv: unsupported,
    sock_send: unsupported,
    sock_shutdown: unsupported,
  });
  bound(wasi.wasiImport);
  return wasi;
}

type HostFunction = (...values: number[]) => number;

/** The shim makes an object of each buffer and a string of each path: their sizes must not be the guest's choice. */
function bound(functions: Record<string, unknown>): void {
  for (const [name, place] of Object.entries(BUFFERS)) {
    const call = functions[name] as HostFunction;
    functions[name] = (...values: number[]): number =>
      (values[place] ?? 0) >>> 0 > MAX_SUBSCRIPTIONS ? numbers.ERRNO_INVAL : call(...values);
  }
  for (const [name, places] of Object.entries(PATHS)) {
    const call = functions[name] as HostFunction;
    functions[name] = (...values: number[]): number =>
      places.some((place) => (values[place] ?? 0) >>> 0 > MAX_PATH)
        ? numbers.ERRNO_NAMETOOLONG
        : call(...values);
  }
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

function sleep(milliseconds: number): void {
  Atomics.wait(nothing, 0, 0, milliseconds);
}
