// How this room turns a request down.

/** Hippo's server gives it the form of a problem (RFC 9457). */
export class RefusalError extends Error {
  readonly code = 'REFUSED';
  readonly status: 400 | 403 | 404 | 409 | 502;
  readonly title: string;
  constructor(status: RefusalError['status'], title: string, message: string) {
    super(message);
    this.name = 'RefusalError';
    this.status = status;
    this.title = title;
  }
}

/** It does not exist, or not for whoever asked: both are told in the same words, which are Hippo's. */
export function notFound(entity: string, id: string): RefusalError {
  return new RefusalError(
    404,
    'The specified resource was not found.',
    `Entity "${entity}" (${id}) was not found.`,
  );
}

/** It is known to whoever asks, and still not theirs. */
export function forbidden(message: string): RefusalError {
  return new RefusalError(403, 'Forbidden', message);
}

/** What is there, or is being done, is in the way. */
export function inTheWay(message: string): RefusalError {
  return new RefusalError(409, 'It cannot be done now.', message);
}

/** The broker is at fault, or its network. */
export function brokerFailed(message: string): RefusalError {
  return new RefusalError(502, 'The broker failed.', message);
}
