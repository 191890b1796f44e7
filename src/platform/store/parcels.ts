// Where parcels are kept: the interface that the Bindle server knows, whatever is behind it.

import type { Readable } from 'node:stream';

export type ParcelErrorCode =
  /** More or fewer bytes than were promised. */
  | 'SIZE_MISMATCH'
  /** The bytes are not those that the name stands for. */
  | 'DIGEST_MISMATCH';

/** Content that does not fit its name. Nothing of it is kept. */
export class ParcelError extends Error {
  readonly code: ParcelErrorCode;
  constructor(code: ParcelErrorCode, message: string) {
    super(message);
    this.name = 'ParcelError';
    this.code = code;
  }
}

/**
 * Parcels by the sha256 of their content, written as 64 lower-case hex digits; any other name is a RangeError.
 * What `put` has acknowledged is here whole, also after the process was killed; of anything else nothing is.
 */
export interface ParcelStore {
  /** Bytes of a parcel; undefined if it is not here. @throws StoreError */
  size(sha256: string): Promise<number | undefined>;

  /** The same for many: those that are here, with their sizes. @throws StoreError */
  sizes(sha256s: Iterable<string>): Promise<Map<string, number>>;

  /**
   * Stores a parcel of exactly `size` bytes. Any number may be stored at the same time, of one name too: each
   * call that brings the content succeeds. If `content` fails, the call fails with its error.
   * @throws ParcelError, StoreError (`DISK_FULL`, `IO`)
   */
  put(sha256: string, size: number, content: AsyncIterable<Uint8Array>): Promise<void>;

  /** A parcel to be read; undefined if it is not here. The caller reads or destroys the stream. @throws StoreError */
  open(sha256: string): Promise<{ size: number; stream: Readable } | undefined>;

  /** Gives false if it was not here. @throws StoreError */
  remove(sha256: string): Promise<boolean>;

  /** The names of all parcels, in no order; one that comes or goes meanwhile may or may not be among them. */
  list(): AsyncIterable<string>;
}
