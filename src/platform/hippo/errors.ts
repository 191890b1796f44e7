// Refusals of Hippo's API other than those of a schema; problems.ts gives them their form.

/** What was asked for does not exist, or not for whoever asked. */
export class NotFoundError extends Error {
  readonly code = 'NOT_FOUND';
  constructor(entity: string, id: string) {
    super(`Entity "${entity}" (${id}) was not found.`);
    this.name = 'NotFoundError';
  }
}

/** Not allowed to whoever asked, who may know that it exists. */
export class ForbiddenError extends Error {
  readonly code = 'FORBIDDEN';
  constructor(message: string) {
    super(message);
    this.name = 'ForbiddenError';
  }
}

/** User name and password do not hold. */
export class SignInError extends Error {
  readonly code = 'SIGN_IN_FAILED';
  constructor() {
    super('Credentials are not valid.');
    this.name = 'SignInError';
  }
}

/** Something is there already, and stays. */
export class ConflictError extends Error {
  readonly code = 'CONFLICT';
  constructor(message: string) {
    super(message);
    this.name = 'ConflictError';
  }
}

/** It cannot go as long as something else needs it. */
export class InUseError extends Error {
  readonly code = 'IN_USE';
  constructor(message: string) {
    super(message);
    this.name = 'InUseError';
  }
}

/** Too many attempts. */
export class LimitedError extends Error {
  readonly code = 'LIMITED';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super(`Too many attempts to sign in: try again in ${retryAfterSeconds} seconds.`);
    this.name = 'LimitedError';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
