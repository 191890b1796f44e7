// What can go wrong when state is kept on disk.

export type StoreErrorCode =
  /** This Node has no node:sqlite. */
  | 'NO_SQLITE'
  /** Another process has the data directory. */
  | 'IN_USE'
  /** Written by a newer version of this product. */
  | 'NEWER_SCHEMA'
  /** A migration failed; the database is as it was. */
  | 'MIGRATION_FAILED'
  /** Not a database, or a damaged one. */
  | 'CORRUPT'
  /** A unique key is taken, or another constraint does not hold. */
  | 'CONSTRAINT'
  /** Somebody else keeps the database locked. */
  | 'BUSY'
  | 'DISK_FULL'
  /** Any other reason why something cannot be read or written; the message names the system's code. */
  | 'IO';

/** State that cannot be read or written. The message is one sentence that may be shown. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** A failed file operation as a StoreError; what is one already stays as it is. */
export function fileError(what: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
  if (reason === 'ENOSPC' || reason === 'EDQUOT')
    return new StoreError('DISK_FULL', `${what}: the disk is full (${reason}).`, { cause });
  return new StoreError('IO', `${what} (${reason}).`, { cause });
}
