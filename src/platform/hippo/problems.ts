// Errors in the forms in which Hippo's API tells them (hippo-api.md §2).

import type { ProblemDetails } from '../../hippo/api.ts';
import { ValidationError } from '../../hippo/api.ts';
import { CodecError } from '../../bindle/codec.ts';
import { InvoiceError } from '../../bindle/invoice.ts';
import { ParcelCopyError } from '../../bindle/parcel-write.ts';
import { ParcelFileError } from '../../bindle/parcel-files.ts';
import { SignatureError } from '../../bindle/signing.ts';
import { StandaloneError } from '../../bindle/standalone.ts';
import { ParcelError } from '../store/parcels.ts';
import {
  ConflictError,
  ForbiddenError,
  InUseError,
  LimitedError,
  NotFoundError,
  SignInError,
} from './errors.ts';

/** A request that cannot be taken at all. */
export class RequestError extends Error {
  readonly code = 'BAD_REQUEST';
  readonly status: 400 | 404 | 405 | 413 | 415;
  readonly headers: Record<string, string>;
  constructor(status: RequestError['status'], message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
    this.headers = headers;
  }
}

export class UnauthorizedError extends Error {
  readonly code = 'UNAUTHORIZED';
  /** @param tried there were credentials, and they do not hold */
  readonly tried: boolean;
  constructor(tried: boolean) {
    super('Unauthorized');
    this.name = 'UnauthorizedError';
    this.tried = tried;
  }
}

export interface Problem {
  readonly details: ProblemDetails;
  readonly headers: Record<string, string>;
  /** Not the peer's doing. */
  readonly ours: boolean;
}

export function problemOf(error: unknown): Problem {
  const problem = (
    status: number,
    title: string,
    more: Partial<ProblemDetails> = {},
    headers: Record<string, string> = {},
  ): Problem => ({ details: { ...more, title, status }, headers, ours: status === 500 || status === 507 });

  if (error instanceof ValidationError)
    return problem(400, 'One or more validation errors occurred.', {
      type: 'https://tools.ietf.org/html/rfc7231#section-6.5.1',
      errors: error.errors,
    });
  if (error instanceof SignInError) return problem(400, 'Login failed.', { detail: error.message });
  if (error instanceof UnauthorizedError)
    return problem(
      401,
      'Unauthorized',
      {},
      { 'www-authenticate': error.tried ? 'Bearer error="invalid_token"' : 'Bearer' },
    );
  if (error instanceof ForbiddenError) return problem(403, 'Forbidden', { detail: error.message });
  if (error instanceof NotFoundError)
    return problem(404, 'The specified resource was not found.', { detail: error.message });
  if (error instanceof ConflictError)
    return problem(409, 'The resource exists already.', { detail: error.message });
  if (error instanceof InUseError) return problem(409, 'It is in use.', { detail: error.message });
  if (error instanceof LimitedError)
    return problem(
      429,
      'Too many attempts.',
      { detail: error.message },
      { 'retry-after': String(error.retryAfterSeconds) },
    );
  if (error instanceof RequestError)
    return problem(
      error.status,
      error.status === 404 ? 'The specified resource was not found.' : 'The request cannot be taken.',
      { detail: error.message },
      error.headers,
    );
  if (error instanceof StandaloneError && error.code === 'TOO_LARGE')
    return problem(413, 'The bindle is too large.', { detail: error.message });
  if (isTitledRefusal(error)) return problem(error.status, error.title, { detail: error.message });
  if (isRefusal(error))
    return error.status === 409
      ? problem(409, 'The resource exists already.', { detail: 'There is a bindle with this id already.' })
      : problem(error.status, 'The bindle is refused.', { detail: error.message });
  if (isDiskFull(error)) return problem(507, 'The disk of the server is full, nothing was stored.');
  if (isBadBindle(error)) return problem(400, 'The bindle is not sound.', { detail: error.message });
  return problem(500, 'An error occurred while processing your request.');
}

/** Of the store, or of a file that was being unpacked. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as NodeJS.ErrnoException;
  return ['DISK_FULL', 'ENOSPC', 'EDQUOT'].includes(code ?? '') || isDiskFull(cause);
}

/** The Bindle server's own way to turn something down. */
function isRefusal(error: unknown): error is Error & { status: number } {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'REFUSED' &&
    'status' in error &&
    typeof error.status === 'number'
  );
}

/** How rooms beside this one turn something down, for people to read. */
function isTitledRefusal(error: unknown): error is Error & { status: number; title: string } {
  return isRefusal(error) && 'title' in error && typeof error.title === 'string';
}

function isBadBindle(error: unknown): error is Error {
  return (
    error instanceof ParcelError ||
    (error instanceof ParcelCopyError && error.code !== 'NOT_WRITTEN') ||
    error instanceof StandaloneError ||
    error instanceof InvoiceError ||
    error instanceof CodecError ||
    error instanceof SignatureError ||
    error instanceof ParcelFileError
  );
}
