// A guest's standard input, output and error: descriptors that are read from and written to whoever runs it.

import { Fd, wasi } from '@bjorn3/browser_wasi_shim';

/** Reads wait until there is something, as a pipe does. */
export class GuestInput extends Fd {
  readonly #next: () => Uint8Array | undefined;
  #left: Uint8Array = new Uint8Array();
  #ended = false;

  /** @param next waits for the next bytes, and gives undefined at the end */
  constructor(next: () => Uint8Array | undefined) {
    super();
    this.#next = next;
  }

  /** True if a read would have to wait. */
  get waiting(): boolean {
    return this.#left.length === 0 && !this.#ended;
  }

  /** At least one byte, if any is to come, and at most `size`. */
  read(size: number): Uint8Array {
    while (this.waiting) {
      const bytes = this.#next();
      if (bytes === undefined) this.#ended = true;
      else this.#left = bytes;
    }
    const read = this.#left.subarray(0, size);
    this.#left = this.#left.subarray(read.length);
    return read;
  }

  override fd_read(size: number): { ret: number; data: Uint8Array } {
    return { ret: wasi.ERRNO_SUCCESS, data: this.read(size) };
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    return { ret: wasi.ERRNO_SUCCESS, fdstat: pipe(wasi.RIGHTS_FD_READ) };
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new wasi.Filestat(0n, wasi.FILETYPE_UNKNOWN, 0n) };
  }

  override fd_seek(): { ret: number; offset: bigint } {
    return { ret: wasi.ERRNO_SPIPE, offset: 0n };
  }
}

export class GuestOutput extends Fd {
  readonly #write: (bytes: Uint8Array) => void;

  /** @param write gets bytes of its own to keep */
  constructor(write: (bytes: Uint8Array) => void) {
    super();
    this.#write = write;
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    const { length } = data;
    if (length > 0) this.#write(data);
    return { ret: wasi.ERRNO_SUCCESS, nwritten: length };
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    return { ret: wasi.ERRNO_SUCCESS, fdstat: pipe(wasi.RIGHTS_FD_WRITE) };
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new wasi.Filestat(0n, wasi.FILETYPE_UNKNOWN, 0n) };
  }

  override fd_seek(): { ret: number; offset: bigint } {
    return { ret: wasi.ERRNO_SPIPE, offset: 0n };
  }
}

/** Of no known type, as pipes are: a terminal would make a C library write line by line. */
function pipe(rights: number): wasi.Fdstat {
  const fdstat = new wasi.Fdstat(wasi.FILETYPE_UNKNOWN, 0);
  fdstat.fs_rights_base = BigInt(rights);
  return fdstat;
}
